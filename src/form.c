#include "form.h"

static bool stands_for_itself(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= '0' && byte <= '9') || byte == '*' || byte == '-' || byte == '.' || byte == '_';
}

static void write_encoded(occ_writer *writer, char byte) {
  static const char hex[] = "0123456789ABCDEF";
  if (byte == ' ') {
    occ_write_byte(writer, '+');
    return;
  }
  if (stands_for_itself(byte)) {
    occ_write_byte(writer, byte);
    return;
  }
  occ_write_byte(writer, '%');
  occ_write_byte(writer, hex[(unsigned char)byte >> 4]);
  occ_write_byte(writer, hex[(unsigned char)byte & 15]);
}

void occ_form_add(occ_writer *writer, const char *name, occ_text value) {
  if (writer->used > 0) {
    occ_write_byte(writer, '&');
  }
  occ_write(writer, name);
  occ_write_byte(writer, '=');
  for (size_t i = 0; i < value.length; i++) {
    write_encoded(writer, value.at[i]);
  }
}

void occ_form_add_if_any(occ_writer *writer, const char *name, occ_text value) {
  if (value.length > 0) {
    occ_form_add(writer, name, value);
  }
}
