/* Dead tokens, and tokens reported dead: the revocation that needs a living bearer (R30), the 401s
 * that count (R42), and the pauses between refreshes (R49). */
#include "host.h"

#include "check.h"

#define NOW 1700000000000.0
#define HOUR 3600000.0
/* The time at which the tokens that were given at NOW expire. */
#define OVER (NOW + HOUR)
#define REVOKING (OCC_FLAG_REVOKE | OCC_FLAG_BEARER)
#define TOKEN(access) "{\"access_token\":\"" access "\",\"token_type\":\"bearer\"}"
#define LIVING(access, refresh, seconds)                                                           \
  "{\"access_token\":\"" access "\",\"token_type\":\"bearer\",\"refresh_token\":\"" refresh        \
  "\",\"expires_in\":" seconds "}"
#define TOKENS(access, refresh) LIVING(access, refresh, "3600")
#define ENDLESS(access, refresh)                                                                   \
  "{\"access_token\":\"" access "\",\"token_type\":\"bearer\",\"refresh_token\":\"" refresh "\"}"
#define INVALID_GRANT "{\"error\":\"invalid_grant\"}"
#define OF_REFRESH "&token_type_hint=refresh_token&client_id=shop"
#define OF_ACCESS "&token_type_hint=access_token&client_id=shop"

static void open_with(uint32_t flags, uint32_t retries) {
  CHECK_NUMBER(host_open_new(&(host_options){.nonce = 1,
                                             .flags = flags,
                                             .retries = retries,
                                             .identity = "here",
                                             .client_id = "shop",
                                             .agent_client_id = "desk"}),
               OCC_STATUS_OK);
}

static uint32_t last(void) {
  return host_last_request()->number;
}

static const char *last_body(void) {
  return host_last_request()->body.at;
}

/* Returns the number of the request. */
static uint32_t begin(double now, occ_owner owner, uint32_t attempt, const char *customer_id) {
  host_forget();
  CHECK_NUMBER(host_sign_in(now, owner, attempt, "anna", "pass", customer_id), OCC_STATUS_OK);
  return last();
}

static void sign_in(occ_owner owner, const char *customer_id, const char *answer) {
  CHECK_NUMBER(host_answer(NOW, begin(NOW, owner, 1, customer_id), 200, answer), OCC_STATUS_OK);
  CHECK_NUMBER(host.sign_in_status, OCC_STATUS_OK);
  host_forget();
}

static void open_as_customer(const char *answer) {
  open_with(REVOKING, 0);
  sign_in(OCC_OWNER_CUSTOMER, "", answer);
}

/* Answers the latest request, and forgets the earlier calls. */
static void answer(double now, uint32_t http_status, const char *body) {
  const uint32_t number = last();
  host_forget();
  CHECK_NUMBER(host_answer(now, number, http_status, body), OCC_STATUS_OK);
}

/* Exactly one request has been sent since host_forget: this one. */
static void check_sent(occ_request purpose, const char *authorization, const char *body) {
  CHECK_NUMBER(host.request_count, 1);
  CHECK_NUMBER(host_last_request()->purpose, purpose);
  CHECK_TEXT(host_last_request()->authorization.at, authorization);
  CHECK_TEXT(last_body(), body);
}

static void check_all_settled(void) {
  CHECK_NUMBER(host.revoking, 0);
  CHECK_NUMBER(host.request_count, 0);
  CHECK(!host_remembers("a1") && !host_remembers("r1"));
  CHECK(!host_remembers("a2") && !host_remembers("r2"));
}

/* ---- R30 ---------------------------------------------------------------------------------------
 */

/* Signs out with an expired access token; the refresh for the revocation is under way. */
static void sign_out_over(void) {
  open_as_customer(TOKENS("a1", "r1"));
  CHECK_NUMBER(occ_session_sign_out(&session, OVER), OCC_STATUS_OK);
  check_sent(OCC_REQUEST_REFRESH, "", "grant_type=refresh_token&refresh_token=r1&client_id=shop");
}

TEST(r30_over, "R30 R14: an expired grant is refreshed after the sign-out, and the new grant is "
               "revoked under its own bearer") {
  sign_out_over();
  CHECK_TEXT(host.order, "ended save state request alarm ");
  CHECK_TEXT(host.saved.at, "");
  CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
  CHECK_NUMBER(host.revoking, 2);
  CHECK_TEXT(host_authorization(), "");
  answer(OVER + 1, 200, TOKENS("a2", "r2"));
  CHECK_TEXT(host.order, "request ");
  CHECK_TEXT(host_authorization(), "");
  CHECK(!host_remembers("a1") && !host_remembers("r1"));
  check_sent(OCC_REQUEST_REVOKE, "Bearer a2", "token=r2" OF_REFRESH);
  answer(OVER + 2, 200, "");
  check_sent(OCC_REQUEST_REVOKE, "Bearer a2", "token=a2" OF_ACCESS);
  answer(OVER + 3, 200, "");
  check_all_settled();
  CHECK_TEXT(host.outcomes, "refresh_token revoked 200, access_token revoked 200, ");
}

TEST(r30_last_moment,
     "R30: a token that lives for another millisecond is the bearer of its revocation") {
  open_as_customer(TOKENS("a1", "r1"));
  CHECK_NUMBER(occ_session_sign_out(&session, OVER - 1), OCC_STATUS_OK);
  check_sent(OCC_REQUEST_REVOKE, "Bearer a1", "token=r1" OF_REFRESH);
}

TEST(r30_unknown_time, "R30: a token whose time is not known is the bearer of its revocation") {
  open_as_customer(ENDLESS("a1", "r1"));
  CHECK_NUMBER(occ_session_sign_out(&session, NOW + 1000 * HOUR), OCC_STATUS_OK);
  check_sent(OCC_REQUEST_REVOKE, "Bearer a1", "token=r1" OF_REFRESH);
}

