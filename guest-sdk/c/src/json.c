/* Reading values out of a JSON text and writing one. The host has checked what it hands in, so nothing here looks for
 * mistakes; what is not as expected counts as not there. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocate.h"
#include "reentry.h"

static const reentry_json nothing = {NULL, 0};

/* ---- reading ---- */

static const char *skip_space(const char *at, const char *end) {
  while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')) at++;
  return at;
}

/* The place after the string that begins here. */
static const char *skip_string(const char *at, const char *end) {
  for (at++; at < end && *at != '"'; at++) {
    if (*at == '\\') at++;
  }
  return at < end ? at + 1 : end;
}

/* The place after the value that begins here. Counts brackets: values may be nested deeper than the stack. */
static const char *skip_value(const char *at, const char *end) {
  size_t depth = 0;
  do {
    if (at >= end) return end;
    switch (*at) {
      case '"':
        at = skip_string(at, end);
        break;
      case '{':
      case '[':
        depth++;
        at++;
        break;
      case '}':
      case ']':
        depth--;
        at++;
        break;
      default:
        if (depth > 0) {
          at++;
        } else {
          while (at < end && !strchr(",]} \t\r\n", *at)) at++;
        }
    }
  } while (depth > 0);
  return at;
}

static reentry_json trimmed(const char *at, const char *end) {
  at = skip_space(at, end);
  const char *after = skip_value(at, end);
  return (reentry_json){at, (size_t)(after - at)};
}

reentry_json reentry_read(const char *json) { return trimmed(json, json + strlen(json)); }

/* One after the other, the members or elements of a value. */
typedef struct {
  const char *at, *end;
  reentry_json key, value;
} walk;

static walk walk_through(reentry_json value, char open) {
  if (value.length < 2 || value.at[0] != open) return (walk){0};
  return (walk){.at = value.at + 1, .end = value.at + value.length - 1};
}

static bool walk_on(walk *walk, bool keyed) {
  const char *at = skip_space(walk->at, walk->end);
  if (at >= walk->end) return false;
  if (keyed) {
    walk->key = trimmed(at, walk->end);
    at = skip_space(walk->key.at + walk->key.length, walk->end) + 1;
  }
  walk->value = trimmed(at, walk->end);
  at = skip_space(walk->value.at + walk->value.length, walk->end);
  walk->at = at < walk->end ? at + 1 : at;
  return true;
}

reentry_json reentry_get(reentry_json object, const char *key) {
  walk walk = walk_through(object, '{');
  reentry_json found = nothing;
  /* Of two members of one name the last one counts, as with most readers. */
  while (walk_on(&walk, true)) {
    if (reentry_is(walk.key, key)) found = walk.value;
  }
  return found;
}

reentry_json reentry_at(reentry_json array, size_t index) {
  walk walk = walk_through(array, '[');
  while (walk_on(&walk, false)) {
    if (index-- == 0) return walk.value;
  }
  return nothing;
}

size_t reentry_count(reentry_json value) {
  bool keyed = value.length > 0 && value.at[0] == '{';
  walk walk = walk_through(value, keyed ? '{' : '[');
  size_t count = 0;
  while (walk_on(&walk, keyed)) count++;
  return count;
}

static bool is_literal(reentry_json value, const char *text) {
  return value.length == strlen(text) && memcmp(value.at, text, value.length) == 0;
}

bool reentry_is_null(reentry_json value) { return is_literal(value, "null"); }

bool reentry_bool(reentry_json value, bool otherwise) {
  if (is_literal(value, "true")) return true;
  return is_literal(value, "false") ? false : otherwise;
}

/* A number as a text of its own: the value is followed by more JSON. */
static bool number_text(reentry_json value, char text[64]) {
  if (value.length == 0 || value.length >= 64 || !strchr("-0123456789", value.at[0])) return false;
  memcpy(text, value.at, value.length);
  text[value.length] = 0;
  return true;
}

int64_t reentry_int(reentry_json value, int64_t otherwise) {
  char text[64], *end;
  if (!number_text(value, text)) return otherwise;
  int64_t number = strtoll(text, &end, 10);
  return *end ? otherwise : number;
}

double reentry_number(reentry_json value, double otherwise) {
  char text[64];
  return number_text(value, text) ? strtod(text, NULL) : otherwise;
}

