/*
 * The numbers of the core's enums for JavaScript, as the text of an ES module, js/numbers.js; and
 * the state table. This file is built into a module of its own, from which the build reads the text
 * and the demo the table: so C and JavaScript cannot drift apart, and no shop loads the table.
 * The text has a constant for each number that js/ compares with, the names that the API shows,
 * and, for readers of the table, objects from name to number.
 */
#include "table.h"

#define CONSTANT(kind, name, number) "export const " kind "_" #name " = " #number ";\n"
#define STATE(name, number, text) CONSTANT("STATE", name, number)
#define OWNER(name, number, text) CONSTANT("OWNER", name, number)
#define REQUEST(name, number, text) CONSTANT("REQUEST", name, number)
#define DELIVERY(name, number, text) CONSTANT("DELIVERY", name, number)
#define FLAG(name, number, text) CONSTANT("FLAG", name, number)
#define STATUS(name, number, text) CONSTANT("STATUS", name, number)
#define PARAMETER(name, number, most) CONSTANT("PARAMETER", name, number)

#define DIGITS_OF(number) #number
#define DIGITS(number) DIGITS_OF(number)
#define LIMIT(name, number) "export const " name "_MAX = " DIGITS(number) ";\n"

/* The names by their numbers, with none for 0. */
#define NAME(name, number, text) "  '" text "',\n"
#define NAMES(name, list) "\nexport const " name " = ['',\n" list(NAME) "];\n"

/* The numbers by their names. */
#define MEMBER(name, number, text) "  '" text "': " #number ",\n"
#define OBJECT(name, list)                                                                         \
  "\nexport const " name " = /* @__PURE__ */ Object.freeze({\n" list(MEMBER) "});\n"

// clang-format off
#define CONSTANTS                                                                                  \
  "// Generated from src/occ_session.h by the build.\n\n"                                          \
  OCC_STATES(STATE)                                                                                \
  OCC_OWNERS(OWNER)                                                                                \
  OCC_REQUESTS(REQUEST)                                                                            \
  OCC_DELIVERIES(DELIVERY)                                                                         \
  OCC_FLAGS(FLAG)                                                                                  \
  OCC_STATUSES(STATUS)                                                                             \
  OCC_PARAMETERS(PARAMETER)                                                                        \
  LIMIT("INPUT", OCC_INPUT_MAX)                                                                    \
  LIMIT("OPTION", OCC_OPTION_MAX)                                                                  \
  LIMIT("CREDENTIAL", OCC_CREDENTIAL_MAX)                                                          \
  LIMIT("CUSTOMER_ID", OCC_CUSTOMER_ID_MAX)

#define LISTS                                                                                      \
  NAMES("STATES", OCC_STATES)                                                                      \
  NAMES("OWNERS", OCC_OWNERS)                                                                      \
  NAMES("TOKENS", OCC_TOKENS)                                                                      \
  NAMES("OUTCOMES", OCC_OUTCOMES)                                                                  \
  NAMES("ERRORS", OCC_ERRORS)                                                                      \
  OBJECT("STATE", OCC_STATES)                                                                      \
  OBJECT("EVENT", OCC_EVENTS)                                                                      \
  OBJECT("GUARD", OCC_GUARDS)                                                                      \
  OBJECT("EFFECT", OCC_EFFECTS)                                                                    \
  OBJECT("STATUS", OCC_STATUSES)
// clang-format on

/* One text in two parts, which follow each other without a zero: together they would be longer than
 * a literal of standard C. */
static const struct {
  char constants[sizeof CONSTANTS - 1];
  char lists[sizeof LISTS - 1];
} numbers = {CONSTANTS, LISTS};

#define EXPORT(type, name, ...)                                                                    \
  __attribute__((export_name(#name))) type export_##name(__VA_ARGS__);                             \
  type export_##name(__VA_ARGS__)

EXPORT(const char *, occ_numbers, void) {
  return numbers.constants;
}

EXPORT(uint32_t, occ_numbers_length, void) {
  return sizeof numbers;
}

EXPORT(uint32_t, occ_table, uint32_t state, uint32_t event) {
  return occ_table_cell(state, event);
}

/* Bits 0 to 7 the effects of a transition; bits 8 to 15 those when the guard holds. */
EXPORT(uint32_t, occ_table_effects, uint32_t state, uint32_t event) {
  const occ_cell *cell = &occ_table[state % OCC_STATE_END][event % OCC_EVENT_END];
  return (uint32_t)cell->move.effects | (uint32_t)cell->given.effects << 8;
}
