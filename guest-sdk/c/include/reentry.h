/* Steps for reentry in C.
 *
 * A step is a function that is called at the start and after each wait, and an own structure in which it
 * keeps how far it is. It waits by returning what it waits for; its memory, all of it, is as it was when it
 * is called again.
 *
 * Texts called `json` are JSON, ended by a zero byte. Those that a function *takes* must come from malloc and
 * are freed by it; those that it *gives* are the caller's to free. What takes JSON takes NULL as well, which
 * is what writing gives that failed: the step fails then, with what `reentry_problem` says. */
#ifndef REENTRY_H
#define REENTRY_H

#include "../generated/step.h"
#include "reentry/json.h"
#include "reentry/struct.h"
#include "reentry/unavailable.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- a call ---- */

/* How the wait ended before this call. */
typedef enum {
  REENTRY_START,     /* it did not: this is the first call */
  REENTRY_ANSWERED,  /* `data` is the answer */
  REENTRY_RECEIVED,  /* `data` is the payload of the event */
  REENTRY_COMPLETED, /* `data` is the output of the step or workflow that was run */
  REENTRY_FAILED,    /* what was run failed: see `failure` */
  REENTRY_TIMED_OUT, /* the deadline passed */
  REENTRY_ELAPSED,   /* the instant has come */
  REENTRY_RECORDED,  /* the checkpoint is durable */
} reentry_reason;

/* Valid during the call only. */
typedef struct {
  const reentry_step_types_facts_t *facts;
  reentry_json input; /* the same in each call */
  reentry_reason reason;
  reentry_json data;
  const reentry_step_types_failure_t *failure;
} reentry_call;

/* ---- how a call ends ---- */

typedef struct {
  bool failed;
  union {
    reentry_step_types_outcome_t outcome;
    reentry_step_types_failure_t failure;
  } as;
} reentry_result;

/* The step is done. Takes the output. */
REENTRY_MUST_USE reentry_result reentry_complete(char *json);
/* The workflow is done, successfully. Takes its result. */
REENTRY_MUST_USE reentry_result reentry_bail(char *json);

typedef struct {
  const char *message; /* for people */
  const char *code;    /* for programs: a short stable word, or NULL */
  bool retryable;      /* whether trying the same again may help */
  uint64_t retry_after_ms;
  const char *details; /* JSON, or NULL */
} reentry_failure;

REENTRY_MUST_USE reentry_result reentry_fail(reentry_failure failure);
/* Refuses what this call brought. An answer: the question is open again, and whoever answered is told the
 * reason; all that this call did counts as not done. Input, event, output of what was run: the step fails. A
 * reason of NULL is what `reentry_problem` says. */
REENTRY_MUST_USE reentry_result reentry_refuse(const reentry_call *call, const char *reason);

/* What may be said of a wait; zero is the default of each. */
typedef struct {
  const char *const *labels;     /* ended by NULL: names by which the answer may be addressed */
  reentry_schema *resume_schema; /* of this very answer, in place of the step's */
  uint64_t deadline_ms;          /* an instant, as `reentry_now` gives it */
  /* JSON: what counts as the answer when the deadline passes. Otherwise the step is called with
   * REENTRY_TIMED_OUT. */
  const char *default_answer;
} reentry_wait_options;

/* A wait begins when the step returns it.
 *
 * Waits for an answer. Takes the payload. */
REENTRY_MUST_USE reentry_result reentry_suspend(char *json);
REENTRY_MUST_USE reentry_result reentry_suspend_with(char *json, reentry_wait_options options);
/* Waits for an event; a key of NULL takes any. Of the options only the deadline counts. */
REENTRY_MUST_USE reentry_result reentry_event(const char *name, const char *key,
                                              reentry_wait_options options);
REENTRY_MUST_USE reentry_result reentry_sleep(uint64_t ms);
REENTRY_MUST_USE reentry_result reentry_sleep_until(uint64_t instant_ms);
/* Makes durable what has been done so far, and goes on at once. */
REENTRY_MUST_USE reentry_result reentry_checkpoint(void);
/* Has the host run another step of this component, or a workflow. Takes the input. */
REENTRY_MUST_USE reentry_result reentry_run_step(const char *id, char *json);
REENTRY_MUST_USE reentry_result reentry_run_workflow(const char *id, char *json);

/* ---- the host ---- */

/* Adds a line to the run's log. `fields` is a JSON object or NULL: the caller's still. */
void reentry_log(reentry_step_host_level_t level, const char *message, const char *fields);
/* Ends the step with a message, as a failed assertion does: its memory cannot be trusted any more. May be
 * retried. */
__attribute__((noreturn, format(printf, 1, 2))) void reentry_die(const char *format, ...);
uint64_t reentry_now(void);
void reentry_random(void *to, size_t length);
/* Give JSON. */
char *reentry_request_context(void);
char *reentry_state(void);
char *reentry_init_data(void);
/* NULL if that step is not done. */
char *reentry_step_result(const char *path);
/* Take the value. False if the host refuses it; the log of the run says why. */
bool reentry_set_request_context(const char *key, char *json);
bool reentry_set_state(const char *key, char *json);
void reentry_emit(char *json);
bool reentry_cancelled(void);

/* ---- the steps of a component ---- */

typedef struct {
  const char *id;
  reentry_result (*run)(const reentry_call *call);
  const char *title, *description;
  /* `order_schema` of a structure, for instance, or NULL. `suspend` is the payload, `resume` the answer. */
  reentry_schema *input_schema, *output_schema, *suspend_schema, *resume_schema, *state_schema,
      *request_context_schema;
  const reentry_step_types_retry_policy_t *retry;
  uint64_t timeout_ms;
} reentry_step;

/* Defined by the author of a component, and ended by a step without id. */
extern const reentry_step reentry_steps[];

#ifdef __cplusplus
}
#endif
#endif