TEST(r30_unauthorized,
     "R30: if the bearer is refused nothing is reported yet, and the grant is refreshed") {
  open_as_customer(TOKENS("a1", "r1"));
  (void)occ_session_sign_out(&session, NOW);
  check_sent(OCC_REQUEST_REVOKE, "Bearer a1", "token=r1" OF_REFRESH);
  answer(NOW, 401, "");
  CHECK_TEXT(host.order, "request ");
  check_sent(OCC_REQUEST_REFRESH, "", "grant_type=refresh_token&refresh_token=r1&client_id=shop");
  CHECK_NUMBER(host.revoking, 2);
  answer(NOW, 200, TOKENS("a2", "r2"));
  check_sent(OCC_REQUEST_REVOKE, "Bearer a2", "token=r2" OF_REFRESH);
  answer(NOW, 204, "");
  check_sent(OCC_REQUEST_REVOKE, "Bearer a2", "token=a2" OF_ACCESS);
  answer(NOW, 204, "");
  check_all_settled();
  CHECK_TEXT(host.outcomes, "refresh_token revoked 204, access_token revoked 204, ");
}

TEST(r30_kept, "R30: a refresh token that stays the same is revoked under the new bearer") {
  sign_out_over();
  answer(OVER, 200, TOKEN("a2"));
  check_sent(OCC_REQUEST_REVOKE, "Bearer a2", "token=r1" OF_REFRESH);
  answer(OVER, 200, "");
  check_sent(OCC_REQUEST_REVOKE, "Bearer a2", "token=a2" OF_ACCESS);
  answer(OVER, 200, "");
  check_all_settled();
}

TEST(r30_refused,
     "R30: if the refresh is refused for good, both tokens are reported as already invalid") {
  const struct {
    uint32_t http_status;
    const char *body;
    const char *outcomes;
  } cases[] = {
    {400, INVALID_GRANT, "refresh_token already-invalid 400, access_token already-invalid 400, "},
    {401, "{\"error\":\"invalid_token\"}",
     "refresh_token already-invalid 401, access_token already-invalid 401, "},
    {401, "", "refresh_token already-invalid 401, access_token already-invalid 401, "},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    sign_out_over();
    answer(OVER, cases[i].http_status, cases[i].body);
    CHECK_TEXT(host.order, "revoked revoked state ");
    CHECK_TEXT(host.outcomes, cases[i].outcomes);
    CHECK_NUMBER(host.revoked_owner, OCC_OWNER_CUSTOMER);
    CHECK_NUMBER(host.expiries, 0);
    check_all_settled();
  }
}

TEST(r30_client_refused,
     "R30 R17: a refusal of the client says nothing of the tokens: they are sent as before") {
  const char *const errors[] = {"{\"error\":\"invalid_client\"}",
                                "{\"error\":\"unauthorized_client\"}"};
  for (size_t i = 0; i < 2; i++) {
    sign_out_over();
    answer(OVER, i == 0 ? 401 : 400, errors[i]);
    check_sent(OCC_REQUEST_REVOKE, "Bearer a1", "token=r1" OF_REFRESH);
    CHECK_TEXT(host.outcomes, "");
    CHECK_NUMBER(host.revoking, 2);
  }
}

TEST(r30_passing, "R30: if the refresh fails for a passing reason the tokens are sent as before, "
                  "and only known outcomes are reported") {
  const struct {
    occ_delivery delivery;
    uint32_t http_status;
  } cases[] = {
    {OCC_DELIVERY_ANSWERED, 500}, {OCC_DELIVERY_ANSWERED, 503},   {OCC_DELIVERY_ANSWERED, 429},
    {OCC_DELIVERY_ANSWERED, 200}, {OCC_DELIVERY_ANSWERED, 404},   {OCC_DELIVERY_UNREACHABLE, 0},
    {OCC_DELIVERY_TIMED_OUT, 0},  {OCC_DELIVERY_REDIRECTED, 302}, {OCC_DELIVERY_TOO_LARGE, 200},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    sign_out_over();
    const uint32_t refresh = last();
    host_forget();
    CHECK_NUMBER(
      occ_session_completed(&session, OVER, refresh, cases[i].delivery, cases[i].http_status, 0),
      OCC_STATUS_OK);
    CHECK_TEXT(host.order, "request ");
    check_sent(OCC_REQUEST_REVOKE, "Bearer a1", "token=r1" OF_REFRESH);
    answer(OVER, 401, "");
    check_sent(OCC_REQUEST_REVOKE, "Bearer a1", "token=a1" OF_ACCESS);
    answer(OVER, 401, "");
    CHECK_TEXT(host.outcomes, "refresh_token rejected 401, access_token already-invalid 401, ");
    check_all_settled();
  }
}

TEST(r30_retried, "R30 R18: a retry whose bearer has expired is refreshed first") {
  open_with(REVOKING, 1);
  sign_in(OCC_OWNER_CUSTOMER, "", TOKENS("a1", "r1"));
  (void)occ_session_sign_out(&session, OVER - 1000);
  answer(OVER - 1000, 503, "");
  CHECK_NUMBER(host.alarm, OVER + 1000);
  host_forget();
  CHECK_NUMBER(occ_session_alarm(&session, OVER + 1000, 0), OCC_STATUS_OK);
  check_sent(OCC_REQUEST_REFRESH, "", "grant_type=refresh_token&refresh_token=r1&client_id=shop");
  answer(OVER + 1000, 503, "");
  check_sent(OCC_REQUEST_REVOKE, "Bearer a1", "token=r1" OF_REFRESH);
  answer(OVER + 1000, 503, "");
  check_sent(OCC_REQUEST_REVOKE, "Bearer a1", "token=a1" OF_ACCESS);
  CHECK_TEXT(host.outcomes, "refresh_token server-error 503, ");
}

