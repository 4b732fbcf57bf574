/* Numbers, strings and structures: what is read of them, and what is said when it cannot be. */
#include "reentry/json.h"

#include <inttypes.h>

#include "check.h"
#include "reentry/struct.h"

/* What reading a text as a whole number gives: the number, or the problem. */
static const char *as_int64(const char *json) {
  static char text[64];
  int64_t number;
  if (!reentry_read_int64(reentry_read(json), &number)) return reentry_problem();
  snprintf(text, sizeof text, "%" PRId64, number);
  return text;
}

static const char *as_uint64(const char *json) {
  static char text[64];
  uint64_t number;
  if (!reentry_read_uint64(reentry_read(json), &number)) return reentry_problem();
  snprintf(text, sizeof text, "%" PRIu64, number);
  return text;
}

static const char *as_int(const char *json) {
  static char text[64];
  int number;
  if (!reentry_read_int(reentry_read(json), &number)) return reentry_problem();
  snprintf(text, sizeof text, "%d", number);
  return text;
}

/* A double as it is written again. */
static const char *as_double(const char *json) {
  static char text[64];
  double number;
  if (!reentry_read_double(reentry_read(json), &number)) return reentry_problem();
  char *written = reentry_format("%g", number);
  snprintf(text, sizeof text, "%s", written);
  free(written);
  return text;
}

static void whole_numbers(void) {
  CHECK_TEXT(as_int64("100"), "100");
  CHECK_TEXT(as_int64("100.0"), "100");
  CHECK_TEXT(as_int64("1e3"), "1000");
  CHECK_TEXT(as_int64("1.25E+2"), "125");
  CHECK_TEXT(as_int64("12300e-2"), "123");
  CHECK_TEXT(as_int64("-0"), "0");
  CHECK_TEXT(as_int64("0e999999999999999999999"), "0");
  CHECK_TEXT(as_int64("0.000e-5"), "0");
  CHECK_TEXT(as_int64("9223372036854775807"), "9223372036854775807");
  CHECK_TEXT(as_int64("-9223372036854775808"), "-9223372036854775808");
  CHECK_TEXT(as_int64("9223372036854775808"),
             "9223372036854775808 is not between -9223372036854775808 and 9223372036854775807");
  CHECK_TEXT(as_int64("-9223372036854775809"),
             "-9223372036854775809 is not between -9223372036854775808 and 9223372036854775807");
  CHECK_TEXT(as_int64("9007199254740993.000000000000000000000000000000000000000000000000000000000"),
             "9007199254740993");
  CHECK_TEXT(as_int64("2.5"), "2.5 is not a whole number");
  CHECK_TEXT(as_int64("1e-1"), "1e-1 is not a whole number");
  CHECK_TEXT(as_int64("1e-999999999999999999999"), "1e-999999999999999999999 is not a whole number");
  CHECK_TEXT(as_int64("1e999999999999999999999"),
             "1e999999999999999999999 is not between -9223372036854775808 and 9223372036854775807");
  CHECK_TEXT(as_int64("100000000000000000000000000000000000000000000000000000000000000000000"),
             "1000000000000000000000000000000000000000… is not between -9223372036854775808 and "
             "9223372036854775807");
  CHECK_TEXT(as_int64("\"5\""), "\"5\" is not a whole number");
  CHECK_TEXT(as_int64("01"), "01 is not a whole number");
  CHECK_TEXT(as_int64("1."), "1. is not a whole number");
  CHECK_TEXT(as_int64("+1"), "+1 is not a whole number");
  CHECK_TEXT(as_int64(""), "a value is missing: a whole number is expected");
  CHECK_TEXT(as_uint64("18446744073709551615"), "18446744073709551615");
  CHECK_TEXT(as_uint64("1.8446744073709551615e19"), "18446744073709551615");
  CHECK_TEXT(as_uint64("18446744073709551616"),
             "18446744073709551616 is not between 0 and 18446744073709551615");
  CHECK_TEXT(as_uint64("-1"), "-1 is not between 0 and 18446744073709551615");
  CHECK_TEXT(as_int("2147483647"), "2147483647");
  CHECK_TEXT(as_int("4294967296"), "4294967296 is not between -2147483648 and 2147483647");
}

