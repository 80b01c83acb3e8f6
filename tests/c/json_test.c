/* JSON, read in the arena and written. */
#include "json.h"

#include <stdint.h>

#include "arena.h"
#include "check.h"

static char text[OCC_ARENA_MAX + 1000];

static const cJSON *parse(const char *json) {
  return occ_json_parse((occ_text){json, strlen(json)});
}

static bool is_read(const char *json) {
  const cJSON *object = parse(json);
  occ_json_release();
  return object != NULL;
}

static bool is_text(occ_text actual, const char *expected) {
  return occ_text_equal(actual, (occ_text){expected, strlen(expected)});
}

/* True if nothing is left in the arena. */
static bool arena_is_wiped(void) {
  static const unsigned char wiped[OCC_ARENA_MAX];
  const void *arena = occ_arena_allocate(OCC_ARENA_MAX);
  const bool empty = arena != NULL && memcmp(arena, wiped, OCC_ARENA_MAX) == 0;
  occ_arena_wipe();
  return empty;
}

TEST(members, "members are read by name and type") {
  const cJSON *object = parse("{\"t\":\"a\\u00e9\\n\",\"n\":12.5,\"yes\":true,\"no\":false,"
                              "\"o\":{\"t\":\"x\"},\"null\":null,\"list\":[1]}");
  CHECK(object != NULL);
  CHECK(is_text(occ_json_text(object, "t"), "a\xC3\xA9\n"));
  CHECK_NUMBER(occ_json_number(object, "n"), 12.5);
  CHECK(is_text(occ_json_text(occ_json_object(object, "o"), "t"), "x"));
  occ_json_release();
}

TEST(other_types, "a missing member, or one of another type, reads as empty, 0 or NULL") {
  const cJSON *object = parse("{\"t\":1,\"n\":\"1\",\"yes\":1,\"o\":[],\"T\":\"x\"}");
  CHECK(is_text(occ_json_text(object, "t"), ""));
  CHECK(is_text(occ_json_text(object, "missing"), ""));
  CHECK_NUMBER(occ_json_number(object, "n"), 0);
  CHECK_NUMBER(occ_json_number(object, "missing"), 0);
  CHECK(occ_json_object(object, "o") == NULL);
  CHECK(occ_json_object(object, "missing") == NULL);
  occ_json_release();
}

TEST(counts, "a number may be a string of digits only for members that allow it") {
  const cJSON *object = parse("{\"n\":12.5,\"t\":\"3600\",\"e\":\"\",\"x\":\"3600s\",\"o\":{}}");
  CHECK_NUMBER(occ_json_count(object, "n"), 12.5);
  CHECK_NUMBER(occ_json_count(object, "t"), 3600);
  CHECK_NUMBER(occ_json_count(object, "e"), -1);
  CHECK_NUMBER(occ_json_count(object, "x"), -1);
  CHECK_NUMBER(occ_json_count(object, "o"), -1);
  CHECK_NUMBER(occ_json_count(object, "missing"), -1);
  occ_json_release();
}

TEST(only_objects, "only an object is accepted") {
  CHECK(is_read("{}"));
  CHECK(is_read(" {\"a\" : 1} "));
  CHECK(!is_read(""));
  CHECK(!is_read("[]"));
  CHECK(!is_read("\"{}\""));
  CHECK(!is_read("1"));
  CHECK(!is_read("null"));
  CHECK(!is_read("{"));
  CHECK(!is_read("{\"a\":}"));
  CHECK(!is_read("{a:1}"));
  CHECK(!is_read("<html></html>"));
}

TEST(rest, "a text with more than white space behind the object is refused") {
  CHECK(is_read("{} \t\r\n"));
  CHECK(!is_read("{}garbage"));
  CHECK(!is_read("{}{}"));
  CHECK(!is_read("{},"));
}

/* Returns a text that repeats this part to its end. */
static const char *repeated(const char *part) {
  const size_t length = strlen(part);
  for (size_t i = 0; i < sizeof text - 1; i++) {
    text[i] = part[i % length];
  }
  text[sizeof text - 1] = '\0';
  return text;
}

TEST(nesting, "excessive nesting is refused, and does not use up the stack") {
  CHECK(is_read("{\"a\":[[[[[[[[[[]]]]]]]]]]}"));
  CHECK(!is_read(repeated("{\"a\":")));
  CHECK(!is_read(repeated("[")));
}

TEST(arena_full,
     "a text that needs more memory than there is does not parse, and leaves nothing behind") {
  size_t used = 1;
  text[0] = '{';
  for (int i = 0; i < 5000; i++) {
    used += (size_t)snprintf(text + used, sizeof text - used, "\"secret%d\":1,", i);
  }
  (void)snprintf(text + used, sizeof text - used, "\"z\":1}");
  CHECK(!is_read(text));
  CHECK(arena_is_wiped());
}

TEST(arena_wiped, "R27: nothing is left of a text after parsing, nor after a failed parse") {
  CHECK(is_read("{\"access_token\":\"secret\"}"));
  CHECK(arena_is_wiped());
  CHECK(!is_read("{\"access_token\":\"secret\",\"refresh_token\":\"sec"));
  CHECK(arena_is_wiped());
}

TEST(arena, "the arena allocates memory for any type until it is used up") {
  char *first = occ_arena_allocate(1);
  char *second = occ_arena_allocate(24);
  if (!CHECK(first != NULL && second != NULL)) {
    return;
  }
  CHECK_NUMBER((uintptr_t)first % 8, 0);
  CHECK_NUMBER(second - first, 8);
  memset(second, 'x', 24);
  occ_arena_free(second);
  CHECK_NUMBER(second[0], 'x');
  CHECK(occ_arena_reallocate(second, 48) == NULL);
  CHECK(occ_arena_allocate(OCC_ARENA_MAX - 31) == NULL);
  CHECK(occ_arena_allocate(SIZE_MAX) == NULL);
  CHECK(occ_arena_allocate(SIZE_MAX - 7) == NULL);
  CHECK(occ_arena_allocate(OCC_ARENA_MAX - 32) != NULL);
  CHECK(occ_arena_allocate(1) == NULL);
  occ_arena_wipe();
  CHECK_NUMBER(second[0], 0);
  CHECK(occ_arena_allocate(1) == first);
  occ_arena_wipe();
}

TEST(written, "a written text has the escapes that JSON requires") {
  char bytes[100] = "";
  occ_writer writer = {.at = bytes, .size = sizeof bytes};
  occ_json_write_text(&writer, OCC_TEXT("a\"b\\c/\n\x01\x1f\x7f\xC3\xA9"));
  CHECK_TEXT(bytes, "\"a\\u0022b\\u005Cc/\\u000A\\u0001\\u001F\x7f\xC3\xA9\"");
}

TEST(round_trip, "every byte but zero is read back as it was written") {
  char all[255];
  for (int i = 0; i < 255; i++) {
    all[i] = (char)(i + 1);
  }
  occ_writer writer = {.at = text, .size = sizeof text};
  occ_write(&writer, "{\"all\":");
  occ_json_write_text(&writer, (occ_text){all, sizeof all});
  occ_write(&writer, "}");
  occ_write_byte(&writer, '\0');
  const cJSON *object = occ_json_parse((occ_text){text, writer.used - 1});
  CHECK(occ_text_equal(occ_json_text(object, "all"), (occ_text){all, sizeof all}));
  occ_json_release();
}