TEST(r30_once, "R30: a grant that such a refresh gave is not refreshed for its own revocation") {
  sign_out_over();
  answer(OVER, 200, LIVING("a2", "r2", "1"));
  answer(OVER + 2000, 401, "");
  CHECK_TEXT(host.outcomes, "refresh_token rejected 401, ");
  check_sent(OCC_REQUEST_REVOKE, "Bearer a2", "token=a2" OF_ACCESS);
  answer(OVER + 2000, 401, "");
  CHECK_TEXT(host.outcomes, "refresh_token rejected 401, access_token already-invalid 401, ");
  check_all_settled();
}

TEST(r30_access, "R30: an access token is its own bearer, and a 401 says that it is dead") {
  open_as_customer(TOKENS("a1", "r1"));
  (void)occ_session_sign_out(&session, NOW);
  answer(NOW, 200, "");
  check_sent(OCC_REQUEST_REVOKE, "Bearer a1", "token=a1" OF_ACCESS);
  answer(NOW, 401, "");
  CHECK_TEXT(host.outcomes, "refresh_token revoked 200, access_token already-invalid 401, ");
  check_all_settled();
}

TEST(r30_no_refresh_token, "R30: an expired grant without a refresh token is not refreshed") {
  open_as_customer("{\"access_token\":\"a1\",\"token_type\":\"bearer\",\"expires_in\":3600}");
  CHECK_NUMBER(occ_session_sign_out(&session, OVER), OCC_STATUS_OK);
  check_sent(OCC_REQUEST_REVOKE, "Bearer a1", "token=a1" OF_ACCESS);
  answer(OVER, 401, "");
  CHECK_TEXT(host.outcomes, "access_token already-invalid 401, ");
  check_all_settled();
}

TEST(
  r30_no_bearer,
  "R30 R17: if revocations carry no bearer no grant is refreshed, and a 401 concerns the client") {
  open_with(OCC_FLAG_REVOKE, 0);
  sign_in(OCC_OWNER_CUSTOMER, "", TOKENS("a1", "r1"));
  CHECK_NUMBER(occ_session_sign_out(&session, OVER), OCC_STATUS_OK);
  check_sent(OCC_REQUEST_REVOKE, "", "token=r1" OF_REFRESH);
  answer(OVER, 401, "");
  check_sent(OCC_REQUEST_REVOKE, "", "token=a1" OF_ACCESS);
  answer(OVER, 401, "");
  CHECK_TEXT(host.outcomes, "refresh_token rejected 401, access_token rejected 401, ");
  check_all_settled();
}

TEST(r30_no_endpoint, "R30 R13: an expired grant is not refreshed without a revocation endpoint") {
  open_with(OCC_FLAG_BEARER, 0);
  sign_in(OCC_OWNER_CUSTOMER, "", TOKENS("a1", "r1"));
  CHECK_NUMBER(occ_session_sign_out(&session, OVER), OCC_STATUS_OK);
  check_all_settled();
}

TEST(
  r30_leave,
  "R30 R11: a page that goes away sends both revocations at once, even under an expired bearer") {
  sign_out_over();
  const uint32_t refresh = last();
  host_forget();
  CHECK_NUMBER(occ_session_leave(&session, OVER), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 2);
  CHECK_TEXT(host.requests[0].body.at, "token=r1" OF_REFRESH);
  CHECK_TEXT(host.requests[0].authorization.at, "Bearer a1");
  CHECK_TEXT(host.requests[1].body.at, "token=a1" OF_ACCESS);
  CHECK_TEXT(host.requests[1].authorization.at, "Bearer a1");
  const uint32_t of_refresh = host.requests[0].number;
  const uint32_t of_access = host.requests[1].number;
  /* The page was not closed after all, and the refresh is answered: nothing of it is lost. */
  host_forget();
  CHECK_NUMBER(host_answer(OVER, refresh, 200, TOKENS("a2", "r2")), OCC_STATUS_OK);
  check_sent(OCC_REQUEST_REVOKE, "Bearer a2", "token=r2" OF_REFRESH);
  const uint32_t of_stray = last();
  host_forget();
  CHECK_NUMBER(host_answer(OVER, of_refresh, 401, ""), OCC_STATUS_OK);
  CHECK_NUMBER(host_answer(OVER, of_access, 401, ""), OCC_STATUS_OK);
  CHECK_TEXT(host.outcomes, "refresh_token rejected 401, access_token already-invalid 401, ");
  CHECK_NUMBER(host.request_count, 0);
  CHECK_NUMBER(host_answer(OVER, of_stray, 200, ""), OCC_STATUS_OK);
  answer(OVER, 200, "");
  check_all_settled();
}

TEST(r30_leave_refused,
     "R30 R11: a refresh that is refused after the page went away is reported to nobody") {
  sign_out_over();
  const uint32_t refresh = last();
  host_forget();
  CHECK_NUMBER(occ_session_leave(&session, OVER), OCC_STATUS_OK);
  const uint32_t of_refresh = host.requests[0].number;
  const uint32_t of_access = host.requests[1].number;
  host_forget();
  CHECK_NUMBER(host_answer(OVER, refresh, 400, INVALID_GRANT), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "");
  CHECK_NUMBER(host_answer(OVER, of_refresh, 200, ""), OCC_STATUS_OK);
  CHECK_NUMBER(host_answer(OVER, of_access, 200, ""), OCC_STATUS_OK);
  CHECK_TEXT(host.outcomes, "refresh_token revoked 200, access_token revoked 200, ");
  check_all_settled();
}

