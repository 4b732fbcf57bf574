/* The three functions that the host calls, and the results that a step returns from them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "allocate.h"
#include "reentry.h"
#include "utf8.h"

/* The bindings tie themselves to an object file that describes the world. `reentry build` adds that
 * description. */
void __component_type_object_force_link_step(void) {}

/* ---- results ---- */

static step_string_t copied(const char *text) {
  /* A message may hold anything that the step was given. */
  size_t length = reentry_utf8_length(text, strlen(text));
  step_string_t copy = {reentry_allocate(length), length};
  memcpy(copy.ptr, text, length);
  return copy;
}

static step_option_string_t maybe(const char *text) {
  step_option_string_t option = {.is_some = text != NULL};
  if (text) option.val = copied(text);
  return option;
}

static reentry_step_types_option_json_t maybe_json(const char *json) {
  step_option_string_t option = maybe(json);
  return (reentry_step_types_option_json_t){option.is_some, option.val};
}

reentry_result reentry_fail(reentry_failure failure) {
  reentry_result result = {.failed = true};
  result.as.failure = (reentry_step_types_failure_t){
      .message = copied(failure.message ? failure.message : "the step failed"),
      .code = maybe(failure.code),
      .retryable = failure.retryable,
      .retry_after_ms = {failure.retry_after_ms != 0, failure.retry_after_ms},
      .details = maybe_json(failure.details),
  };
  return result;
}

/* Takes a text into a result, where the bindings free it when the host has read it. False, and `failure` is
 * what to return instead, for a text that could not be written. */
static bool take(const char *what, const char *code, char *json, step_string_t *to, reentry_result *failure) {
  char message[600];
  size_t length = json ? strlen(json) : 0, valid = json ? reentry_utf8_length(json, length) : 0;
  if (json && valid == length) {
    *to = (step_string_t){(uint8_t *)json, length};
    return true;
  }
  if (json) {
    snprintf(message, sizeof message, "%s is no JSON: its byte %zu is not UTF-8", what, valid);
  } else {
    const char *why = reentry_problem();
    snprintf(message, sizeof message, "%s cannot be written: %s", what, *why ? why : "it is NULL");
  }
  free(json);
  *failure = reentry_fail((reentry_failure){.message = message, .code = code});
  return false;
}

reentry_result reentry_complete(char *json) {
  reentry_result result = {.as.outcome.tag = REENTRY_STEP_TYPES_OUTCOME_COMPLETED};
  take("the output", "bad-output", json, &result.as.outcome.val.completed, &result);
  return result;
}

reentry_result reentry_bail(char *json) {
  reentry_result result = {.as.outcome.tag = REENTRY_STEP_TYPES_OUTCOME_BAILED};
  take("the result of the workflow", "bad-output", json, &result.as.outcome.val.bailed, &result);
  return result;
}

/* ---- waits ---- */

/* The number of the wait that is open, by which the host names it. None is used twice in an instance. */
static uint32_t last_wait;

/* What the last wait is for, and its number at the beginning of this call: a wait that was made and not
 * returned is told. */
static char last_wait_is[160];
static uint32_t last_wait_before;

static reentry_result waits_for(reentry_step_types_wait_for_t what, const char *made_by, const char *about) {
  snprintf(last_wait_is, sizeof last_wait_is, "%s(%s)", made_by, about);
  reentry_step_types_wait_t *wait = reentry_allocate(sizeof *wait);
  *wait = (reentry_step_types_wait_t){.id = ++last_wait, .what = what};
  reentry_result result = {0};
  result.as.outcome.tag = REENTRY_STEP_TYPES_OUTCOME_SUSPENDED;
  result.as.outcome.val.suspended =
      (reentry_step_types_suspension_t){.waits = {wait, 1}, .wake = REENTRY_STEP_TYPES_WAKE_ANY};
  return result;
}

static reentry_step_types_option_json_t described(reentry_schema *schema) {
  reentry_step_types_option_json_t option = {0};
  char *text = schema ? schema() : NULL;
  if (text) option = (reentry_step_types_option_json_t){true, {(uint8_t *)text, strlen(text)}};
  return option;
}

static reentry_step_types_option_deadline_t deadline(reentry_wait_options options) {
  reentry_step_types_option_deadline_t deadline = {.is_some = options.deadline_ms != 0};
  if (!deadline.is_some) return deadline;
  deadline.val.at_ms = options.deadline_ms;
  deadline.val.otherwise.tag = REENTRY_STEP_TYPES_DEADLINE_OUTCOME_TIME_OUT;
  if (options.default_answer) {
    deadline.val.otherwise.tag = REENTRY_STEP_TYPES_DEADLINE_OUTCOME_ANSWER;
    deadline.val.otherwise.val.answer = copied(options.default_answer);
  }
  return deadline;
}

reentry_result reentry_suspend(char *json) { return reentry_suspend_with(json, (reentry_wait_options){0}); }

