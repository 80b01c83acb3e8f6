/*
 * The shared part of the fuzz targets: a run's bytes, read from the front, and the check that ends
 * a run which has broken an invariant. A target is linked with tests/c/host.c and a core with small
 * limits (CMakeLists.txt), so a few bytes reach every limit.
 */
#ifndef OCC_FUZZ_H
#define OCC_FUZZ_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "text.h"

/* The entry point for libFuzzer. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)                                                                            \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      (void)fprintf(stderr, "%s:%d: must hold: %s\n", __FILE__, __LINE__, #condition);             \
      abort();                                                                                     \
    }                                                                                              \
  } while (0)

/* The bytes of a run; after their end only zeros follow. */
typedef struct {
  const uint8_t *at;
  size_t left;
} fuzz_bytes;

static inline void fuzz_copy(fuzz_bytes *bytes, void *to, size_t size) {
  const size_t there = size < bytes->left ? size : bytes->left;
  memset(to, 0, size);
  if (there > 0) {
    memcpy(to, bytes->at, there);
  }
  bytes->at += there;
  bytes->left -= there;
}

static inline uint8_t fuzz_byte(fuzz_bytes *bytes) {
  uint8_t byte;
  fuzz_copy(bytes, &byte, sizeof byte);
  return byte;
}

static inline uint32_t fuzz_number(fuzz_bytes *bytes) {
  uint32_t number;
  fuzz_copy(bytes, &number, sizeof number);
  return number;
}

/* Returns any double, also NaN. */
static inline double fuzz_double(fuzz_bytes *bytes) {
  double number;
  fuzz_copy(bytes, &number, sizeof number);
  return number;
}

static inline bool fuzz_is_zero(const void *memory, size_t size) {
  const char *at = memory;
  return size == 0 || (at[0] == 0 && memcmp(at, at + 1, size - 1) == 0);
}

/* Compares byte by byte two values that were copied as a whole. */
static inline bool fuzz_is_same(const void *one, const void *other, size_t size) {
  return memcmp(one, other, size) == 0;
}

/* True if nothing is allocated, and nothing is left of earlier allocations. */
static inline bool fuzz_arena_is_wiped(void) {
  void *arena = occ_arena_allocate(OCC_ARENA_MAX);
  const bool wiped = arena != NULL && fuzz_is_zero(arena, OCC_ARENA_MAX);
  occ_arena_wipe();
  return wiped;
}

#endif
