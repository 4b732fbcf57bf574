/* Why something could not be read or written, in words. */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "reentry/json.h"

/* Bytes of a value that a message shows. */
#define SHOWN 40

static char problem[512];

const char *reentry_problem(void) { return problem; }

bool reentry_set_problem(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(problem, sizeof problem, format, arguments);
  va_end(arguments);
  return false;
}

static size_t put(char *text, size_t length, size_t room, const char *more, size_t size) {
  for (size_t k = 0; k < size && length + 1 < room; k++) text[length++] = more[k];
  text[length] = 0;
  return length;
}

/* `/` and the name of a member, as a JSON pointer has it. */
static size_t put_key(char *text, size_t length, size_t room, const char *key, size_t size) {
  length = put(text, length, room, "/", 1);
  for (size_t k = 0; k < size; k++) {
    if (key[k] == '~') {
      length = put(text, length, room, "~0", 2);
    } else if (key[k] == '/') {
      length = put(text, length, room, "~1", 2);
    } else {
      length = put(text, length, room, key + k, 1);
    }
  }
  return length;
}

static size_t put_index(char *text, size_t length, size_t room, size_t index) {
  char number[24];
  return put(text, length, room, number, (size_t)snprintf(number, sizeof number, "/%zu", index));
}

/* Appends the place of a value, `/lines/3/count`, to a text of `room` bytes that has `length`. Gives the new
 * length. */
static size_t put_place(reentry_json value, char *text, size_t length, size_t room) {
  text[length] = 0;
  if (!value.root) return length;
  /* What holds the value is looked at no further than the value goes. */
  const char *end = value.at + (value.length ? value.length : 1);
  reentry_json within = {.at = value.root + strspn(value.root, " \t\r\n"), .root = value.root};
  while (within.at < value.at) {
    /* A walk leaves out the closing bracket, which is one byte. */
    within.length = (size_t)(end - within.at) + 1;
    reentry_walk walk = reentry_walk_through(within, within.at[0] == '{');
    size_t index = 0;
    bool found = false;
    while (!found && reentry_walk_on(&walk)) {
      found = walk.value.at + walk.value.length > value.at;
      if (!found) index++;
    }
    if (!found) break;
    length = walk.keyed ? put_key(text, length, room, walk.key.at + 1, walk.key.length - 2)
                        : put_index(text, length, room, index);
    within = walk.value;
  }
  if (value.length == 0) {
    length = value.key ? put_key(text, length, room, value.key, strlen(value.key))
                       : put_index(text, length, room, value.index);
  }
  return length;
}

bool reentry_unexpected(reentry_json value, const char *expected) {
  char place[200];
  size_t length = put_place(value, place, 0, sizeof place);
  if (value.length == 0)
    return reentry_set_problem("%s is missing: %s is expected", length ? place : "a value", expected);
  const char *colon = length ? ": " : "";
  if (value.at[0] == '{' || value.at[0] == '[') {
    return reentry_set_problem("%s%san %s is not %s", place, colon, value.at[0] == '{' ? "object" : "array",
                               expected);
  }
  size_t shown = value.length < SHOWN ? value.length : SHOWN;
  /* A character is shown whole or not at all. */
  while (shown < value.length && ((unsigned char)value.at[shown] & 0xc0) == 0x80) shown--;
  return reentry_set_problem("%s%s%.*s%s is not %s", place, colon, (int)shown, value.at,
                             shown < value.length ? "…" : "", expected);
}
