/* Numbers of JSON: exact, or refused. */
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocate.h"
#include "reentry/json.h"

/* A number as it is written: the digits from `digits`, a point among them perhaps, and what moves that point.
 */
typedef struct {
  bool negative;
  const char *digits, *end;
  size_t whole;     /* digits before the point */
  int64_t exponent; /* cut at a billion: no text is that long */
} written;

static bool is_digit(const char *at, const char *end) { return at < end && *at >= '0' && *at <= '9'; }

static bool parse(reentry_json value, written *to) {
  const char *at = value.at, *end = value.at + value.length;
  *to = (written){0};
  if (value.length == 0) return false;
  if (*at == '-') to->negative = true, at++;
  to->digits = at;
  if (!is_digit(at, end)) return false;
  while (is_digit(at, end)) at++;
  to->whole = (size_t)(at - to->digits);
  if (to->whole > 1 && *to->digits == '0') return false;
  if (at < end && *at == '.') {
    at++;
    if (!is_digit(at, end)) return false;
    while (is_digit(at, end)) at++;
  }
  to->end = at;
  if (at < end && (*at == 'e' || *at == 'E')) {
    at++;
    bool down = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+')) at++;
    if (!is_digit(at, end)) return false;
    for (; is_digit(at, end); at++) {
      if (to->exponent < 1000000000) to->exponent = to->exponent * 10 + (*at - '0');
    }
    if (down) to->exponent = -to->exponent;
  }
  return at == end;
}

typedef enum { EXACT, NOT_WHOLE, TOO_LARGE } reading;

/* The number without its sign. */
static reading magnitude(const written *from, uint64_t *to) {
  int64_t before_point = (int64_t)from->whole + from->exponent, place = 0;
  bool too_large = false;
  uint64_t sum = 0;
  for (const char *at = from->digits; at < from->end; at++) {
    if (*at == '.') continue;
    unsigned digit = (unsigned)(*at - '0');
    if (place++ >= before_point) {
      if (digit) return NOT_WHOLE;
    } else {
      too_large |= __builtin_mul_overflow(sum, 10, &sum) || __builtin_add_overflow(sum, digit, &sum);
    }
  }
  for (; place < before_point && sum && !too_large; place++)
    too_large = __builtin_mul_overflow(sum, 10, &sum);
  *to = sum;
  return too_large ? TOO_LARGE : EXACT;
}

static bool between(reentry_json value, const char *least, const char *most) {
  char expected[64];
  snprintf(expected, sizeof expected, "between %s and %s", least, most);
  return reentry_unexpected(value, expected);
}

bool reentry_read_whole(reentry_json value, uint64_t least, uint64_t most, bool *negative, uint64_t *to) {
  written number;
  if (!parse(value, &number)) return reentry_unexpected(value, "a whole number");
  reading how = magnitude(&number, to);
  if (how == NOT_WHOLE) return reentry_unexpected(value, "a whole number");
  *negative = number.negative;
  if (how == EXACT && *to <= (number.negative ? least : most)) return true;
  char low[24], high[24];
  snprintf(low, sizeof low, "%s%" PRIu64, least ? "-" : "", least);
  snprintf(high, sizeof high, "%" PRIu64, most);
  return between(value, low, high);
}

static bool read_signed(reentry_json value, int64_t most, int64_t *to) {
  bool negative;
  uint64_t sum;
  if (!reentry_read_whole(value, (uint64_t)most + 1, (uint64_t)most, &negative, &sum)) return false;
  *to = negative ? (int64_t)(0 - sum) : (int64_t)sum;
  return true;
}

bool reentry_read_int64(reentry_json value, int64_t *to) { return read_signed(value, INT64_MAX, to); }

bool reentry_read_int(reentry_json value, int *to) {
  int64_t wide;
  if (!read_signed(value, INT_MAX, &wide)) return false;
  *to = (int)wide;
  return true;
}

bool reentry_read_uint64(reentry_json value, uint64_t *to) {
  bool negative;
  uint64_t sum;
  if (!reentry_read_whole(value, 0, UINT64_MAX, &negative, &sum)) return false;
  *to = sum;
  return true;
}

bool reentry_read_uint(reentry_json value, unsigned *to) {
  bool negative;
  uint64_t sum;
  if (!reentry_read_whole(value, 0, UINT_MAX, &negative, &sum)) return false;
  *to = (unsigned)sum;
  return true;
}

bool reentry_read_digits(reentry_json value, char **to) {
  written number;
  if (!parse(value, &number)) return reentry_unexpected(value, "a number");
  *to = reentry_copy(value);
  return true;
}

bool reentry_read_double(reentry_json value, double *to) {
  char *text;
  if (!reentry_read_digits(value, &text)) return false;
  double number = strtod(text, NULL);
  free(text);
  if (!isfinite(number)) return between(value, "-1.7976931348623157e308", "1.7976931348623157e308");
  *to = number;
  return true;
}