reentry_result reentry_suspend_with(char *json, reentry_wait_options options) {
  reentry_step_types_wait_for_t what = {.tag = REENTRY_STEP_TYPES_WAIT_FOR_ANSWER};
  reentry_step_types_answer_wait_t *wait = &what.val.answer;
  reentry_result failure;
  if (!take("the payload", "bad-payload", json, &wait->payload, &failure)) return failure;
  size_t count = 0;
  while (options.labels && options.labels[count]) count++;
  if (count) wait->labels = (step_list_string_t){reentry_allocate(count * sizeof(step_string_t)), count};
  for (size_t k = 0; k < count; k++) wait->labels.ptr[k] = copied(options.labels[k]);
  wait->resume_schema = described(options.resume_schema);
  wait->deadline = deadline(options);
  return waits_for(what, "reentry_suspend", json);
}

reentry_result reentry_event(const char *name, const char *key, reentry_wait_options options) {
  reentry_step_types_wait_for_t what = {.tag = REENTRY_STEP_TYPES_WAIT_FOR_EVENT};
  what.val.event = (reentry_step_types_event_wait_t){
      .name = copied(name), .key = maybe(key), .deadline = deadline(options)};
  return waits_for(what, "reentry_event", name);
}

reentry_result reentry_sleep(uint64_t ms) { return reentry_sleep_until(reentry_now() + ms); }

reentry_result reentry_sleep_until(uint64_t instant_ms) {
  reentry_step_types_wait_for_t what = {.tag = REENTRY_STEP_TYPES_WAIT_FOR_TIME};
  what.val.time = instant_ms;
  char about[24];
  snprintf(about, sizeof about, "%llu", (unsigned long long)instant_ms);
  return waits_for(what, "reentry_sleep_until", about);
}

reentry_result reentry_checkpoint(void) {
  return waits_for((reentry_step_types_wait_for_t){.tag = REENTRY_STEP_TYPES_WAIT_FOR_CHECKPOINT},
                   "reentry_checkpoint", "");
}

static reentry_result runs(uint8_t tag, const char *made_by, const char *id, char *json) {
  reentry_step_types_wait_for_t what = {.tag = REENTRY_STEP_TYPES_WAIT_FOR_RUN};
  reentry_result failure;
  if (!take("the input of what is run", "bad-input", json, &what.val.run.input, &failure)) return failure;
  what.val.run.target.tag = tag;
  what.val.run.target.val.step = copied(id);
  return waits_for(what, made_by, id);
}

reentry_result reentry_run_step(const char *id, char *json) {
  return runs(REENTRY_STEP_TYPES_RUN_TARGET_STEP, "reentry_run_step", id, json);
}

reentry_result reentry_run_workflow(const char *id, char *json) {
  return runs(REENTRY_STEP_TYPES_RUN_TARGET_WORKFLOW, "reentry_run_workflow", id, json);
}

/* ---- refusals ---- */

reentry_result reentry_refuse(const reentry_call *call, const char *reason) {
  static const char *const codes[] = {
      [REENTRY_START] = "bad-input",
      [REENTRY_ANSWERED] = "bad-answer",
      [REENTRY_RECEIVED] = "bad-event",
      [REENTRY_COMPLETED] = "bad-result",
  };
  bool brought = call->reason < sizeof codes / sizeof *codes;
  if (!brought)
    return reentry_fail(
        (reentry_failure){.message = "this call brought nothing to refuse", .code = "misuse"});
  char details[32];
  snprintf(details, sizeof details, "{\"wait\": %" PRIu32 "}", last_wait_before);
  bool waited = call->reason != REENTRY_START;
  return reentry_fail((reentry_failure){
      .message = reason ? reason : reentry_problem(),
      .code = codes[call->reason],
      .details = waited ? details : NULL,
  });
}

/* ---- calls ---- */

static reentry_step_types_option_retry_policy_t policy(const reentry_step_types_retry_policy_t *retry) {
  reentry_step_types_option_retry_policy_t option = {.is_some = retry != NULL};
  if (retry) option.val = *retry;
  return option;
}

void exports_reentry_step_guest_describe(exports_reentry_step_guest_list_descriptor_t *ret) {
  size_t count = 0;
  while (reentry_steps[count].id) count++;
  ret->ptr = reentry_allocate(count * sizeof *ret->ptr);
  ret->len = count;
  for (size_t k = 0; k < count; k++) {
    const reentry_step *step = &reentry_steps[k];
    ret->ptr[k] = (reentry_step_types_descriptor_t){
        .id = copied(step->id),
        .title = maybe(step->title),
        .description = maybe(step->description),
        .input_schema = described(step->input_schema),
        .output_schema = described(step->output_schema),
        .suspend_schema = described(step->suspend_schema),
        .resume_schema = described(step->resume_schema),
        .state_schema = described(step->state_schema),
        .request_context_schema = described(step->request_context_schema),
        .retry = policy(step->retry),
        .timeout_ms = {step->timeout_ms != 0, step->timeout_ms},
        .resume_mode = REENTRY_STEP_TYPES_RESUME_MODE_RESTORE,
    };
  }
}

