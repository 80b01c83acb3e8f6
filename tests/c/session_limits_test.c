/* The session when a place, a text or an answer is missing, full, late or repeated. */
#include "host.h"

#include "check.h"

#define NOW 1700000000000.0
#define TOKEN(access) "{\"access_token\":\"" access "\",\"token_type\":\"bearer\"}"
#define TOKENS(access, refresh, seconds)                                                           \
  "{\"access_token\":\"" access "\",\"token_type\":\"bearer\",\"refresh_token\":\"" refresh        \
  "\",\"expires_in\":" seconds "}"

/* The places that are free for token requests. */
enum { PLACES = OCC_PLACES - OCC_PLACES_FOR_TABS };

static void open_with_retries(uint32_t retries) {
  CHECK_NUMBER(host_open_new(&(host_options){.nonce = 1,
                                             .flags = OCC_FLAG_REVOKE | OCC_FLAG_BEARER,
                                             .retries = retries,
                                             .identity = "here",
                                             .client_id = "shop",
                                             .agent_client_id = "desk"}),
               OCC_STATUS_OK);
}

static uint32_t last(void) {
  return host_last_request()->number;
}

/* Returns the number of the request; 0 if none was sent. */
static uint32_t begin(double now, occ_owner owner, uint32_t attempt) {
  host_forget();
  CHECK_NUMBER(host_sign_in(now, owner, attempt, "anna", "pass", ""), OCC_STATUS_OK);
  return last();
}

static void sign_in(occ_owner owner, const char *answer) {
  CHECK_NUMBER(host_answer(NOW, begin(NOW, owner, 1), 200, answer), OCC_STATUS_OK);
  CHECK_NUMBER(host.sign_in_status, OCC_STATUS_OK);
  host_forget();
}

static void open_as_customer(const char *answer) {
  open_with_retries(0);
  sign_in(OCC_OWNER_CUSTOMER, answer);
}

TEST(r3_nobody_parked, "R3: an emulated customer signs out with no parked grant: nothing is sent") {
  open_with_retries(0);
  sign_in(OCC_OWNER_AGENT, TOKEN("a2"));
  CHECK_NUMBER(host_emulate(NOW, "anna"), OCC_STATUS_OK);
  host_forget();
  CHECK_NUMBER(occ_session_sign_out(&session, NOW), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "save state ");
  CHECK_NUMBER(host.state, OCC_STATE_AGENT);
  CHECK_TEXT(host.user_id.at, "anonymous");
  CHECK_TEXT(host_authorization(), "Bearer a2");
}

TEST(r8_given_again,
     "R8 R29: a token that comes again while it is being revoked is not revoked twice") {
  open_as_customer(TOKEN("a1"));
  (void)occ_session_sign_out(&session, NOW);
  const uint32_t revocation = last();
  CHECK_TEXT(host_last_request()->body.at, "token=a1&token_type_hint=access_token&client_id=shop");
  CHECK_NUMBER(begin(NOW, OCC_OWNER_CUSTOMER, 2), 0);
  host_forget();
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 2000, 0), OCC_STATUS_OK);
  const uint32_t late = last();
  CHECK_NUMBER(host_last_request()->purpose, OCC_REQUEST_TOKEN);
  CHECK_NUMBER(occ_session_cancel(&session, NOW + 2000, 2), OCC_STATUS_OK);
  host_forget();
  CHECK_NUMBER(host_answer(NOW + 2000, late, 200, TOKEN("a1")), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "");
  CHECK_NUMBER(host_answer(NOW + 2000, revocation, 200, ""), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "revoked state ");
  CHECK_NUMBER(host.revoking, 0);
  CHECK(!host_remembers("a1"));
}

TEST(r11_leave_unsent,
     "R11: a page that goes away does not send a sign-in that waits for a revocation") {
  open_as_customer(TOKENS("a1", "r1", "3600"));
  (void)occ_session_sign_out(&session, NOW);
  CHECK_NUMBER(begin(NOW, OCC_OWNER_CUSTOMER, 2), 0);
  host_forget();
  CHECK_NUMBER(occ_session_leave(&session, NOW + 5000), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 1);
  CHECK_TEXT(host_last_request()->body.at, "token=a1&token_type_hint=access_token&client_id=shop");
}

TEST(r17_no_status, "R17: an answer with an impossible HTTP status counts as rejected") {
  const uint32_t statuses[] = {0, 100, 199};
  for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
    open_as_customer(TOKEN("a1"));
    (void)occ_session_sign_out(&session, NOW);
    CHECK_NUMBER(host_answer(NOW, last(), statuses[i], ""), OCC_STATUS_OK);
    CHECK_NUMBER(host.outcome, OCC_OUTCOME_REJECTED);
    CHECK_NUMBER(host.outcome_status, statuses[i]);
    CHECK_NUMBER(host.revoking, 0);
  }
}

