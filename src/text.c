#include "text.h"

#include <string.h>

size_t occ_text_length(const char *string) {
  size_t length = 0;
  while (string[length] != '\0') {
    length++;
  }
  return length;
}

bool occ_text_equal(occ_text one, occ_text other) {
  return one.length == other.length && memcmp(one.at, other.at, one.length) == 0;
}

bool occ_text_is_visible(occ_text text) {
  for (size_t i = 0; i < text.length; i++) {
    if (text.at[i] <= ' ' || text.at[i] > '~') {
      return false;
    }
  }
  return true;
}

uint64_t occ_text_fingerprint(occ_text text) {
  uint64_t hash = 14695981039346656037U;
  for (size_t i = 0; i < text.length; i++) {
    hash = (hash ^ (unsigned char)text.at[i]) * 1099511628211U;
  }
  return hash;
}

void occ_write(occ_writer *writer, const char *string) {
  for (; *string != '\0'; string++) {
    occ_write_byte(writer, *string);
  }
}

void occ_write_byte(occ_writer *writer, char byte) {
  if (writer->used == writer->size) {
    writer->overflow = true;
    return;
  }
  writer->at[writer->used++] = byte;
}

void occ_wipe(void *memory, size_t length) {
  memset(memory, 0, length);
  /* The empty statement may read all memory as far as the compiler knows, so the zeros must be
   * there before it. */
  __asm__ __volatile__("" : : "r"(memory) : "memory");
}
