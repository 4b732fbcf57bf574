/* Address 0 is memory like any other in WebAssembly: who does not look at what malloc says overwrites it in silence. */
#ifndef REENTRY_ALLOCATE_H
#define REENTRY_ALLOCATE_H

#include <stdlib.h>

static inline void *reentry_allocate(size_t size) {
  void *room = malloc(size ? size : 1);
  if (!room) __builtin_trap();
  return room;
}

#endif
