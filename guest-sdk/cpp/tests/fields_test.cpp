// Structures that are read, written and described, and steps that are played without a host.
#include <cstdio>
#include <reentry.hpp>
#include <reentry/test.h>

using reentry::object;
using reentry::value;

static int failures;

static void check(std::string_view found, std::string_view expected, int line) {
  if (found == expected) return;
  std::printf("fields_test.cpp:%d: found    %s\n                    expected %s\n", line, std::string(found).c_str(),
              std::string(expected).c_str());
  failures++;
}
#define CHECK(found, expected) check(found, expected, __LINE__)

enum class speed { slow, fast };
REENTRY_CHOICES(speed, slow, fast)

struct line {
  std::string article;
  uint8_t count;
};
constexpr auto reentry_fields(const line *) {
  return std::tuple{reentry::field("article", &line::article, {.description = "What is bought"}),
                    reentry::field("count", &line::count,
                                   {.rules = "{\"minimum\": 1}", .default_json = "1"})};
}

struct order {
  int64_t number;
  uint64_t key;
  double price;
  bool gift;
  speed how;
  std::vector<line> lines;
  std::optional<std::string> comment;
  std::optional<line> extra;
  reentry::json data;
};
REENTRY_FIELDS(order, number, key, price, gift, how, lines, comment, extra, data)

/// What reading a text as a `T` gives when it is written again: that, or the problem.
template <class T>
static std::string again(std::string text) {
  const std::optional<T> read = reentry::json(std::move(text)).as<T>();
  if (!read) return reentry_problem();
  char *written = value(*read).given();
  std::string said = written ? written : reentry_problem();
  std::free(written);
  return said;
}

static const std::string full =
    R"({"number": -9223372036854775808, "key": 18446744073709551615, "price": 0.1, "gift": true, "how": "fast", )"
    R"("lines": [{"article": "lamp", "count": 255}], "comment": "soon", "extra": {"article": "card", "count": 1}, )"
    R"("data": {"digits": 1.50}})";

/// The full order with the first `from` in it replaced.
static std::string changed(std::string_view from, std::string_view to) {
  std::string text = full;
  return again<order>(text.replace(text.find(from), from.size(), to));
}

static void structures() {
  CHECK(again<order>(full), full);
  CHECK(changed("255", "256"), "/lines/0/count: 256 is not between 0 and 255");
  CHECK(changed("255", "-1"), "/lines/0/count: -1 is not between 0 and 255");
  CHECK(changed("255", "2.5"), "/lines/0/count: 2.5 is not a whole number");
  CHECK(changed(", \"count\": 255", ""), [] {
    std::string text = full;
    return text.replace(text.find("255"), 3, "1");
  }());
  CHECK(changed("-9223372036854775808", "1e19"),
        "/number: 1e19 is not between -9223372036854775808 and 9223372036854775807");
  CHECK(changed("\"fast\"", "\"faster\""), "/how: \"faster\" is not \"slow\" or \"fast\"");
  CHECK(changed("\"soon\"", "7"), "/comment: 7 is not a string");
  CHECK(changed("[{", "{\"a\": [{").substr(0, 10), "/lines: an");
  CHECK(again<order>("[]"), "an array is not an object");
  CHECK(again<order>("{}"), "/number is missing: a whole number is expected");
  CHECK(again<std::vector<int8_t>>("[100.0, -1.28e2]"), "[100, -128]");
  CHECK(again<double>("1e400"), "1e400 is not between -1.7976931348623157e308 and 1.7976931348623157e308");
}

static void what_cannot_be_written() {
  const line bad{.article = "caf\xe9", .count = 1};
  CHECK(std::to_string(value(std::vector<line>{{"a", 1}, bad}).given() == nullptr), "1");
  CHECK(reentry_problem(), "/1/article: byte 3 of the string, 0xe9, is not UTF-8");
  CHECK(std::to_string(object({{"price", 0.0 / 0.0}}).given() == nullptr), "1");
  CHECK(reentry_problem(), "/price: NaN is no number of JSON");
}

