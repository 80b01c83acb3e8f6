#include "arena.h"

#include <stdalign.h>

#include "text.h"

static alignas(8) unsigned char arena[OCC_ARENA_MAX];
static size_t used;

void *occ_arena_allocate(size_t size) {
  if (size > OCC_ARENA_MAX - used) {
    return NULL;
  }
  void *memory = arena + used;
  used += (size + 7) & ~(size_t)7;
  return memory;
}

void occ_arena_free(void *memory) {
  (void)memory;
}

void *occ_arena_reallocate(void *memory, size_t size) {
  (void)memory;
  (void)size;
  return NULL;
}

void occ_arena_wipe(void) {
  occ_wipe(arena, used);
  used = 0;
}