static void doubles(void) {
  CHECK_TEXT(as_double("0.1"), "0.1");
  CHECK_TEXT(as_double("100.0"), "100");
  CHECK_TEXT(as_double("1e3"), "1000");
  CHECK_TEXT(as_double("5e-324"), "4.94065645841247e-324");
  CHECK_TEXT(as_double("1.7976931348623157e308"), "1.7976931348623157e+308");
  CHECK_TEXT(as_double("123456789012345678"), "1.2345678901234568e+17");
  CHECK_TEXT(as_double("0.30000000000000004"), "0.30000000000000004");
  /* In the middle between two doubles, but for its last digit. */
  CHECK_TEXT(
      as_double("9007199254740993.00000000000000000000000000000000000000000000000000000000000000000000001"),
      "9007199254740994");
  CHECK_TEXT(as_double("1e400"), "1e400 is not between -1.7976931348623157e308 and 1.7976931348623157e308");
  CHECK_TEXT(as_double("true"), "true is not a number");
}

/* The double with these bits is the same after it was written and read. */
static bool comes_back(uint64_t bits) {
  double number, again;
  memcpy(&number, &bits, sizeof number);
  if (number - number != 0) return true;
  char *text = reentry_format("%g", number);
  bool same = reentry_read_double(reentry_read(text), &again) && memcmp(&number, &again, sizeof again) == 0;
  free(text);
  return same;
}

static void doubles_come_back(void) {
  uint64_t bits = 0x9e3779b97f4a7c15;
  for (int count = 0; count < 20000; count++) {
    bits ^= bits << 13, bits ^= bits >> 7, bits ^= bits << 17;
    if (!comes_back(bits)) {
      char text[40];
      snprintf(text, sizeof text, "%016" PRIx64, bits);
      CHECK_TEXT(text, "a double that comes back");
    }
  }
}

static void digits(void) {
  char *text = NULL;
  const char *long_number =
      "123456789012345678901234567890.12345678901234567890123456789012345678901234567890123456789e-7";
  CHECK(reentry_read_digits(reentry_read(long_number), &text));
  CHECK_GIVEN(text, long_number);
}

static const char *as_string(const char *json) {
  static char text[64];
  char *string;
  if (!reentry_read_string(reentry_read(json), &string, NULL)) return reentry_problem();
  snprintf(text, sizeof text, "%s", string);
  free(string);
  return text;
}

static void strings(void) {
  CHECK_TEXT(as_string("\"a\\n\\u00e9\\ud83d\\ude42\\/\""), "a\n\u00e9\U0001F642/");
  CHECK_TEXT(as_string("\"a\\u0000b\""), "\"a\\u0000b\" is not a string of C: it has a zero byte in it");
  CHECK_TEXT(as_string("\"\\ud83d\""), "\"\\ud83d\" is not text: half of a surrogate pair is no character");
  CHECK_TEXT(as_string("\"\\ude42\\ud83d\""),
             "\"\\ude42\\ud83d\" is not text: half of a surrogate pair is no character");
  CHECK_TEXT(as_string("\"\\x\""), "\"\\x\" is not a string of JSON: there is no such escape");
  CHECK_TEXT(as_string("7"), "7 is not a string");
  CHECK_TEXT(as_string("\"\\u12"), "\"\\u12 is not text: half of a surrogate pair is no character");
  CHECK_GIVEN(reentry_format("%s %S", "tab\t\"q\"\\", "\0x", (size_t)2),
              "\"tab\\u0009\\\"q\\\"\\\\\" \"\\u0000x\"");
  CHECK_GIVEN(reentry_format("%s", "\xff"), NULL);
  CHECK_TEXT(reentry_problem(), "byte 0 of the string, 0xff, is not UTF-8");
  CHECK_GIVEN(reentry_format("%s", (const char *)NULL), NULL);
  CHECK_TEXT(reentry_problem(), "NULL is no string");
  CHECK_GIVEN(reentry_format("[%g]", 0.0 / 0.0), NULL);
  CHECK_TEXT(reentry_problem(), "NaN is no number of JSON");
  CHECK_GIVEN(reentry_format("%x"), NULL);
  CHECK_GIVEN(reentry_format("100 %"), NULL);
}

