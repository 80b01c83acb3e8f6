/* Token responses, honest and hostile. */
#include "token_response.h"

#include "arena.h"
#include "check.h"

#define NOW 1700000000000.0
#define GOOD                                                                                       \
  "{\"access_token\":\"a1\",\"token_type\":\"bearer\",\"refresh_token\":\"r1\","                   \
  "\"expires_in\":43199,\"scope\":\"basic openid\"}"

static occ_grant grant;

/* Reads from a copy with a zero behind it, as the input has one. */
static occ_status read_length(uint32_t http_status, const char *from, size_t length) {
  static const unsigned char wiped[OCC_ARENA_MAX];
  static char copy[OCC_INPUT_MAX + 1];
  memcpy(copy, from, length);
  copy[length] = '\0';
  memset(&grant, 0, sizeof grant);
  const occ_status status = occ_token_response_read(&grant, NOW, OCC_DELIVERY_ANSWERED, http_status,
                                                    (occ_text){copy, length});
  const void *arena = occ_arena_allocate(OCC_ARENA_MAX);
  CHECK(arena != NULL && memcmp(arena, wiped, OCC_ARENA_MAX) == 0);
  occ_arena_wipe();
  return status;
}

static occ_status read(uint32_t http_status, const char *body) {
  return read_length(http_status, body, strlen(body));
}

static bool is_text(occ_text actual, const char *expected) {
  return occ_text_equal(actual, (occ_text){expected, strlen(expected)});
}

/* Checks that nothing is kept of a response that gave no token. */
static void check_refused(const char *body, occ_status expected) {
  if (!CHECK_NUMBER(read(200, body), expected) || !CHECK_NUMBER(grant.access_length, 0) ||
      !CHECK_NUMBER(grant.refresh_length, 0)) {
    printf("  for %.200s\n", body);
  }
}

TEST(good, "a token response gives tokens, expiry and a bearer header") {
  CHECK_NUMBER(read(200, GOOD), OCC_STATUS_OK);
  CHECK(is_text(occ_grant_access(&grant), "a1"));
  CHECK(is_text(occ_grant_refresh(&grant), "r1"));
  CHECK(is_text(occ_grant_authorization(&grant), "Bearer a1"));
  CHECK_NUMBER(grant.expires_at, 1700043199000.0);
  CHECK(grant.authorization_length > 0);
}

TEST(few, "only the access token and its type are needed, and other members are ignored") {
  CHECK_NUMBER(read(200, "{\"access_token\":\"a1\",\"token_type\":\"bearer\",\"x\":[{}]}"),
               OCC_STATUS_OK);
  CHECK_NUMBER(grant.refresh_length, 0);
  CHECK_NUMBER(grant.expires_at, 0);
}

TEST(statuses, "each class of HTTP status without a token gives an error of its own") {
  const struct {
    uint32_t http_status;
    occ_status expected;
  } cases[] = {
    {0, OCC_STATUS_UNEXPECTED_RESPONSE},   {100, OCC_STATUS_UNEXPECTED_RESPONSE},
    {200, OCC_STATUS_UNEXPECTED_RESPONSE}, {204, OCC_STATUS_UNEXPECTED_RESPONSE},
    {302, OCC_STATUS_UNEXPECTED_RESPONSE}, {400, OCC_STATUS_INVALID_CREDENTIALS},
    {401, OCC_STATUS_INVALID_CREDENTIALS}, {403, OCC_STATUS_UNEXPECTED_RESPONSE},
    {404, OCC_STATUS_UNEXPECTED_RESPONSE}, {429, OCC_STATUS_SERVER_ERROR},
    {500, OCC_STATUS_SERVER_ERROR},        {503, OCC_STATUS_SERVER_ERROR},
    {599, OCC_STATUS_SERVER_ERROR},        {UINT32_MAX, OCC_STATUS_SERVER_ERROR},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    CHECK_NUMBER(read(cases[i].http_status, ""), cases[i].expected);
    CHECK_NUMBER(read(cases[i].http_status, "<html>"), cases[i].expected);
  }
}

TEST(not_ok, "a token in an unsuccessful response is not accepted") {
  const uint32_t statuses[] = {0, 100, 199, 300, 302, 400, 401, 403, 404, 429, 500, 503};
  for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
    CHECK(read(statuses[i], GOOD) != OCC_STATUS_OK);
    CHECK_NUMBER(grant.access_length, 0);
  }
}

TEST(undelivered, "a request without an answer is distinguished from an answered one") {
  const struct {
    occ_delivery delivery;
    occ_status expected;
  } cases[] = {
    {OCC_DELIVERY_REDIRECTED, OCC_STATUS_UNEXPECTED_RESPONSE},
    {OCC_DELIVERY_UNREACHABLE, OCC_STATUS_UNREACHABLE},
    {OCC_DELIVERY_TIMED_OUT, OCC_STATUS_UNREACHABLE},
    {OCC_DELIVERY_TOO_LARGE, OCC_STATUS_TOKEN_TOO_LARGE},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    memset(&grant, 0, sizeof grant);
    CHECK_NUMBER(occ_token_response_read(&grant, NOW, cases[i].delivery, 200, OCC_TEXT(GOOD)),
                 cases[i].expected);
    CHECK_NUMBER(grant.access_length, 0);
  }
}

