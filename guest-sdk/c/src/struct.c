/* Structures by their tables of fields: reading, writing, describing, freeing. */
#include "reentry/struct.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocate.h"
#include "write.h"

/* How a list lies in a structure. */
typedef struct {
  char *at;
  size_t count;
} list;

static char *at_offset(const void *structure, size_t offset) { return (char *)structure + offset; }

/* Whether the field is a pointer to text of its own. */
static bool is_text(const reentry_field *field) {
  return field->kind == REENTRY_KIND_r_string || field->kind == REENTRY_KIND_r_digits ||
         field->kind == REENTRY_KIND_r_any;
}

/* ---- reading ---- */

static bool read_choice(const reentry_field *field, reentry_json value, int *to) {
  for (int k = 0; field->choices[k]; k++) {
    if (!reentry_is(value, field->choices[k])) continue;
    *to = k;
    return true;
  }
  reentry_buffer expected = {0};
  for (int k = 0; field->choices[k]; k++) {
    reentry_append(&expected, k == 0 ? "%s" : field->choices[k + 1] ? ", %s" : " or %s", field->choices[k]);
  }
  reentry_unexpected(value, expected.at ? expected.at : "one of its choices");
  free(expected.at);
  return false;
}

static bool read_any(reentry_json value, char **to) {
  if (!reentry_exists(value)) return reentry_unexpected(value, "a value");
  *to = reentry_copy(value);
  return true;
}

static bool read_value(const reentry_field *field, reentry_json value, void *to) {
  switch (field->kind) {
    case REENTRY_KIND_r_bool: return reentry_read_bool(value, to);
    case REENTRY_KIND_r_int: return reentry_read_int(value, to);
    case REENTRY_KIND_r_uint: return reentry_read_uint(value, to);
    case REENTRY_KIND_r_int64: return reentry_read_int64(value, to);
    case REENTRY_KIND_r_uint64: return reentry_read_uint64(value, to);
    case REENTRY_KIND_r_double: return reentry_read_double(value, to);
    case REENTRY_KIND_r_string: return reentry_read_string(value, to, NULL);
    case REENTRY_KIND_r_digits: return reentry_read_digits(value, to);
    case REENTRY_KIND_r_any: return read_any(value, to);
    case REENTRY_KIND_r_choice: return read_choice(field, value, to);
    case REENTRY_KIND_r_object: return reentry_struct_read(field->shape, value, to);
  }
  return false;
}

static bool read_list(const reentry_field *field, reentry_json value, list *to) {
  if (value.at[0] != '[') return reentry_unexpected(value, "an array");
  to->at = reentry_allocate_zero(reentry_count(value), field->size);
  reentry_walk walk = reentry_walk_through(value, false);
  while (reentry_walk_on(&walk)) {
    if (!read_value(field, walk.value, to->at + to->count * field->size)) return false;
    to->count++;
  }
  return true;
}

static bool read_field(const reentry_field *field, reentry_json value, void *structure) {
  if (!reentry_exists(value) && field->default_json) value = reentry_read(field->default_json);
  if (field->optional && (!reentry_exists(value) || reentry_is_null(value))) return true;
  if (field->flag) *(bool *)at_offset(structure, field->flag - 1) = true;
  void *to = at_offset(structure, field->offset);
  return field->list ? read_list(field, value, to) : read_value(field, value, to);
}

bool reentry_struct_read(const reentry_shape *shape, reentry_json from, void *to) {
  memset(to, 0, shape->size);
  if (!reentry_exists(from) || from.at[0] != '{') return reentry_unexpected(from, "an object");
  for (size_t k = 0; k < shape->count; k++) {
    if (!read_field(&shape->fields[k], reentry_get(from, shape->fields[k].name), to)) {
      reentry_struct_free(shape, to);
      return false;
    }
  }
  return true;
}

static void free_value(const reentry_field *field, void *value) {
  if (is_text(field)) free(*(char **)value);
  if (field->kind == REENTRY_KIND_r_object) reentry_struct_free(field->shape, value);
}

void reentry_struct_free(const reentry_shape *shape, void *value) {
  for (size_t k = 0; k < shape->count; k++) {
    const reentry_field *field = &shape->fields[k];
    void *at = at_offset(value, field->offset);
    if (!field->list) {
      free_value(field, at);
      continue;
    }
    list *elements = at;
    for (size_t index = 0; index < elements->count; index++)
      free_value(field, elements->at + index * field->size);
    free(elements->at);
  }
  memset(value, 0, shape->size);
}