TEST(r30_leave_retried,
     "R30 R11 R18: a retry of a page that goes away does not wait for a refresh") {
  open_with(REVOKING, 1);
  sign_in(OCC_OWNER_CUSTOMER, "", TOKENS("a1", "r1"));
  (void)occ_session_sign_out(&session, OVER - 1000);
  answer(OVER - 1000, 503, "");
  host_forget();
  CHECK_NUMBER(occ_session_leave(&session, OVER), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 2);
  CHECK_TEXT(host.requests[0].body.at, "token=r1" OF_REFRESH);
  CHECK_TEXT(host.requests[1].body.at, "token=a1" OF_ACCESS);
}

TEST(r30_back, "R30: a page that comes back refreshes for refused tokens, and reports the answer "
               "for the access token") {
  open_as_customer(TOKENS("a1", "r1"));
  (void)occ_session_sign_out(&session, NOW);
  const uint32_t of_refresh = last();
  (void)occ_session_leave(&session, NOW);
  const uint32_t of_access = last();
  host_forget();
  CHECK_NUMBER(host_answer(NOW, of_refresh, 401, ""), OCC_STATUS_OK);
  check_sent(OCC_REQUEST_REFRESH, "", "grant_type=refresh_token&refresh_token=r1&client_id=shop");
  const uint32_t refresh = last();
  host_forget();
  CHECK_NUMBER(host_answer(NOW, refresh, 400, INVALID_GRANT), OCC_STATUS_OK);
  CHECK_TEXT(host.outcomes, "refresh_token already-invalid 400, ");
  CHECK_NUMBER(host.revoking, 1);
  CHECK_NUMBER(host_answer(NOW, of_access, 200, ""), OCC_STATUS_OK);
  CHECK_TEXT(host.outcomes, "refresh_token already-invalid 400, access_token revoked 200, ");
  check_all_settled();
}

TEST(r30_under_way,
     "R30 R21: a refresh under way at the sign-out is used, and no request waits for it") {
  open_as_customer(TOKENS("a1", "r1"));
  CHECK_NUMBER(host_renew(OVER, "Bearer a1"), OCC_STATUS_WAIT);
  const uint32_t refresh = last();
  host_forget();
  CHECK_NUMBER(occ_session_sign_out(&session, OVER), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 0);
  CHECK_NUMBER(host.revoking, 2);
  CHECK_NUMBER(host.renewals, 1);
  CHECK_TEXT(host.renewed.at, "");
  host_forget();
  CHECK_NUMBER(host_answer(OVER, refresh, 200, TOKENS("a2", "r2")), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "request ");
  check_sent(OCC_REQUEST_REVOKE, "Bearer a2", "token=r2" OF_REFRESH);
  answer(OVER, 200, "");
  answer(OVER, 200, "");
  check_all_settled();
}

TEST(r30_under_way_living,
     "R30 R7: a refresh under way while the bearer lives is awaited only after a 401") {
  open_as_customer(TOKENS("a1", "r1"));
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
  const uint32_t refresh = last();
  host_forget();
  CHECK_NUMBER(occ_session_sign_out(&session, NOW), OCC_STATUS_OK);
  check_sent(OCC_REQUEST_REVOKE, "Bearer a1", "token=r1" OF_REFRESH);
  answer(NOW, 401, "");
  CHECK_TEXT(host.order, "");
  CHECK_NUMBER(host.revoking, 2);
  CHECK_NUMBER(host_answer(NOW, refresh, 200, TOKENS("a2", "r2")), OCC_STATUS_OK);
  check_sent(OCC_REQUEST_REVOKE, "Bearer a2", "token=r2" OF_REFRESH);
  answer(NOW, 200, "");
  answer(NOW, 200, "");
  check_all_settled();
}

TEST(r30_retired,
     "R30 R2: an agent's grant and the retired one are each refreshed by their own client") {
  open_as_customer(TOKENS("a1", "r1"));
  sign_in(OCC_OWNER_AGENT, "", TOKENS("a2", "r2"));
  CHECK_NUMBER(occ_session_sign_out_agent(&session, OVER), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 2);
  CHECK_NUMBER(host.revoking, 4);
  const uint32_t numbers[] = {host.requests[0].number, host.requests[1].number};
  for (size_t i = 0; i < 2; i++) {
    const host_request *request = &host.requests[i];
    CHECK_NUMBER(request->purpose, OCC_REQUEST_REFRESH);
    CHECK(
      strcmp(request->body.at, "grant_type=refresh_token&refresh_token=r1&client_id=shop") == 0 ||
      strcmp(request->body.at, "grant_type=refresh_token&refresh_token=r2&client_id=desk") == 0);
  }
  CHECK(strcmp(host.requests[0].body.at, host.requests[1].body.at) != 0);
  host_forget();
  CHECK_NUMBER(host_answer(OVER, numbers[0], 400, INVALID_GRANT), OCC_STATUS_OK);
  CHECK_NUMBER(host.revoking, 2);
  CHECK_NUMBER(host_answer(OVER, numbers[1], 200, TOKENS("a3", "r3")), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 1);
  CHECK_TEXT(host_last_request()->authorization.at, "Bearer a3");
  CHECK(strncmp(last_body(), "token=r3&", 9) == 0);
  answer(OVER, 200, "");
  answer(OVER, 200, "");
  check_all_settled();
}

TEST(r30_restored,
     "R30 R5: the restored customer keeps his grant, however dead, and the agent's is revoked") {
  open_as_customer(TOKENS("a1", "r1"));
  sign_in(OCC_OWNER_AGENT, "anna", TOKENS("a2", "r2"));
  CHECK_NUMBER(occ_session_sign_out_agent(&session, OVER), OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_CUSTOMER);
  check_sent(OCC_REQUEST_REFRESH, "", "grant_type=refresh_token&refresh_token=r2&client_id=desk");
  CHECK_TEXT(host_authorization(), "Bearer a1");
}

