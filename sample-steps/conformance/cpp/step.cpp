// The conformance step in C++: what every language must do alike.
#include <chrono>
#include <cstdio>
#include <reentry.hpp>

using reentry::json;
using reentry::object;
using context = reentry::context<>;

struct text {
  std::string text;
};
REENTRY_FIELDS(text, text)

static int64_t count(context ctx) {
  const int64_t counter = ctx.state()["counter"].as<int64_t>().value_or(0) + 1;
  ctx.set_state("counter", counter);
  return counter;
}

static reentry::value clock_and_random(context ctx) {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  const int64_t now = std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
  return object({{"now", now}, {"random", ctx.random(8)}});
}

/// A part of the step, which waits as the step does.
static reentry::task<std::vector<std::string>> three_texts(context ctx) {
  std::vector<std::string> texts;
  for (int number = 1; number <= 3; number++) {
    const text answer = co_await ctx.suspend<text>(object({{"asked", number}}));
    texts.push_back(answer.text);
  }
  co_return texts;
}

static reentry::task<> conformance(context ctx, json input) {
  const std::string asked = *input["do"].as<std::string>();
  if (asked == "echo") {
    co_return input;
  } else if (asked == "keep") {
    const std::vector<std::string> texts = co_await three_texts(ctx);
    co_return object({{"texts", texts}, {"count", texts.size()}});
  } else if (asked == "state") {
    co_await ctx.suspend(object({{"counter", count(ctx)}}));
    co_return object({{"counter", count(ctx)}});
  } else if (asked == "context") {
    const std::string tenant = *ctx.request_context()["tenantName"].as<std::string>();
    ctx.set_request_context("seen", true);
    co_await ctx.suspend(object({}));
    co_return object({{"tenantName", tenant}, {"approver", ctx.request_context()["approver"]}});
  } else if (asked == "labels") {
    const json answer =
        co_await ctx.suspend(object({{"question", "who?"}}), {.labels = {"manager", "finance"}});
    co_return answer;
  } else if (asked == "bail") {
    co_return reentry::bail{object({{"bailed", true}})};
  } else if (asked == "fail") {
    co_return reentry::failure{
        .message = "no luck", .code = "no-luck", .details = object({{"tried", "everything"}}).text()};
  } else if (asked == "retry") {
    if (ctx.attempt() < 2) co_return reentry::failure{.message = "not yet", .retryable = true};
    co_return object({{"attempt", ctx.attempt()}});
  } else if (asked == "megabyte") {
    const text answer = co_await ctx.suspend<text>(object({{"text", std::string(1048576, 'x')}}));
    co_return object({{"length", answer.text.size()}});
  } else if (asked == "unicode") {
    const std::string sent = *input["text"].as<std::string>();
    const text answer = co_await ctx.suspend<text>(object({{"text", sent}}));
    co_return object({{"text", answer.text}, {"same", answer.text == sent}});
  } else if (asked == "print") {
    std::printf("printed by the step\n");
    ctx.log(REENTRY_STEP_HOST_LEVEL_WARN, "logged by the step", object({{"n", 1}}));
    co_await ctx.suspend(object({}));
    std::printf("printed after\n");
    co_return nullptr;
  } else if (asked == "clock") {
    co_await ctx.suspend(clock_and_random(ctx));
    co_return clock_and_random(ctx);
  } else if (asked == "sleep") {
    co_await ctx.sleep(1);
    co_return object({{"slept", true}});
  } else if (asked == "event") {
    const json payload = co_await ctx.event("paid", *input["key"].as<std::string>());
    co_return payload;
  }
  co_return reentry::failure{.message = "there is no case " + asked, .code = "unknown-case"};
}

static const reentry_step_types_retry_policy_t three_times = {.retries = 3, .backoff = 1.0};

extern "C" const reentry_step reentry_steps[] = {
    reentry::step<conformance>({.id = "conformance", .title = "Conformance", .retry = &three_times}),
    {},
};
