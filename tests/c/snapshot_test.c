/* Snapshots, written by a session and read back, and other texts that a storage may hold. */
#include "snapshot.h"

#include "check.h"
#include "json.h"

#define ACTIVE "\"active\":{\"owner\":\"customer\",\"number\":7,\"expires\":9000,\"access\":\"a1\"}"
#define AGENT "\"active\":{\"owner\":\"agent\",\"number\":8,\"expires\":0,\"access\":\"a2\"}"
#define HELD(role)                                                                                 \
  "\"" role "\":{\"owner\":\"customer\",\"number\":7,\"expires\":0,\"access\":\"a1\"}"
#define SNAPSHOT(members) "{\"v\":1,\"for\":\"shop\",\"epoch\":3," members "}"

static occ_snapshot snapshot;

static bool is_text(occ_text actual, const char *expected) {
  return occ_text_equal(actual, (occ_text){expected, strlen(expected)});
}

/* Reads from a copy with a zero behind it, as the input has one. */
static occ_status read_length(const char *from, size_t length) {
  static char copy[OCC_INPUT_MAX + 1];
  memcpy(copy, from, length);
  copy[length] = '\0';
  const occ_status status =
    occ_snapshot_read(&snapshot, (occ_text){copy, length}, OCC_TEXT("shop"));
  occ_json_release();
  return status;
}

static void check_taken(const char *text) {
  if (!CHECK_NUMBER(read_length(text, strlen(text)), OCC_STATUS_OK)) {
    printf("  for %s\n", text);
  }
}

static void check_bad(const char *text) {
  if (!CHECK_NUMBER(read_length(text, strlen(text)), OCC_STATUS_BAD_SNAPSHOT)) {
    printf("  for %.300s\n", text);
  }
}

static occ_grants grants;
static char text[OCC_INPUT_MAX];

static void put(size_t at, occ_role role, occ_owner owner, double number, const char *access,
                const char *refresh) {
  occ_grant *grant = &grants.at[at];
  grant->role = role;
  grant->owner = owner;
  grant->number = number;
  CHECK_NUMBER(
    occ_grant_put(grant, (occ_text){access, strlen(access)}, (occ_text){refresh, strlen(refresh)}),
    OCC_STATUS_OK);
}

static void write(const char *customer, double revoking_until, bool persist) {
  occ_writer writer = {.at = text, .size = sizeof text - 1};
  memset(text, 0, sizeof text);
  const occ_snapshot about = {.line = 5,
                              .epoch = 3,
                              .revoking_until = revoking_until,
                              .customer_id = {customer, strlen(customer)}};
  occ_snapshot_write(&writer, &grants, OCC_TEXT("shop"), &about, persist);
  CHECK(!writer.overflow);
}

TEST(
  written,
  "a snapshot is written in the format of snapshot.h, without a refresh token unless it persists") {
  memset(&grants, 0, sizeof grants);
  put(2, OCC_ROLE_ACTIVE, OCC_OWNER_AGENT, 8, "a2", "r2");
  put(0, OCC_ROLE_PARKED, OCC_OWNER_CUSTOMER, 7, "a1", "");
  put(1, OCC_ROLE_REVOKING, OCC_OWNER_CUSTOMER, 6, "a0", "r0");
  grants.at[2].expires_at = 1700000000000.0;
  grants.at[2].issued = 1699999700000.0;
  write("C\"1", 1700000002000.0, true);
  CHECK_TEXT(text, "{\"v\":1,\"for\":\"shop\",\"line\":5,\"epoch\":3,"
                   "\"active\":{\"owner\":\"agent\",\"number\":8,\"expires\":1700000000000,"
                   "\"issued\":1699999700000,\"access\":\"a2\",\"refresh\":\"r2\"},"
                   "\"parked\":{\"owner\":\"customer\",\"number\":7,\"access\":\"a1\"},"
                   "\"customer\":\"C\\u00221\",\"revoking\":1700000002000}");
  write("", 0, false);
  CHECK_TEXT(text, "{\"v\":1,\"for\":\"shop\",\"line\":5,\"epoch\":3,"
                   "\"active\":{\"owner\":\"agent\",\"number\":8,\"expires\":1700000000000,"
                   "\"issued\":1699999700000,\"access\":\"a2\"},"
                   "\"parked\":{\"owner\":\"customer\",\"number\":7,\"access\":\"a1\"}}");
}

