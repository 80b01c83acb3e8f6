/* The ends of ranges: the last value inside, the first value outside. */
#include "check.h"
#include "decimal.h"
#include "json.h"
#include "options.h"
#include "snapshot.h"
#include "token_response.h"

/* An attribute that only WebAssembly knows. */
#define export_name(name) used
#include "numbers.c" // NOLINT(bugprone-suspicious-include)

TEST(digits, "reading a number stops at the byte after 9 and at the byte before 0") {
  static const char *const texts[] = {"19:", "10/"};
  for (size_t i = 0; i < 2; i++) {
    char *end = NULL;
    CHECK_NUMBER(occ_decimal_read(texts[i], &end), i == 0 ? 19 : 10);
    CHECK(end == texts[i] + 2);
  }
}

TEST(escaped, "the space is the first byte that is not escaped") {
  char bytes[16] = "";
  occ_writer writer = {.at = bytes, .size = sizeof bytes};
  occ_json_write_text(&writer, OCC_TEXT("\x1f !"));
  CHECK_TEXT(bytes, "\"\\u001F !\"");
}

TEST(snapshot,
     "a snapshot is accepted with the latest time, the first number and texts of one byte") {
  static const char text[] =
    "{\"v\":1,\"for\":\"i\",\"epoch\":1,"
    "\"active\":{\"number\":2,\"owner\":\"agent\",\"access\":\"a\",\"expires\":9007199254740991},"
    "\"parked\":{\"number\":1,\"owner\":\"customer\",\"access\":\"b\"},\"customer\":\"c\"}";
  occ_snapshot snapshot;
  CHECK_NUMBER(occ_snapshot_read(&snapshot, OCC_TEXT(text), OCC_TEXT("i")), OCC_STATUS_OK);
  CHECK_NUMBER(snapshot.grants[0].expires_at, 9007199254740991.0);
  CHECK_NUMBER(snapshot.grants[1].number, 1);
  occ_json_release();
  static const char not_emulating[] =
    "{\"v\":1,\"for\":\"i\",\"epoch\":1,\"active\":{\"number\":2,\"owner\":\"agent\",\"access\":"
    "\"a\"},"
    "\"parked\":{\"number\":1,\"owner\":\"customer\",\"access\":\"b\"}}";
  CHECK_NUMBER(occ_snapshot_read(&snapshot, OCC_TEXT(not_emulating), OCC_TEXT("i")),
               OCC_STATUS_BAD_SNAPSHOT);
  occ_json_release();
}

TEST(written, "texts of one byte are written into a snapshot") {
  static occ_grants grants;
  char text[200] = "";
  occ_writer writer = {.at = text, .size = sizeof text};
  grants.at[0] = (occ_grant){.role = OCC_ROLE_ACTIVE, .owner = OCC_OWNER_AGENT, .number = 1};
  CHECK_NUMBER(occ_grant_put(&grants.at[0], OCC_TEXT("a"), OCC_TEXT("r")), OCC_STATUS_OK);
  occ_snapshot_write(&writer, &grants, OCC_TEXT("i"),
                     &(occ_snapshot){.line = 1, .epoch = 1, .customer_id = OCC_TEXT("c")}, true);
  CHECK_TEXT(text, "{\"v\":1,\"for\":\"i\",\"line\":1,\"epoch\":1,\"active\":{\"owner\":\"agent\","
                   "\"number\":1,\"access\":\"a\",\"refresh\":\"r\"},\"customer\":\"c\"}");
}

TEST(longest_lifetime,
     "a lifetime of 1e10 seconds is accepted, and a longer one is treated as unknown") {
  occ_grant longest = {.role = OCC_ROLE_AWAITED};
  CHECK_NUMBER(
    occ_token_response_read(
      &longest, 0, OCC_DELIVERY_ANSWERED, 200,
      OCC_TEXT("{\"access_token\":\"a\",\"token_type\":\"bearer\",\"expires_in\":1e10}")),
    OCC_STATUS_OK);
  CHECK_NUMBER(longest.expires_at, 1e13);
  occ_grant longer = {.role = OCC_ROLE_AWAITED};
  CHECK_NUMBER(
    occ_token_response_read(
      &longer, 0, OCC_DELIVERY_ANSWERED, 200,
      OCC_TEXT("{\"access_token\":\"a\",\"token_type\":\"bearer\",\"expires_in\":10000000001}")),
    OCC_STATUS_OK);
  CHECK_NUMBER(longer.expires_at, 0);
}

TEST(server_errors, "server errors begin with status 500") {
  occ_grant grant = {.role = OCC_ROLE_AWAITED};
  CHECK_NUMBER(occ_token_response_read(&grant, 0, OCC_DELIVERY_ANSWERED, 499, OCC_TEXT("")),
               OCC_STATUS_UNEXPECTED_RESPONSE);
  CHECK_NUMBER(occ_token_response_read(&grant, 0, OCC_DELIVERY_ANSWERED, 500, OCC_TEXT("")),
               OCC_STATUS_SERVER_ERROR);
}

TEST(numbers_text, "the text of the numbers has no zero at its end") {
  CHECK(export_occ_numbers()[export_occ_numbers_length() - 1] == '\n');
}
