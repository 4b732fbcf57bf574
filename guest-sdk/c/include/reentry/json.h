/* Reading JSON, and writing it.
 *
 * Values stay text, so that numbers keep every digit. What cannot be read as what the step wants is never
 * replaced by something else: the function gives false, and `reentry_problem` says where and why. */
#ifndef REENTRY_JSON_H
#define REENTRY_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define REENTRY_MUST_USE __attribute__((warn_unused_result))

/* A JSON value within a longer text. One that is not there has length 0. Valid as long as that text. */
typedef struct {
  const char *at;
  size_t length;
  const char *root; /* where the whole text begins: messages tell the place */
  const char *key;  /* of one that is not there: what was asked for, or NULL for the element `index` */
  size_t index;
} reentry_json;

/* What the last function that read or wrote in vain says: `/read: 2.5 is not a whole number`. Overwritten by
 * the next. */
const char *reentry_problem(void);

/* ---- looking ---- */

/* The value in a text of one's own. */
reentry_json reentry_read(const char *json);
/* The same in a text that no zero byte ends. */
reentry_json reentry_read_part(const char *json, size_t length);
/* The member of an object; nothing if there is none, or the value is no object. */
reentry_json reentry_get(reentry_json object, const char *key);
/* The element of an array, counted from 0; nothing if there is none. */
reentry_json reentry_at(reentry_json array, size_t index);
/* Members of an object or elements of an array. */
size_t reentry_count(reentry_json value);
bool reentry_exists(reentry_json value);
bool reentry_is_null(reentry_json value);
/* Members of an object if `keyed`, or else elements of an array, one after the other. Anything else has
 * nothing in it.
 *
 *   for (reentry_walk walk = reentry_walk_through(lines, false); reentry_walk_on(&walk);) { ... walk.value
 * ... } */
typedef struct {
  const char *at, *end, *root;
  bool keyed;
  reentry_json key, value;
} reentry_walk;
reentry_walk reentry_walk_through(reentry_json value, bool keyed);
/* Goes to the next one; false behind the last. */
bool reentry_walk_on(reentry_walk *walk);
/* Whether the value is this very string. */
bool reentry_is(reentry_json value, const char *text);

/* ---- reading ----
 *
 * False, and `to` is as it was, when the value is not there, of another type, or does not fit. */

bool reentry_read_bool(reentry_json value, bool *to) REENTRY_MUST_USE;
/* Whole numbers, however they are written: 100, 100.0 and 1e2 are the same. */
bool reentry_read_int(reentry_json value, int *to) REENTRY_MUST_USE;
bool reentry_read_uint(reentry_json value, unsigned *to) REENTRY_MUST_USE;
bool reentry_read_int64(reentry_json value, int64_t *to) REENTRY_MUST_USE;
bool reentry_read_uint64(reentry_json value, uint64_t *to) REENTRY_MUST_USE;
/* For a type of one's own, from -`least` to `most`: gives the number without its sign. */
bool reentry_read_whole(reentry_json value, uint64_t least, uint64_t most, bool *negative,
                        uint64_t *to) REENTRY_MUST_USE;
/* The double that is nearest to the number. False for one that is beyond all doubles. */
bool reentry_read_double(reentry_json value, double *to) REENTRY_MUST_USE;
/* A number as text, every digit of it; `free` it. */
bool reentry_read_digits(reentry_json value, char **to) REENTRY_MUST_USE;
/* A string in UTF-8, ended by a zero byte; `free` it. One with a zero byte in it is read only if `length` is
 * not NULL. */
bool reentry_read_string(reentry_json value, char **to, size_t *length) REENTRY_MUST_USE;
/* Gives the JSON text of the value itself; `free` it. */
char *reentry_copy(reentry_json value);

/* For readers of one's own. Each keeps a problem and is false, for `return reentry_unexpected(value, "a day
 * of the week");` */
bool reentry_unexpected(reentry_json value, const char *expected);
bool reentry_set_problem(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- writing ---- */

/* A text that grows. Begin with `reentry_buffer out = {0};`. What cannot be written makes `at` NULL from then
 * on. */
typedef struct {
  char *at;
  size_t length, room;
  bool failed;
} reentry_buffer;

/* Appends JSON. All bytes of `format` stand for themselves but for
 *   %s  a string: const char * in UTF-8, ended by a zero byte, quoted and escaped here
 *   %S  the same from a place and a length: const char *, size_t
 *   %d  an int      %D  an int64_t      %U  a uint64_t      %g  a double      %b  a bool
 *   %j  a reentry_json, as it is
 *   %%  a per cent sign
 * NULL as a string, a string that is not UTF-8, and a double that is no number cannot be written. */
void reentry_append(reentry_buffer *out, const char *format, ...);
/* Gives JSON, by the rules of `reentry_append`, or NULL. What takes JSON takes NULL too: the step fails with
 * the reason. */
char *reentry_format(const char *format, ...);

#ifdef __cplusplus
}
#endif
#endif
