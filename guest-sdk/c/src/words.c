/* What a step says before it traps: the message of its failure. */
#include "words.h"

#include <stdio.h>
#include <stdlib.h>

#include "reentry.h"

void reentry_die_with(const char *format, va_list arguments) {
  /* Not on the heap, which may be what is used up. */
  static char message[1024];
  vsnprintf(message, sizeof message, format, arguments);
  reentry_log(REENTRY_STEP_HOST_LEVEL_ERROR, message, "{\"panic\": true}");
#ifdef __wasm__
  __builtin_trap();
#else
  abort();
#endif
}

void reentry_die(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  reentry_die_with(format, arguments);
}

#ifdef __wasm__

/* These take the place of the library's, which end without a word that the host can take. */

_Noreturn void __assert_fail(const char *expression, const char *file, int line, const char *function) {
  reentry_die("%s:%d: assertion failed in %s: %s", file, line, function, expression);
}

#undef abort
_Noreturn void abort(void) { reentry_die("abort was called"); }

_Noreturn void _Exit(int status) {
  reentry_die("exit(%d) was called: a step ends by returning what reentry_complete or reentry_fail gives",
              status);
}

#endif
