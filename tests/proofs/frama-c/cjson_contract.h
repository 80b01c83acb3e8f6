/*
 * The contract of cJSON for the readers, in place of cJSON: any tree that it can return. An object
 * has a member or not; the member is of any type; a string ends with a zero and is of any bytes and
 * any length before it; a number is any double but NaN, also an infinite one.
 *
 * It is a contract and no proof, since Eva cannot follow cJSON's linked nodes through one array for
 * inputs of any length. parser.c analyses cJSON itself for short ones, and the fuzzers run it.
 */
#ifndef CJSON_CONTRACT_H
#define CJSON_CONTRACT_H

#include <cJSON.h>

#include "any.h"

/* The member that comes in short strings too, by the first letter of its name: only one at a time
 * can be distinguished. */
static char short_member;

/* The kinds of a member that the readers distinguish. */
enum { MISSING, STRING, NUMBER, OBJECT, OTHER };

/* Returns any value, in the place of the previous one, which is not read again. */
static cJSON *item_of(int kind, char name) {
  static const int others[] = {cJSON_False, cJSON_True, cJSON_NULL, cJSON_Array};
  static cJSON item;
  item = (cJSON){.valuedouble = 0.0};
  switch (kind) {
  case MISSING:
    return NULL;
  case STRING:
    item.type = cJSON_String;
    item.valuestring = name == short_member ? any_string() : long_string;
    return &item;
  case NUMBER:
    item.type = cJSON_Number;
    item.valuedouble = any_double();
    return &item;
  case OBJECT:
    item.type = cJSON_Object;
    return &item;
  default:
    item.type = others[Frama_C_interval(0, 3)];
    return &item;
  }
}

static cJSON *any_access(void) {
  const int access = Frama_C_interval(MISSING, OTHER);
  //@ split access;
  return item_of(access, 'a');
}

static cJSON *any_refresh(void) {
  const int refresh = Frama_C_interval(MISSING, OTHER);
  //@ split refresh;
  return item_of(refresh, 'r');
}

static cJSON *any_other(char name) {
  const int other = Frama_C_interval(MISSING, OTHER);
  //@ split other;
  return item_of(other, name);
}

/* Distinguishes an access token, a refresh token, and the latest other member at a time. */
static cJSON *any_item(char name) {
  return name == 'a' ? any_access() : name == 'r' ? any_refresh() : any_other(name);
}

cJSON *cJSON_ParseWithLengthOpts(const char *value, size_t length, const char **end,
                                 cJSON_bool terminated) {
  //@ check \valid_read(value + (0 .. length - 1));
  //@ check end == \null && terminated;
  return any_item('\0');
}

cJSON *cJSON_GetObjectItemCaseSensitive(const cJSON *object, const char *name) {
  return object != NULL ? any_item(*name) : NULL;
}

cJSON_bool cJSON_IsObject(const cJSON *item) {
  return item != NULL && (item->type & 0xFF) == cJSON_Object;
}

#endif
