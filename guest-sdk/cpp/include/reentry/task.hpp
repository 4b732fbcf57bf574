// The coroutines of a step, and what is awaited in them.
#pragma once

#include <coroutine>
#include <optional>
#include <source_location>
#include <string>
#include <utility>

#include "reentry/fields.hpp"
#include "reentry/json.hpp"

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

/// What `ctx.refuse` gives.
struct refusal {
  std::string reason;
};

namespace detail {

/// The call that runs. An instance serves one run.
inline const reentry_call *call;
/// What this call of the step ends with, if it is known.
inline std::optional<reentry_result> ended;
/// A wait that was begun and let go of before it was awaited.
inline std::string forgotten;

/// The wait that is open: what goes on when it is over, and who reads what it brought.
struct open_wait {
  std::coroutine_handle<> handle;
  void *wait = nullptr;
  bool (*take)(void *wait, const reentry_call *call) = nullptr;
};
inline open_wait parked;

inline const char *maybe(const std::string &text) { return text.empty() ? nullptr : text.c_str(); }

inline reentry_result failed(const failure &why) {
  return reentry_fail(
      {why.message.c_str(), maybe(why.code), why.retryable, why.retry_after_ms, maybe(why.details)});
}

inline std::string text(step_string_t from) { return {reinterpret_cast<const char *>(from.ptr), from.len}; }

inline failure failure_of(const reentry_step_types_failure_t &why) {
  return {text(why.message), why.code.is_some ? text(why.code.val) : "", why.retryable,
          why.retry_after_ms.is_some ? why.retry_after_ms.val : 0,
          why.details.is_some ? text(why.details.val) : ""};
}

template <class T>
constexpr reentry_schema *schema_or_none() {
  if constexpr (std::same_as<T, json> || std::same_as<T, value>) {
    return nullptr;
  } else {
    return schema<T>;
  }
}

} // namespace detail

/// How a wait ended. Where it can have but one end, it may be taken as the data: `answer said = co_await
/// ctx.suspend(...)`.
template <class Data>
class reply {
public:
  reply(reentry_reason reason, std::optional<Data> data, failure why)
      : reason(reason), why(std::move(why)), data_(std::move(data)) {}

  reentry_reason reason;
  failure why; ///< Of what was run, if it failed.

  bool timed_out() const { return reason == REENTRY_TIMED_OUT; }
  bool failed() const { return reason == REENTRY_FAILED; }
  bool has_data() const { return data_.has_value(); }
  const Data &operator*() const {
    if (!data_ && timed_out())
      reentry_die("the deadline passed: there is no answer. Look at timed_out() first");
    if (!data_) reentry_die("what was run failed: there is no output. Look at failed() first");
    return *data_;
  }
  const Data *operator->() const { return &**this; }
  operator Data() const { return **this; }

private:
  std::optional<Data> data_;
};

namespace detail {

/// Something that a step waits for. It is handed to the host when it is awaited.
template <class Data, class Begin>
class [[nodiscard("nothing waits for it without co_await")]] wait {
public:
  wait(Begin begin, std::string what, std::source_location at)
      : begin_(std::move(begin)), what_(std::move(what)), at_(at) {}
  wait(const wait &) = delete;
  ~wait() {
    if (awaited_) return;
    std::string place = at_.file_name();
    place.erase(0, place.find_last_of('/') + 1);
    forgotten =
        place + ":" + std::to_string(at_.line()) + ": nothing waits for " + what_ + " without co_await";
  }

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    awaited_ = true;
    parked = {handle, this,
              [](void *self, const reentry_call *call) { return static_cast<wait *>(self)->take(call); }};
    ended = begin_();
  }
  reply<Data> await_resume() { return std::move(*reply_); }

private:
  bool take(const reentry_call *call) {
    std::optional<Data> data;
    if (reentry_exists(call->data)) {
      if (!read(call->data, data.emplace())) return false;
    } else if constexpr (std::same_as<Data, json>) {
      data.emplace();
    }
    reply_.emplace(call->reason, std::move(data), call->failure ? failure_of(*call->failure) : failure());
    return true;
  }

  Begin begin_;
  std::string what_;
  std::source_location at_;
  bool awaited_ = false;
  std::optional<reply<Data>> reply_;
};

} // namespace detail

/// What a step returns, and any coroutine that does a part of its work: `co_await` of a task gives its
/// output.
///
/// A task that ends with a failure, a bail or a refusal ends the step with it.
template <class Output = value>
class [[nodiscard("nothing of it is known without co_await")]] task {
public:
  struct promise_type {
    std::optional<Output> output;
    std::optional<reentry_result> end;
    std::coroutine_handle<> awaiting;

    task get_return_object() { return task(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_never initial_suspend() { return {}; }
    auto final_suspend() noexcept { return last{}; }
    template <class From>
      requires std::convertible_to<From, Output>
    void return_value(From &&from) {
      output.emplace(std::forward<From>(from));
    }
    void return_value(Output from) { output.emplace(std::move(from)); }
    void return_value(const failure &why) { end = detail::failed(why); }
    void return_value(const bail &with) { end = reentry_bail(with.result.given()); }
    void return_value(const refusal &why) { end = reentry_refuse(detail::call, detail::maybe(why.reason)); }
    void unhandled_exception() {}
  };

  task() = default;
  task(task &&other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  task &operator=(task &&other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const { return handle_.done() && !handle_.promise().end; }
  void await_suspend(std::coroutine_handle<> awaiting) {
    handle_.promise().awaiting = awaiting;
    if (handle_.done()) detail::ended = handle_.promise().end;
  }
  Output await_resume() { return std::move(*handle_.promise().output); }

private:
  /// The end of a coroutine: the one that awaits it goes on, or the step ends.
  struct last {
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> handle) const noexcept {
      promise_type &promise = handle.promise();
      if (!promise.awaiting) return std::noop_coroutine();
      if (!promise.end) return promise.awaiting;
      detail::ended = promise.end;
      return std::noop_coroutine();
    }
    void await_resume() const noexcept {}
  };

  explicit task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  template <class Of>
  friend reentry_result outcome(task<Of> &whole);
  std::coroutine_handle<promise_type> handle_;
};

/// What a call of the step ends with.
template <class Output>
reentry_result outcome(task<Output> &whole) {
  std::optional<reentry_result> result = std::exchange(detail::ended, std::nullopt);
  auto &promise = whole.handle_.promise();
  if (whole.handle_.done())
    result = promise.end ? *promise.end : reentry_complete(value(*promise.output).given());
  if (result->failed) return *result;
  if (!detail::forgotten.empty())
    return detail::failed({.message = detail::forgotten, .code = "unawaited-wait"});
  return *result;
}

} // namespace reentry
