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

/* Wipes the memory of the last parse. */
void occ_json_release(void);

/* A member of an object; the texts point into the arena and end with a zero. A member that is
 * missing or of another type reads as empty, 0 or NULL. */
const char *occ_json_string(const cJSON *object, const char *name);
OCC_INLINE occ_text occ_json_text(const cJSON *object, const char *name) {
  return occ_text_of(occ_json_string(object, name));
}
double occ_json_number(const cJSON *object, const char *name);
const cJSON *occ_json_object(const cJSON *object, const char *name);

/* A number from 0 on, or a string of digits, as some servers write it; negative if the member is
 * missing or something else. */
double occ_json_count(const cJSON *object, const char *name);

/* True if every member that was read since occ_json_parse had the expected type. */
bool occ_json_is_well_typed(void);

/* Writes "text" with the escapes of JSON. */
void occ_json_write_text(occ_writer *writer, occ_text text);

#endif
