/* The text from which the build makes js/numbers.js, and the table that the demo reads. */
#include "check.h"

/* An attribute that only WebAssembly knows. */
#define export_name(name) used
#include "numbers.c" // NOLINT(bugprone-suspicious-include)

static const char *text(void) {
  static char copy[20000];
  const uint32_t length = export_occ_numbers_length();
  if (CHECK(length > 0 && length < sizeof copy)) {
    memcpy(copy, export_occ_numbers(), length);
    copy[length] = '\0';
  }
  return copy;
}

static void check_has(const char *part) {
  if (!CHECK(strstr(text(), part) != NULL)) {
    printf("  %s\n", part);
  }
}

TEST(whole, "the length is that of the whole text") {
  const char *end = "  'full': 39,\n});\n";
  CHECK(strncmp(text(), "// Generated from src/occ_session.h by the build.\n\n", 51) == 0);
  CHECK_TEXT(text() + strlen(text()) - strlen(end), end);
}

TEST(constants, "js/numbers.js has a constant for each number that the code compares with") {
  check_has("\nexport const STATE_CUSTOMER_SIGNING_IN = 2;\n");
  check_has("\nexport const OWNER_CLIENT = 3;\n");
  check_has("\nexport const REQUEST_REVOKE = 3;\n");
  check_has("\nexport const DELIVERY_TIMED_OUT = 4;\n");
  check_has("\nexport const FLAG_SHARED = 8;\n");
  check_has("\nexport const STATUS_OK = 0;\n");
  check_has("\nexport const INPUT_MAX = 73728;\n");
}

TEST(names, "names are found by their numbers") {
  check_has("\nexport const TOKENS = ['',\n  'access_token',\n  'refresh_token',\n];\n");
  check_has("\nexport const OWNERS = ['',\n  'customer',\n  'agent',\n  'client',\n];\n");
}

TEST(objects, "numbers are found by their names") {
  check_has("\nexport const GUARD = /* @__PURE__ */ Object.freeze({\n  'none': 0,\n"
            "  'customer known': 1,\n  'same customer': 2,\n  'customer parked': 3,\n});\n");
}

TEST(table, "the table is indexed by a state and an event, in this order") {
  CHECK_NUMBER(export_occ_table(OCC_STATE_AGENT, OCC_EVENT_EMULATE), OCC_STATE_EMULATING);
}

TEST(effects, "bits 0 to 7 are the effects of a move, bits 8 to 15 those if the guard holds") {
  CHECK_NUMBER(export_occ_table_effects(OCC_STATE_CUSTOMER, OCC_EVENT_SIGN_OUT), OCC_EFFECT_REVOKE);
  /* Written out: PARK, RETIRE and ADMIT without a known customer; PARK and ADMIT with one. */
  CHECK_NUMBER(export_occ_table_effects(OCC_STATE_AGENT_TAKING_OVER, OCC_EVENT_GRANTED),
               (16 | 32 | 64) | (16 | 64) << 8);
}
