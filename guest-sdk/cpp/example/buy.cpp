#include <reentry.hpp>

// What comes in, what is asked, what is answered, what comes out. Each becomes a JSON Schema.
struct order {
  std::string item;
};
REENTRY_FIELDS(order, item)

struct question {
  std::string item;
};
REENTRY_FIELDS(question, item)

struct answer {
  bool approved;
  std::optional<std::string> comment;
};
REENTRY_FIELDS(answer, approved, comment)

struct purchase {
  std::string bought;
};
REENTRY_FIELDS(purchase, bought)

static reentry::task<purchase> buy(reentry::context<question, answer> ctx, order order) {
  const question asked{.item = order.item};
  const answer said = co_await ctx.suspend(asked); // Days may pass here.
  if (!said.approved) {
    co_return reentry::failure{.message = said.comment.value_or("the buyer said no"), .code = "refused"};
  }
  co_return purchase{.bought = order.item};
}

extern "C" const reentry_step reentry_steps[] = {
    reentry::step<buy>({.id = "buy", .title = "Buy something"}),
    {},
};