static void places(void) {
  reentry_json whole = reentry_read("{\"a/b\": [1, {\"c~\": [true, {\"d\": \"yes\"}]}], \"z\": 1}");
  reentry_json inner = reentry_at(reentry_get(reentry_at(reentry_get(whole, "a/b"), 1), "c~"), 1);
  bool truth;
  int number;
  CHECK(!reentry_read_bool(reentry_get(inner, "d"), &truth));
  CHECK_TEXT(reentry_problem(), "/a~1b/1/c~0/1/d: \"yes\" is not a boolean");
  CHECK(!reentry_read_bool(reentry_get(inner, "e"), &truth));
  CHECK_TEXT(reentry_problem(), "/a~1b/1/c~0/1/e is missing: a boolean is expected");
  CHECK(!reentry_read_bool(reentry_at(reentry_get(whole, "a/b"), 7), &truth));
  CHECK_TEXT(reentry_problem(), "/a~1b/7 is missing: a boolean is expected");
  CHECK(!reentry_read_int(reentry_get(reentry_get(whole, "none"), "below"), &number));
  CHECK_TEXT(reentry_problem(), "/none is missing: a whole number is expected");
  CHECK(!reentry_read_int(inner, &number));
  CHECK_TEXT(reentry_problem(), "/a~1b/1/c~0/1: an object is not a whole number");
}

REENTRY_STRUCT(line, REENTRY_STRING(article), REENTRY_UINT(count, .rules = REENTRY_JSON({"minimum": 1})))
REENTRY_STRUCT(order, REENTRY_OPTIONAL(REENTRY_INT64(number)), REENTRY_BOOL(gift), REENTRY_INT(floor),
               REENTRY_UINT64(key), REENTRY_DOUBLE(price), REENTRY_DIGITS(exact), REENTRY_ANY(data),
               REENTRY_STRING(customer, .description = "Who pays"), REENTRY_OPTIONAL(REENTRY_STRING(comment)),
               REENTRY_LIST(REENTRY_OBJECT(line, lines)), REENTRY_CHOICE(speed, "slow", "fast"),
               REENTRY_OPTIONAL(REENTRY_OBJECT(line, extra)),
               REENTRY_OPTIONAL(REENTRY_LIST(REENTRY_STRING(tags))),
               REENTRY_STRING(currency, .default_json = REENTRY_JSON("EUR")))

#define FULL                                                                                              \
  "{\"number\": -7, \"gift\": true, \"floor\": 3, \"key\": 18446744073709551615, \"price\": 0.1, "        \
  "\"exact\": 1.50, \"data\": {\"any\": [1]}, \"customer\": \"Ada\", \"comment\": \"soon\", "             \
  "\"lines\": [{\"article\": \"lamp\", \"count\": 2}, {\"article\": \"oil\", \"count\": 1}], \"speed\": " \
  "\"fast\", "                                                                                            \
  "\"extra\": {\"article\": \"card\", \"count\": 1}, \"tags\": [\"a\", \"b\"], \"currency\": \"USD\"}"

/* What reading a text as an order gives when it is written again: that, or the problem. */
static char *again(const char *json) {
  order read;
  if (!order_read(reentry_read(json), &read)) return strdup(reentry_problem());
  char *written = order_write(&read);
  order_free(&read);
  return written ? written : strdup(reentry_problem());
}

/* The full order with the first `from` in it replaced. */
static char *changed(const char *from, const char *to) {
  static char text[1024];
  const char *full = FULL, *at = strstr(full, from);
  snprintf(text, sizeof text, "%.*s%s%s", (int)(at - full), full, to, at + strlen(from));
  return again(text);
}

