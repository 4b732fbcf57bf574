/* Strings of JSON: what the escapes in them stand for. */
#include <stdlib.h>
#include <string.h>

#include "allocate.h"
#include "reentry/json.h"

/* Half of a surrogate pair, or no digits at all. */
#define NO_UNIT 0xffffffffu

static uint32_t hex4(const char *at, const char *end) {
  if (end - at < 4) return NO_UNIT;
  uint32_t unit = 0;
  for (int digit = 0; digit < 4; digit++) {
    char c = at[digit];
    if (c >= '0' && c <= '9') {
      unit = unit * 16 + (uint32_t)(c - '0');
    } else if ((c | 32) >= 'a' && (c | 32) <= 'f') {
      unit = unit * 16 + (uint32_t)((c | 32) - 'a' + 10);
    } else {
      return NO_UNIT;
    }
  }
  return unit;
}

/* The character that `\u` stands for; moves `at` behind it. */
static uint32_t escaped(const char **at, const char *end) {
  uint32_t unit = hex4(*at, end);
  if (unit == NO_UNIT) return NO_UNIT;
  *at += 4;
  if (unit < 0xd800 || unit >= 0xe000) return unit;
  if (unit >= 0xdc00 || end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u') return NO_UNIT;
  uint32_t low = hex4(*at + 2, end);
  if (low < 0xdc00 || low >= 0xe000) return NO_UNIT;
  *at += 6;
  return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
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

/* The byte that a short escape stands for, or 0. */
static char short_escape(char c) {
  switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case '"':
    case '\\':
    case '/': return c;
    default: return 0;
  }
}

bool reentry_read_string(reentry_json value, char **to, size_t *length) {
  if (value.length < 2 || value.at[0] != '"') return reentry_unexpected(value, "a string");
  const char *at = value.at + 1, *end = value.at + value.length - 1;
  /* No escape is shorter than what it stands for. */
  char *text = reentry_allocate(value.length), *put = text;
  const char *wrong = NULL;
  while (at < end && !wrong) {
    if (*at != '\\') {
      *put++ = *at++;
      continue;
    }
    char escape = at + 1 < end ? at[1] : 0;
    at += 2;
    if (escape == 'u') {
      uint32_t c = escaped(&at, end);
      if (c == NO_UNIT) {
        wrong = "text: half of a surrogate pair is no character";
      } else if (c == 0 && !length) {
        wrong = "a string of C: it has a zero byte in it";
      } else {
        put = put_utf8(put, c);
      }
    } else {
      *put = short_escape(escape);
      if (!*put++) wrong = "a string of JSON: there is no such escape";
    }
  }
  if (wrong) {
    free(text);
    return reentry_unexpected(value, wrong);
  }
  *put = 0;
  if (length) *length = (size_t)(put - text);
  *to = text;
  return true;
}
