/* Text as a pointer and a length: comparing it, writing it into a fixed buffer, wiping it. */
#ifndef OCC_TEXT_H
#define OCC_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
  const char *at;
  size_t length;
} occ_text;

/* For functions of one line that give a struct: WebAssembly gives structs back through memory, so
 * that a call would be longer than what it calls. */
#define OCC_INLINE static inline __attribute__((always_inline))

/* Text of a string literal. */
#define OCC_TEXT(literal) ((occ_text){(literal), sizeof(literal) - 1})

/* A fixed buffer that is written from the front. A text that does not fit sets `overflow`, and
 * nothing more is written from then on. The memory is the caller's. */
typedef struct {
  char *at;
  size_t size;
  size_t used;
  bool overflow;
} occ_writer;

/* The length of a string that ends with a zero. The C library's is six times as long, for speed
 * that nothing here needs. */
size_t occ_text_length(const char *string);

/* A string that ends with a zero, as a text; valid as long as the string. */
OCC_INLINE occ_text occ_text_of(const char *string) {
  return (occ_text){string, occ_text_length(string)};
}

bool occ_text_equal(occ_text one, occ_text other);

/* True if every byte is visible ASCII, as a header requires (RFC 6750 section 2.1). */
bool occ_text_is_visible(occ_text text);

/* A number that tells texts apart without holding them (FNV-1a, 64 bits). */
uint64_t occ_text_fingerprint(occ_text text);

/* Writes a string that ends with a zero, without it. */
void occ_write(occ_writer *writer, const char *string);
void occ_write_byte(occ_writer *writer, char byte);

/* Fills memory with zeros (R27), even if the compiler can tell that nobody reads it again. */
void occ_wipe(void *memory, size_t length);

#endif