static void structures(void) {
  CHECK_GIVEN(again(FULL), FULL);
  const char *least =
      "{\"gift\": false, \"floor\": -1.0, \"key\": 0, \"price\": 2, \"exact\": 0, \"data\": null, "
      "\"customer\": \"\", "
      "\"comment\": null, \"lines\": [], \"speed\": \"slow\", \"extra\": null, \"unknown\": 1}";
  CHECK_GIVEN(again(least),
              "{\"gift\": false, \"floor\": -1, \"key\": 0, \"price\": 2, \"exact\": 0, \"data\": null, "
              "\"customer\": \"\", \"lines\": [], \"speed\": \"slow\", \"currency\": \"EUR\"}");
  CHECK_GIVEN(again("[]"), "an array is not an object");
  CHECK_GIVEN(again("{}"), "/gift is missing: a boolean is expected");
  CHECK_GIVEN(changed("2}", "2.5}"), "/lines/0/count: 2.5 is not a whole number");
  CHECK_GIVEN(changed("\"oil\"", "null"), "/lines/1/article: null is not a string");
  CHECK_GIVEN(changed("\"fast\"", "\"faster\""), "/speed: \"faster\" is not \"slow\" or \"fast\"");
  CHECK_GIVEN(changed("\"lines\": [", "\"lines\": {}, \"rest\": ["), "/lines: an object is not an array");
  CHECK_GIVEN(changed("\"data\"", "\"date\""), "/data is missing: a value is expected");
  CHECK_GIVEN(changed("-7", "1e19"),
              "/number: 1e19 is not between -9223372036854775808 and 9223372036854775807");
  order written = {.exact = "1", .data = "1", .customer = "Ada", .currency = NULL};
  CHECK_GIVEN(order_write(&written), NULL);
  CHECK_TEXT(reentry_problem(), "/currency: NULL is no string");
  line lines[] = {{.article = "lamp"}, {.article = NULL}};
  written.lines.at = lines, written.lines.count = 2;
  CHECK_GIVEN(order_write(&written), NULL);
  CHECK_TEXT(reentry_problem(), "/lines/1/article: NULL is no string");
  written.lines.count = 0, written.speed = 2;
  CHECK_GIVEN(order_write(&written), NULL);
  CHECK_TEXT(reentry_problem(), "/speed: 2 is none of the choices 0 to 1");
}

REENTRY_SCHEMA(word_schema, {"type": "string", "maxLength": 20})

static void schemas(void) {
  CHECK_GIVEN(
      line_schema(),
      "{\"type\": \"object\", \"properties\": {\"article\": {\"type\": \"string\"}, \"count\": {\"type\": "
      "\"integer\", \"maximum\": 4294967295, \"minimum\": 1}}, \"required\": [\"article\", \"count\"]}");
  char *schema = order_schema();
  const char *parts[] = {
      "\"number\": {\"type\": [\"integer\", \"null\"], \"minimum\": -9223372036854775808, \"maximum\": "
      "9223372036854775807}",
      "\"customer\": {\"type\": \"string\", \"description\": \"Who pays\"}",
      "\"data\": {}",
      "\"lines\": {\"type\": \"array\", \"items\": {\"type\": \"object\"",
      "\"speed\": {\"enum\": [\"slow\", \"fast\"]}",
      "\"extra\": {\"anyOf\": [{\"type\": \"object\"",
      "}, {\"type\": \"null\"}]}",
      "\"tags\": {\"type\": [\"array\", \"null\"], \"items\": {\"type\": \"string\"}}",
      "\"currency\": {\"type\": \"string\", \"default\": \"EUR\"}",
      "\"required\": [\"gift\", \"floor\", \"key\", \"price\", \"exact\", \"data\", \"customer\", \"lines\", "
      "\"speed\"]}",
  };
  for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
    if (!strstr(schema, parts[k])) CHECK_TEXT(schema, parts[k]);
  }
  free(schema);
  CHECK_GIVEN(word_schema(), "{\"type\": \"string\", \"maxLength\": 20}");
}

int main(void) {
  whole_numbers();
  doubles();
  doubles_come_back();
  digits();
  strings();
  places();
  structures();
  schemas();
  return failures != 0;
}
