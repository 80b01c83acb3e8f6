/*
 * The memory that cJSON allocates from: fixed, taken from the front, and wiped as a whole when a
 * parsed text is no longer needed. The build makes these three cJSON's allocation functions
 * (CMakeLists.txt), so that the C library's allocator is not even linked.
 */
#ifndef OCC_ARENA_H
#define OCC_ARENA_H

#include <stddef.h>

/* Bytes of the arena: the strings of the largest input, and the nodes around them. A text that
 * needs more does not parse. */
#ifndef OCC_ARENA_MAX
#define OCC_ARENA_MAX 81920
#endif

/* Memory until the next occ_arena_wipe, or NULL if there is not enough left. */
void *occ_arena_allocate(size_t size);

/* Does nothing: the arena is wiped as a whole. */
void occ_arena_free(void *memory);

/* Returns NULL: reading never makes cJSON grow an allocation. */
void *occ_arena_reallocate(void *memory, size_t size);

/* Wipes and frees all allocations. */
void occ_arena_wipe(void);

#endif
