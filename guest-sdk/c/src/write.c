/* Writing JSON. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocate.h"
#include "reentry/json.h"
#include "utf8.h"
#include "write.h"

void reentry_give_up(reentry_buffer *out) {
  free(out->at);
  *out = (reentry_buffer){.failed = true};
}

static void put(reentry_buffer *out, const char *text, size_t length) {
  if (out->failed) return;
  /* One byte more, for the zero at the end. */
  if (out->length + length + 1 > out->room) {
    out->room = (out->length + length + 1) * 2;
    out->at = reentry_reallocate(out->at, out->room);
  }
  if (length) memcpy(out->at + out->length, text, length);
  out->length += length;
  out->at[out->length] = 0;
}

static void put_string(reentry_buffer *out, const char *text, size_t length) {
  if (!text) {
    reentry_set_problem("NULL is no string");
    reentry_give_up(out);
    return;
  }
  size_t valid = reentry_utf8_length(text, length);
  if (valid < length) {
    reentry_set_problem("byte %zu of the string, 0x%02x, is not UTF-8", valid,
                        (unsigned char)text[valid]);
    reentry_give_up(out);
    return;
  }
  put(out, "\"", 1);
  size_t from = 0;
  for (size_t k = 0; k < length; k++) {
    unsigned char c = (unsigned char)text[k];
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    char escape[8];
    int size =
        c < 0x20 ? snprintf(escape, sizeof escape, "\\u%04x", c) : snprintf(escape, sizeof escape, "\\%c", c);
    put(out, text + from, k - from);
    put(out, escape, (size_t)size);
    from = k + 1;
  }
  put(out, text + from, length - from);
  put(out, "\"", 1);
}

/* The shortest text that reads as this very double again. */
static void put_double(reentry_buffer *out, double number) {
  if (!isfinite(number)) {
    reentry_set_problem("%s is no number of JSON",
                        isnan(number) ? "NaN" : "infinity");
    reentry_give_up(out);
    return;
  }
  char text[40];
  int digits = 15, length;
  do {
    length = snprintf(text, sizeof text, "%.*g", digits, number);
  } while (strtod(text, NULL) != number && ++digits <= 17);
  put(out, text, (size_t)length);
}

static void append(reentry_buffer *out, const char *format, va_list arguments) {
  char number[40];
  for (const char *at = format; *at; at++) {
    if (*at != '%') {
      const char *end = strchr(at, '%');
      size_t length = end ? (size_t)(end - at) : strlen(at);
      put(out, at, length);
      at += length - 1;
      continue;
    }
    switch (*++at) {
      case 's': {
        const char *text = va_arg(arguments, const char *);
        put_string(out, text, text ? strlen(text) : 0);
        break;
      }
      case 'S': {
        const char *text = va_arg(arguments, const char *);
        put_string(out, text, va_arg(arguments, size_t));
        break;
      }
      case 'd':
        put(out, number, (size_t)snprintf(number, sizeof number, "%d", va_arg(arguments, int)));
        break;
      case 'D':
        put(out, number, (size_t)snprintf(number, sizeof number, "%" PRId64, va_arg(arguments, int64_t)));
        break;
      case 'U':
        put(out, number, (size_t)snprintf(number, sizeof number, "%" PRIu64, va_arg(arguments, uint64_t)));
        break;
      case 'g': put_double(out, va_arg(arguments, double)); break;
      case 'b': {
        const char *word = va_arg(arguments, int) ? "true" : "false";
        put(out, word, strlen(word));
        break;
      }
      case 'j': {
        reentry_json value = va_arg(arguments, reentry_json);
        if (value.length) {
          put(out, value.at, value.length);
        } else {
          put(out, "null", 4);
        }
        break;
      }
      case '%': put(out, "%", 1); break;
      default:
        reentry_set_problem("%%%c in the format \"%.60s\" stands for nothing", *at ? *at : ' ', format);
        reentry_give_up(out);
        return;
    }
  }
}

void reentry_append(reentry_buffer *out, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  append(out, format, arguments);
  va_end(arguments);
}

char *reentry_format(const char *format, ...) {
  reentry_buffer out = {0};
  va_list arguments;
  va_start(arguments, format);
  append(&out, format, arguments);
  va_end(arguments);
  return out.at;
}
