/*
 * JSON: reading it with cJSON, in the arena, and writing texts of it.
 */
#ifndef OCC_JSON_H
#define OCC_JSON_H

#include <cJSON.h>

#include "text.h"

/* The parsed object, valid until occ_json_release, or NULL if the text is not a JSON object and
 * nothing else. A zero byte must stand behind the text. There is one arena: release an object
 * before the next is parsed, and also after NULL. */
const cJSON *occ_json_parse(occ_text text);

/* Wipes all that the last parse has allocated. */
void occ_json_release(void);

/* A member of an object; the texts point into the arena and end with a zero. What is missing or of
 * another type is empty, 0 or NULL. */
const char *occ_json_string(const cJSON *object, const char *name);
OCC_INLINE occ_text occ_json_text(const cJSON *object, const char *name) {
  return occ_text_of(occ_json_string(object, name));
}
double occ_json_number(const cJSON *object, const char *name);
const cJSON *occ_json_object(const cJSON *object, const char *name);

/* A number from 0 on that may also be a string of nothing but digits, as some servers write it;
 * below 0 for what is missing or something else. */
double occ_json_count(const cJSON *object, const char *name);

/* Whether none of the members that were asked for since occ_json_parse was of another type. */
bool occ_json_is_well_typed(void);

/* Writes "text" with what JSON wants escaped. */
void occ_json_write_text(occ_writer *writer, occ_text text);

#endif