/* ---- writing ---- */

static void write_struct(reentry_buffer *out, const reentry_shape *shape, const void *from);

/* What went wrong lies within this member. */
static void within(const char *key) {
  char inner[400];
  snprintf(inner, sizeof inner, "%s", reentry_problem());
  reentry_set_problem("/%s%s%s", key, inner[0] == '/' ? "" : ": ", inner);
}

static void write_choice(reentry_buffer *out, const reentry_field *field, int choice) {
  int count = 0;
  while (field->choices[count]) count++;
  if (choice < 0 || choice >= count) {
    reentry_set_problem("%d is none of the choices 0 to %d", choice, count - 1);
    reentry_give_up(out);
    return;
  }
  reentry_append(out, "%s", field->choices[choice]);
}

static void write_text(reentry_buffer *out, const char *json) {
  if (!json) {
    reentry_set_problem("NULL is no JSON");
    reentry_give_up(out);
    return;
  }
  reentry_append(out, "%j", reentry_read(json));
}

static void write_value(reentry_buffer *out, const reentry_field *field, const void *from) {
  switch (field->kind) {
    case REENTRY_KIND_r_bool: reentry_append(out, "%b", *(const bool *)from); break;
    case REENTRY_KIND_r_int: reentry_append(out, "%d", *(const int *)from); break;
    case REENTRY_KIND_r_uint: reentry_append(out, "%D", (int64_t)*(const unsigned *)from); break;
    case REENTRY_KIND_r_int64: reentry_append(out, "%D", *(const int64_t *)from); break;
    case REENTRY_KIND_r_uint64: reentry_append(out, "%U", *(const uint64_t *)from); break;
    case REENTRY_KIND_r_double: reentry_append(out, "%g", *(const double *)from); break;
    case REENTRY_KIND_r_string: reentry_append(out, "%s", *(char *const *)from); break;
    case REENTRY_KIND_r_digits:
    case REENTRY_KIND_r_any: write_text(out, *(char *const *)from); break;
    case REENTRY_KIND_r_choice: write_choice(out, field, *(const int *)from); break;
    case REENTRY_KIND_r_object: write_struct(out, field->shape, from); break;
  }
}

static void write_list(reentry_buffer *out, const reentry_field *field, const list *elements) {
  reentry_append(out, "[");
  for (size_t index = 0; index < elements->count; index++) {
    if (index) reentry_append(out, ", ");
    write_value(out, field, elements->at + index * field->size);
    if (out->failed) {
      char place[24];
      snprintf(place, sizeof place, "%zu", index);
      within(place);
      return;
    }
  }
  reentry_append(out, "]");
}

/* Whether an optional field is not there. */
static bool is_absent(const reentry_field *field, const void *structure) {
  if (!field->optional) return false;
  const char *at = at_offset(structure, field->offset);
  if (field->list) return ((const list *)at)->count == 0;
  return field->flag ? !*(const bool *)at_offset(structure, field->flag - 1) : !*(char *const *)at;
}

static void write_struct(reentry_buffer *out, const reentry_shape *shape, const void *from) {
  reentry_append(out, "{");
  bool first = true;
  for (size_t k = 0; k < shape->count; k++) {
    const reentry_field *field = &shape->fields[k];
    if (is_absent(field, from)) continue;
    reentry_append(out, first ? "%s: " : ", %s: ", field->name);
    first = false;
    const void *at = at_offset(from, field->offset);
    if (field->list) {
      write_list(out, field, at);
    } else {
      write_value(out, field, at);
    }
    if (out->failed) {
      within(field->name);
      return;
    }
  }
  reentry_append(out, "}");
}

char *reentry_struct_write(const reentry_shape *shape, const void *from) {
  reentry_buffer out = {0};
  write_struct(&out, shape, from);
  return out.at;
}

/* ---- describing ---- */

static void describe_struct(reentry_buffer *out, const reentry_shape *shape);

