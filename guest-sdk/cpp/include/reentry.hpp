// Steps for reentry in C++20, on top of the SDK for C.
//
// A step is a coroutine. Where it waits for a person, an instant or an event, its frame stays where it is in memory, and all
// of that memory is put away; it goes on at the next line when the wait is over: after days, in another process, on another
// machine.
#pragma once

#include <coroutine>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "json.hpp"
#include "reentry.h"

namespace reentry {

/// How a step fails. Any of the fields may be left out.
struct failure {
  std::string message; ///< For people.
  std::string code;    ///< For programs: a short stable word.
  bool retryable = false;
  uint64_t retry_after_ms = 0;
  std::string details; ///< JSON.
};

/// `co_return reentry::bail{result};` ends the workflow that the step stands in, successfully.
struct bail {
  value result;
};

/// What may be said of a wait.
struct options {
  std::vector<std::string> labels;  ///< Names by which the answer may be addressed.
  std::string resume_schema;        ///< JSON Schema of the answer.
  uint64_t deadline_ms = 0;         ///< An instant, as `now` gives it.
  std::string default_answer;       ///< JSON: what counts as the answer when the deadline passes.
};

/// How a wait ended. Where it can have but one end, it may be taken as the data: `json answer = co_await ctx.suspend(...)`.
struct reply {
  reentry_reason reason;
  json data;
  failure why; ///< Of what was run, if it failed.

  bool timed_out() const { return reason == REENTRY_TIMED_OUT; }
  bool failed() const { return reason == REENTRY_FAILED; }
  operator json() const { return data; }
};

// ---- the coroutine ----

/// What a step returns.
class task {
public:
  struct promise_type {
    reentry_result result{};

    task get_return_object() { return task(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_value(const value &output) { result = reentry_complete(detail::given(output.text())); }
    void return_value(const bail &end) { result = reentry_bail(detail::given(end.result.text())); }
    void return_value(const failure &why) {
      const auto maybe = [](const std::string &text) { return text.empty() ? nullptr : text.c_str(); };
      result = reentry_fail({why.message.c_str(), maybe(why.code), why.retryable, why.retry_after_ms, maybe(why.details)});
    }
    void unhandled_exception() { std::abort(); }
  };

private:
  explicit task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
  template <task (*Step)(class context, json)> friend reentry_result run(const reentry_call *call);
};

namespace detail {

/// The call that runs, and what it ends with if the step waits. An instance serves one run.
inline const reentry_call *call;
inline reentry_result waiting;

inline std::string text(step_string_t from) { return {reinterpret_cast<const char *>(from.ptr), from.len}; }

/// Hands a wait to the host. The step goes on when the host calls again.
struct wait {
  reentry_result result;

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<>) const { waiting = result; }
  reply await_resume() const {
    reply reply{call->reason, json(call->data), {}};
    if (const auto *why = call->failure) {
      reply.why = {text(why->message), why->code.is_some ? text(why->code.val) : "", why->retryable,
                   why->retry_after_ms.is_some ? why->retry_after_ms.val : 0,
                   why->details.is_some ? text(why->details.val) : ""};
    }
    return reply;
  }
};

inline reentry_wait_options lowered(const options &from, std::vector<const char *> &labels) {
  for (const auto &label : from.labels) labels.push_back(label.c_str());
  labels.push_back(nullptr);
  const auto maybe = [](const std::string &text) { return text.empty() ? nullptr : text.c_str(); };
  return {labels.data(), maybe(from.resume_schema), from.deadline_ms, maybe(from.default_answer)};
}

} // namespace detail

/// The step's link to its host. It holds nothing and may be copied freely.
class context {
public:
  /// Facts of the present call: they differ in the next one.
  const reentry_step_types_facts_t &facts() const { return *detail::call->facts; }
  uint32_t attempt() const { return facts().attempt; }

  /// Waits for an answer to this payload.
  detail::wait suspend(const value &payload, const options &options = {}) const {
    std::vector<const char *> labels;
    return {reentry_suspend_with(detail::given(payload.text()), detail::lowered(options, labels))};
  }
  /// Waits for an event; an empty key takes any. Of the options only the deadline counts.
  detail::wait event(const std::string &name, const std::string &key = "", const options &options = {}) const {
    std::vector<const char *> labels;
    return {reentry_event(name.c_str(), key.empty() ? nullptr : key.c_str(), detail::lowered(options, labels))};
  }
  detail::wait sleep(uint64_t ms) const { return {reentry_sleep(ms)}; }
  detail::wait sleep_until(uint64_t instant_ms) const { return {reentry_sleep_until(instant_ms)}; }
  /// Makes durable what has been done so far, and goes on at once.
  detail::wait checkpoint() const { return {reentry_checkpoint()}; }
  /// Has the host run another step of this component, or a workflow.
  detail::wait run_step(const std::string &id, const value &input) const {
    return {reentry_run_step(id.c_str(), detail::given(input.text()))};
  }
  detail::wait run_workflow(const std::string &id, const value &input) const {
    return {reentry_run_workflow(id.c_str(), detail::given(input.text()))};
  }

  /// Adds a line to the run's log. `fields` is an object, or null.
  void log(reentry_step_host_level_t level, const std::string &message, const value &fields = nullptr) const {
    reentry_log(level, message.c_str(), fields.text() == "null" ? nullptr : fields.text().c_str());
  }
  uint64_t now() const { return reentry_now(); }
  std::vector<uint8_t> random(size_t length) const {
    std::vector<uint8_t> bytes(length);
    reentry_random(bytes.data(), length);
    return bytes;
  }
  json state() const { return json::taken(reentry_state()); }
  json request_context() const { return json::taken(reentry_request_context()); }
  json init_data() const { return json::taken(reentry_init_data()); }
  /// Does not exist if that step is not done.
  json step_result(const std::string &path) const { return json::taken(reentry_step_result(path.c_str())); }
  /// False if the host refuses the value; the run's log says why.
  bool set_state(const std::string &key, const value &to) const {
    return reentry_set_state(key.c_str(), detail::given(to.text()));
  }
  bool set_request_context(const std::string &key, const value &to) const {
    return reentry_set_request_context(key.c_str(), detail::given(to.text()));
  }
  void emit(const value &chunk) const { reentry_emit(detail::given(chunk.text())); }
  bool cancelled() const { return reentry_cancelled(); }
};

/// Makes a coroutine what `reentry_step::run` wants: `{.id = "buy", .run = reentry::run<buy>}`.
template <task (*Step)(context, json)> reentry_result run(const reentry_call *call) {
  static std::coroutine_handle<task::promise_type> parked;
  detail::call = call;
  if (call->reason == REENTRY_START) {
    parked = Step(context(), json(call->input)).handle_;
  } else {
    parked.resume();
  }
  if (!parked.done()) return detail::waiting;
  const reentry_result result = parked.promise().result;
  parked.destroy();
  return result;
}

} // namespace reentry