static reentry_json borrowed(step_string_t text) {
  return reentry_read_part((const char *)text.ptr, text.len);
}

/* Whether the wait that was made last is among those that the step returned. */
static bool returned(const reentry_result *result) {
  if (result->failed || result->as.outcome.tag != REENTRY_STEP_TYPES_OUTCOME_SUSPENDED) return false;
  const reentry_step_types_list_wait_t *waits = &result->as.outcome.val.suspended.waits;
  return waits->len == 1 && waits->ptr[0].id == last_wait;
}

/* A wait that was made and forgotten would have asked nobody. */
static reentry_result unless_unawaited(reentry_result result) {
  uint32_t made = last_wait - last_wait_before;
  /* A failure says why the step did not come to its wait. */
  if (made == 0 || result.failed || (made == 1 && returned(&result))) return result;
  char message[300];
  snprintf(message, sizeof message,
           "%s was called, and the step did not return what it gave: nothing waits for it", last_wait_is);
  if (made > 1)
    snprintf(message, sizeof message, "a step waits for one thing at a time: %s is the second in this call",
             last_wait_is);
  return reentry_fail((reentry_failure){.message = message, .code = "unawaited-wait"});
}

static bool perform(const reentry_call *call, reentry_step_types_outcome_t *outcome,
                    reentry_step_types_failure_t *failure) {
  step_string_t id = call->facts->step;
  const reentry_step *step = reentry_steps;
  while (step->id && !(strlen(step->id) == id.len && memcmp(step->id, id.ptr, id.len) == 0)) step++;
  reentry_result result;
  last_wait_before = last_wait;
  if (step->id) {
    result = unless_unawaited(step->run(call));
  } else {
    char message[256];
    snprintf(message, sizeof message, "there is no step %.*s in this component", (int)id.len,
             (const char *)id.ptr);
    result = reentry_fail((reentry_failure){.message = message, .code = "unknown-step"});
  }
  /* The last line that was printed may not be ended. */
  fflush(NULL);
  fsync(STDOUT_FILENO);
  fsync(STDERR_FILENO);
  if (result.failed) {
    *failure = result.as.failure;
  } else {
    *outcome = result.as.outcome;
  }
  return !result.failed;
}

bool exports_reentry_step_guest_start(reentry_step_types_invocation_t *given,
                                      reentry_step_types_outcome_t *ret, reentry_step_types_failure_t *err) {
  reentry_call call = {.facts = &given->facts, .input = borrowed(given->input), .reason = REENTRY_START};
  bool ok = perform(&call, ret, err);
  reentry_step_types_invocation_free(given);
  return ok;
}

static void explain(const reentry_step_types_resolution_t *resolution, reentry_call *call) {
  switch (resolution->tag) {
    case REENTRY_STEP_TYPES_RESOLUTION_ANSWERED:
      call->reason = REENTRY_ANSWERED;
      call->data = borrowed(resolution->val.answered);
      break;
    case REENTRY_STEP_TYPES_RESOLUTION_RECEIVED:
      call->reason = REENTRY_RECEIVED;
      call->data = borrowed(resolution->val.received);
      break;
    case REENTRY_STEP_TYPES_RESOLUTION_COMPLETED:
      call->reason = REENTRY_COMPLETED;
      call->data = borrowed(resolution->val.completed);
      break;
    case REENTRY_STEP_TYPES_RESOLUTION_FAILED:
      call->reason = REENTRY_FAILED;
      call->failure = &resolution->val.failed;
      break;
    case REENTRY_STEP_TYPES_RESOLUTION_TIMED_OUT: call->reason = REENTRY_TIMED_OUT; break;
    case REENTRY_STEP_TYPES_RESOLUTION_ELAPSED: call->reason = REENTRY_ELAPSED; break;
    case REENTRY_STEP_TYPES_RESOLUTION_RECORDED: call->reason = REENTRY_RECORDED; break;
  }
}

bool exports_reentry_step_guest_resume(reentry_step_types_resumption_t *given,
                                       reentry_step_types_outcome_t *ret, reentry_step_types_failure_t *err) {
  reentry_call call = {.facts = &given->facts, .input = borrowed(given->input)};
  bool ok;
  if (given->resolved.len == 1 && given->resolved.ptr[0].wait == last_wait) {
    explain(&given->resolved.ptr[0].resolution, &call);
    ok = perform(&call, ret, err);
  } else {
    reentry_result wrong = reentry_fail((reentry_failure){
        .message = "the host resumed a wait that this instance has not: its memory was not put back",
        .code = "unknown-wait",
    });
    *err = wrong.as.failure;
    ok = false;
  }
  reentry_step_types_resumption_free(given);
  return ok;
}