TEST(r30_stray,
     "R30 R7: a stray that has expired while it waited is refreshed for its revocation") {
  open_with(REVOKING, 0);
  const uint32_t first = begin(NOW, OCC_OWNER_CUSTOMER, 1, "");
  const uint32_t second = begin(NOW, OCC_OWNER_CUSTOMER, 2, "");
  CHECK_NUMBER(host_answer(NOW, first, 200, LIVING("a1", "r1", "5")), OCC_STATUS_OK);
  host_forget();
  CHECK_NUMBER(host_answer(NOW + 5000, second, 503, ""), OCC_STATUS_OK);
  check_sent(OCC_REQUEST_REFRESH, "", "grant_type=refresh_token&refresh_token=r1&client_id=shop");
  answer(NOW + 5000, 200, TOKENS("a2", "r2"));
  check_sent(OCC_REQUEST_REVOKE, "Bearer a2", "token=r2" OF_REFRESH);
}

TEST(r30_no_bearer_token,
     "R30 R7: after a refresh that gave no bearer token, the new one is revoked without a bearer") {
  sign_out_over();
  answer(OVER, 200, "{\"access_token\":\"m2\",\"token_type\":\"mac\",\"refresh_token\":\"r2\"}");
  check_sent(OCC_REQUEST_REVOKE, "", "token=r2" OF_REFRESH);
  answer(OVER, 401, "");
  CHECK_TEXT(host.outcomes, "refresh_token rejected 401, ");
  check_sent(OCC_REQUEST_REVOKE, "", "token=m2" OF_ACCESS);
}

TEST(
  r30_full,
  "R30: without a place for a refresh the tokens are sent as before; after a 401 one may be free") {
  for (int freed = 0; freed < 2; freed++) {
    open_as_customer(TOKENS("a1", "r1"));
    uint32_t first = 0;
    for (uint32_t i = 0; i < OCC_PLACES - OCC_PLACES_FOR_TABS - 1; i++) {
      const uint32_t request = begin(NOW, OCC_OWNER_AGENT, 2 + i, "");
      first = first == 0 ? request : first;
    }
    host_forget();
    CHECK_NUMBER(occ_session_sign_out(&session, OVER), OCC_STATUS_OK);
    check_sent(OCC_REQUEST_REVOKE, "Bearer a1", "token=r1" OF_REFRESH);
    const uint32_t revocation = last();
    if (freed) {
      CHECK_NUMBER(host_answer(OVER, first, 503, ""), OCC_STATUS_OK);
    }
    host_forget();
    CHECK_NUMBER(host_answer(OVER, revocation, 401, ""), OCC_STATUS_OK);
    if (freed) {
      check_sent(OCC_REQUEST_REFRESH, "",
                 "grant_type=refresh_token&refresh_token=r1&client_id=shop");
      CHECK_TEXT(host.outcomes, "");
    } else {
      check_sent(OCC_REQUEST_REVOKE, "Bearer a1", "token=a1" OF_ACCESS);
      CHECK_TEXT(host.outcomes, "refresh_token rejected 401, ");
    }
  }
}

TEST(r30_sign_in, "R30 R29: a sign-in waits for a refresh before a revocation, for at most 2 s") {
  sign_out_over();
  CHECK_NUMBER(begin(OVER, OCC_OWNER_CUSTOMER, 2, ""), 0);
  CHECK_NUMBER(host.alarm, OVER + 2000);
  host_forget();
  CHECK_NUMBER(occ_session_alarm(&session, OVER + 1999, 0), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 0);
  CHECK_NUMBER(occ_session_alarm(&session, OVER + 2000, 0), OCC_STATUS_OK);
  check_sent(OCC_REQUEST_TOKEN, "",
             "grant_type=password&username=anna&password=pass&client_id=shop");
}

TEST(r30_sign_in_settled,
     "R30 R29: a waiting sign-in is sent as soon as nothing is left to be revoked") {
  sign_out_over();
  const uint32_t refresh = last();
  CHECK_NUMBER(begin(OVER, OCC_OWNER_CUSTOMER, 2, ""), 0);
  host_forget();
  CHECK_NUMBER(host_answer(OVER, refresh, 400, INVALID_GRANT), OCC_STATUS_OK);
  check_sent(OCC_REQUEST_TOKEN, "",
             "grant_type=password&username=anna&password=pass&client_id=shop");
}

TEST(r30_held_meanwhile, "R30 R29: a refreshed token is not revoked if a sign-in has been given "
                         "the same token meanwhile") {
  sign_out_over();
  const uint32_t refresh = last();
  (void)begin(OVER, OCC_OWNER_CUSTOMER, 2, "");
  (void)occ_session_alarm(&session, OVER + 2000, 0);
  const uint32_t sign_in = last();
  host_forget();
  CHECK_NUMBER(host_answer(OVER + 2000, refresh, 200, TOKENS("a2", "r2")), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 0);
  CHECK_NUMBER(host_answer(OVER + 2000, sign_in, 200, TOKENS("a2", "r2")), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 0);
  CHECK_NUMBER(host.revoking, 0);
  CHECK_TEXT(host_authorization(), "Bearer a2");
}

/* Adopts the snapshot of a tab that has refreshed the grant and does not know of the sign-out:
 * newer tokens, which have expired by now. */
static void adopt_late(double now, const char *number) {
  char late[300];
  (void)snprintf(
    late, sizeof late,
    "{\"v\":1,\"for\":\"here\",\"line\":1,\"epoch\":9,\"active\":{\"owner\":\"customer\","
    "\"number\":%s,\"issued\":6,\"expires\":8,\"access\":\"a9\",\"refresh\":\"r9\"}}",
    number);
  host_forget();
  CHECK_NUMBER(host_adopt(now, late), OCC_STATUS_OK);
}

