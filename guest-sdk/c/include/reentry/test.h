// A host for tests of steps on the developer's machine: no engine, no component, one call after the other.
//
//   cc -std=gnu11 -Isdk/include step.c step_test.c sdk/src/*.c sdk/fake/*.c -lm -o step_test && ./step_test
//
// Answers are read into the step's types, but not held to its schemas: `sh test.sh` does that. What a step
// keeps in statics stays from one start to the next, as all tests of a program are one instance.
#ifndef REENTRY_TEST_H
#define REENTRY_TEST_H

#include "../reentry.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a call of a step came to. */
typedef enum {
  REENTRY_TOLD_COMPLETED,
  REENTRY_TOLD_BAILED,
  REENTRY_TOLD_FAILED,
  REENTRY_TOLD_ASKS, /* waits for an answer */
  REENTRY_TOLD_WAITS_FOR_EVENT,
  REENTRY_TOLD_SLEEPS,
  REENTRY_TOLD_RUNS,    /* another step, or a workflow */
  REENTRY_TOLD_RECORDS, /* a checkpoint */
} reentry_told_kind;

/* Its texts last until the next call. Those that do not belong to the kind are NULL. */
typedef struct {
  reentry_told_kind kind;
  const char *json;                     /* output, payload, or input of what is run */
  const char *name, *key;               /* of the event; the name alone of what is run */
  const char *message, *code, *details; /* of a failure */
  uint64_t at_ms;                       /* of the deadline, or of the time to wake; 0 for none */
} reentry_told;

/* Starts a step with this input. */
reentry_told reentry_test_start(const char *step, const char *input);
/* Goes on when the wait is over: REENTRY_ANSWERED with the answer, REENTRY_RECEIVED with the payload of the
 * event, REENTRY_COMPLETED with the output of what was run, REENTRY_FAILED with the message of its failure,
 * or another reason. */
reentry_told reentry_test_resume(reentry_reason reason, const char *json);

/* What the step may ask for. Set it as the test wants it. */
typedef struct {
  uint64_t now_ms;
  uint32_t attempt;
  const char *request_context, *state, *init_data; /* JSON; what the step sets is added */
  const char *step_result;                         /* JSON, the same for each path; NULL if there is none */
  bool cancelled;
  const char *logged, *emitted; /* the last ones; NULL if there is none */
} reentry_test_host;
extern reentry_test_host reentry_test;

#ifdef __cplusplus
}
#endif
#endif