static uint32_t hex4(const char *at) {
  uint32_t unit = 0;
  for (int digit = 0; digit < 4; digit++) {
    char c = at[digit];
    unit = unit * 16 + (uint32_t)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
  }
  return unit;
}

static char *put_utf8(char *to, uint32_t c) {
  if (c < 0x80) {
    *to++ = (char)c;
  } else if (c < 0x800) {
    *to++ = (char)(0xc0 | c >> 6);
    *to++ = (char)(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    *to++ = (char)(0xe0 | c >> 12);
    *to++ = (char)(0x80 | (c >> 6 & 0x3f));
    *to++ = (char)(0x80 | (c & 0x3f));
  } else {
    *to++ = (char)(0xf0 | c >> 18);
    *to++ = (char)(0x80 | (c >> 12 & 0x3f));
    *to++ = (char)(0x80 | (c >> 6 & 0x3f));
    *to++ = (char)(0x80 | (c & 0x3f));
  }
  return to;
}

char *reentry_string(reentry_json value, size_t *length) {
  if (value.length < 2 || value.at[0] != '"') return NULL;
  const char *at = value.at + 1, *end = value.at + value.length - 1;
  /* No escape is shorter than what it stands for. */
  char *text = reentry_allocate(value.length), *to = text;
  while (at < end) {
    if (*at != '\\') {
      *to++ = *at++;
      continue;
    }
    char escape = at[1];
    at += 2;
    switch (escape) {
      case 'b': *to++ = '\b'; break;
      case 'f': *to++ = '\f'; break;
      case 'n': *to++ = '\n'; break;
      case 'r': *to++ = '\r'; break;
      case 't': *to++ = '\t'; break;
      case 'u': {
        uint32_t unit = hex4(at);
        at += 4;
        if (unit >= 0xd800 && unit < 0xdc00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
          uint32_t low = hex4(at + 2);
          if (low >= 0xdc00 && low < 0xe000) {
            unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
            at += 6;
          }
        }
        /* Half of a pair is no character. */
        to = put_utf8(to, unit >= 0xd800 && unit < 0xe000 ? 0xfffd : unit);
        break;
      }
      default: *to++ = escape;
    }
  }
  *to = 0;
  if (length) *length = (size_t)(to - text);
  return text;
}

bool reentry_is(reentry_json value, const char *text) {
  size_t length;
  char *found = reentry_string(value, &length);
  bool same = found && length == strlen(text) && memcmp(found, text, length) == 0;
  free(found);
  return same;
}

char *reentry_copy(reentry_json value) {
  char *text = reentry_allocate(value.length + 1);
  if (value.length) memcpy(text, value.at, value.length);
  text[value.length] = 0;
  return text;
}

/* ---- writing ---- */

static void put(reentry_buffer *out, const char *text, size_t length) {
  /* One byte more, for the zero at the end. */
  if (out->length + length + 1 > out->room) {
    out->room = (out->length + length + 1) * 2;
    out->at = realloc(out->at, out->room);
    if (!out->at) __builtin_trap();
  }
  memcpy(out->at + out->length, text, length);
  out->length += length;
  out->at[out->length] = 0;
}

static void put_string(reentry_buffer *out, const char *text, size_t length) {
  put(out, "\"", 1);
  size_t from = 0;
  for (size_t k = 0; k < length; k++) {
    unsigned char c = (unsigned char)text[k];
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    char escape[8];
    int size = c < 0x20 ? snprintf(escape, sizeof escape, "\\u%04x", c) : snprintf(escape, sizeof escape, "\\%c", c);
    put(out, text + from, k - from);
    put(out, escape, (size_t)size);
    from = k + 1;
  }
  put(out, text + from, length - from);
  put(out, "\"", 1);
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
        put_string(out, text, strlen(text));
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
      case 'g':
        put(out, number, (size_t)snprintf(number, sizeof number, "%.17g", va_arg(arguments, double)));
        break;
      case 'b': {
        const char *word = va_arg(arguments, int) ? "true" : "false";
        put(out, word, strlen(word));
        break;
      }
      case 'j': {
        reentry_json value = va_arg(arguments, reentry_json);
        put(out, value.at, value.length);
        break;
      }
      default:
        put(out, "%", 1);
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
