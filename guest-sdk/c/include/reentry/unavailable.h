/* What the library of C has and a step has not: calling it is an error of the compiler, with what to do
 * instead.
 *
 * Code that was written for other places and does not include this header links; there the functions fail as
 * C says. */
#ifndef REENTRY_UNAVAILABLE_H
#define REENTRY_UNAVAILABLE_H

#if defined(__wasm__)

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

#define REENTRY_UNAVAILABLE(why) __attribute__((diagnose_if(1, why, "error")))

unsigned sleep(unsigned) REENTRY_UNAVAILABLE("a step does not wait in a call: return reentry_sleep(ms)");
int usleep(unsigned) REENTRY_UNAVAILABLE("a step does not wait in a call: return reentry_sleep(ms)");
int nanosleep(const struct timespec *, struct timespec *)
    REENTRY_UNAVAILABLE("a step does not wait in a call: return reentry_sleep(ms)");
FILE *fopen(const char *, const char *)
    REENTRY_UNAVAILABLE("a step has no files: take what it needs as input, or compile it in");
int open(const char *, int, ...)
    REENTRY_UNAVAILABLE("a step has no files: take what it needs as input, or compile it in");
char *getenv(const char *) REENTRY_UNAVAILABLE(
    "a step has no environment: take what it needs as input, or from reentry_request_context()");
int system(const char *)
    REENTRY_UNAVAILABLE("a step runs no programs: return reentry_run_step or reentry_run_workflow");
void exit(int)
    REENTRY_UNAVAILABLE("a step ends by returning reentry_complete(json) or reentry_fail(failure)");
void _Exit(int)
    REENTRY_UNAVAILABLE("a step ends by returning reentry_complete(json) or reentry_fail(failure)");

#ifdef __cplusplus
}
#else
/* So that the last words have a place. */
#define abort() reentry_die("%s:%d: abort was called", __FILE__, __LINE__)
#endif
#endif
#endif