TEST(r30_late,
     "R30 R24: newer tokens from a tab are kept while the grant is refreshed for its revocation") {
  open_with(REVOKING | OCC_FLAG_SHARED | OCC_FLAG_PERSIST, 0);
  sign_in(OCC_OWNER_CUSTOMER, "", TOKENS("a1", "r1"));
  (void)occ_session_sign_out(&session, OVER);
  const uint32_t refresh = last();
  adopt_late(OVER, "2097153");
  CHECK_NUMBER(host.revoking, 4);
  for (unsigned i = 0; i < host.request_count; i++) {
    CHECK_NUMBER(host_answer(OVER, host.requests[i].number, 400, INVALID_GRANT), OCC_STATUS_OK);
  }
  host_forget();
  CHECK_NUMBER(host_answer(OVER, refresh, 400, INVALID_GRANT), OCC_STATUS_OK);
  for (unsigned i = 0; i < host.request_count; i++) {
    CHECK_NUMBER(host_answer(OVER, host.requests[i].number, 400, INVALID_GRANT), OCC_STATUS_OK);
  }
  CHECK_NUMBER(host.revoking, 0);
}

TEST(r30_late_other,
     "R30 R24: the older refresh token is not sent in place of newer tokens from a tab") {
  open_with(REVOKING | OCC_FLAG_SHARED | OCC_FLAG_PERSIST, 0);
  CHECK_NUMBER(host_adopt(NOW,
                          "{\"v\":1,\"for\":\"here\",\"line\":1,\"epoch\":1,\"active\":{\"owner\":"
                          "\"customer\",\"number\":7,\"access\":\"a1\",\"refresh\":\"r1\"}}"),
               OCC_STATUS_OK);
  (void)occ_session_sign_out(&session, NOW);
  answer(NOW, 200, "");
  check_sent(OCC_REQUEST_REVOKE, "Bearer a1", "token=a1" OF_ACCESS);
  const uint32_t of_access = last();
  adopt_late(NOW, "7");
  check_sent(OCC_REQUEST_REFRESH, "", "grant_type=refresh_token&refresh_token=r9&client_id=shop");
  answer(NOW, 400, INVALID_GRANT);
  CHECK_NUMBER(host_answer(NOW, of_access, 200, ""), OCC_STATUS_OK);
  CHECK_NUMBER(host.revoking, 0);
  CHECK(!host_remembers("a9") && !host_remembers("r9"));
}

/* ---- R42 ---------------------------------------------------------------------------------------
 */

TEST(r42_living, "R42: a 401 that cannot be read says nothing of a living token") {
  const char *const answers[] = {TOKENS("a1", "r1"), ENDLESS("a1", "r1"), TOKEN("a1")};
  for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
    open_as_customer(answers[i]);
    CHECK_NUMBER(host_renew_unsure(OVER - 1, "Bearer a1"), OCC_STATUS_NOTHING);
    CHECK_TEXT(host.order, "");
    CHECK_TEXT(host_authorization(), "Bearer a1");
  }
}

TEST(r42_over, "R42: a 401 that cannot be read says that an expired token is dead") {
  open_as_customer(TOKENS("a1", "r1"));
  CHECK_NUMBER(host_renew_unsure(OVER, "Bearer a1"), OCC_STATUS_WAIT);
  check_sent(OCC_REQUEST_REFRESH, "", "grant_type=refresh_token&refresh_token=r1&client_id=shop");
  open_as_customer("{\"access_token\":\"a1\",\"token_type\":\"bearer\",\"expires_in\":3600}");
  CHECK_NUMBER(host_renew_unsure(OVER, "Bearer a1"), OCC_STATUS_EXPIRED);
  CHECK_TEXT(host.order, "save state expired ");
}

TEST(r42_unknown_time,
     "R42: a token whose time is not known is dead only after a 401 that says so") {
  open_as_customer(ENDLESS("a1", "r1"));
  CHECK_NUMBER(host_renew_unsure(NOW + 1000 * HOUR, "Bearer a1"), OCC_STATUS_NOTHING);
  CHECK_NUMBER(host_renew(NOW + 1000 * HOUR, "Bearer a1"), OCC_STATUS_WAIT);
}

TEST(r42_earlier,
     "R42 R19: a request with an older token is sent again, even after a 401 that cannot be read") {
  open_as_customer(TOKENS("a1", "r1"));
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
  answer(NOW, 200, TOKENS("a2", "r2"));
  CHECK_NUMBER(host_renew_unsure(NOW, "Bearer a1"), OCC_STATUS_RESEND);
  CHECK_TEXT(host.header.at, "Bearer a2");
}

TEST(r42_client,
     "R42: a request without a token is sent again with the application's own, after any 401") {
  open_with(REVOKING, 0);
  CHECK_NUMBER(host_renew_unsure(NOW, ""), OCC_STATUS_WAIT);
  check_sent(OCC_REQUEST_TOKEN, "", "grant_type=client_credentials&client_id=shop");
}

TEST(
  r42_client_token,
  "R42: a 401 that cannot be read says nothing of the application's own token while that lives") {
  open_with(REVOKING, 0);
  CHECK_NUMBER(host_renew(NOW, ""), OCC_STATUS_WAIT);
  answer(NOW, 200, "{\"access_token\":\"c1\",\"token_type\":\"bearer\",\"expires_in\":3600}");
  host_forget();
  CHECK_NUMBER(host_renew_unsure(OVER - 1, "Bearer c1"), OCC_STATUS_NOTHING);
  CHECK_TEXT(host.order, "");
  CHECK_NUMBER(host_renew_unsure(OVER, "Bearer c1"), OCC_STATUS_WAIT);
}

/* ---- R49 ---------------------------------------------------------------------------------------
 */

/* Refreshes the active grant, whose access token is now `access`, at that time. */
static void refresh(double now, const char *access, const char *answered) {
  char header[40];
  (void)snprintf(header, sizeof header, "Bearer %s", access);
  host_forget();
  CHECK_NUMBER(host_renew(now, header), OCC_STATUS_WAIT);
  CHECK_NUMBER(host.request_count, 1);
  answer(now, 200, answered);
}