TEST(errors, "RFC 6749 5.2: the user's errors and the client's errors are distinguished") {
  CHECK_NUMBER(read(400, "{\"error\":\"invalid_grant\",\"error_description\":\"Bad credentials\"}"),
               OCC_STATUS_INVALID_CREDENTIALS);
  CHECK_NUMBER(read(401, "{\"error\":\"invalid_token\"}"), OCC_STATUS_INVALID_CREDENTIALS);
  CHECK_NUMBER(read(400, "{\"error\":\"invalid_client\"}"), OCC_STATUS_CLIENT_REFUSED);
  CHECK_NUMBER(read(401, "{\"error\":\"invalid_client\"}"), OCC_STATUS_CLIENT_REFUSED);
  CHECK_NUMBER(read(400, "{\"error\":\"unauthorized_client\"}"), OCC_STATUS_CLIENT_REFUSED);
  CHECK_NUMBER(read(400, "{\"error\":\"unsupported_grant_type\"}"), OCC_STATUS_CLIENT_REFUSED);
  CHECK_NUMBER(read(400, "{\"error\":\"invalid_scope\"}"), OCC_STATUS_CLIENT_REFUSED);
  CHECK_NUMBER(read(400, "{\"error\":\"invalid_request\"}"), OCC_STATUS_CLIENT_REFUSED);
  CHECK_NUMBER(read(400, "{\"error\":7}"), OCC_STATUS_INVALID_CREDENTIALS);
}

TEST(truncated, "a response that is cut off at any byte gives no token") {
  for (size_t length = 0; length < strlen(GOOD); length++) {
    CHECK_NUMBER(read_length(200, GOOD, length), OCC_STATUS_UNEXPECTED_RESPONSE);
    CHECK_NUMBER(grant.access_length, 0);
  }
}

TEST(flipped, "a response with any one byte replaced gives a token or none, and does no harm") {
  char body[] = GOOD;
  for (size_t i = 0; i < strlen(GOOD); i++) {
    for (int byte = 0; byte < 256; byte++) {
      body[i] = (char)byte;
      const occ_status status = read_length(200, body, strlen(GOOD));
      CHECK(status == OCC_STATUS_OK || status == OCC_STATUS_UNEXPECTED_RESPONSE);
      CHECK((status == OCC_STATUS_OK) == (grant.access_length > 0));
    }
    body[i] = GOOD[i];
  }
}

TEST(no_token, "an access token that is missing, empty or no text is no token") {
  check_refused("{}", OCC_STATUS_UNEXPECTED_RESPONSE);
  check_refused("[]", OCC_STATUS_UNEXPECTED_RESPONSE);
  check_refused("{\"refresh_token\":\"r1\"}", OCC_STATUS_UNEXPECTED_RESPONSE);
  check_refused("{\"access_token\":\"\",\"token_type\":\"bearer\"}",
                OCC_STATUS_UNEXPECTED_RESPONSE);
  check_refused("{\"access_token\":null}", OCC_STATUS_UNEXPECTED_RESPONSE);
  check_refused("{\"access_token\":17}", OCC_STATUS_UNEXPECTED_RESPONSE);
  check_refused("{\"access_token\":[\"a1\"]}", OCC_STATUS_UNEXPECTED_RESPONSE);
  check_refused("{\"Access_Token\":\"a1\"}", OCC_STATUS_UNEXPECTED_RESPONSE);
}

TEST(control_characters, "an access token that cannot be put in a header is refused") {
  const char *const texts[] = {"a\\r\\nX-Evil: 1", "a\\u0001", "a b",     "a\\tb",
                               "\\u007f",          "a\\u00e9", "\xC3\xA9"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    char body[100];
    (void)snprintf(body, sizeof body, "{\"access_token\":\"%s\",\"token_type\":\"bearer\"}",
                   texts[i]);
    check_refused(body, OCC_STATUS_UNEXPECTED_RESPONSE);
  }
}

TEST(types, "RFC 6749 5.1, 7.1: bearer is accepted in upper and lower case, and no other type") {
  const struct {
    const char *type;
    bool bearer;
  } cases[] = {{"\"bearer\"", true},
               {"\"Bearer\"", true},
               {"\"BEARER\"", true},
               {"\"bEaReR\"", true},
               {"\"mac\"", false},
               {"\"bearer \"", false},
               {"\"bearers\"", false},
               {"\"beare\"", false},
               {"\"\"", false},
               {"1", false},
               {"null", false},
               {"\"DPoP\"", false},
               {"\"\\u0002earer\"", false}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char body[100];
    (void)snprintf(body, sizeof body, "{\"access_token\":\"a1\",\"token_type\":%s}", cases[i].type);
    CHECK_NUMBER(read(200, body), OCC_STATUS_OK);
    CHECK((grant.authorization_length > 0) == cases[i].bearer);
    CHECK(is_text(occ_grant_authorization(&grant), cases[i].bearer ? "Bearer a1" : ""));
  }
  CHECK_NUMBER(read(200, "{\"access_token\":\"a1\"}"), OCC_STATUS_OK);
  CHECK(grant.authorization_length == 0);
}

