/* Looking into a JSON text. The host has checked what it hands in; of a text of one's own that is no JSON,
 * some part is read. */
#include "reentry/json.h"

#include <stdlib.h>
#include <string.h>

#include "allocate.h"

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
      case '"': at = skip_string(at, end); break;
      case '{':
      case '[':
        depth++;
        at++;
        break;
      case '}':
      case ']':
        if (depth > 0) depth--;
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

static reentry_json trimmed(const char *at, const char *end, const char *root) {
  at = skip_space(at, end);
  const char *after = skip_value(at, end);
  return (reentry_json){.at = at, .length = (size_t)(after - at), .root = root};
}

reentry_json reentry_read_part(const char *json, size_t length) {
  reentry_json value = length ? trimmed(json, json + length, json) : (reentry_json){0};
  return value.length ? value : (reentry_json){0};
}

reentry_json reentry_read(const char *json) { return reentry_read_part(json, json ? strlen(json) : 0); }

reentry_walk reentry_walk_through(reentry_json value, bool keyed) {
  if (value.length < 2 || value.at[0] != (keyed ? '{' : '[')) return (reentry_walk){0};
  return (reentry_walk){
      .at = value.at + 1, .end = value.at + value.length - 1, .root = value.root, .keyed = keyed};
}

bool reentry_walk_on(reentry_walk *walk) {
  const char *at = skip_space(walk->at, walk->end);
  if (at >= walk->end) return false;
  if (walk->keyed) {
    walk->key = trimmed(at, walk->end, walk->root);
    at = skip_space(walk->key.at + walk->key.length, walk->end);
    if (at < walk->end) at++;
  }
  walk->value = trimmed(at, walk->end, walk->root);
  at = skip_space(walk->value.at + walk->value.length, walk->end);
  walk->at = at < walk->end ? at + 1 : at;
  return true;
}

reentry_json reentry_get(reentry_json object, const char *key) {
  /* What is missing in something that is missing: the latter is to be named. */
  if (object.length == 0) return object;
  reentry_walk walk = reentry_walk_through(object, true);
  reentry_json found = {.at = object.at, .root = object.root, .key = key};
  /* Of two members of one name the last one counts, as with most readers. */
  while (reentry_walk_on(&walk)) {
    if (reentry_is(walk.key, key)) found = walk.value;
  }
  return found;
}

reentry_json reentry_at(reentry_json array, size_t index) {
  if (array.length == 0) return array;
  reentry_walk walk = reentry_walk_through(array, false);
  for (size_t passed = 0; reentry_walk_on(&walk); passed++) {
    if (passed == index) return walk.value;
  }
  return (reentry_json){.at = array.at, .root = array.root, .index = index};
}

size_t reentry_count(reentry_json value) {
  reentry_walk walk = reentry_walk_through(value, value.length > 0 && value.at[0] == '{');
  size_t count = 0;
  while (reentry_walk_on(&walk)) count++;
  return count;
}

static bool is_literal(reentry_json value, const char *text) {
  return value.length == strlen(text) && memcmp(value.at, text, value.length) == 0;
}

bool reentry_exists(reentry_json value) { return value.length > 0; }

bool reentry_is_null(reentry_json value) { return is_literal(value, "null"); }

bool reentry_read_bool(reentry_json value, bool *to) {
  if (!is_literal(value, "true") && !is_literal(value, "false"))
    return reentry_unexpected(value, "a boolean");
  *to = value.at[0] == 't';
  return true;
}

bool reentry_is(reentry_json value, const char *text) {
  if (value.length < 2 || value.at[0] != '"') return false;
  size_t length = strlen(text);
  if (!memchr(value.at, '\\', value.length)) {
    return value.length == length + 2 && memcmp(value.at + 1, text, length) == 0;
  }
  char *found;
  size_t found_length;
  if (!reentry_read_string(value, &found, &found_length)) return false;
  bool same = found_length == length && memcmp(found, text, length) == 0;
  free(found);
  return same;
}

char *reentry_copy(reentry_json value) {
  char *text = reentry_allocate(value.length + 1);
  if (value.length) memcpy(text, value.at, value.length);
  text[value.length] = 0;
  return text;
}