TEST(r49, "R49: an API that refuses every token causes one refresh and two requests") {
  open_as_customer(TOKENS("a1", "r1"));
  refresh(NOW, "a1", TOKENS("a2", "r2"));
  CHECK_TEXT(host.renewed.at, "Bearer a2");
  host_forget();
  CHECK_NUMBER(host_renew(NOW + 1, "Bearer a2"), OCC_STATUS_NOTHING);
  CHECK_NUMBER(host_renew(NOW + 9999, "Bearer a2"), OCC_STATUS_NOTHING);
  CHECK_TEXT(host.order, "");
  CHECK_NUMBER(host.state, OCC_STATE_CUSTOMER);
  CHECK_TEXT(host_authorization(), "Bearer a2");
  CHECK_NUMBER(host_renew(NOW + 10000, "Bearer a2"), OCC_STATUS_WAIT);
}

TEST(r49_sign_in, "R49: a token that a sign-in gave is refreshed at its first 401, however new") {
  open_as_customer(TOKENS("a1", "r1"));
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
}

TEST(r49_pauses,
     "R49: while every new token is refused refreshes pause, for 30, 60, 120, 240 and 300 s") {
  const double pauses[] = {30000, 60000, 120000, 240000, 300000, 300000};
  double now = NOW;
  open_as_customer(TOKENS("a1", "r1"));
  refresh(now, "a1", TOKENS("a1", "r1"));
  CHECK_NUMBER(host_renew(now, "Bearer a1"), OCC_STATUS_NOTHING);
  now += 10000;
  for (size_t i = 0; i < sizeof pauses / sizeof pauses[0]; i++) {
    refresh(now, "a1", TOKENS("a1", "r1"));
    now += 2000;
    host_forget();
    CHECK_NUMBER(host_renew(now, "Bearer a1"), OCC_STATUS_NOTHING);
    /* Repeated refusals of one token count as one refusal. */
    CHECK_NUMBER(host_renew(now + 1000, "Bearer a1"), OCC_STATUS_NOTHING);
    CHECK_NUMBER(host_renew(now + pauses[i] - 1, "Bearer a1"), OCC_STATUS_NOTHING);
    CHECK_TEXT(host.order, "");
    now += pauses[i];
  }
  CHECK_NUMBER(host_renew(now, "Bearer a1"), OCC_STATUS_WAIT);
}

TEST(r49_passing, "R49: a failed refresh does not restart a pause") {
  open_as_customer(TOKENS("a1", "r1"));
  refresh(NOW, "a1", TOKENS("a2", "r2"));
  CHECK_NUMBER(host_renew(NOW, "Bearer a2"), OCC_STATUS_NOTHING);
  CHECK_NUMBER(host_renew(NOW + 10000, "Bearer a2"), OCC_STATUS_WAIT);
  answer(NOW + 10000, 503, "");
  CHECK_NUMBER(host_renew(NOW + 10001, "Bearer a2"), OCC_STATUS_WAIT);
  answer(NOW + 10001, 200, TOKENS("a3", "r3"));
  CHECK_NUMBER(host_renew(NOW + 10002, "Bearer a3"), OCC_STATUS_NOTHING);
  CHECK_NUMBER(host_renew(NOW + 40001, "Bearer a3"), OCC_STATUS_NOTHING);
  CHECK_NUMBER(host_renew(NOW + 40002, "Bearer a3"), OCC_STATUS_WAIT);
}

TEST(r49_reset, "R49: a new token that was not refused ends the pauses") {
  open_as_customer(TOKENS("a1", "r1"));
  refresh(NOW, "a1", TOKENS("a2", "r2"));
  CHECK_NUMBER(host_renew(NOW, "Bearer a2"), OCC_STATUS_NOTHING);
  refresh(NOW + 10000, "a2", TOKENS("a3", "r3"));
  CHECK_NUMBER(host_renew(NOW + 10000, "Bearer a3"), OCC_STATUS_NOTHING);
  refresh(NOW + 40000, "a3", TOKENS("a4", "r4"));
  /* The token was accepted for longer than 10 s. */
  refresh(NOW + 50000, "a4", TOKENS("a5", "r5"));
  CHECK_NUMBER(host_renew(NOW + 50000, "Bearer a5"), OCC_STATUS_NOTHING);
  refresh(NOW + 60000, "a5", TOKENS("a6", "r6"));
  CHECK_NUMBER(host_renew(NOW + 60000, "Bearer a6"), OCC_STATUS_NOTHING);
  CHECK_NUMBER(host_renew(NOW + 89999, "Bearer a6"), OCC_STATUS_NOTHING);
  CHECK_NUMBER(host_renew(NOW + 90000, "Bearer a6"), OCC_STATUS_WAIT);
}

TEST(r49_unsure, "R49 R42: a 401 that says nothing of the token is not counted as its refusal") {
  open_as_customer(ENDLESS("a1", "r1"));
  refresh(NOW, "a1", ENDLESS("a2", "r2"));
  refresh(NOW + 10000, "a2", ENDLESS("a3", "r3"));
  CHECK_NUMBER(host_renew_unsure(NOW + 10001, "Bearer a3"), OCC_STATUS_NOTHING);
  CHECK_NUMBER(host_renew(NOW + 20000, "Bearer a3"), OCC_STATUS_WAIT);
}

