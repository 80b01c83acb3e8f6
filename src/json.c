#include "json.h"

#include "arena.h"

const cJSON *occ_json_parse(occ_text text) {
  /* With the zero behind it, so that cJSON can tell that nothing else follows the object. */
  const cJSON *object = cJSON_ParseWithLengthOpts(text.at, text.length + 1, NULL, true);
  return cJSON_IsObject(object) ? object : NULL;
}

void occ_json_release(void) {
  occ_arena_wipe();
}

const char *occ_json_string(const cJSON *object, const char *name) {
  const char *string = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
  return string != NULL ? string : "";
}

double occ_json_number(const cJSON *object, const char *name) {
  const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
  return cJSON_IsNumber(member) ? member->valuedouble : 0.0;
}

const cJSON *occ_json_object(const cJSON *object, const char *name) {
  const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
  return cJSON_IsObject(member) ? member : NULL;
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
    occ_write(writer, OCC_TEXT("\\u00"));
    occ_write_byte(writer, hex[byte >> 4]);
    occ_write_byte(writer, hex[byte & 15]);
  }
  occ_write_byte(writer, '"');
}
