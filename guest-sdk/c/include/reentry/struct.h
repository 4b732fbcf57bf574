/* Structures that are read from JSON, written as JSON, and described by a JSON Schema.
 *
 *   REENTRY_STRUCT(line, REENTRY_STRING(article), REENTRY_UINT(count, .rules = REENTRY_JSON({"minimum": 1})))
 *   REENTRY_STRUCT(order,
 *                  REENTRY_STRING(customer, .description = "Who pays"),
 *                  REENTRY_OPTIONAL(REENTRY_STRING(comment)),
 *                  REENTRY_LIST(REENTRY_OBJECT(line, lines)),
 *                  REENTRY_CHOICE(speed, "slow", "fast"))
 *
 * is the type
 *
 *   typedef struct order {
 *     char *customer;
 *     char *comment;                               // NULL when it is not there
 *     struct { line *at; size_t count; } lines;
 *     int speed;                                   // 0 is "slow", 1 is "fast"
 *   } order;
 *
 * with these functions:
 *
 *   bool order_read(reentry_json from, order *to);  // false: `reentry_problem` says where and why, and `to`
 * is all zero char *order_write(const order *from);           // NULL: `reentry_problem` says why void
 * order_free(order *value);                  // what reading allocated char *order_schema(void); // for
 * `reentry_step` and `reentry_wait_options`
 *
 * An optional field that is no string has a flag before it: `REENTRY_OPTIONAL(REENTRY_INT(age))` is `bool
 * has_age; int age;`. It may be missing or null. A member that no field has is passed over. */
#ifndef REENTRY_STRUCT_H
#define REENTRY_STRUCT_H

#include "json.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- fields ----
 *
 * Each takes the name, and then, if need be, any of
 *   .description = "for people"
 *   .rules = REENTRY_JSON({"maxLength": 80})       what else the schema says: the host holds answers to it
 *   .default_json = REENTRY_JSON("none")           the value when there is none */

#define REENTRY_BOOL(name, ...) (r_one, r_bool, bool, name __VA_OPT__(, ) __VA_ARGS__)
#define REENTRY_INT(name, ...) (r_one, r_int, int, name __VA_OPT__(, ) __VA_ARGS__)
#define REENTRY_UINT(name, ...) (r_one, r_uint, unsigned, name __VA_OPT__(, ) __VA_ARGS__)
#define REENTRY_INT64(name, ...) (r_one, r_int64, int64_t, name __VA_OPT__(, ) __VA_ARGS__)
#define REENTRY_UINT64(name, ...) (r_one, r_uint64, uint64_t, name __VA_OPT__(, ) __VA_ARGS__)
#define REENTRY_DOUBLE(name, ...) (r_one, r_double, double, name __VA_OPT__(, ) __VA_ARGS__)
/* char *: a string in UTF-8, ended by a zero byte. */
#define REENTRY_STRING(name, ...) (r_one, r_string, char *, name __VA_OPT__(, ) __VA_ARGS__)
/* char *: a number as text, every digit of it. */
#define REENTRY_DIGITS(name, ...) (r_one, r_digits, char *, name __VA_OPT__(, ) __VA_ARGS__)
/* char *: the JSON text of any value. */
#define REENTRY_ANY(name, ...) (r_one, r_any, char *, name __VA_OPT__(, ) __VA_ARGS__)
/* int: which of these strings it is, counted from 0. Takes nothing else. */
#define REENTRY_CHOICE(name, ...) \
  (r_one, r_choice, int, name, .choices = (const char *const[]){__VA_ARGS__, NULL})
