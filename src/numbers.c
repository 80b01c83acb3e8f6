/*
 * The numbers of the core's enums as the text of an ES module, js/numbers.js. This file is built
 * into a module of its own, from which the build reads the text: so C and JavaScript cannot drift
 * apart.
 */
#include "occ_session.h"

#define MEMBER(name, number, text) "  '" text "': " #number ",\n"
#define OBJECT(name, what, list)                                                                   \
  "\n/** " what " */\nexport const " name " = Object.freeze({\n" list(MEMBER) "});\n"

#define DIGITS_OF(number) #number
#define DIGITS(number) DIGITS_OF(number)
#define LIMIT(name, number) "  " name ": " DIGITS(number) ",\n"

static const char numbers[] =
  "// Generated from src/occ_session.h by the build.\n"
  OBJECT("STATE", "States of the session.", OCC_STATES)
  OBJECT("EVENT", "Events of the state table.", OCC_EVENTS)
  OBJECT("GUARD", "What a transition may depend on.", OCC_GUARDS)
  OBJECT("OWNER", "Whose grant it is.", OCC_OWNERS)
  OBJECT("TOKEN", "Kinds of token (RFC 7009 section 2.1).", OCC_TOKENS)
  OBJECT("REQUEST", "What a request is for.", OCC_REQUESTS)
  OBJECT("DELIVERY", "How a request ended.", OCC_DELIVERIES)
  OBJECT("OUTCOME", "How a revocation ended.", OCC_OUTCOMES)
  OBJECT("STATUS", "What the functions of the core give.", OCC_STATUSES)
  "\n/** Bytes that fit. */\nexport const LIMIT = Object.freeze({\n"
  LIMIT("input", OCC_INPUT_MAX)
  LIMIT("token", OCC_TOKEN_MAX)
  LIMIT("credential", OCC_CREDENTIAL_MAX)
  LIMIT("option", OCC_OPTION_MAX)
  LIMIT("customerId", OCC_CUSTOMER_ID_MAX)
  "});\n";

#define EXPORT(type, name, ...)                                                                    \
  __attribute__((export_name(#name))) type export_##name(__VA_ARGS__);                             \
  type export_##name(__VA_ARGS__)

EXPORT(const char *, occ_numbers, void) {
  return numbers;
}

EXPORT(uint32_t, occ_numbers_length, void) {
  return sizeof numbers - 1;
}
