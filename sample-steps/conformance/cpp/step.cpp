// The conformance step in C++: what every language must do alike.
#include <chrono>
#include <cstdio>
#include <reentry.hpp>

using reentry::context;
using reentry::json;
using reentry::object;

static int64_t count(context ctx) {
  const int64_t counter = ctx.state()["counter"].integer() + 1;
  ctx.set_state("counter", counter);
  return counter;
}

static reentry::value clock_and_random(context ctx) {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  const int64_t now = std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
  return object({{"now", now}, {"random", ctx.random(8)}});
}

static reentry::task conformance(context ctx, json input) {
  const std::string asked = input["do"].string();
  if (asked == "echo") {
    co_return input;
  } else if (asked == "keep") {
    std::vector<std::string> texts;
    for (int number = 1; number <= 3; number++) {
      const json answer = co_await ctx.suspend(object({{"asked", number}}));
      texts.push_back(answer["text"].string());
    }
    co_return object({{"texts", texts}, {"count", texts.size()}});
  } else if (asked == "state") {
    co_await ctx.suspend(object({{"counter", count(ctx)}}));
    co_return object({{"counter", count(ctx)}});
  } else if (asked == "context") {
    const std::string tenant = ctx.request_context()["tenantName"].string();
    ctx.set_request_context("seen", true);
    co_await ctx.suspend(object({}));
    co_return object({{"tenantName", tenant}, {"approver", ctx.request_context()["approver"]}});
  } else if (asked == "labels") {
    const json answer = co_await ctx.suspend(object({{"question", "who?"}}), {.labels = {"manager", "finance"}});
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
    const json answer = co_await ctx.suspend(object({{"text", std::string(1048576, 'x')}}));
    co_return object({{"length", answer["text"].string().size()}});
  } else if (asked == "unicode") {
    const std::string text = input["text"].string();
    const json answer = co_await ctx.suspend(object({{"text", text}}));
    co_return object({{"text", answer["text"].string()}, {"same", answer["text"].string() == text}});
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
    const json payload = co_await ctx.event("paid", input["key"].string());
    co_return payload;
  }
  co_return reentry::failure{.message = "there is no case " + asked, .code = "unknown-case"};
}

static const reentry_step_types_retry_policy_t three_times = {.retries = 3, .backoff = 1.0};

extern "C" const reentry_step reentry_steps[] = {
    {.id = "conformance", .run = reentry::run<conformance>, .title = "Conformance", .retry = &three_times},
    {},
};