TEST(round_trip, "R25: a written snapshot is read back whole") {
  memset(&grants, 0, sizeof grants);
  put(0, OCC_ROLE_ACTIVE, OCC_OWNER_AGENT, 9007199254740991.0, "a\"\\2", "r 2");
  put(1, OCC_ROLE_RETIRED, OCC_OWNER_CUSTOMER, 7, "a1", "r1");
  grants.at[0].expires_at = 1700000000000.0;
  grants.at[0].issued = 1699999700000.0;
  write("J\xC3\xBCrgen", 1700000002000.0, true);
  CHECK_NUMBER(occ_snapshot_read(&snapshot, (occ_text){text, strlen(text)}, OCC_TEXT("shop")),
               OCC_STATUS_OK);
  CHECK_NUMBER(snapshot.line, 5);
  CHECK_NUMBER(snapshot.epoch, 3);
  CHECK_NUMBER(snapshot.revoking_until, 1700000002000.0);
  CHECK(is_text(snapshot.customer_id, "J\xC3\xBCrgen"));
  const occ_snapshot_grant *active = &snapshot.grants[0];
  CHECK_NUMBER(active->role, OCC_ROLE_ACTIVE);
  CHECK_NUMBER(active->owner, OCC_OWNER_AGENT);
  CHECK_NUMBER(active->number, 9007199254740991.0);
  CHECK_NUMBER(active->expires_at, 1700000000000.0);
  CHECK_NUMBER(active->issued, 1699999700000.0);
  CHECK(is_text(active->access, "a\"\\2"));
  CHECK(is_text(active->refresh, "r 2"));
  CHECK_NUMBER(snapshot.grants[1].owner, OCC_OWNER_INVALID);
  CHECK_NUMBER(snapshot.grants[2].role, OCC_ROLE_RETIRED);
  CHECK_NUMBER(snapshot.grants[2].owner, OCC_OWNER_CUSTOMER);
  CHECK(is_text(snapshot.grants[2].refresh, "r1"));
  occ_json_release();
}

TEST(largest, "three grants with the longest tokens fit, and are read back") {
  static char token[OCC_TOKEN_MAX + 1];
  memset(token, 't', OCC_TOKEN_MAX);
  memset(&grants, 0, sizeof grants);
  put(0, OCC_ROLE_ACTIVE, OCC_OWNER_AGENT, 8, token, token);
  put(1, OCC_ROLE_PARKED, OCC_OWNER_CUSTOMER, 7, token, token);
  put(2, OCC_ROLE_RETIRED, OCC_OWNER_CUSTOMER, 6, token, token);
  write("C1", 0, true);
  grants.at[2].role = OCC_ROLE_FREE;
  write("C1", 0, true);
  CHECK_NUMBER(read_length(text, strlen(text)), OCC_STATUS_OK);
}

TEST(truncated, "R26: a snapshot that is cut off at any byte is discarded") {
  const char *whole = SNAPSHOT(AGENT "," HELD("parked") ",\"customer\":\"C1\"");
  CHECK_NUMBER(read_length(whole, strlen(whole)), OCC_STATUS_OK);
  for (size_t length = 0; length < strlen(whole); length++) {
    CHECK_NUMBER(read_length(whole, length), OCC_STATUS_BAD_SNAPSHOT);
  }
}

TEST(flipped,
     "R26: a snapshot with any one byte replaced is accepted or discarded, and does no harm") {
  char copy[] = SNAPSHOT(AGENT "," HELD("parked") ",\"customer\":\"C1\"");
  for (size_t i = 0; i < sizeof copy - 1; i++) {
    const char original = copy[i];
    for (int byte = 0; byte < 256; byte++) {
      copy[i] = (char)byte;
      const occ_status status = read_length(copy, sizeof copy - 1);
      CHECK(status == OCC_STATUS_OK || status == OCC_STATUS_BAD_SNAPSHOT);
    }
    copy[i] = original;
  }
}

TEST(no_snapshot, "R26: a text that is no snapshot is discarded") {
  check_bad("");
  check_bad("null");
  check_bad("[]");
  check_bad("{}");
  check_bad("<html>");
}

TEST(other_version, "R26: an unknown version is discarded") {
  check_taken("{\"v\":1,\"for\":\"shop\",\"epoch\":3}");
  check_bad("{\"v\":2,\"for\":\"shop\",\"epoch\":3}");
  check_bad("{\"v\":0,\"for\":\"shop\",\"epoch\":3}");
  check_bad("{\"v\":\"1\",\"for\":\"shop\",\"epoch\":3}");
  check_bad("{\"for\":\"shop\",\"epoch\":3}");
}

TEST(other_identity, "R26: a snapshot for another client or base URL is discarded") {
  check_bad("{\"v\":1,\"for\":\"shop2\",\"epoch\":3}");
  check_bad("{\"v\":1,\"for\":\"sho\",\"epoch\":3}");
  check_bad("{\"v\":1,\"for\":\"\",\"epoch\":3}");
  check_bad("{\"v\":1,\"for\":7,\"epoch\":3}");
  check_bad("{\"v\":1,\"epoch\":3}");
}

