// Steps for reentry in C++20, on top of the SDK for C.
//
// A step is a coroutine. Where it waits for a person, an instant or an event, its frame stays where it is in
// memory, and all of that memory is put away; it goes on at the next line when the wait is over: after days,
// in another process, on another machine.
#pragma once

#include <cstdint>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

#include "reentry.h"
#include "reentry/fields.hpp"
#include "reentry/json.hpp"
#include "reentry/task.hpp"

namespace reentry {

/// What may be said of a wait for an answer.
struct options {
  std::vector<std::string> labels;     ///< Names by which the answer may be addressed.
  uint64_t deadline_ms = 0;            ///< An instant, as `now` gives it.
  std::optional<value> default_answer; ///< What counts as the answer when the deadline passes.
};

/// What a step may ask of its host.
class host {
public:
  /// Facts of the present call: they differ in the next one.
  const reentry_step_types_facts_t &facts() const { return *detail::call->facts; }
  uint32_t attempt() const { return facts().attempt; }

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
    return reentry_set_state(key.c_str(), to.given());
  }
  bool set_request_context(const std::string &key, const value &to) const {
    return reentry_set_request_context(key.c_str(), to.given());
  }
  void emit(const value &chunk) const { reentry_emit(chunk.given()); }
  bool cancelled() const { return reentry_cancelled(); }
};

/// The step's link to its host. It holds nothing and may be copied freely.
///
/// `Question` is what the one who answers gets to see, `Answer` is what comes back. Both become JSON Schemas.
template <class Question = value, class Answer = json>
class context : public host {
  using place = std::source_location;

public:
  /// Waits for an answer to this question. An answer that cannot be read as an `Answer` is refused with the
  /// reason: the question stays open, and the step does not go on.
  auto suspend(const Question &question, options options = {}, place at = place::current()) const {
    return ask<Answer>(question, std::move(options), at);
  }
  /// Waits for an answer of another type to another question.
  template <class Other>
  auto suspend(const value &question, options options = {}, place at = place::current()) const {
    return ask<Other>(question, std::move(options), at);
  }
  /// Waits for an event; an empty key takes any. Its payload is read as a `Payload`.
  template <class Payload = json>
  auto event(std::string name, std::string key = "", uint64_t deadline_ms = 0,
             place at = place::current()) const {
    const auto begin = [=] {
      return reentry_event(name.c_str(), key.empty() ? nullptr : key.c_str(), {.deadline_ms = deadline_ms});
    };
    return detail::wait<Payload, decltype(begin)>(begin, "an event " + name, at);
  }
  auto sleep(uint64_t ms, place at = place::current()) const {
    const auto begin = [=] { return reentry_sleep(ms); };
    return detail::wait<json, decltype(begin)>(begin, "a time", at);
  }
  auto sleep_until(uint64_t instant_ms, place at = place::current()) const {
    const auto begin = [=] { return reentry_sleep_until(instant_ms); };
    return detail::wait<json, decltype(begin)>(begin, "a time", at);
  }
  /// Makes durable what has been done so far, and goes on at once.
  auto checkpoint(place at = place::current()) const {
    const auto begin = [] { return reentry_checkpoint(); };
    return detail::wait<json, decltype(begin)>(begin, "a checkpoint", at);
  }
  /// Has the host run another step of this component, or a workflow. Its output is read as an `Output`.
  template <class Output = json>
  auto run_step(std::string id, const value &input, place at = place::current()) const {
    const auto begin = [=] { return reentry_run_step(id.c_str(), input.given()); };
    return detail::wait<Output, decltype(begin)>(begin, "the step " + id, at);
  }
  template <class Output = json>
  auto run_workflow(std::string id, const value &input, place at = place::current()) const {
    const auto begin = [=] { return reentry_run_workflow(id.c_str(), input.given()); };
    return detail::wait<Output, decltype(begin)>(begin, "the workflow " + id, at);
  }

  /// `co_return ctx.refuse("the date has passed");` refuses the last answer: the question is open again,
  /// whoever answered is told the reason, and all that the step did since then counts as not done. Without a
  /// reason it is `reentry_problem()`. An input, an event, or the output of what was run cannot be given
  /// again: the step fails.
  refusal refuse(std::string reason = "") const { return {std::move(reason)}; }

private:
  template <class Other>
  static auto ask(const value &question, options options, place at) {
    const auto begin = [question, options = std::move(options)] {
      std::vector<const char *> labels;
      for (const auto &label : options.labels) labels.push_back(label.c_str());
      labels.push_back(nullptr);
      return reentry_suspend_with(
          question.given(),
          {
              .labels = labels.data(),
              .resume_schema = detail::schema_or_none<Other>(),
              .deadline_ms = options.deadline_ms,
              .default_answer = options.default_answer ? options.default_answer->text().c_str() : nullptr,
          });
    };
    return detail::wait<Other, decltype(begin)>(begin, "an answer to " + question.text(), at);
  }
};

namespace detail {

/// What a coroutine says of a step: its types.
template <auto Step>
struct signature;
template <class Output, class Question, class Answer, class Input,
          task<Output> (*Step)(context<Question, Answer>, Input)>
struct signature<Step> {
  static task<Output> begin(const reentry_call *call, bool &readable) {
    std::remove_cvref_t<Input> input{};
    readable = read(call->input, input);
    return readable ? Step(context<Question, Answer>(), std::move(input)) : task<Output>();
  }
  static constexpr reentry_schema *input = schema_or_none<std::remove_cvref_t<Input>>();
  static constexpr reentry_schema *question = schema_or_none<Question>();
  static constexpr reentry_schema *answer = schema_or_none<Answer>();
  static constexpr reentry_schema *output = schema_or_none<Output>();
  static_assert(!std::is_reference_v<Input>,
                "a step takes its input by value: what a reference leads to is gone after a wait");
};

template <auto Step>
reentry_result run(const reentry_call *now) {
  /// An instance serves one run.
  static decltype(signature<Step>::begin(nullptr, std::declval<bool &>())) whole;
  call = now;
  forgotten.clear();
  if (now->reason == REENTRY_START) {
    bool readable = false;
    whole = signature<Step>::begin(now, readable);
    if (!readable) return reentry_refuse(now, nullptr);
  } else {
    if (!parked.take(parked.wait, now)) return reentry_refuse(now, nullptr);
    parked.handle.resume();
  }
  return outcome(whole);
}

} // namespace detail

/// Makes a coroutine a step: `reentry::step<buy>({.id = "buy"})`. Its schemas are those of the types in its
/// signature.
template <auto Step>
constexpr reentry_step step(reentry_step about) {
  using signature = detail::signature<Step>;
  about.run = detail::run<Step>;
  if (!about.input_schema) about.input_schema = signature::input;
  if (!about.suspend_schema) about.suspend_schema = signature::question;
  if (!about.resume_schema) about.resume_schema = signature::answer;
  if (!about.output_schema) about.output_schema = signature::output;
  return about;
}

} // namespace reentry
