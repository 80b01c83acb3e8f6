#include "json.h"

#include "arena.h"
#include "decimal.h"

/* False if a member had another type than it was read as, since the last parse. */
static bool well_typed;

const cJSON *occ_json_parse(occ_text text) {
  well_typed = true;
  /* The length includes the zero: cJSON then checks that nothing else follows the object. */
  const cJSON *object = cJSON_ParseWithLengthOpts(text.at, text.length + 1, NULL, true);
  return cJSON_IsObject(object) ? object : NULL;
}

void occ_json_release(void) {
  occ_arena_wipe();
}

/* The member, or NULL if it is missing or of another type. */
static const cJSON *member(const cJSON *object, const char *name, int type) {
  const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, name);
  if (found == NULL || found->type == type) {
    return found;
  }
  well_typed = false;
  return NULL;
}

bool occ_json_is_well_typed(void) {
  return well_typed;
}

const char *occ_json_string(const cJSON *object, const char *name) {
  const cJSON *string = member(object, name, cJSON_String);
  return string != NULL ? string->valuestring : "";
}

double occ_json_number(const cJSON *object, const char *name) {
  const cJSON *number = member(object, name, cJSON_Number);
  return number != NULL ? number->valuedouble : 0.0;
}

double occ_json_count(const cJSON *object, const char *name) {
  const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, name);
  if (found != NULL && found->type == cJSON_Number) {
    return found->valuedouble;
  }
  const char *text = occ_json_string(object, name);
  const char *end = text;
  while (*end >= '0' && *end <= '9') {
    end++;
  }
  char *read;
  return end > text && *end == '\0' ? occ_decimal_read(text, &read) : -1;
}

const cJSON *occ_json_object(const cJSON *object, const char *name) {
  return member(object, name, cJSON_Object);
}

void occ_json_write_text(occ_writer *writer, occ_text text) {
  static const char hex[] = "0123456789ABCDEF";
  occ_write_byte(writer, '"');
  for (size_t i = 0; i < text.length; i++) {
    const char byte = text.at[i];
    if ((unsigned char)byte >= ' ' && byte != '"' && byte != '\\') {
      occ_write_byte(writer, byte);
      continue;
    }
    occ_write(writer, "\\u00");
    occ_write_byte(writer, hex[byte >> 4]);
    occ_write_byte(writer, hex[byte & 15]);
  }
  occ_write_byte(writer, '"');
}