TEST(bad_epoch, "R26: an impossible epoch is discarded") {
  const char *const epochs[] = {"0",     "-1",  "1.5", "1e300", "1e999", "9007199254740992",
                                "\"3\"", "null"};
  for (size_t i = 0; i < sizeof epochs / sizeof epochs[0]; i++) {
    char bad[100];
    (void)snprintf(bad, sizeof bad, "{\"v\":1,\"for\":\"shop\",\"epoch\":%s}", epochs[i]);
    check_bad(bad);
  }
}

TEST(bad_line, "R26: an impossible line is discarded, and a missing one is accepted") {
  const char *const lines[] = {"-1",    "1.5",  "1e300", "1e999", "9007199254740992",
                               "\"5\"", "null", "true",  "[5]",   "{\"line\":5}"};
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
    char bad[100];
    (void)snprintf(bad, sizeof bad, "{\"v\":1,\"for\":\"shop\",\"line\":%s,\"epoch\":3}", lines[i]);
    check_bad(bad);
  }
  check_taken("{\"v\":1,\"for\":\"shop\",\"epoch\":3}");
  CHECK_NUMBER(snapshot.line, 0);
  check_taken("{\"v\":1,\"for\":\"shop\",\"line\":0,\"epoch\":3}");
  CHECK_NUMBER(snapshot.line, 0);
  check_taken("{\"v\":1,\"for\":\"shop\",\"line\":9007199254740991,\"epoch\":3}");
  CHECK_NUMBER(snapshot.line, 9007199254740991.0);
}

TEST(revoking_of_another_type, "R26 R29: the end of a revocation must be a number; the session, "
                               "which knows the time, checks its value") {
  const char *const others[] = {"\"9\"", "null", "true", "[9]", "{}"};
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    char bad[100];
    (void)snprintf(bad, sizeof bad, "{\"v\":1,\"for\":\"shop\",\"epoch\":3,\"revoking\":%s}",
                   others[i]);
    check_bad(bad);
  }
  check_taken(SNAPSHOT("\"revoking\":-9"));
  check_taken(SNAPSHOT("\"revoking\":1e999"));
  check_taken(SNAPSHOT("\"revoking\":9"));
  CHECK_NUMBER(snapshot.revoking_until, 9);
}

TEST(bad_grants, "R26: a grant with any invalid field is discarded, with the whole snapshot") {
  check_taken(SNAPSHOT(ACTIVE));
  const char *const grants_in_json[] = {
    "{}",
    "{\"owner\":\"client\",\"number\":7,\"expires\":0,\"access\":\"a1\"}",
    "{\"owner\":\"Customer\",\"number\":7,\"expires\":0,\"access\":\"a1\"}",
    "{\"owner\":1,\"number\":7,\"expires\":0,\"access\":\"a1\"}",
    "{\"number\":7,\"expires\":0,\"access\":\"a1\"}",
    "{\"owner\":\"customer\",\"number\":0,\"expires\":0,\"access\":\"a1\"}",
    "{\"owner\":\"customer\",\"number\":-7,\"expires\":0,\"access\":\"a1\"}",
    "{\"owner\":\"customer\",\"number\":7.5,\"expires\":0,\"access\":\"a1\"}",
    "{\"owner\":\"customer\",\"number\":1e300,\"expires\":0,\"access\":\"a1\"}",
    "{\"owner\":\"customer\",\"number\":\"7\",\"expires\":0,\"access\":\"a1\"}",
    "{\"owner\":\"customer\",\"expires\":0,\"access\":\"a1\"}",
    "{\"owner\":\"customer\",\"number\":7,\"expires\":-1,\"access\":\"a1\"}",
    "{\"owner\":\"customer\",\"number\":7,\"expires\":1e300,\"access\":\"a1\"}",
    "{\"owner\":\"customer\",\"number\":7,\"expires\":1e999,\"access\":\"a1\"}",
    "{\"owner\":\"customer\",\"number\":7,\"issued\":-1,\"access\":\"a1\"}",
    "{\"owner\":\"customer\",\"number\":7,\"issued\":9007199254740992,\"access\":\"a1\"}",
    "{\"owner\":\"customer\",\"number\":7,\"issued\":1e300,\"access\":\"a1\"}",
    "{\"owner\":\"customer\",\"number\":7,\"issued\":1e999,\"access\":\"a1\"}",
    "{\"owner\":\"customer\",\"number\":7,\"issued\":-1e999,\"access\":\"a1\"}",
    "{\"owner\":\"customer\",\"number\":7,\"issued\":\"5\",\"access\":\"a1\"}",
    "{\"owner\":\"customer\",\"number\":7,\"issued\":null,\"access\":\"a1\"}",
    "{\"owner\":\"customer\",\"number\":7,\"expires\":0,\"access\":\"\"}",
    "{\"owner\":\"customer\",\"number\":7,\"expires\":0,\"access\":\"a 1\"}",
    "{\"owner\":\"customer\",\"number\":7,\"expires\":0,\"access\":\"a\\r\\nX: 1\"}",
    "{\"owner\":\"customer\",\"number\":7,\"expires\":0,\"access\":1}",
    "{\"owner\":\"customer\",\"number\":7,\"expires\":0}",
  };
  for (size_t i = 0; i < sizeof grants_in_json / sizeof grants_in_json[0]; i++) {
    char bad[300];
    (void)snprintf(bad, sizeof bad, "{\"v\":1,\"for\":\"shop\",\"epoch\":3,\"active\":%s}",
                   grants_in_json[i]);
    check_bad(bad);
  }
}

