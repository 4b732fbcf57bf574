/* A step's last words. */
#ifndef REENTRY_WORDS_H
#define REENTRY_WORDS_H

#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Tells the host why the step cannot go on, and traps. */
__attribute__((noreturn, format(printf, 1, 2))) void reentry_die(const char *format, ...);
__attribute__((noreturn, format(printf, 1, 0))) void reentry_die_with(const char *format, va_list arguments);

#ifdef __cplusplus
}
#endif
#endif
