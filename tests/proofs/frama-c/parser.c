/*
 * cJSON itself, in the arena. Eva follows every path separately here, so each allocation has its
 * exact address; that costs time for each byte that may be any, so each text has only a few.
 */
#include <limits.h>

#include "any.h"
#include "arena.h"
#include "json.h"

/* A ? stands for any byte, a zero among them. */
static const char *const texts[] = {
  "",
  "?",
  "{\"a\":?}",
  "{\"?\":1}",
  "{\"a\":\"\\u?2?4\"}",
  "{\"a\":{\"b\":[1,?]}}",
  "[[[[[[[[[[[[[[[[[[",
#ifndef SHORT_FORM
  "??",
  "{\"a\":??}",
  "{\"??\":1}",
  "{\"a\":\"??\"}",
  "{\"a\":1??",
  "{\"a\":\"\\ud8?1\\udc??\"}",
  "{\"a\":-?e?}",
#endif
};

static char input[32];

void main(void) {
  cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = occ_arena_allocate, .free_fn = occ_arena_free});
  const char *text = texts[Frama_C_interval_split(0, sizeof texts / sizeof *texts - 1)];
  size_t length = 0;
  while (text[length] != '\0') {
    length++;
  }
  char *at = input + sizeof input - 1 - length;
  for (size_t i = 0; i < length; i++) {
    at[i] = text[i] == '?' ? Frama_C_char_interval(CHAR_MIN, CHAR_MAX) : text[i];
  }
  const cJSON *object = occ_json_parse((occ_text){at, length});
  if (object != NULL) {
    (void)occ_json_text(object, "a");
    (void)occ_json_number(object, "a");
    (void)occ_json_count(object, "a");
    (void)occ_json_string(occ_json_object(object, "a"), "b");
  }
  occ_json_release();
}