/* A structure that was described before. */
#define REENTRY_OBJECT(type, name, ...) \
  (r_one, r_object, type, name, .shape = &type##_shape __VA_OPT__(, ) __VA_ARGS__)

/* Around a field. `REENTRY_OPTIONAL(REENTRY_LIST(...))` is a list that may be missing; it is empty then. */
#define REENTRY_OPTIONAL(field) REENTRY_I_OPTIONAL field
#define REENTRY_LIST(field) REENTRY_I_LIST field

/* JSON as it stands, as a text of C. */
#define REENTRY_JSON(...) #__VA_ARGS__

/* A schema that was written by hand: REENTRY_SCHEMA(word_schema, {"type": "string", "maxLength": 20}) */
#define REENTRY_SCHEMA(name, ...) \
  __attribute__((unused)) static char *name(void) { return reentry_copy(reentry_read(#__VA_ARGS__)); }

/* Gives the text of a JSON Schema, which is freed by who asked. */
typedef char *reentry_schema(void);

/* ---- what REENTRY_STRUCT makes ---- */

#define REENTRY_STRUCT(type, ...)                                                                        \
  typedef struct type {                                                                                  \
    REENTRY_I_EACH(REENTRY_I_MEMBER, type, __VA_ARGS__)                                                  \
  } type;                                                                                                \
  static const reentry_field type##_fields[] = {REENTRY_I_EACH(REENTRY_I_ROW, type, __VA_ARGS__)};       \
  static const reentry_shape type##_shape = {sizeof(type), type##_fields,                                \
                                             sizeof type##_fields / sizeof *type##_fields};              \
  __attribute__((unused)) REENTRY_MUST_USE static inline bool type##_read(reentry_json from, type *to) { \
    return reentry_struct_read(&type##_shape, from, to);                                                 \
  }                                                                                                      \
  __attribute__((unused)) REENTRY_MUST_USE static inline char *type##_write(const type *from) {          \
    return reentry_struct_write(&type##_shape, from);                                                    \
  }                                                                                                      \
  __attribute__((unused)) static inline void type##_free(type *value) {                                  \
    reentry_struct_free(&type##_shape, value);                                                           \
  }                                                                                                      \
  __attribute__((unused)) static inline char *type##_schema(void) {                                      \
    return reentry_struct_schema(&type##_shape);                                                         \
  }

typedef enum {
  REENTRY_KIND_r_bool,
  REENTRY_KIND_r_int,
  REENTRY_KIND_r_uint,
  REENTRY_KIND_r_int64,
  REENTRY_KIND_r_uint64,
  REENTRY_KIND_r_double,
  REENTRY_KIND_r_string,
  REENTRY_KIND_r_digits,
  REENTRY_KIND_r_any,
  REENTRY_KIND_r_choice,
  REENTRY_KIND_r_object,
} reentry_kind;

typedef struct reentry_field {
  const char *name;
  reentry_kind kind;
  bool optional, list;
  size_t offset, size; /* of a list, the size of an element */
  size_t flag;         /* where an optional field has its flag; 0 if it has none */
  const struct reentry_shape *shape;
  const char *const *choices;
  const char *description, *rules, *default_json;
} reentry_field;

typedef struct reentry_shape {
  size_t size;
  const reentry_field *fields;
  size_t count;
} reentry_shape;

bool reentry_struct_read(const reentry_shape *shape, reentry_json from, void *to) REENTRY_MUST_USE;
char *reentry_struct_write(const reentry_shape *shape, const void *from) REENTRY_MUST_USE;
void reentry_struct_free(const reentry_shape *shape, void *value);
char *reentry_struct_schema(const reentry_shape *shape);

/* A field is (how, kind, type of C, name, rest of its row). */
#define REENTRY_I_OPTIONAL(how, ...) (REENTRY_I_OPTIONAL_##how, __VA_ARGS__)
#define REENTRY_I_OPTIONAL_r_one r_optional
#define REENTRY_I_OPTIONAL_r_list r_optional_list
#define REENTRY_I_LIST(how, ...) (REENTRY_I_LIST_##how, __VA_ARGS__)
#define REENTRY_I_LIST_r_one r_list

#define REENTRY_I_MEMBER(type, field) REENTRY_I_MEMBER_OF field
#define REENTRY_I_MEMBER_OF(how, ...) REENTRY_I_JOIN(REENTRY_I_MEMBER_, how)(__VA_ARGS__)
#define REENTRY_I_MEMBER_r_one(kind, ctype, name, ...) ctype name;
#define REENTRY_I_MEMBER_r_optional(kind, ctype, name, ...) REENTRY_I_FLAG_##kind(name) ctype name;
#define REENTRY_I_MEMBER_r_list(kind, ctype, name, ...) \
  struct {                                              \
    ctype *at;                                          \
    size_t count;                                       \
  } name;
#define REENTRY_I_MEMBER_r_optional_list(kind, ctype, name, ...) \
  struct {                                                       \
    ctype *at;                                                   \
    size_t count;                                                \
  } name;

#define REENTRY_I_ROW(type, field) REENTRY_I_ROW_OF(type, REENTRY_I_OPEN field)
#define REENTRY_I_OPEN(...) __VA_ARGS__
#define REENTRY_I_ROW_OF(...) REENTRY_I_ROW_WITH(__VA_ARGS__)
#define REENTRY_I_ROW_WITH(type, how, kind_of, ctype, name_of, ...) \
  {.name = #name_of,                                                \
   .kind = REENTRY_KIND_##kind_of,                                  \
   .offset = offsetof(type, name_of),                               \
   .size = sizeof(ctype),                                           \
   REENTRY_I_JOIN(REENTRY_I_HOW_, how)(type, kind_of, name_of) __VA_OPT__(, ) __VA_ARGS__},
#define REENTRY_I_HOW_r_one(type, kind_of, name_of) .optional = false
#define REENTRY_I_HOW_r_optional(type, kind_of, name_of) \
  .optional = true REENTRY_I_FLAG_AT_##kind_of(type, name_of)
#define REENTRY_I_HOW_r_list(type, kind_of, name_of) .list = true
#define REENTRY_I_HOW_r_optional_list(type, kind_of, name_of) .optional = true, .list = true

#define REENTRY_I_FLAG_r_bool(name) bool has_##name;
#define REENTRY_I_FLAG_r_int(name) bool has_##name;
#define REENTRY_I_FLAG_r_uint(name) bool has_##name;
#define REENTRY_I_FLAG_r_int64(name) bool has_##name;
#define REENTRY_I_FLAG_r_uint64(name) bool has_##name;
#define REENTRY_I_FLAG_r_double(name) bool has_##name;
#define REENTRY_I_FLAG_r_choice(name) bool has_##name;
#define REENTRY_I_FLAG_r_object(name) bool has_##name;
#define REENTRY_I_FLAG_r_string(name)
#define REENTRY_I_FLAG_r_digits(name)
#define REENTRY_I_FLAG_r_any(name)

/* A flag is never first in a structure where 0 would mean none: the row says it is one more. */
#define REENTRY_I_FLAG_AT(type, name) , .flag = offsetof(type, has_##name) + 1
#define REENTRY_I_FLAG_AT_r_bool REENTRY_I_FLAG_AT
#define REENTRY_I_FLAG_AT_r_int REENTRY_I_FLAG_AT
#define REENTRY_I_FLAG_AT_r_uint REENTRY_I_FLAG_AT
#define REENTRY_I_FLAG_AT_r_int64 REENTRY_I_FLAG_AT
#define REENTRY_I_FLAG_AT_r_uint64 REENTRY_I_FLAG_AT
#define REENTRY_I_FLAG_AT_r_double REENTRY_I_FLAG_AT
#define REENTRY_I_FLAG_AT_r_choice REENTRY_I_FLAG_AT
#define REENTRY_I_FLAG_AT_r_object REENTRY_I_FLAG_AT
#define REENTRY_I_FLAG_AT_r_string(type, name)
#define REENTRY_I_FLAG_AT_r_digits(type, name)
#define REENTRY_I_FLAG_AT_r_any(type, name)

#define REENTRY_I_JOIN(a, b) REENTRY_I_JOIN_NOW(a, b)
#define REENTRY_I_JOIN_NOW(a, b) a##b

/* `macro(first, x)` for each x of the rest: as many as fit into the rescans of REENTRY_I_SCAN. */
#define REENTRY_I_EACH(macro, first, ...) \
  __VA_OPT__(REENTRY_I_SCAN(REENTRY_I_NEXT(macro, first, __VA_ARGS__)))
#define REENTRY_I_NEXT(macro, first, x, ...) \
  macro(first, x) __VA_OPT__(REENTRY_I_AGAIN REENTRY_I_PARENS(macro, first, __VA_ARGS__))
#define REENTRY_I_AGAIN() REENTRY_I_NEXT
#define REENTRY_I_PARENS ()
#define REENTRY_I_SCAN(...) REENTRY_I_SCAN4(REENTRY_I_SCAN4(REENTRY_I_SCAN4(REENTRY_I_SCAN4(__VA_ARGS__))))
#define REENTRY_I_SCAN4(...) REENTRY_I_SCAN3(REENTRY_I_SCAN3(REENTRY_I_SCAN3(REENTRY_I_SCAN3(__VA_ARGS__))))
#define REENTRY_I_SCAN3(...) REENTRY_I_SCAN2(REENTRY_I_SCAN2(REENTRY_I_SCAN2(REENTRY_I_SCAN2(__VA_ARGS__))))
#define REENTRY_I_SCAN2(...) REENTRY_I_SCAN1(REENTRY_I_SCAN1(REENTRY_I_SCAN1(REENTRY_I_SCAN1(__VA_ARGS__))))
#define REENTRY_I_SCAN1(...) __VA_ARGS__

#ifdef __cplusplus
}
#endif
#endif
