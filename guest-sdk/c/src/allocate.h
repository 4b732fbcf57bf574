/* Address 0 is memory like any other in WebAssembly: who does not look at what malloc says overwrites it in
 * silence. */
#ifndef REENTRY_ALLOCATE_H
#define REENTRY_ALLOCATE_H

#include <stddef.h>

/* As malloc, realloc and calloc, but that they end the step with its last words when there is no memory left.
 */
void *reentry_allocate(size_t size);
void *reentry_reallocate(void *room, size_t size);
/* Room for `count` things of `size` bytes, all zero. */
void *reentry_allocate_zero(size_t count, size_t size);

#endif