/* Bounds of a whole number, but for those that the rules of the field say. */
static void describe_whole(reentry_buffer *out, const reentry_field *field, const char *type,
                           const char *least, const char *most) {
  reentry_json rules = reentry_read(field->rules);
  reentry_append(out, "\"type\": %j", reentry_read(type));
  if (!reentry_exists(reentry_get(rules, "minimum")))
    reentry_append(out, ", \"minimum\": %j", reentry_read(least));
  if (!reentry_exists(reentry_get(rules, "maximum")))
    reentry_append(out, ", \"maximum\": %j", reentry_read(most));
}

static void describe_choice(reentry_buffer *out, const reentry_field *field, bool null) {
  reentry_append(out, "\"enum\": [");
  for (size_t k = 0; field->choices[k]; k++) reentry_append(out, k ? ", %s" : "%s", field->choices[k]);
  reentry_append(out, null ? ", null]" : "]");
}

/* The keywords for one value of the field, which may be null. */
static void describe_value(reentry_buffer *out, const reentry_field *field, bool null) {
  const char *whole = null ? "[\"integer\", \"null\"]" : "\"integer\"";
  const char *type = NULL;
  switch (field->kind) {
    case REENTRY_KIND_r_bool: type = "boolean"; break;
    case REENTRY_KIND_r_int: describe_whole(out, field, whole, "-2147483648", "2147483647"); break;
    case REENTRY_KIND_r_uint: describe_whole(out, field, whole, "0", "4294967295"); break;
    case REENTRY_KIND_r_int64:
      describe_whole(out, field, whole, "-9223372036854775808", "9223372036854775807");
      break;
    case REENTRY_KIND_r_uint64: describe_whole(out, field, whole, "0", "18446744073709551615"); break;
    case REENTRY_KIND_r_double:
    case REENTRY_KIND_r_digits: type = "number"; break;
    case REENTRY_KIND_r_string: type = "string"; break;
    case REENTRY_KIND_r_any: break;
    case REENTRY_KIND_r_choice: describe_choice(out, field, null); break;
    case REENTRY_KIND_r_object:
      reentry_append(out, null ? "\"anyOf\": [{" : "");
      describe_struct(out, field->shape);
      reentry_append(out, null ? "}, {\"type\": \"null\"}]" : "");
      break;
  }
  if (type) reentry_append(out, null ? "\"type\": [%s, \"null\"]" : "\"type\": %s", type);
}

static void describe_field(reentry_buffer *out, const reentry_field *field) {
  reentry_append(out, "%s: {", field->name);
  size_t empty = out->length;
  if (field->list) {
    reentry_append(out, field->optional ? "\"type\": [\"array\", \"null\"], \"items\": {"
                                        : "\"type\": \"array\", \"items\": {");
    describe_value(out, field, false);
    reentry_append(out, "}");
  } else {
    describe_value(out, field, field->optional);
  }
  if (field->description) {
    reentry_append(out, out->length > empty ? ", \"description\": %s" : "\"description\": %s",
                   field->description);
  }
  if (field->default_json) {
    reentry_append(out, out->length > empty ? ", \"default\": %j" : "\"default\": %j",
                   reentry_read(field->default_json));
  }
  reentry_json rules = reentry_read(field->rules);
  reentry_walk walk = reentry_walk_through(rules, true);
  while (reentry_walk_on(&walk)) {
    reentry_append(out, out->length > empty ? ", %j: %j" : "%j: %j", walk.key, walk.value);
  }
  reentry_append(out, "}");
}

/* The keywords of an object, without its braces. */
static void describe_struct(reentry_buffer *out, const reentry_shape *shape) {
  reentry_append(out, "\"type\": \"object\", \"properties\": {");
  for (size_t k = 0; k < shape->count; k++) {
    if (k) reentry_append(out, ", ");
    describe_field(out, &shape->fields[k]);
  }
  reentry_append(out, "}");
  bool any = false;
  for (size_t k = 0; k < shape->count; k++) {
    if (shape->fields[k].optional || shape->fields[k].default_json) continue;
    reentry_append(out, any ? ", %s" : ", \"required\": [%s", shape->fields[k].name);
    any = true;
  }
  if (any) reentry_append(out, "]");
}

char *reentry_struct_schema(const reentry_shape *shape) {
  reentry_buffer out = {0};
  reentry_append(&out, "{");
  describe_struct(&out, shape);
  reentry_append(&out, "}");
  return out.at;
}