TEST(r18_waits, "R18: a waiting retry is not sent by other events") {
  open_with_retries(1);
  sign_in(OCC_OWNER_CUSTOMER, TOKENS("a1", "r1", "3600"));
  (void)occ_session_sign_out(&session, NOW);
  CHECK_NUMBER(host_answer(NOW, last(), 503, ""), OCC_STATUS_OK);
  CHECK_NUMBER(host.alarm, NOW + 2000);
  host_forget();
  CHECK_NUMBER(occ_session_sign_out(&session, NOW + 1999), OCC_STATUS_DONE);
  CHECK_TEXT(host.order, "");
  CHECK_NUMBER(occ_session_sign_out(&session, NOW + 2000), OCC_STATUS_DONE);
  CHECK_TEXT(host.order, "request alarm ");
  CHECK_TEXT(host_last_request()->body.at, "token=r1&token_type_hint=refresh_token&client_id=shop");
  CHECK_NUMBER(host.alarm, 0);
}

TEST(refresh_full, "a request whose token cannot be refreshed for lack of a place fails") {
  open_as_customer(TOKENS("a1", "r1", "3600"));
  for (uint32_t i = 0; i < PLACES - 1; i++) {
    CHECK(begin(NOW, OCC_OWNER_AGENT, 2 + i) != 0);
  }
  host_forget();
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_FULL);
  CHECK_TEXT(host.order, "");
  CHECK_TEXT(host_authorization(), "Bearer a1");
}

TEST(sign_in_full, "a sign-in that waits for a place for more than 2 s sets no alarm") {
  open_with_retries(0);
  uint32_t first = begin(NOW, OCC_OWNER_CUSTOMER, 1);
  for (uint32_t i = 1; i < PLACES; i++) {
    CHECK(begin(NOW, OCC_OWNER_CUSTOMER, 1 + i) != 0);
  }
  CHECK_NUMBER(begin(NOW, OCC_OWNER_CUSTOMER, 1 + PLACES), 0);
  CHECK_NUMBER(host.alarm, NOW + 2000);
  host_forget();
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 2000, 0), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "");
  CHECK_NUMBER(host_answer(NOW + 2000, first, 503, ""), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "request ");
  CHECK_NUMBER(host_last_request()->purpose, OCC_REQUEST_TOKEN);
}

TEST(alarm_no_refresh_token, "an alarm refreshes nothing if there is no refresh token") {
  open_as_customer("{\"access_token\":\"a1\",\"token_type\":\"bearer\",\"expires_in\":3600}");
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 3600000, 0), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "");
  CHECK_TEXT(host_authorization(), "Bearer a1");
}

TEST(alarm_short_life, "an alarm does not refresh a token that lives for less than a minute") {
  open_as_customer(TOKENS("a1", "r1", "59"));
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 59000, 0), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "");
  open_as_customer(TOKENS("a1", "r1", "60"));
  CHECK_NUMBER(host.alarm, NOW + 60000);
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 60000, 0), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "request ");
  CHECK_NUMBER(host_last_request()->purpose, OCC_REQUEST_REFRESH);
}

static void adopt(const char *snapshot) {
  CHECK_NUMBER(host_adopt(NOW, snapshot), OCC_STATUS_OK);
}

TEST(r26_owner, "R26: a snapshot is adopted whole, even if a grant has another owner than here") {
  open_with_retries(0);
  adopt("{\"v\":1,\"for\":\"here\",\"epoch\":1,\"active\":{\"owner\":\"agent\",\"number\":2,"
        "\"expires\":0,\"access\":\"a1\"}}");
  CHECK_NUMBER(host.state, OCC_STATE_AGENT);
  adopt("{\"v\":1,\"for\":\"here\",\"epoch\":2,\"active\":{\"owner\":\"customer\",\"number\":2,"
        "\"expires\":0,\"access\":\"a1\"}}");
  CHECK_NUMBER(host.state, OCC_STATE_CUSTOMER);
  (void)occ_session_sign_out(&session, NOW);
  CHECK_TEXT(host_last_request()->body.at, "token=a1&token_type_hint=access_token&client_id=shop");
  CHECK_NUMBER(host_answer(NOW, last(), 200, ""), OCC_STATUS_OK);
  CHECK_NUMBER(host.revoked_owner, OCC_OWNER_CUSTOMER);
}