static void schemas() {
  CHECK(reentry::schema<line>(),
        R"({"type": "object", "properties": {"article": {"type": "string", "description": "What is bought"}, )"
        R"("count": {"type": "integer", "maximum": 255, "default": 1, "minimum": 1}}, "required": ["article"]})");
  CHECK(reentry::schema<std::optional<speed>>(), R"({"enum": ["slow", "fast", null]})");
  CHECK(reentry::schema<std::vector<std::optional<bool>>>(),
        R"({"type": "array", "items": {"type": ["boolean", "null"]}})");
}

// ---- steps ----

static reentry::task<int> asks_for(reentry::context<> ctx, std::string what) {
  const auto reply = co_await ctx.suspend<std::optional<int>>(value(what));
  const std::optional<int> number = reply;
  if (!number) co_return reentry::failure{.message = "no " + what, .code = "none"};
  co_return *number;
}

/// Two parts that wait, one after the other, and one that does not.
static reentry::task<int> multiplies(reentry::context<> ctx, reentry::json) {
  const std::string width_is = "width", height_is = "height";
  const int width = co_await asks_for(ctx, width_is);
  const int height = co_await asks_for(ctx, height_is);
  if (width > 100) co_return ctx.refuse("too wide");
  co_return width *height;
}

static reentry::task<> forgets(reentry::context<> ctx, reentry::json) {
  const auto wait = ctx.sleep(1);
  co_return nullptr;
}

static reentry::task<> waits_for_an_event(reentry::context<> ctx, std::string key) {
  const line paid = co_await ctx.event<line>("paid", key);
  co_return paid.article;
}

extern "C" const reentry_step reentry_steps[] = {
    reentry::step<multiplies>({.id = "multiplies"}),
    reentry::step<forgets>({.id = "forgets"}),
    reentry::step<waits_for_an_event>({.id = "event"}),
    {},
};

/// What a call came to, in one line.
static std::string line_of(const reentry_told &told) {
  const auto text = [](const char *text) { return std::string(text ? text : "-"); };
  switch (told.kind) {
    case REENTRY_TOLD_ASKS: return "asks " + text(told.json);
    case REENTRY_TOLD_COMPLETED: return "completed " + text(told.json);
    case REENTRY_TOLD_FAILED: return text(told.code) + ": " + text(told.message) + " " + text(told.details);
    case REENTRY_TOLD_WAITS_FOR_EVENT: return "event " + text(told.name) + " " + text(told.key);
    default: return "something else";
  }
}
static std::string start(const char *step, const char *input) { return line_of(reentry_test_start(step, input)); }
static std::string resume(reentry_reason reason, const char *json) {
  return line_of(reentry_test_resume(reason, json));
}

static void steps() {
  CHECK(start("multiplies", "null"), "asks \"width\"");
  CHECK(resume(REENTRY_ANSWERED, "6"), "asks \"height\"");
  CHECK(resume(REENTRY_ANSWERED, "7"), "completed 42");
  CHECK(start("multiplies", "null"), "asks \"width\"");
  CHECK(resume(REENTRY_ANSWERED, "null"), "none: no width -");
  CHECK(start("multiplies", "null"), "asks \"width\"");
  CHECK(resume(REENTRY_ANSWERED, "101"), "asks \"height\"");
  CHECK(resume(REENTRY_ANSWERED, "1").substr(0, 21), "bad-answer: too wide ");
  CHECK(start("multiplies", "null"), "asks \"width\"");
  CHECK(resume(REENTRY_ANSWERED, "2.5").substr(0, 41), "bad-answer: 2.5 is not a whole number {\"w");
  CHECK(start("forgets", "null"),
        "unawaited-wait: fields_test.cpp:123: nothing waits for a time without co_await -");
  CHECK(start("event", "7"), "bad-input: 7 is not a string -");
  CHECK(start("event", "\"order-7\""), "event paid order-7");
  CHECK(resume(REENTRY_RECEIVED, R"({"article": "lamp"})"), "completed \"lamp\"");
  CHECK(start("event", "\"order-7\""), "event paid order-7");
  CHECK(resume(REENTRY_RECEIVED, "{}").substr(0, 61), "bad-event: /article is missing: a string is expected {\"wait\":");
}

int main() {
  structures();
  what_cannot_be_written();
  schemas();
  steps();
  return failures != 0;
}
