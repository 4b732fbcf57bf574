/* The host of `reentry/test.h`. It stands where the bindings stand in a component. */
#include "reentry/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

reentry_test_host reentry_test = {
    .now_ms = 1700000000000,
    .request_context = "{}",
    .state = "{}",
    .init_data = "null",
};

/* ---- texts that cross ---- */

static step_string_t crossing(const char *text) {
  return (step_string_t){(uint8_t *)strdup(text), strlen(text)};
}

/* A text ended by a zero byte. A test is a short program: nothing that crossed is freed. */
static const char *received(step_string_t text) { return strndup((const char *)text.ptr, text.len); }

void step_string_free(step_string_t *text) { free(text->ptr); }
void step_list_u8_free(step_list_u8_t *list) { free(list->ptr); }
void reentry_step_types_failure_free(reentry_step_types_failure_t *failure) { (void)failure; }
void reentry_step_types_invocation_free(reentry_step_types_invocation_t *invocation) { (void)invocation; }
void reentry_step_types_resumption_free(reentry_step_types_resumption_t *resumption) { (void)resumption; }

/* ---- what a step asks for ---- */

void reentry_step_host_log(uint8_t level, step_string_t *message, step_string_t *fields) {
  static const char *const levels[] = {"trace", "debug", "info", "warn", "error"};
  reentry_test.logged = received(*message);
  fprintf(stderr, "%s: %s %s\n", levels[level], reentry_test.logged, fields ? received(*fields) : "");
}

uint64_t reentry_step_host_now(void) { return reentry_test.now_ms; }

void reentry_step_host_random(uint32_t length, step_list_u8_t *to) {
  *to = (step_list_u8_t){malloc(length + 1), length};
  for (uint32_t k = 0; k < length; k++) to->ptr[k] = (uint8_t)rand();
}

void reentry_step_host_request_context(step_string_t *to) { *to = crossing(reentry_test.request_context); }
void reentry_step_host_state(step_string_t *to) { *to = crossing(reentry_test.state); }
void reentry_step_host_init_data(step_string_t *to) { *to = crossing(reentry_test.init_data); }

bool reentry_step_host_step_result(step_string_t *path, step_string_t *to) {
  (void)path;
  if (reentry_test.step_result) *to = crossing(reentry_test.step_result);
  return reentry_test.step_result != NULL;
}

/* An object with one member more, or with another value of that member. */
static const char *with(const char *object, const char *key, const char *value) {
  reentry_buffer out = {0};
  reentry_append(&out, "{%s: %j", key, reentry_read(value));
  for (reentry_walk walk = reentry_walk_through(reentry_read(object), true); reentry_walk_on(&walk);) {
    if (!reentry_is(walk.key, key)) reentry_append(&out, ", %j: %j", walk.key, walk.value);
  }
  reentry_append(&out, "}");
  return out.at;
}

bool reentry_step_host_set_request_context(step_string_t *key, step_string_t *value,
                                           reentry_step_types_failure_t *why) {
  (void)why;
  reentry_test.request_context = with(reentry_test.request_context, received(*key), received(*value));
  return true;
}

bool reentry_step_host_set_state(step_string_t *key, step_string_t *value,
                                 reentry_step_types_failure_t *why) {
  (void)why;
  reentry_test.state = with(reentry_test.state, received(*key), received(*value));
  return true;
}

void reentry_step_host_emit(step_string_t *chunk) { reentry_test.emitted = received(*chunk); }
bool reentry_step_host_cancelled(void) { return reentry_test.cancelled; }
void reentry_step_host_idempotency_key(step_string_t *to) { *to = crossing("a-test"); }

/* ---- calls ---- */

/* The step that runs, its input, and what it waits for. */
static const char *step_id, *step_input;
static uint32_t open_wait;

static reentry_step_types_facts_t facts(void) {
  return (reentry_step_types_facts_t){
      .step = crossing(step_id),
      .run_id = crossing("run"),
      .workflow_id = crossing("test"),
      .path = crossing(step_id),
      .attempt = reentry_test.attempt,
      .idempotency_key = crossing("a-test"),
      .now_ms = reentry_test.now_ms,
  };
}

static uint64_t instant(reentry_step_types_option_deadline_t deadline) {
  return deadline.is_some ? deadline.val.at_ms : 0;
}