TEST(r49_alarm, "R49: the refresh at the end of a token's time is not held back by a pause") {
  open_as_customer(TOKENS("a1", "r1"));
  refresh(NOW, "a1", LIVING("a2", "r2", "60"));
  CHECK_NUMBER(host_renew(NOW, "Bearer a2"), OCC_STATUS_NOTHING);
  refresh(NOW + 10000, "a2", LIVING("a3", "r3", "60"));
  CHECK_NUMBER(host_renew(NOW + 19999, "Bearer a3"), OCC_STATUS_NOTHING);
  host_forget();
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 70000, 0), OCC_STATUS_OK);
  check_sent(OCC_REQUEST_REFRESH, "", "grant_type=refresh_token&refresh_token=r3&client_id=shop");
}

TEST(r49_clock_set_back,
     "R49: a clock that is set back by a day does not delay a refresh by a day") {
  open_as_customer(TOKENS("a1", "r1"));
  refresh(NOW, "a1", TOKENS("a2", "r2"));
  CHECK_NUMBER(host_renew(NOW + 1, "Bearer a2"), OCC_STATUS_NOTHING);
  CHECK_NUMBER(host_renew(NOW - 24 * HOUR, "Bearer a2"), OCC_STATUS_WAIT);
}

TEST(r49_set_back_once,
     "R49: a clock that is set back causes no loop: the next refreshed token is trusted as usual") {
  const double then = NOW - 24 * HOUR;
  open_as_customer(TOKENS("a1", "r1"));
  refresh(NOW, "a1", TOKENS("a2", "r2"));
  refresh(then, "a2", TOKENS("a3", "r3"));
  CHECK_NUMBER(host_renew(then + 1, "Bearer a3"), OCC_STATUS_NOTHING);
  CHECK_NUMBER(host_renew(then + 9999, "Bearer a3"), OCC_STATUS_NOTHING);
  CHECK_NUMBER(host_renew(then + 10000, "Bearer a3"), OCC_STATUS_WAIT);
}

TEST(r49_agent, "R49: each grant has pauses of its own") {
  open_as_customer(TOKENS("a1", "r1"));
  refresh(NOW, "a1", TOKENS("b1", "q1"));
  sign_in(OCC_OWNER_AGENT, "anna", TOKENS("a2", "r2"));
  CHECK_NUMBER(host_renew(NOW, "Bearer a2"), OCC_STATUS_WAIT);
  (void)occ_session_sign_out_agent(&session, NOW);
  CHECK_TEXT(host_authorization(), "Bearer b1");
  CHECK_NUMBER(host_renew(NOW, "Bearer b1"), OCC_STATUS_NOTHING);
  CHECK_NUMBER(host_renew(NOW + 10000, "Bearer b1"), OCC_STATUS_WAIT);
}

TEST(r49_adopted, "R49: tokens that another tab has refreshed are as new here") {
  open_as_customer(TOKENS("a1", "r1"));
  const double number = occ_grants_in(&session.grants, OCC_ROLE_ACTIVE)->number;
  char newer[200];
  (void)snprintf(newer, sizeof newer,
                 "{\"v\":1,\"for\":\"here\",\"line\":1,\"epoch\":9,\"active\":{\"owner\":"
                 "\"customer\",\"number\":%.0f,\"issued\":%.0f,\"access\":\"a2\"}}",
                 number, NOW);
  CHECK_NUMBER(host_adopt(NOW + 5000, newer), OCC_STATUS_OK);
  CHECK_NUMBER(host_renew(NOW + 9999, "Bearer a2"), OCC_STATUS_NOTHING);
  CHECK_NUMBER(host_renew(NOW + 10000, "Bearer a2"), OCC_STATUS_WAIT);
}

static void give_client_token(double now, const char *rejected, const char *answered) {
  host_forget();
  CHECK_NUMBER(host_renew(now, rejected), OCC_STATUS_WAIT);
  check_sent(OCC_REQUEST_TOKEN, "", "grant_type=client_credentials&client_id=shop");
  answer(now, 200, answered);
  host_forget();
}

TEST(r49_client,
     "R49: a client token that was asked for in place of a refused one is not replaced for 10 s") {
  open_with(REVOKING, 0);
  give_client_token(NOW, "", TOKEN("c1"));
  give_client_token(NOW, "Bearer c1", TOKEN("c2"));
  CHECK_NUMBER(host_renew(NOW, ""), OCC_STATUS_RESEND);
  CHECK_TEXT(host.header.at, "Bearer c2");
  host_forget();
  CHECK_NUMBER(host_renew(NOW + 9999, "Bearer c2"), OCC_STATUS_NOTHING);
  CHECK_NUMBER(host_renew(NOW + 9999, ""), OCC_STATUS_NOTHING);
  CHECK_TEXT(host.order, "");
  give_client_token(NOW + 10000, "Bearer c2", TOKEN("c3"));
  CHECK_NUMBER(host_renew(NOW + 10000, ""), OCC_STATUS_RESEND);
  CHECK_NUMBER(host_renew(NOW + 10000, "Bearer c3"), OCC_STATUS_NOTHING);
  CHECK_NUMBER(host_renew(NOW + 39999, ""), OCC_STATUS_NOTHING);
  give_client_token(NOW + 40000, "", TOKEN("c4"));
  CHECK_NUMBER(host_renew(NOW + 40000, ""), OCC_STATUS_RESEND);
  CHECK_TEXT(host.header.at, "Bearer c4");
}

TEST(r49_client_over, "R49: an expired client token is replaced, however new it is") {
  open_with(REVOKING, 0);
  give_client_token(NOW, "", TOKEN("c1"));
  give_client_token(NOW, "Bearer c1",
                    "{\"access_token\":\"c2\",\"token_type\":\"bearer\",\"expires_in\":5}");
  CHECK_NUMBER(host_renew(NOW + 4999, "Bearer c2"), OCC_STATUS_NOTHING);
  give_client_token(NOW + 5000, "Bearer c2", TOKEN("c3"));
  CHECK_NUMBER(host_renew(NOW + 5000, ""), OCC_STATUS_RESEND);
  CHECK_TEXT(host.header.at, "Bearer c3");
}