TEST(expiry, "a lifetime is a number or digits, and may be 0; an impossible one is ignored") {
  const struct {
    const char *expires_in;
    double expires_at;
  } cases[] = {
    {"0", NOW},
    {"-0", NOW},
    {"-1", 0},
    {"-1e308", 0},
    {"1e308", 0},
    {"1e999", 0},
    {"\"3600\"", NOW + 3600000},
    {"\"0\"", NOW},
    {"\"00059\"", NOW + 59000},
    {"\"\"", 0},
    {"\"-1\"", 0},
    {"\"+1\"", 0},
    {"\" 1\"", 0},
    {"\"1.5\"", 0},
    {"\"1e3\"", 0},
    {"\"3600s\"", 0},
    {"\"1:\"", 0},
    {"\"1/\"", 0},
    {"\"10000000001\"", 0},
    {"true", 0},
    {"null", 0},
    {"[3600]", 0},
    {"1", NOW + 1000},
    {"0.5", NOW + 500},
    {"3.6e3", NOW + 3600000},
    {"99999999999999999999999999999999", 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char body[200];
    (void)snprintf(body, sizeof body,
                   "{\"access_token\":\"a1\",\"token_type\":\"bearer\",\"expires_in\":%s}",
                   cases[i].expires_in);
    CHECK_NUMBER(read(200, body), OCC_STATUS_OK);
    CHECK_NUMBER(grant.expires_at, cases[i].expires_at);
    CHECK(grant.renew_at == 0 || grant.renew_at == grant.expires_at);
  }
}

TEST(twice, "of a repeated member the first counts, for every name") {
  CHECK_NUMBER(read(200, "{\"access_token\":\"a1\",\"access_token\":\"a2\",\"token_type\":"
                         "\"bearer\",\"token_type\":\"mac\",\"refresh_token\":\"r1\","
                         "\"refresh_token\":\"r2\",\"expires_in\":1,\"expires_in\":2}"),
               OCC_STATUS_OK);
  CHECK(is_text(occ_grant_access(&grant), "a1"));
  CHECK(is_text(occ_grant_refresh(&grant), "r1"));
  CHECK_NUMBER(grant.expires_at, NOW + 1000);
  CHECK(grant.authorization_length > 0);
}

static char body[OCC_INPUT_MAX];
static char token[OCC_TOKEN_MAX + 2];

static occ_status read_tokens(size_t access, size_t refresh) {
  memset(token, 't', sizeof token);
  (void)snprintf(body, sizeof body,
                 "{\"access_token\":\"%.*s\",\"token_type\":\"bearer\",\"refresh_token\":\"%.*s\"}",
                 (int)access, token, (int)refresh, token);
  return read(200, body);
}

TEST(longest,
     "a token of 8192 bytes is accepted, one of 8193 is too large and nothing of it is kept") {
  CHECK_NUMBER(read_tokens(8192, 8192), OCC_STATUS_OK);
  CHECK_NUMBER(grant.access_length, 8192);
  CHECK_NUMBER(grant.refresh_length, 8192);
  CHECK_NUMBER(read_tokens(8193, 1), OCC_STATUS_TOKEN_TOO_LARGE);
  CHECK_NUMBER(grant.access_length, 0);
  CHECK_NUMBER(read_tokens(1, 8193), OCC_STATUS_TOKEN_TOO_LARGE);
  CHECK_NUMBER(grant.access_length, 0);
  CHECK_NUMBER(grant.refresh_length, 0);
}

/* Reads a response as large as the input: this text, and then one byte repeated. */
static occ_status read_filled(const char *start, char filler) {
  const size_t length = strlen(start);
  for (size_t i = 0; i < sizeof body; i++) {
    body[i] = filler;
    if (i < length) {
      body[i] = start[i];
    }
  }
  return read_length(200, body, sizeof body);
}

TEST(nested, "a deeply nested response gives no token") {
  CHECK_NUMBER(read_filled("{\"access_token\":", '['), OCC_STATUS_UNEXPECTED_RESPONSE);
}

TEST(large, "the largest response that fits into the input is read") {
  CHECK_NUMBER(read_filled(GOOD, ' '), OCC_STATUS_OK);
  CHECK_NUMBER(read_filled(GOOD, 'x'), OCC_STATUS_UNEXPECTED_RESPONSE);
  CHECK_NUMBER(read_filled("", 'x'), OCC_STATUS_UNEXPECTED_RESPONSE);
}
