/* What crosses to the host is UTF-8: anything else would end the call without words. */
#ifndef REENTRY_UTF8_H
#define REENTRY_UTF8_H

#include <stddef.h>

/* Bytes from the beginning that are UTF-8. */
size_t reentry_utf8_length(const char *text, size_t length);

#endif
