/* Text as a pointer and a length. */
#include "text.h"

#include "check.h"

TEST(equality, "texts are equal when all their bytes are, zeros included") {
  CHECK(occ_text_equal(OCC_TEXT(""), OCC_TEXT("")));
  CHECK(occ_text_equal(OCC_TEXT("abc"), OCC_TEXT("abc")));
  CHECK(!occ_text_equal(OCC_TEXT("abc"), OCC_TEXT("abd")));
  CHECK(!occ_text_equal(OCC_TEXT("abc"), OCC_TEXT("ab")));
  CHECK(!occ_text_equal(OCC_TEXT("a\0b"), OCC_TEXT("a\0c")));
  CHECK(!occ_text_equal(OCC_TEXT("Abc"), OCC_TEXT("abc")));
}

TEST(visible, "RFC 6750: a header carries only the bytes from 0x21 to 0x7E") {
  CHECK(occ_text_is_visible(OCC_TEXT("")));
  for (int byte = 0; byte < 256; byte++) {
    const char text[] = {'a', (char)byte, 'z'};
    CHECK(occ_text_is_visible((occ_text){text, 3}) == (byte >= 0x21 && byte <= 0x7E));
  }
}

TEST(fingerprint, "a fingerprint is FNV-1a with 64 bits") {
  CHECK(occ_text_fingerprint(OCC_TEXT("")) == 0xcbf29ce484222325U);
  CHECK(occ_text_fingerprint(OCC_TEXT("a")) == 0xaf63dc4c8601ec8cU);
  CHECK(occ_text_fingerprint(OCC_TEXT("foobar")) == 0x85944171f73967e8U);
}

TEST(writing, "a writer fills its buffer from the front") {
  char bytes[] = "........";
  occ_writer writer = {.at = bytes, .size = 6};
  occ_write(&writer, "abc");
  occ_write_byte(&writer, 'd');
  occ_write(&writer, "");
  CHECK_TEXT(bytes, "abcd....");
  CHECK_NUMBER(writer.used, 4);
  CHECK(!writer.overflow);
}

TEST(overflow, "after an overflow nothing more is written, however short") {
  char bytes[] = "........";
  occ_writer writer = {.at = bytes, .size = 6};
  occ_write(&writer, "abcd");
  occ_write(&writer, "efg");
  CHECK(writer.overflow);
  occ_write_byte(&writer, 'h');
  CHECK(writer.overflow);
  CHECK_TEXT(bytes, "abcdef..");
  CHECK_NUMBER(writer.used, 6);
}

TEST(wiping, "wiping leaves zeros, and only in its range") {
  char bytes[] = "..secret..";
  occ_wipe(bytes + 2, 6);
  CHECK(memcmp(bytes, "..\0\0\0\0\0\0..", 10) == 0);
  occ_wipe(bytes, 0);
  CHECK_NUMBER(bytes[0], '.');
}
