// One step for each mistake that shows when a step runs.
#include <cassert>
#include <cmath>
#include <map>
#include <reentry.hpp>

using reentry::json;
using reentry::object;
using reentry::value;
using context = reentry::context<>;

struct order {
  std::string item;
  std::optional<uint8_t> count;
};
REENTRY_FIELDS(order, item, count)

struct price {
  double euros;
};
REENTRY_FIELDS(price, euros)

// What the compiler cannot see through.
static volatile int zero, large = 2147483647;
static order *volatile nowhere;

static reentry::task<> aborts(context, json) {
  std::abort();
  co_return nullptr;
}

static reentry::task<> asserts(context, json input) {
  assert(input.size() == 3);
  co_return nullptr;
}

static std::string item_of(const order *order) { return order->item; }

static reentry::task<> null_pointer(context, json) { co_return item_of(nowhere); }

static reentry::task<> beyond_a_vector(context, json) {
  const std::vector<int> months(12);
  co_return months[12 + zero];
}

static reentry::task<> at_no_index(context, json) {
  const std::vector<int> months(12);
  co_return months.at(12 + zero);
}

static reentry::task<> at_no_key(context, json) {
  const std::map<std::string, int> prices;
  co_return prices.at("lamp");
}

static reentry::task<> empty_optional(context, json input) { co_return *input["item"].as<std::string>(); }

static reentry::task<> divides_by_zero(context, json) { co_return 7 / zero; }

static reentry::task<> overflows(context, json) { co_return large + 1; }

static int deeper(int depth) {
  if (depth < 0) return 0;
  char room[1000];
  std::memset(room, depth, sizeof room);
  return deeper(depth + 1) + room[zero];
}

static reentry::task<> recurses_for_ever(context, json) { co_return deeper(0); }

static reentry::task<> uses_up_memory(context, json) {
  std::vector<std::string> all;
  for (;;) all.push_back(std::string(1 << 20, 'x'));
  co_return nullptr;
}

static reentry::task<> loops_for_ever(context, json) {
  while (!zero) {
  }
  co_return nullptr;
}

static reentry::task<> wrong_input(context, order input) { co_return input.item; }

static reentry::task<> wrong_answer(context ctx, json) {
  const order said = co_await ctx.suspend<order>(object({{"what", "to buy"}}));
  if (said.item == "lamp") co_return ctx.refuse("there are no lamps");
  co_return said.item;
}

static reentry::task<> wrong_answer_by_hand(context ctx, json) {
  const json said = co_await ctx.suspend("how many?");
  const auto count = said["count"].as<uint8_t>();
  if (!count) co_return ctx.refuse();
  co_return *count;
}

static reentry::task<price> not_a_number(context, json) { co_return price{.euros = std::nan("")}; }

static reentry::task<> not_utf8(context, json) { co_return "caf\xe9"; }

static reentry::task<> forgets_a_wait(context ctx, json) {
  const auto wait = ctx.suspend(object({{"item", "a lamp"}}));
  co_return nullptr;
}

extern "C" const reentry_step reentry_steps[] = {
    reentry::step<aborts>({.id = "aborts"}),
    reentry::step<asserts>({.id = "asserts"}),
    reentry::step<null_pointer>({.id = "null-pointer"}),
    reentry::step<beyond_a_vector>({.id = "beyond-a-vector"}),
    reentry::step<at_no_index>({.id = "at-no-index"}),
    reentry::step<at_no_key>({.id = "at-no-key"}),
    reentry::step<empty_optional>({.id = "empty-optional"}),
    reentry::step<divides_by_zero>({.id = "divides-by-zero"}),
    reentry::step<overflows>({.id = "overflows"}),
    reentry::step<recurses_for_ever>({.id = "recurses-for-ever"}),
    reentry::step<uses_up_memory>({.id = "uses-up-memory"}),
    reentry::step<loops_for_ever>({.id = "loops-for-ever", .timeout_ms = 500}),
    reentry::step<wrong_input>({.id = "wrong-input"}),
    reentry::step<wrong_answer>({.id = "wrong-answer"}),
    reentry::step<wrong_answer_by_hand>({.id = "wrong-answer-by-hand"}),
    reentry::step<not_a_number>({.id = "not-a-number"}),
    reentry::step<not_utf8>({.id = "not-utf8"}),
    reentry::step<forgets_a_wait>({.id = "forgets-a-wait"}),
    {},
};
