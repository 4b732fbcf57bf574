#include "allocate.h"

#include <stdint.h>
#include <stdlib.h>

#include "words.h"

static void *checked(void *room, size_t count, size_t size) {
  if (!room)
    reentry_die("out of memory: there is no room for %llu more bytes", (unsigned long long)count * size);
  return room;
}

void *reentry_allocate(size_t size) { return checked(malloc(size ? size : 1), 1, size); }

void *reentry_reallocate(void *room, size_t size) { return checked(realloc(room, size), 1, size); }

void *reentry_allocate_zero(size_t count, size_t size) {
  return checked(calloc(count ? count : 1, size), count, size);
}
