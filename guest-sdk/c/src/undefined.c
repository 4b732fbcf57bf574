/* Last words for what is undefined in C and C++: `reentry build` compiles a step's own sources with checks
 * for it, which call these functions. Their names and arguments are those that clang gives them. */
#ifdef __wasm__
#include <stdint.h>
#include <stdio.h>

#include "words.h"

typedef struct {
  const char *file;
  uint32_t line, column;
} place;

typedef struct {
  uint16_t kind, info;
  char name[];
} type;

/* What each check hands in begins with its place; what follows differs. */
typedef struct {
  place at;
  const type *type, *other;
} data;

/* Of a value that a pointer leads to: what was to be done with it is one of these. */
typedef struct {
  place at;
  const type *type;
  unsigned char alignment, doing;
} access;

static const char *const doings[] = {"load of",        "store to",
                                     "reference to",   "member access within",
                                     "member call on", "constructor call on",
                                     "downcast of",    "downcast of",
                                     "upcast of",      "cast to virtual base of"};

#define DIE(at, format, ...) \
  reentry_die("%s:%u:%u: " format, (at).file, (at).line, (at).column, ##__VA_ARGS__)

/* A whole number that a check found, if it fits into a pointer: kind 0 is such a type, and `info` says sign
 * and width. */
static void show(const type *type, uintptr_t value, char *text, size_t room) {
  unsigned bits = 1u << (type->info >> 1);
  if (type->kind != 0 || bits > 8 * sizeof value) {
    /* Wider ones are handed in by their place. */
    if (type->kind == 0 && bits == 64) {
      snprintf(text, room, type->info & 1 ? "%lld" : "%llu", *(const long long *)value);
    } else {
      snprintf(text, room, "a value");
    }
    return;
  }
  if (type->info & 1) {
    unsigned unused = 8 * sizeof value - bits;
    snprintf(text, room, "%lld", (long long)((intptr_t)(value << unused) >> unused));
  } else {
    snprintf(text, room, "%llu", (unsigned long long)value);
  }
}

void __ubsan_handle_type_mismatch_v1_abort(const access *data, uintptr_t pointer) {
  const char *doing = data->doing < sizeof doings / sizeof *doings ? doings[data->doing] : "use of";
  if (pointer == 0) DIE(data->at, "%s a null pointer of type %s", doing, data->type->name);
  if (data->alignment && pointer & ((1u << data->alignment) - 1)) {
    DIE(data->at, "%s a misaligned address for type %s", doing, data->type->name);
  }
  DIE(data->at, "%s an address without room for an object of type %s", doing, data->type->name);
}

static _Noreturn void overflow(const data *data, const char *sign, uintptr_t left, uintptr_t right) {
  char a[32], b[32];
  show(data->type, left, a, sizeof a);
  show(data->type, right, b, sizeof b);
  DIE(data->at, "overflow: %s %s %s cannot be held by type %s", a, sign, b, data->type->name);
}

void __ubsan_handle_add_overflow_abort(const data *data, uintptr_t left, uintptr_t right) {
  overflow(data, "+", left, right);
}
void __ubsan_handle_sub_overflow_abort(const data *data, uintptr_t left, uintptr_t right) {
  overflow(data, "-", left, right);
}
void __ubsan_handle_mul_overflow_abort(const data *data, uintptr_t left, uintptr_t right) {
  overflow(data, "*", left, right);
}

void __ubsan_handle_negate_overflow_abort(const data *data, uintptr_t value) {
  char text[32];
  show(data->type, value, text, sizeof text);
  DIE(data->at, "overflow: -(%s) cannot be held by type %s", text, data->type->name);
}

void __ubsan_handle_divrem_overflow_abort(const data *data, uintptr_t left, uintptr_t right) {
  char by[32];
  show(data->type, right, by, sizeof by);
  if (by[0] == '0') DIE(data->at, "division by zero");
  overflow(data, "/", left, right);
}

void __ubsan_handle_shift_out_of_bounds_abort(const data *data, uintptr_t value, uintptr_t by) {
  char a[32], b[32];
  show(data->type, value, a, sizeof a);
  show(data->other, by, b, sizeof b);
  DIE(data->at, "%s cannot be shifted by %s in type %s", a, b, data->type->name);
}

void __ubsan_handle_out_of_bounds_abort(const data *data, uintptr_t index) {
  char text[32];
  show(data->other, index, text, sizeof text);
  DIE(data->at, "index %s is out of bounds of type %s", text, data->type->name);
}

void __ubsan_handle_builtin_unreachable(const data *data) {
  DIE(data->at, "a place was reached that cannot be reached");
}
void __ubsan_handle_missing_return(const data *data) {
  DIE(data->at, "the end of a function was reached that returns a value");
}
void __ubsan_handle_vla_bound_not_positive_abort(const data *data, uintptr_t bound) {
  (void)bound;
  DIE(data->at, "the length of an array is not positive");
}
void __ubsan_handle_float_cast_overflow_abort(const data *data, uintptr_t from) {
  (void)from;
  DIE(data->at, "a number of type %s cannot be held by type %s", data->type->name, data->other->name);
}
void __ubsan_handle_load_invalid_value_abort(const data *data, uintptr_t value) {
  char text[32];
  show(data->type, value, text, sizeof text);
  DIE(data->at, "%s is no value of type %s", text, data->type->name);
}
void __ubsan_handle_invalid_builtin_abort(const data *data) {
  DIE(data->at, "a builtin was called with zero");
}
void __ubsan_handle_nonnull_arg_abort(const data *data) {
  DIE(data->at, "NULL was given as an argument that must not be NULL");
}
void __ubsan_handle_nonnull_return_v1_abort(const data *data, const place *at) {
  (void)data;
  DIE(*at, "NULL was returned from a function that must not return NULL");
}
void __ubsan_handle_pointer_overflow_abort(const data *data, uintptr_t base, uintptr_t result) {
  if (base == 0) DIE(data->at, "an offset was added to a null pointer");
  DIE(data->at, "a pointer went from %#lx beyond all memory to %#lx", (unsigned long)base,
      (unsigned long)result);
}
void __ubsan_handle_alignment_assumption_abort(const data *data, uintptr_t pointer, uintptr_t alignment,
                                               uintptr_t offset) {
  (void)alignment, (void)offset;
  DIE(data->at, "the address %#lx is not aligned as was promised", (unsigned long)pointer);
}
#endif