static reentry_told waits(const reentry_step_types_wait_t *wait) {
  open_wait = wait->id;
  const reentry_step_types_wait_for_t *what = &wait->what;
  switch (what->tag) {
    case REENTRY_STEP_TYPES_WAIT_FOR_ANSWER:
      return (reentry_told){.kind = REENTRY_TOLD_ASKS,
                            .json = received(what->val.answer.payload),
                            .at_ms = instant(what->val.answer.deadline)};
    case REENTRY_STEP_TYPES_WAIT_FOR_EVENT:
      return (reentry_told){.kind = REENTRY_TOLD_WAITS_FOR_EVENT,
                            .name = received(what->val.event.name),
                            .key = what->val.event.key.is_some ? received(what->val.event.key.val) : NULL,
                            .at_ms = instant(what->val.event.deadline)};
    case REENTRY_STEP_TYPES_WAIT_FOR_TIME:
      return (reentry_told){.kind = REENTRY_TOLD_SLEEPS, .at_ms = what->val.time};
    case REENTRY_STEP_TYPES_WAIT_FOR_RUN:
      return (reentry_told){.kind = REENTRY_TOLD_RUNS,
                            .name = received(what->val.run.target.val.step),
                            .json = received(what->val.run.input)};
    default: return (reentry_told){.kind = REENTRY_TOLD_RECORDS};
  }
}

static reentry_told told(bool ok, const reentry_step_types_outcome_t *outcome,
                         const reentry_step_types_failure_t *failure) {
  if (!ok) {
    return (reentry_told){.kind = REENTRY_TOLD_FAILED,
                          .message = received(failure->message),
                          .code = failure->code.is_some ? received(failure->code.val) : NULL,
                          .details = failure->details.is_some ? received(failure->details.val) : NULL};
  }
  switch (outcome->tag) {
    case REENTRY_STEP_TYPES_OUTCOME_COMPLETED:
      return (reentry_told){.kind = REENTRY_TOLD_COMPLETED, .json = received(outcome->val.completed)};
    case REENTRY_STEP_TYPES_OUTCOME_BAILED:
      return (reentry_told){.kind = REENTRY_TOLD_BAILED, .json = received(outcome->val.bailed)};
    default: return waits(outcome->val.suspended.waits.ptr);
  }
}

reentry_told reentry_test_start(const char *step, const char *input) {
  step_id = step;
  step_input = input;
  reentry_step_types_invocation_t invocation = {facts(), crossing(input)};
  reentry_step_types_outcome_t outcome;
  reentry_step_types_failure_t failure;
  bool ok = exports_reentry_step_guest_start(&invocation, &outcome, &failure);
  return told(ok, &outcome, &failure);
}

static reentry_step_types_resolution_t resolution(reentry_reason reason, const char *json) {
  static const uint8_t tags[] = {
      [REENTRY_ANSWERED] = REENTRY_STEP_TYPES_RESOLUTION_ANSWERED,
      [REENTRY_RECEIVED] = REENTRY_STEP_TYPES_RESOLUTION_RECEIVED,
      [REENTRY_COMPLETED] = REENTRY_STEP_TYPES_RESOLUTION_COMPLETED,
      [REENTRY_FAILED] = REENTRY_STEP_TYPES_RESOLUTION_FAILED,
      [REENTRY_TIMED_OUT] = REENTRY_STEP_TYPES_RESOLUTION_TIMED_OUT,
      [REENTRY_ELAPSED] = REENTRY_STEP_TYPES_RESOLUTION_ELAPSED,
      [REENTRY_RECORDED] = REENTRY_STEP_TYPES_RESOLUTION_RECORDED,
  };
  reentry_step_types_resolution_t resolution = {.tag = tags[reason]};
  if (reason == REENTRY_FAILED) {
    resolution.val.failed = (reentry_step_types_failure_t){.message = crossing(json)};
  } else if (json) {
    resolution.val.answered = crossing(json);
  }
  return resolution;
}

reentry_told reentry_test_resume(reentry_reason reason, const char *json) {
  reentry_step_types_resolved_t resolved = {open_wait, resolution(reason, json)};
  reentry_step_types_resumption_t resumption = {
      .facts = facts(), .resolved = {&resolved, 1}, .input = crossing(step_input)};
  reentry_step_types_outcome_t outcome;
  reentry_step_types_failure_t failure;
  bool ok = exports_reentry_step_guest_resume(&resumption, &outcome, &failure);
  return told(ok, &outcome, &failure);
}