TEST(half_used, "R26: a member of another type makes the snapshot corrupt, and is not left out") {
  check_bad(SNAPSHOT("\"active\":7"));
  check_bad(SNAPSHOT("\"active\":null"));
  check_bad(SNAPSHOT(AGENT ",\"parked\":[],\"customer\":\"C1\""));
  check_bad(SNAPSHOT(AGENT ",\"retired\":\"a1\""));
  check_bad(SNAPSHOT(AGENT ",\"customer\":7"));
  check_bad(SNAPSHOT("\"active\":{\"owner\":\"customer\",\"number\":7,\"expires\":\"1\","
                     "\"access\":\"a1\"}"));
  check_bad(SNAPSHOT("\"active\":{\"owner\":\"customer\",\"number\":7,\"expires\":0,"
                     "\"access\":\"a1\",\"refresh\":7}"));
}

TEST(not_together, "R26: grants that no session can hold together are discarded") {
  check_taken(SNAPSHOT(AGENT));
  check_taken(SNAPSHOT(AGENT ",\"customer\":\"C1\""));
  check_taken(SNAPSHOT(AGENT "," HELD("parked") ",\"customer\":\"C1\""));
  check_taken(SNAPSHOT(AGENT "," HELD("retired")));
  check_taken(SNAPSHOT(AGENT "," HELD("retired") ",\"customer\":\"C1\""));
  check_bad(SNAPSHOT(AGENT "," HELD("parked")));
  check_bad(SNAPSHOT(AGENT "," HELD("parked") "," HELD("retired") ",\"customer\":\"C1\""));
  check_bad(SNAPSHOT(ACTIVE "," HELD("retired")));
  check_bad(SNAPSHOT(ACTIVE "," HELD("parked") ",\"customer\":\"C1\""));
  check_bad(SNAPSHOT(ACTIVE ",\"customer\":\"C1\""));
  check_bad(SNAPSHOT(HELD("parked") ",\"customer\":\"C1\""));
  check_bad(SNAPSHOT(HELD("retired")));
  check_bad(SNAPSHOT("\"customer\":\"C1\""));
}

TEST(other_owner, "R26: a parked or retired grant of an agent is discarded") {
  check_bad(SNAPSHOT(AGENT ",\"retired\":{\"owner\":\"agent\",\"number\":7,\"expires\":0,"
                           "\"access\":\"a1\"}"));
  check_bad(SNAPSHOT(AGENT ",\"parked\":{\"owner\":\"agent\",\"number\":7,\"expires\":0,"
                           "\"access\":\"a1\"},\"customer\":\"C1\""));
}

TEST(same_number, "R26: two grants with one number are discarded") {
  check_bad(SNAPSHOT(AGENT ",\"retired\":{\"owner\":\"customer\",\"number\":8,\"expires\":0,"
                           "\"access\":\"a1\"}"));
  check_bad(SNAPSHOT(AGENT ",\"parked\":{\"owner\":\"customer\",\"number\":8,\"expires\":0,"
                           "\"access\":\"a1\"},\"customer\":\"C1\""));
}

static void check_long(size_t access, size_t refresh, size_t customer, occ_status expected) {
  static char filler[OCC_TOKEN_MAX + 2];
  memset(filler, 't', sizeof filler);
  (void)snprintf(
    text, sizeof text,
    "{\"v\":1,\"for\":\"shop\",\"epoch\":3,\"active\":{\"owner\":\"agent\",\"number\":7,"
    "\"expires\":0,\"access\":\"%.*s\",\"refresh\":\"%.*s\"},\"customer\":\"%.*s\"}",
    (int)access, filler, (int)refresh, filler, (int)customer, filler);
  CHECK_NUMBER(read_length(text, strlen(text)), expected);
}

TEST(overlong, "R26: texts that are too long for a place are discarded") {
  check_long(8192, 8192, 256, OCC_STATUS_OK);
  check_long(8193, 1, 1, OCC_STATUS_BAD_SNAPSHOT);
  check_long(1, 8193, 1, OCC_STATUS_BAD_SNAPSHOT);
  check_long(1, 1, 257, OCC_STATUS_BAD_SNAPSHOT);
}
