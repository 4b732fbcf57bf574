/* Steps for reentry in C.
 *
 * A step is a function that is called at the start and after each wait, and an own structure in which it keeps how
 * far it is. It waits by returning what it waits for; its memory, all of it, is as it was when it is called again.
 *
 * Texts called `json` are JSON, ended by a zero byte. Those that a function *takes* must come from malloc and are
 * freed by it; those that it *gives* are the caller's to free. */
#ifndef REENTRY_H
#define REENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../generated/step.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- JSON ---- */

/* A JSON value within a longer text. One that is not there has length 0. Valid as long as that text. */
typedef struct {
  const char *at;
  size_t length;
} reentry_json;

/* The value in a text of one's own. */
reentry_json reentry_read(const char *json);
/* The member of an object; nothing if there is none, or the value is no object. */
reentry_json reentry_get(reentry_json object, const char *key);
/* The element of an array, counted from 0; nothing if there is none. */
reentry_json reentry_at(reentry_json array, size_t index);
/* Members of an object or elements of an array. */
size_t reentry_count(reentry_json value);

bool reentry_is_null(reentry_json value);
/* What the value says, or `otherwise` if it is nothing or of another type. */
bool reentry_bool(reentry_json value, bool otherwise);
int64_t reentry_int(reentry_json value, int64_t otherwise);
double reentry_number(reentry_json value, double otherwise);
/* Gives the string in UTF-8, ended by a zero byte. NULL if the value is no string. `length` may be NULL. */
char *reentry_string(reentry_json value, size_t *length);
/* Whether the value is this very string. */
bool reentry_is(reentry_json value, const char *text);
/* Gives the JSON text of the value itself, every digit of it. */
char *reentry_copy(reentry_json value);

/* A text that grows. Begin with `reentry_buffer out = {0};`. */
typedef struct {
  char *at;
  size_t length, room;
} reentry_buffer;

/* Appends JSON. All bytes of `format` stand for themselves but for
 *   %s  a string: const char *, ended by a zero byte, quoted and escaped here
 *   %S  the same from a place and a length: const char *, size_t
 *   %d  an int      %D  an int64_t      %g  a double      %b  a bool
 *   %j  a reentry_json, as it is
 *   %%  a per cent sign */
void reentry_append(reentry_buffer *out, const char *format, ...);
/* Gives JSON, by the rules of `reentry_append`. */
char *reentry_format(const char *format, ...);

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
reentry_result reentry_complete(char *json);
/* The workflow is done, successfully. Takes its result. */
reentry_result reentry_bail(char *json);

typedef struct {
  const char *message; /* for people */
  const char *code;    /* for programs: a short stable word, or NULL */
  bool retryable;      /* whether trying the same again may help */
  uint64_t retry_after_ms;
  const char *details; /* JSON, or NULL */
} reentry_failure;

reentry_result reentry_fail(reentry_failure failure);

/* What may be said of a wait; zero is the default of each. */
typedef struct {
  const char *const *labels;  /* ended by NULL: names by which the answer may be addressed */
  const char *resume_schema;  /* JSON Schema of the answer */
  uint64_t deadline_ms;       /* an instant, as `reentry_now` gives it */
  const char *default_answer; /* JSON: what counts as the answer when the deadline passes. Otherwise REENTRY_TIMED_OUT */
} reentry_wait_options;

/* Waits for an answer. Takes the payload. */
reentry_result reentry_suspend(char *json);
reentry_result reentry_suspend_with(char *json, reentry_wait_options options);
/* Waits for an event; a key of NULL takes any. Of the options only the deadline counts. */
reentry_result reentry_event(const char *name, const char *key, reentry_wait_options options);
reentry_result reentry_sleep(uint64_t ms);
reentry_result reentry_sleep_until(uint64_t instant_ms);
/* Makes durable what has been done so far, and goes on at once. */
reentry_result reentry_checkpoint(void);
/* Has the host run another step of this component, or a workflow. Takes the input. */
reentry_result reentry_run_step(const char *id, char *json);
reentry_result reentry_run_workflow(const char *id, char *json);

/* ---- the host ---- */

/* Adds a line to the run's log. `fields` is a JSON object or NULL. */
void reentry_log(reentry_step_host_level_t level, const char *message, const char *fields);
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
  /* JSON Schemas, or NULL. */
  const char *input_schema, *output_schema, *suspend_schema, *resume_schema, *state_schema, *request_context_schema;
  const reentry_step_types_retry_policy_t *retry;
  uint64_t timeout_ms;
} reentry_step;

/* Defined by the author of a component, and ended by a step without id. */
extern const reentry_step reentry_steps[];

#ifdef __cplusplus
}
#endif
#endif
