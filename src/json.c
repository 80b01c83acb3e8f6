#include "json.h"

#include "arena.h"

const cJSON *occ_json_parse(occ_text text) {
  const char *end = NULL;
  const cJSON *object = cJSON_ParseWithLengthOpts(text.at, text.length, &end, false);
  if (!cJSON_IsObject(object)) {
    return NULL;
  }
  for (; end < text.at + text.length; end++) {
    if ((unsigned char)*end > ' ') {
      return NULL;
    }
  }
  return object;
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

bool occ_json_true(const cJSON *object, const char *name) {
  return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, name));
}

const cJSON *occ_json_object(const cJSON *object, const char *name) {
  const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
  return cJSON_IsObject(member) ? member : NULL;
}

void occ_json_write_text(occ_writer *writer, occ_text text) {
  static const char hex[] = "0123456789abcdef";
  occ_write_byte(writer, '"');
  for (size_t i = 0; i < text.length; i++) {
    const char byte = text.at[i];
    if ((unsigned char)byte < ' ') {
      occ_write(writer, OCC_TEXT("\\u00"));
      occ_write_byte(writer, hex[byte >> 4]);
      occ_write_byte(writer, hex[byte & 15]);
      continue;
    }
    if (byte == '"' || byte == '\\') {
      occ_write_byte(writer, '\\');
    }
    occ_write_byte(writer, byte);
  }
  occ_write_byte(writer, '"');
}
