/* The session as its host sees it: each rule by itself, with realistic texts and limits. */
#include "host.h"

#include <math.h>

#include "arena.h"
#include "check.h"

#define NOW 1700000000000.0
#define REVOKING (OCC_FLAG_REVOKE | OCC_FLAG_BEARER)
#define TOKEN(access) "{\"access_token\":\"" access "\",\"token_type\":\"bearer\"}"
#define TOKENS(access, refresh)                                                                    \
  "{\"access_token\":\"" access "\",\"token_type\":\"bearer\",\"refresh_token\":\"" refresh        \
  "\",\"expires_in\":3600}"
#define SHOP "&client_id=shop&client_secret=s%26cret"

static host_options options(uint32_t flags) {
  return (host_options){.nonce = 1,
                        .flags = flags,
                        .identity = "here",
                        .client_id = "shop",
                        .client_secret = "s&cret",
                        .agent_client_id = "desk"};
}

static void open_with(uint32_t nonce, uint32_t flags, uint32_t retries) {
  host_options all = options(flags);
  all.nonce = nonce;
  all.retries = retries;
  CHECK_NUMBER(host_open_new(&all), OCC_STATUS_OK);
}

static void open(void) {
  open_with(1, REVOKING | OCC_FLAG_PERSIST, 0);
}

static uint32_t last(void) {
  return host_last_request()->number;
}

static const char *last_body(void) {
  return host_last_request()->body.at;
}

/* Returns the number of the request. */
static uint32_t begin(occ_owner owner, uint32_t attempt, const char *customer_id) {
  CHECK_NUMBER(host_sign_in(NOW, owner, attempt, "anna", "pass", customer_id), OCC_STATUS_OK);
  return last();
}

static void sign_in(occ_owner owner, const char *customer_id, const char *answer) {
  const uint32_t request = begin(owner, 1, customer_id);
  CHECK_NUMBER(host_answer(NOW, request, 200, answer), OCC_STATUS_OK);
  CHECK_NUMBER(host.sign_in_status, OCC_STATUS_OK);
  host_forget();
}

static void open_as_customer(void) {
  open();
  sign_in(OCC_OWNER_CUSTOMER, "", TOKENS("a1", "r1"));
}

static void open_as_agent(void) {
  open();
  sign_in(OCC_OWNER_AGENT, "", TOKENS("a2", "r2"));
}

/* Opens a session with an agent over a customer, whose grant is parked. */
static void open_emulating(void) {
  open_as_customer();
  sign_in(OCC_OWNER_AGENT, "anna", TOKENS("a2", "r2"));
}

static double number_of(occ_role role) {
  const occ_grant *grant = occ_grants_in(&session.grants, role);
  return grant != NULL ? grant->number : 0;
}

/* Answers the latest revocation; true if there was one. */
static bool settle(double now, uint32_t http_status) {
  const uint32_t number = last();
  if (host_last_request()->purpose != OCC_REQUEST_REVOKE) {
    return false;
  }
  host_forget();
  return CHECK_NUMBER(host_answer(now, number, http_status, ""), OCC_STATUS_OK);
}

/* ---- The checks of every call ------------------------------------------------------------------
 */

enum { CALLS = 13 };

/* Calls every function that takes the time, with a text of 20 bytes. */
static occ_status call(int which, double now) {
  static const occ_parameter parameters[CALLS] = {
    [0] = OCC_PARAMETER_PASSWORD,      [2] = OCC_PARAMETER_CUSTOMER_ID,
    [5] = OCC_PARAMETER_AUTHORIZATION, [6] = OCC_PARAMETER_BODY,
    [9] = OCC_PARAMETER_SNAPSHOT,      [10] = OCC_PARAMETER_SNAPSHOT,
  };
  occ_session_text(&session, parameters[which], 20);
  switch (which) {
  case 0:
    return occ_session_sign_in(&session, now, OCC_OWNER_CUSTOMER, 9);
  case 1:
    return occ_session_cancel(&session, now, 9);
  case 2:
    return occ_session_emulate(&session, now);
  case 3:
    return occ_session_sign_out(&session, now);
  case 4:
    return occ_session_sign_out_agent(&session, now);
  case 5:
    return occ_session_renew(&session, now, true);
  case 6:
    return occ_session_completed(&session, now, 1, OCC_DELIVERY_ANSWERED, 200, 0);
  case 7:
    return occ_session_alarm(&session, now, now);
  case 8:
    return occ_session_leave(&session, now);
  case 9:
    return occ_session_adopt(&session, now);
  case 10:
    return occ_session_heard(&session, now, true);
  case 11:
    return occ_session_wanted(&session, now, 7, 0);
  default:
    return occ_session_ended(&session, now, 7, 0);
  }
}

static bool takes_input(int which) {
  return which == 0 || which == 2 || which == 5 || which == 6 || which == 9 || which == 10;
}

static void fill_input(void) {
  memset(occ_session_input(&session), 's', 20);
}

static bool input_is_wiped(void) {
  static const char wiped[OCC_INPUT_MAX];
  return memcmp(occ_session_input(&session), wiped, sizeof wiped) == 0;
}

/* Checks that every call returns this status, calls no host function, and wipes its input. */
static void check_all_give(double now, occ_status expected) {
  for (int which = 0; which < CALLS; which++) {
    if (takes_input(which)) {
      fill_input();
    }
    if (!CHECK_NUMBER(call(which, now), expected) || !CHECK_TEXT(host.order, "") ||
        !CHECK(input_is_wiped())) {
      printf("  in call %d\n", which);
      memset(occ_session_input(&session), 0, OCC_INPUT_MAX);
    }
  }
}

TEST(not_open, "before the session is opened every call returns not-open") {
  memset(&session, 0, sizeof session);
  host_forget();
  check_all_give(NOW, OCC_STATUS_NOT_OPEN);
  CHECK_NUMBER(occ_session_authorization(&session, NOW), OCC_STATUS_NOT_OPEN);
}

TEST(closed,
     "R27: after the session is closed every call returns closed, and its memory is wiped") {
  open_emulating();
  CHECK_NUMBER(host_emulate(NOW, "berta"), OCC_STATUS_OK);
  host_forget();
  CHECK(host_remembers("a1") && host_remembers("r2") && host_remembers("s&cret"));
  CHECK_NUMBER(occ_session_close(&session), OCC_STATUS_OK);
  CHECK(!host_remembers("a1") && !host_remembers("r1") && !host_remembers("a2"));
  CHECK(!host_remembers("r2") && !host_remembers("s&cret") && !host_remembers("berta"));
  CHECK_TEXT(host.order, "");
  check_all_give(NOW, OCC_STATUS_CLOSED);
  CHECK_NUMBER(occ_session_authorization(&session, NOW), OCC_STATUS_CLOSED);
  const host_options all = options(0);
  CHECK_NUMBER(host_open(&all), OCC_STATUS_CLOSED);
  CHECK(input_is_wiped());
}

TEST(bad_time, "an invalid time returns bad-time and changes nothing") {
  const double times[] = {NAN, -1, INFINITY, -INFINITY, 1e15 + 1};
  open_as_customer();
  for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
    check_all_give(times[i], OCC_STATUS_BAD_TIME);
  }
  CHECK_TEXT(host_authorization(), "Bearer a1");
}

TEST(last_time, "the first and the last valid time are accepted") {
  open();
  CHECK_NUMBER(occ_session_sign_out(&session, 0), OCC_STATUS_DONE);
  CHECK_NUMBER(occ_session_sign_out(&session, 1e15), OCC_STATUS_DONE);
}

TEST(longest_texts, "the longest user name, password, customer id and input are accepted") {
  static char name[OCC_CREDENTIAL_MAX + 1];
  static char id[OCC_CUSTOMER_ID_MAX + 1];
  memset(name, 'n', OCC_CREDENTIAL_MAX);
  memset(id, 'i', OCC_CUSTOMER_ID_MAX);
  open_as_customer();
  CHECK_NUMBER(host_sign_in(NOW, OCC_OWNER_AGENT, 1, name, name, id), OCC_STATUS_OK);
  static const char empty[] = "grant_type=password&username=&password=&client_id=desk";
  CHECK_NUMBER(host_last_request()->body.length, sizeof empty - 1 + (size_t)2 * OCC_CREDENTIAL_MAX);
  CHECK_NUMBER(host_answer(NOW, last(), 200, TOKEN("a2")), OCC_STATUS_OK);
  CHECK_TEXT(host.user_id.at, id);
  id[0] = 'j';
  CHECK_NUMBER(host_emulate(NOW, id), OCC_STATUS_OK);
  CHECK_TEXT(host.user_id.at, id);
  occ_session_text(&session, OCC_PARAMETER_SNAPSHOT, OCC_INPUT_MAX);
  CHECK_NUMBER(occ_session_adopt(&session, NOW), OCC_STATUS_BAD_SNAPSHOT);
}

TEST(shortest_texts, "options, tokens and a customer id of one byte are accepted") {
  CHECK_NUMBER(
    host_open_new(&(host_options){.flags = REVOKING, .client_id = "s", .agent_client_id = "d"}),
    OCC_STATUS_OK);
  sign_in(OCC_OWNER_CUSTOMER, "", TOKENS("a", "r"));
  CHECK_NUMBER(host.alarm, NOW + 3600000);
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 3600000, 0), OCC_STATUS_OK);
  CHECK_TEXT(last_body(), "grant_type=refresh_token&refresh_token=r&client_id=s");
  sign_in(OCC_OWNER_AGENT, "c", TOKENS("b", "q"));
  CHECK_NUMBER(host.state, OCC_STATE_EMULATING);
  CHECK_TEXT(host.user_id.at, "c");
  CHECK_NUMBER(host_emulate(NOW, "d"), OCC_STATUS_OK);
  CHECK_TEXT(host.user_id.at, "d");
  host_forget();
  (void)occ_session_sign_out_agent(&session, NOW);
  CHECK_NUMBER(host.request_count, 2);
  CHECK_TEXT(host.requests[0].body.at, "token=q&token_type_hint=refresh_token&client_id=d");
  CHECK_TEXT(host.requests[1].body.at, "token=r&token_type_hint=refresh_token&client_id=s");
}

TEST(bad_length,
     "a text that does not fit makes the next call return bad-length, which changes nothing and "
     "wipes the input") {
  static const struct {
    occ_parameter parameter;
    size_t length;
  } cases[] = {
    {OCC_PARAMETER_IDENTITY, 1025},
    {OCC_PARAMETER_CLIENT_ID, 1025},
    {OCC_PARAMETER_CLIENT_SECRET, 1025},
    {OCC_PARAMETER_AGENT_CLIENT_ID, 1025},
    {OCC_PARAMETER_AGENT_CLIENT_SECRET, 1025},
    {OCC_PARAMETER_SCOPE, 1025},
    {OCC_PARAMETER_USERNAME, 1025},
    {OCC_PARAMETER_PASSWORD, 1025},
    {OCC_PARAMETER_CUSTOMER_ID, 257},
    {OCC_PARAMETER_AUTHORIZATION, (size_t)OCC_INPUT_MAX + 1},
    {OCC_PARAMETER_BODY, SIZE_MAX},
    {OCC_PARAMETER_SNAPSHOT, SIZE_MAX},
    {OCC_PARAMETER_END, 0},
  };
  open_as_agent();
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    for (int which = 0; which < CALLS; which++) {
      fill_input();
      occ_session_text(&session, cases[i].parameter, cases[i].length);
      CHECK_NUMBER(call(which, NOW), OCC_STATUS_BAD_LENGTH);
      CHECK(input_is_wiped());
    }
  }
  CHECK_TEXT(host.order, "");
  CHECK_TEXT(host_authorization(), "Bearer a2");
}

TEST(bad_lengths, "texts that only together are longer than the input are refused") {
  open_as_agent();
  occ_session_text(&session, OCC_PARAMETER_BODY, OCC_INPUT_MAX);
  occ_session_text(&session, OCC_PARAMETER_CUSTOMER_ID, 1);
  CHECK_NUMBER(occ_session_emulate(&session, NOW), OCC_STATUS_BAD_LENGTH);
  occ_session_text(&session, OCC_PARAMETER_BODY, OCC_INPUT_MAX - 1);
  fill_input();
  occ_session_text(&session, OCC_PARAMETER_CUSTOMER_ID, 1);
  CHECK_NUMBER(occ_session_emulate(&session, NOW), OCC_STATUS_OK);
  CHECK(input_is_wiped());
}

TEST(r27_one_byte, "R27: a text of one byte is wiped like a longer one") {
  open_as_agent();
  CHECK_NUMBER(host_emulate(NOW, "x"), OCC_STATUS_OK);
  CHECK(input_is_wiped());
}

TEST(no_customer_id, "an empty customer id is refused") {
  open_as_agent();
  CHECK_NUMBER(occ_session_emulate(&session, NOW), OCC_STATUS_BAD_LENGTH);
  CHECK_NUMBER(host_emulate(NOW, ""), OCC_STATUS_BAD_LENGTH);
  CHECK_TEXT(host.order, "");
}

TEST(open_bad_length, "an option that is too long is refused, and the input is wiped") {
  for (int option = 0; option < OCC_OPTION_END; option++) {
    memset(&session, 0, sizeof session);
    fill_input();
    for (int each = 0; each < OCC_OPTION_END; each++) {
      occ_session_text(&session, (occ_parameter)each, OCC_OPTION_MAX + (each == option));
    }
    CHECK_NUMBER(occ_session_open(&session, NOW, 1, 0, 0), OCC_STATUS_BAD_LENGTH);
    CHECK(input_is_wiped());
    CHECK_NUMBER(occ_session_sign_out(&session, NOW), OCC_STATUS_NOT_OPEN);
  }
}

TEST(longest_options, "the longest options are accepted") {
  memset(&session, 0, sizeof session);
  fill_input();
  for (int each = 0; each < OCC_OPTION_END; each++) {
    occ_session_text(&session, (occ_parameter)each, OCC_OPTION_MAX);
  }
  CHECK_NUMBER(occ_session_open(&session, NOW, 1, 0, 0), OCC_STATUS_OK);
  CHECK_NUMBER(occ_options_text(&session.options, OCC_OPTION_SCOPE).length, OCC_OPTION_MAX);
  CHECK(input_is_wiped());
}

TEST(open_bad_time, "a session is not opened at an invalid time") {
  memset(&session, 0, sizeof session);
  fill_input();
  occ_session_text(&session, OCC_PARAMETER_CLIENT_ID, 4);
  occ_session_text(&session, OCC_PARAMETER_AGENT_CLIENT_ID, 4);
  CHECK_NUMBER(occ_session_open(&session, NAN, 1, 0, 0), OCC_STATUS_BAD_TIME);
  CHECK(input_is_wiped());
}

static unsigned insiders;

static void call_from_inside(void) {
  insiders++;
  for (int which = 0; which < CALLS; which++) {
    CHECK_NUMBER(call(which, NOW), OCC_STATUS_REENTERED);
  }
  CHECK_NUMBER(occ_session_authorization(&session, NOW), OCC_STATUS_REENTERED);
  CHECK_NUMBER(occ_session_close(&session), OCC_STATUS_REENTERED);
}

static void give_from_inside(void) {
  host_give(OCC_PARAMETER_USERNAME, "mallory");
  CHECK_NUMBER(occ_session_sign_out(&session, NOW), OCC_STATUS_REENTERED);
}

TEST(reentered_texts,
     "a call from within a host function leaves the texts of the outer call alone") {
  open();
  (void)begin(OCC_OWNER_CUSTOMER, 1, "");
  host_inside = give_from_inside;
  const uint32_t request = begin(OCC_OWNER_CUSTOMER, 2, "");
  host_inside = NULL;
  CHECK_NUMBER(host.attempt, 1);
  CHECK(request > 0);
  CHECK_TEXT(last_body(), "grant_type=password&username=anna&password=pass&client_id=shop"
                          "&client_secret=s%26cret");
  CHECK(input_is_wiped());
}

TEST(reentered_wiped, "R27: what a host writes from within a host function is wiped") {
  open_as_customer();
  host_inside = give_from_inside;
  CHECK_NUMBER(occ_session_sign_out(&session, NOW), OCC_STATUS_OK);
  host_inside = NULL;
  CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
  CHECK(input_is_wiped());
  CHECK_NUMBER(occ_session_sign_out(&session, NOW), OCC_STATUS_DONE);
}

TEST(reentered,
     "a call from within any host function is refused, and the outer call is not disturbed") {
  open();
  insiders = 0;
  host_inside = call_from_inside;
  const uint32_t request = begin(OCC_OWNER_CUSTOMER, 1, "");
  (void)host_answer(NOW, request, 200, TOKENS("a1", "r1"));
  CHECK_TEXT(host_authorization(), "Bearer a1");
  (void)host_renew(NOW, "Bearer a1");
  (void)host_answer(NOW, last(), 200, TOKENS("a2", "r2"));
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_RESEND);
  CHECK_TEXT(host.header.at, "Bearer a2");
  (void)occ_session_sign_out(&session, NOW);
  (void)host_answer(NOW, last(), 200, "");
  host_inside = NULL;
  CHECK(insiders >= 12);
  CHECK_TEXT(host.requests[0].body.at, "grant_type=password&username=anna&password=pass" SHOP);
  CHECK_NUMBER(host.request_count, 4);
  CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
  CHECK(input_is_wiped());
}

TEST(input_wiped, "R27: the input is wiped after a call, whatever it returns") {
  open_as_agent();
  for (int which = 0; which < CALLS; which++) {
    if (takes_input(which)) {
      fill_input();
      (void)call(which, NOW);
      CHECK(input_is_wiped());
    }
  }
}

TEST(bad_options, "a session is not opened without a client id") {
  for (int which = 0; which < 2; which++) {
    host_options all = options(0);
    *(which == 0 ? &all.client_id : &all.agent_client_id) = "";
    CHECK_NUMBER(host_open_new(&all), OCC_STATUS_INVALID_OPTIONS);
    CHECK(input_is_wiped());
    CHECK_NUMBER(occ_session_sign_out(&session, NOW), OCC_STATUS_NOT_OPEN);
  }
}

TEST(opened_again, "a session whose options were refused can be opened with others") {
  host_options all = options(REVOKING);
  all.client_id = "";
  CHECK_NUMBER(host_open_new(&all), OCC_STATUS_INVALID_OPTIONS);
  all.client_id = "s";
  all.client_secret = "";
  CHECK_NUMBER(host_open(&all), OCC_STATUS_OK);
  (void)begin(OCC_OWNER_CUSTOMER, 1, "");
  CHECK_TEXT(last_body(), "grant_type=password&username=anna&password=pass&client_id=s");
}

TEST(opened_twice, "a session that is open stays as it is when it is opened again") {
  open_as_customer();
  const host_options all = options(0);
  CHECK_NUMBER(host_open(&all), OCC_STATUS_OK);
  CHECK_TEXT(host_authorization(), "Bearer a1");
  CHECK(input_is_wiped());
  (void)occ_session_sign_out(&session, NOW);
  CHECK_NUMBER(host.request_count, 1);
}

TEST(unknown_numbers, "unknown owners, requests and deliveries are refused, and change nothing") {
  open();
  const uint32_t request = begin(OCC_OWNER_CUSTOMER, 1, "");
  host_forget();
  CHECK_NUMBER(host_sign_in(NOW, OCC_OWNER_CLIENT, 2, "a", "b", ""), OCC_STATUS_UNKNOWN_OWNER);
  CHECK_NUMBER(host_sign_in(NOW, (occ_owner)0, 2, "a", "b", ""), OCC_STATUS_UNKNOWN_OWNER);
  CHECK_NUMBER(host_sign_in(NOW, (occ_owner)77, 2, "a", "b", ""), OCC_STATUS_UNKNOWN_OWNER);
  CHECK_NUMBER(host_answer(NOW, 0, 200, TOKEN("a1")), OCC_STATUS_UNKNOWN_REQUEST);
  CHECK_NUMBER(host_answer(NOW, request + 1, 200, TOKEN("a1")), OCC_STATUS_UNKNOWN_REQUEST);
  CHECK_NUMBER(host_fail(NOW, request, (occ_delivery)0), OCC_STATUS_UNKNOWN_DELIVERY);
  CHECK_NUMBER(host_fail(NOW, request, OCC_DELIVERY_END), OCC_STATUS_UNKNOWN_DELIVERY);
  CHECK_TEXT(host.order, "");
  CHECK_NUMBER(host_answer(NOW, request, 200, TOKEN("a1")), OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_CUSTOMER);
}

TEST(answered_twice, "a request is answered only once, whether for a token or for a revocation") {
  open();
  const uint32_t token = begin(OCC_OWNER_CUSTOMER, 1, "");
  CHECK_NUMBER(host_answer(NOW, token, 200, TOKEN("a1")), OCC_STATUS_OK);
  CHECK_NUMBER(host_answer(NOW, token, 200, TOKEN("a2")), OCC_STATUS_UNKNOWN_REQUEST);
  CHECK_TEXT(host_authorization(), "Bearer a1");
  open_as_customer();
  CHECK_NUMBER(occ_session_sign_out(&session, NOW), OCC_STATUS_OK);
  const uint32_t first = last();
  CHECK_NUMBER(host_answer(NOW, first, 200, ""), OCC_STATUS_OK);
  const uint32_t second = last();
  host_forget();
  CHECK_NUMBER(host_answer(NOW, first, 200, ""), OCC_STATUS_UNKNOWN_REQUEST);
  CHECK_TEXT(host.order, "");
  CHECK_NUMBER(host_answer(NOW, second, 200, ""), OCC_STATUS_OK);
  host_forget();
  CHECK_NUMBER(host_answer(NOW, second, 200, ""), OCC_STATUS_UNKNOWN_REQUEST);
  CHECK_TEXT(host.order, "");
}

/* ---- The grants that are revoked, and when -----------------------------------------------------
 */

TEST(r1, "R1 R10 R14: a customer's sign-out is saved and reported before his tokens are revoked") {
  open_as_customer();
  CHECK_NUMBER(occ_session_sign_out(&session, NOW), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "ended save state request alarm ");
  CHECK_TEXT(host.saved.at, "");
  CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
  CHECK_TEXT(host.user_id.at, "anonymous");
  CHECK_NUMBER(host.revoking, 2);
  CHECK_NUMBER(host_last_request()->purpose, OCC_REQUEST_REVOKE);
  CHECK_TEXT(host_last_request()->authorization.at, "Bearer a1");
  CHECK_TEXT(last_body(), "token=r1&token_type_hint=refresh_token" SHOP);
  CHECK(settle(NOW, 200));
  CHECK_TEXT(host.order, "revoked state request ");
  CHECK(!host_remembers("r1"));
  CHECK_TEXT(host_last_request()->authorization.at, "Bearer a1");
  CHECK_TEXT(last_body(), "token=a1&token_type_hint=access_token" SHOP);
  CHECK(settle(NOW, 200));
  CHECK_NUMBER(host.revoking, 0);
  CHECK_NUMBER(host.request_count, 0);
  CHECK(!host_remembers("a1") && !host_remembers("r1"));
}

TEST(r2,
     "R2: an agent's sign-out revokes his grant and the retired one, each under its own bearer") {
  open_as_customer();
  sign_in(OCC_OWNER_AGENT, "", TOKENS("a2", "r2"));
  CHECK_NUMBER(host.state, OCC_STATE_AGENT);
  CHECK_NUMBER(occ_session_sign_out(&session, NOW), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 2);
  CHECK_NUMBER(host.endings, 2);
  CHECK_NUMBER(host.revoking, 4);
  bool agent = false;
  bool customer = false;
  for (unsigned i = 0; i < 2; i++) {
    const host_request *request = &host.requests[i];
    agent = agent || (strcmp(request->body.at,
                             "token=r2&token_type_hint=refresh_token&client_id=desk") == 0 &&
                      strcmp(request->authorization.at, "Bearer a2") == 0);
    customer =
      customer || (strcmp(request->body.at, "token=r1&token_type_hint=refresh_token" SHOP) == 0 &&
                   strcmp(request->authorization.at, "Bearer a1") == 0);
  }
  CHECK(agent && customer);
}

TEST(r3, "R3: an emulated customer signs out and nothing is sent") {
  open_emulating();
  CHECK_TEXT(host.user_id.at, "anna");
  CHECK_NUMBER(occ_session_sign_out(&session, NOW), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "save state ");
  CHECK_NUMBER(host.state, OCC_STATE_AGENT);
  CHECK_TEXT(host_authorization(), "Bearer a2");
  CHECK(strstr(host.saved.at, "\"retired\":{\"owner\":\"customer\"") != NULL);
  CHECK(strstr(host.saved.at, "parked") == NULL && strstr(host.saved.at, "anna") == NULL);
}

TEST(r4, "R4: until the agent's token arrives the customer's session is whole; a refusal changes "
         "nothing") {
  open_as_customer();
  const uint32_t request = begin(OCC_OWNER_AGENT, 2, "anna");
  CHECK_TEXT(host.order, "state request ");
  CHECK_NUMBER(host.state, OCC_STATE_AGENT_TAKING_OVER);
  CHECK_TEXT(host.user_id.at, "current");
  CHECK_TEXT(host_authorization(), "Bearer a1");
  host_forget();
  CHECK_NUMBER(host_answer(NOW, request, 400, "{\"error\":\"invalid_grant\"}"), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "signed_in state ");
  CHECK_NUMBER(host.sign_in_status, OCC_STATUS_INVALID_CREDENTIALS);
  CHECK_NUMBER(host.attempt, 2);
  CHECK_NUMBER(host.state, OCC_STATE_CUSTOMER);
  CHECK_TEXT(host_authorization(), "Bearer a1");
}

TEST(r5, "R5: an agent's sign-out restores the parked customer") {
  open_emulating();
  CHECK_NUMBER(occ_session_sign_out_agent(&session, NOW), OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_CUSTOMER);
  CHECK_TEXT(host.user_id.at, "current");
  CHECK_TEXT(host_authorization(), "Bearer a1");
  CHECK_NUMBER(host.request_count, 1);
  CHECK_TEXT(last_body(), "token=r2&token_type_hint=refresh_token&client_id=desk");
}

TEST(r6, "R6: emulating another customer retires the parked grant, the same one does not") {
  open_emulating();
  CHECK_NUMBER(host_emulate(NOW, "anna"), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "");
  CHECK(number_of(OCC_ROLE_PARKED) != 0);
  CHECK_NUMBER(host_emulate(NOW, "annab"), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "save state ");
  CHECK_TEXT(host.user_id.at, "annab");
  CHECK_NUMBER(number_of(OCC_ROLE_PARKED), 0);
  CHECK(number_of(OCC_ROLE_RETIRED) != 0);
  host_forget();
  CHECK_NUMBER(occ_session_sign_out_agent(&session, NOW), OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
  CHECK_NUMBER(host.request_count, 2);
}

TEST(r7_cancelled, "R7: a token that arrives for a cancelled sign-in is revoked and never active") {
  open();
  const uint32_t request = begin(OCC_OWNER_CUSTOMER, 1, "");
  CHECK_NUMBER(occ_session_cancel(&session, NOW, 2), OCC_STATUS_OK);
  CHECK_NUMBER(host.sign_ins, 0);
  CHECK_NUMBER(occ_session_cancel(&session, NOW, 1), OCC_STATUS_OK);
  CHECK_NUMBER(host.sign_in_status, OCC_STATUS_CANCELLED);
  host_forget();
  CHECK_NUMBER(occ_session_cancel(&session, NOW, 1), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "");
  CHECK_NUMBER(host_answer(NOW, request, 200, TOKEN("a1")), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "state request ");
  CHECK_TEXT(last_body(), "token=a1&token_type_hint=access_token" SHOP);
  CHECK_TEXT(host_authorization(), "");
}

TEST(r7_refresh_signed_out,
     "R7 R21: a refresh that ends after the sign-out is revoked and brings nothing back") {
  open_as_customer();
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
  const uint32_t refresh = last();
  CHECK_NUMBER(occ_session_sign_out(&session, NOW), OCC_STATUS_OK);
  CHECK_NUMBER(host.renewals, 1);
  CHECK_TEXT(host.renewed.at, "");
  host_forget();
  CHECK_NUMBER(host_answer(NOW, refresh, 200, TOKENS("a2", "r2")), OCC_STATUS_OK);
  CHECK_NUMBER(host.saves, 0);
  CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
  CHECK_TEXT(last_body(), "token=r2&token_type_hint=refresh_token" SHOP);
  CHECK_TEXT(host_authorization(), "");
}

TEST(r7_refresh, "R7: a refresh keeps the number, replaces the tokens and revokes none") {
  open_as_customer();
  const double number = number_of(OCC_ROLE_ACTIVE);
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
  CHECK_TEXT(last_body(), "grant_type=refresh_token&refresh_token=r1" SHOP);
  const uint32_t refresh = last();
  host_forget();
  CHECK_NUMBER(host_answer(NOW, refresh, 200, TOKEN("a2")), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 0);
  CHECK_NUMBER(number_of(OCC_ROLE_ACTIVE), number);
  CHECK_TEXT(host.renewed.at, "Bearer a2");
  CHECK_NUMBER(host.saves, 1);
  CHECK(strstr(host.saved.at, "\"a2\"") != NULL && strstr(host.saved.at, "\"a1\"") == NULL);
  CHECK(!host_remembers("a1") && host_remembers("r1"));
  CHECK_NUMBER(host_renew(NOW + 10000, "Bearer a2"), OCC_STATUS_WAIT);
  CHECK_TEXT(last_body(), "grant_type=refresh_token&refresh_token=r1" SHOP);
}

TEST(r7_mac, "R7: a token of another type than bearer is not used, and is revoked") {
  open();
  const uint32_t request = begin(OCC_OWNER_CUSTOMER, 1, "");
  host_forget();
  CHECK_NUMBER(host_answer(NOW, request, 200, "{\"access_token\":\"m1\",\"token_type\":\"mac\"}"),
               OCC_STATUS_OK);
  CHECK_NUMBER(host.sign_in_status, OCC_STATUS_UNEXPECTED_RESPONSE);
  CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
  CHECK_TEXT(last_body(), "token=m1&token_type_hint=access_token" SHOP);
  CHECK_TEXT(host_last_request()->authorization.at, "");
  /* R17: it carried no bearer, so a 401 says nothing of it. */
  CHECK_NUMBER(host_answer(NOW, last(), 401, ""), OCC_STATUS_OK);
  CHECK_NUMBER(host.outcome, OCC_OUTCOME_REJECTED);
}

TEST(r8, "R8: a second sign-out sends nothing again") {
  open_as_customer();
  CHECK_NUMBER(occ_session_sign_out(&session, NOW), OCC_STATUS_OK);
  host_forget();
  CHECK_NUMBER(occ_session_sign_out(&session, NOW), OCC_STATUS_DONE);
  CHECK_NUMBER(occ_session_sign_out_agent(&session, NOW), OCC_STATUS_DONE);
  CHECK_TEXT(host.order, "");
}

TEST(r9_rejected, "R9: a rejected token without a refresh token is dropped without a request") {
  open();
  sign_in(OCC_OWNER_CUSTOMER, "", TOKEN("a1"));
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_EXPIRED);
  CHECK_TEXT(host.order, "save state expired ");
  CHECK_NUMBER(host.expired, OCC_OWNER_CUSTOMER);
  CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
  CHECK(!host_remembers("a1"));
}

TEST(r9_refused, "R9 R20: a refused refresh ends the session once, without a request") {
  open_as_customer();
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
  CHECK_NUMBER(host.request_count, 1);
  const uint32_t refresh = last();
  host_forget();
  CHECK_NUMBER(host_answer(NOW, refresh, 401, "{\"error\":\"invalid_token\"}"), OCC_STATUS_OK);
  CHECK_NUMBER(host.expiries, 1);
  CHECK_NUMBER(host.expired, OCC_OWNER_CUSTOMER);
  CHECK_NUMBER(host.renewals, 1);
  CHECK_TEXT(host.renewed.at, "");
  CHECK_NUMBER(host.request_count, 0);
  host_forget();
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_EXPIRED);
  CHECK_NUMBER(host.expiries, 0);
}

TEST(r9_agent,
     "R9 R2: when the agent's grant is dead the retired one is revoked, and the agent's is not") {
  open_as_customer();
  sign_in(OCC_OWNER_AGENT, "", TOKEN("a2"));
  CHECK_NUMBER(host_renew(NOW, "Bearer a2"), OCC_STATUS_EXPIRED);
  CHECK_NUMBER(host.expired, OCC_OWNER_AGENT);
  CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
  CHECK_NUMBER(host.request_count, 1);
  CHECK_TEXT(last_body(), "token=r1&token_type_hint=refresh_token" SHOP);
}

TEST(r42_over, "R42: after an answer that cannot be read, an expired token is dead") {
  open_as_customer();
  const double expires_at = host.expires_at;
  CHECK(expires_at > NOW);
  CHECK_NUMBER(host_renew_unsure(expires_at - 1, "Bearer a1"), OCC_STATUS_NOTHING);
  CHECK_NUMBER(host_renew_unsure(expires_at, "Bearer a1"), OCC_STATUS_WAIT);
  CHECK_NUMBER(host_answer(expires_at, last(), 200, TOKENS("a2", "r2")), OCC_STATUS_OK);
  CHECK_NUMBER(host_renew_unsure(expires_at, "Bearer a1"), OCC_STATUS_RESEND);
  CHECK_NUMBER(host_renew_unsure(expires_at, "Bearer a2"), OCC_STATUS_NOTHING);
}

TEST(r42_unknown_time,
     "R42: after an answer that cannot be read, a token whose time is not known is not dead") {
  open();
  sign_in(OCC_OWNER_CUSTOMER, "", "{\"access_token\":\"a1\",\"token_type\":\"bearer\"}");
  CHECK_NUMBER(host_renew_unsure(1e15, "Bearer a1"), OCC_STATUS_NOTHING);
  CHECK_NUMBER(host.state, OCC_STATE_CUSTOMER);
}

TEST(r42_client, "R42: after an answer that cannot be read, the application's own token is dead "
                 "only if it has expired") {
  open();
  CHECK_NUMBER(host_renew_unsure(NOW, ""), OCC_STATUS_WAIT);
  CHECK_NUMBER(host_answer(NOW, last(), 200, TOKENS("c1", "r1")), OCC_STATUS_OK);
  CHECK_NUMBER(host_renew_unsure(NOW, "Bearer c1"), OCC_STATUS_NOTHING);
  CHECK_NUMBER(host_renew_unsure(NOW, ""), OCC_STATUS_RESEND);
  CHECK_NUMBER(host_renew_unsure(NOW + 3600000, "Bearer c1"), OCC_STATUS_WAIT);
}

TEST(r32_expired, "R32: every request of an expired session fails with expired, and none of a "
                  "session that was signed out") {
  open();
  sign_in(OCC_OWNER_CUSTOMER, "", TOKEN("a1"));
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_EXPIRED);
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_EXPIRED);
  CHECK_NUMBER(host_renew_unsure(NOW, "Bearer a1"), OCC_STATUS_EXPIRED);
  CHECK_NUMBER(host.expiries, 1);
  sign_in(OCC_OWNER_CUSTOMER, "", TOKEN("a2"));
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_EXPIRED);
  CHECK_NUMBER(occ_session_sign_out(&session, NOW), OCC_STATUS_OK);
  CHECK_NUMBER(host_renew(NOW, "Bearer a2"), OCC_STATUS_NOTHING);
}

TEST(r32_same_token, "R32: a token that is issued again after it has expired is alive") {
  open();
  sign_in(OCC_OWNER_CUSTOMER, "", TOKEN("a1"));
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_EXPIRED);
  sign_in(OCC_OWNER_CUSTOMER, "", TOKENS("a1", "r1"));
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
}

TEST(r32_restored,
     "R32 R5: a request of an agent whose session has expired is not the customer's") {
  open_as_customer();
  sign_in(OCC_OWNER_AGENT, "anna", TOKEN("a2"));
  CHECK_NUMBER(host_renew(NOW, "Bearer a2"), OCC_STATUS_EXPIRED);
  CHECK_TEXT(host_authorization(), "Bearer a1");
  CHECK_NUMBER(host_renew(NOW, "Bearer a2"), OCC_STATUS_EXPIRED);
}

TEST(r9_tabs, "R9 R24: when an agent's grant is dead the tabs hear only of the retired one, which "
              "is revoked, since another tab may have newer tokens of the agent's") {
  open_as_customer();
  const double customer = number_of(OCC_ROLE_ACTIVE);
  sign_in(OCC_OWNER_AGENT, "", TOKEN("a2"));
  host_forget();
  CHECK_NUMBER(host_renew(NOW, "Bearer a2"), OCC_STATUS_EXPIRED);
  CHECK_NUMBER(host.endings, 1);
  CHECK_NUMBER(host.ended[0], customer);
}

TEST(r9_parked, "R9: a parked grant whose refresh is refused is dropped, and the agent stays") {
  open_as_customer();
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
  const uint32_t refresh = last();
  sign_in(OCC_OWNER_AGENT, "anna", TOKENS("a2", "r2"));
  CHECK_NUMBER(host_answer(NOW, refresh, 400, "{\"error\":\"invalid_grant\"}"), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "save state ");
  CHECK_NUMBER(host.state, OCC_STATE_EMULATING);
  CHECK_NUMBER(number_of(OCC_ROLE_PARKED), 0);
  CHECK_NUMBER(occ_session_sign_out_agent(&session, NOW), OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
}

/* ---- The requests of a revocation --------------------------------------------------------------
 */

TEST(r10_no_bearer, "R10: if the profile says so, a revocation carries no Authorization") {
  const uint32_t others = OCC_FLAG_REVOKE | OCC_FLAG_PERSIST | OCC_FLAG_SHARED;
  open_with(1, others, 0);
  sign_in(OCC_OWNER_CUSTOMER, "", TOKEN("a1"));
  (void)occ_session_sign_out(&session, NOW);
  CHECK_TEXT(last_body(), "token=a1&token_type_hint=access_token" SHOP);
  CHECK_TEXT(host_last_request()->authorization.at, "");
}

TEST(r11_failure, "R11: a failed first revocation does not stop the second") {
  const uint32_t statuses[] = {302, 403, 404, 500, 503};
  for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
    open_as_customer();
    (void)occ_session_sign_out(&session, NOW);
    CHECK(settle(NOW, statuses[i]));
    CHECK_TEXT(last_body(), "token=a1&token_type_hint=access_token" SHOP);
  }
}

TEST(r11_leave, "R11: a page that goes away sends every queued revocation at once, and not again") {
  open_as_customer();
  (void)occ_session_sign_out(&session, NOW);
  const uint32_t first = last();
  host_forget();
  CHECK_NUMBER(occ_session_leave(&session, NOW), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 1);
  CHECK_TEXT(last_body(), "token=a1&token_type_hint=access_token" SHOP);
  const uint32_t second = last();
  host_forget();
  CHECK_NUMBER(occ_session_leave(&session, NOW), OCC_STATUS_OK);
  CHECK_NUMBER(host_answer(NOW, second, 200, ""), OCC_STATUS_OK);
  CHECK_NUMBER(host.revoking, 1);
  CHECK_NUMBER(host_answer(NOW, first, 200, ""), OCC_STATUS_OK);
  CHECK_NUMBER(host.revoking, 0);
  CHECK_NUMBER(host.request_count, 0);
  CHECK(!host_remembers("a1") && !host_remembers("r1"));
}

TEST(r11_leave_stray, "R7 R11: a page that goes away revokes a waiting stray at once") {
  open();
  const uint32_t first = begin(OCC_OWNER_CUSTOMER, 1, "");
  (void)begin(OCC_OWNER_CUSTOMER, 2, "");
  host_forget();
  CHECK_NUMBER(host_answer(NOW, first, 200, TOKENS("a1", "r1")), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 0);
  CHECK_NUMBER(occ_session_leave(&session, NOW), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 2);
}

TEST(r13, "R13: without a revocation endpoint nothing is sent, and everything settles at once") {
  open_with(1, OCC_FLAG_BEARER, 0);
  sign_in(OCC_OWNER_CUSTOMER, "", TOKENS("a1", "r1"));
  CHECK_NUMBER(occ_session_sign_out(&session, NOW), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "ended save state alarm ");
  CHECK_NUMBER(host.revoking, 0);
  CHECK(!host_remembers("a1") && !host_remembers("r1"));
}

TEST(r17, "R16 R17: every end of a revocation is reported once, and settles it") {
  const struct {
    occ_delivery delivery;
    uint32_t http_status;
    occ_outcome outcome;
  } cases[] = {
    {OCC_DELIVERY_ANSWERED, 200, OCC_OUTCOME_REVOKED},
    {OCC_DELIVERY_ANSWERED, 204, OCC_OUTCOME_REVOKED},
    {OCC_DELIVERY_ANSWERED, 299, OCC_OUTCOME_REVOKED},
    {OCC_DELIVERY_ANSWERED, 401, OCC_OUTCOME_ALREADY_INVALID},
    {OCC_DELIVERY_ANSWERED, 300, OCC_OUTCOME_UNSUPPORTED},
    {OCC_DELIVERY_ANSWERED, 302, OCC_OUTCOME_UNSUPPORTED},
    {OCC_DELIVERY_ANSWERED, 399, OCC_OUTCOME_UNSUPPORTED},
    {OCC_DELIVERY_ANSWERED, 404, OCC_OUTCOME_UNSUPPORTED},
    {OCC_DELIVERY_REDIRECTED, 0, OCC_OUTCOME_UNSUPPORTED},
    {OCC_DELIVERY_ANSWERED, 400, OCC_OUTCOME_REJECTED},
    {OCC_DELIVERY_ANSWERED, 403, OCC_OUTCOME_REJECTED},
    {OCC_DELIVERY_ANSWERED, 429, OCC_OUTCOME_REJECTED},
    {OCC_DELIVERY_ANSWERED, 499, OCC_OUTCOME_REJECTED},
    {OCC_DELIVERY_ANSWERED, 500, OCC_OUTCOME_SERVER_ERROR},
    {OCC_DELIVERY_ANSWERED, 503, OCC_OUTCOME_SERVER_ERROR},
    {OCC_DELIVERY_UNREACHABLE, 0, OCC_OUTCOME_UNREACHABLE},
    {OCC_DELIVERY_TIMED_OUT, 0, OCC_OUTCOME_TIMED_OUT},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    open();
    sign_in(OCC_OWNER_AGENT, "", TOKEN("a1"));
    (void)occ_session_sign_out(&session, NOW);
    const uint32_t request = last();
    host_forget();
    CHECK_NUMBER(
      occ_session_completed(&session, NOW, request, cases[i].delivery, cases[i].http_status, 0),
      OCC_STATUS_OK);
    CHECK_TEXT(host.order, "revoked state ");
    CHECK_NUMBER(host.outcome, cases[i].outcome);
    CHECK_NUMBER(host.outcome_status, cases[i].http_status);
    CHECK_NUMBER(host.revoked_owner, OCC_OWNER_AGENT);
    CHECK_NUMBER(host.revoked_token, OCC_TOKEN_ACCESS);
    CHECK_NUMBER(host.revoking, 0);
    CHECK(!host_remembers("a1"));
  }
}

/* Opens a session that has signed out, with the one revocation sent. */
static void open_with_retries(uint32_t retries) {
  open_with(1, REVOKING, retries);
  sign_in(OCC_OWNER_CUSTOMER, "", TOKEN("a1"));
  (void)occ_session_sign_out(&session, NOW);
}

TEST(r18_when, "R18: only unreachable, 429 and 503 are retried") {
  const struct {
    occ_delivery delivery;
    uint32_t http_status;
    bool again;
  } cases[] = {
    {OCC_DELIVERY_UNREACHABLE, 0, true},   {OCC_DELIVERY_ANSWERED, 429, true},
    {OCC_DELIVERY_ANSWERED, 503, true},    {OCC_DELIVERY_ANSWERED, 500, false},
    {OCC_DELIVERY_ANSWERED, 502, false},   {OCC_DELIVERY_ANSWERED, 401, false},
    {OCC_DELIVERY_ANSWERED, 200, false},   {OCC_DELIVERY_ANSWERED, 400, false},
    {OCC_DELIVERY_REDIRECTED, 302, false}, {OCC_DELIVERY_TIMED_OUT, 0, false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    open_with_retries(1);
    const uint32_t request = last();
    host_forget();
    (void)occ_session_completed(&session, NOW, request, cases[i].delivery, cases[i].http_status, 0);
    CHECK_NUMBER(host.revocations, cases[i].again ? 0 : 1);
    CHECK_NUMBER(host.alarm, cases[i].again ? NOW + 2000 : 0);
    CHECK_NUMBER(host.request_count, 0);
  }
}

TEST(r18_how_often, "R18: a revocation is retried as often as configured, and reported once") {
  open_with_retries(2);
  double now = NOW;
  for (int i = 0; i < 2; i++) {
    CHECK(settle(now, 503));
    CHECK_TEXT(host.order, "alarm ");
    now = host.alarm;
    host_forget();
    CHECK_NUMBER(occ_session_alarm(&session, now - 1, 0), OCC_STATUS_OK);
    CHECK_NUMBER(host.request_count, 0);
    CHECK_NUMBER(host.alarm, now);
    CHECK_NUMBER(occ_session_alarm(&session, now, 0), OCC_STATUS_OK);
    CHECK_NUMBER(host.request_count, 1);
    CHECK_TEXT(last_body(), "token=a1&token_type_hint=access_token" SHOP);
  }
  CHECK(settle(now, 503));
  CHECK_NUMBER(host.revocations, 1);
  CHECK_NUMBER(host.outcome, OCC_OUTCOME_SERVER_ERROR);
  CHECK_NUMBER(host.revoking, 0);
}

TEST(r18_none, "R18: nothing is retried unless retries are configured") {
  open_with_retries(0);
  CHECK(settle(NOW, 503));
  CHECK_TEXT(host.order, "revoked state ");
}

TEST(r18_retry_after,
     "R18: a retry comes after Retry-After, or after 2 s, and after 30 s at most") {
  const struct {
    double retry_after;
    double at;
  } cases[] = {{0, 2000},    {0.5, 0.5},        {1, 1},         {1000, 1000},
               {5000, 5000}, {30000, 30000},    {30001, 30000}, {1e300, 30000},
               {-5, 2000},   {INFINITY, 30000}, {NAN, 2000}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    open_with_retries(1);
    const uint32_t request = last();
    (void)occ_session_completed(&session, NOW, request, OCC_DELIVERY_ANSWERED, 503,
                                cases[i].retry_after);
    CHECK_NUMBER(host.alarm, NOW + cases[i].at);
  }
}

TEST(r18_refresh, "R18 R11: while the refresh token waits for a retry the access token waits too") {
  open_with(1, REVOKING, 1);
  sign_in(OCC_OWNER_CUSTOMER, "", TOKENS("a1", "r1"));
  (void)occ_session_sign_out(&session, NOW);
  CHECK(settle(NOW, 429));
  CHECK_TEXT(host.order, "alarm ");
  CHECK_NUMBER(host.alarm, NOW + 2000);
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 2000, 0), OCC_STATUS_OK);
  CHECK_TEXT(last_body(), "token=r1&token_type_hint=refresh_token" SHOP);
  CHECK(settle(NOW + 2000, 429));
  CHECK_TEXT(last_body(), "token=a1&token_type_hint=access_token" SHOP);
}

TEST(r18_leave, "R18 R11: a page that goes away sends a retry at once") {
  open_with_retries(1);
  CHECK(settle(NOW, 503));
  host_forget();
  CHECK_NUMBER(occ_session_leave(&session, NOW), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 1);
  CHECK_NUMBER(host.alarm, 0);
}

TEST(
  r18_both,
  "R18 R11: if both tokens are to be retried the access token waits for the refresh token's turn") {
  open_with(1, REVOKING, 2);
  sign_in(OCC_OWNER_CUSTOMER, "", TOKENS("a1", "r1"));
  (void)occ_session_sign_out(&session, NOW);
  const uint32_t refresh = last();
  (void)occ_session_leave(&session, NOW);
  const uint32_t access = last();
  CHECK(refresh != access);
  CHECK_NUMBER(host_answer(NOW, refresh, 503, ""), OCC_STATUS_OK);
  CHECK_NUMBER(host_answer(NOW, access, 503, ""), OCC_STATUS_OK);
  CHECK_NUMBER(host.alarm, NOW + 2000);
  host_forget();
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 2000, 0), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "request ");
  CHECK_TEXT(last_body(), "token=r1&token_type_hint=refresh_token" SHOP);
}

/* ---- Requests ----------------------------------------------------------------------------------
 */

TEST(r19, "R19: requests that meet an expired token cause one refresh, and later ones are only "
          "sent again") {
  open_as_customer();
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
  CHECK_NUMBER(host.request_count, 1);
  CHECK_NUMBER(host_last_request()->purpose, OCC_REQUEST_REFRESH);
  const uint32_t refresh = last();
  host_forget();
  CHECK_NUMBER(host_answer(NOW, refresh, 200, TOKENS("a2", "r2")), OCC_STATUS_OK);
  CHECK_NUMBER(host.renewals, 1);
  CHECK_TEXT(host.renewed.at, "Bearer a2");
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_RESEND);
  CHECK_TEXT(host.header.at, "Bearer a2");
  CHECK_NUMBER(host.request_count, 0);
}

TEST(r19_same_token, "R19: after a refresh that gave the same access token it is refreshed again") {
  open_as_customer();
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
  CHECK_NUMBER(host_answer(NOW, last(), 200, TOKENS("a1", "r2")), OCC_STATUS_OK);
  host_forget();
  CHECK_NUMBER(host_renew(NOW + 10000, "Bearer a1"), OCC_STATUS_WAIT);
  CHECK_TEXT(last_body(), "grant_type=refresh_token&refresh_token=r2" SHOP);
}

TEST(r20,
     "R20: a refresh that fails for a passing reason fails only the requests that wait for it") {
  const struct {
    occ_delivery delivery;
    uint32_t http_status;
  } cases[] = {{OCC_DELIVERY_UNREACHABLE, 0},  {OCC_DELIVERY_TIMED_OUT, 0},
               {OCC_DELIVERY_ANSWERED, 500},   {OCC_DELIVERY_ANSWERED, 503},
               {OCC_DELIVERY_ANSWERED, 429},   {OCC_DELIVERY_ANSWERED, 200},
               {OCC_DELIVERY_REDIRECTED, 302}, {OCC_DELIVERY_TOO_LARGE, 200}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    open_as_customer();
    CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
    const uint32_t refresh = last();
    host_forget();
    CHECK_NUMBER(
      occ_session_completed(&session, NOW, refresh, cases[i].delivery, cases[i].http_status, 0),
      OCC_STATUS_OK);
    CHECK_TEXT(host.order, "renewed ");
    CHECK_TEXT(host.renewed.at, "");
    CHECK_TEXT(host_authorization(), "Bearer a1");
    CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
    CHECK_NUMBER(host.request_count, 1);
  }
}

TEST(r20_client, "R20: a refresh that is refused because of the client ends the session") {
  open_as_customer();
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
  CHECK_NUMBER(host_answer(NOW, last(), 401, "{\"error\":\"invalid_client\"}"), OCC_STATUS_OK);
  CHECK_NUMBER(host.expired, OCC_OWNER_CUSTOMER);
  CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
}

TEST(r20_mac, "R20 R7: a refresh that gave no bearer token fails the waiting requests, and its "
              "token is revoked") {
  open_as_customer();
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
  const uint32_t refresh = last();
  host_forget();
  CHECK_NUMBER(host_answer(NOW, refresh, 200, "{\"access_token\":\"m1\",\"token_type\":\"mac\"}"),
               OCC_STATUS_OK);
  CHECK_TEXT(host.order, "renewed state request ");
  CHECK_TEXT(host.renewed.at, "");
  CHECK_TEXT(last_body(), "token=m1&token_type_hint=access_token" SHOP);
  CHECK_TEXT(host_authorization(), "Bearer a1");
}

TEST(r20_restores, "R20 R5: when the agent's refresh is refused the parked customer is restored") {
  open_emulating();
  CHECK_NUMBER(host_renew(NOW, "Bearer a2"), OCC_STATUS_WAIT);
  const uint32_t refresh = last();
  host_forget();
  CHECK_NUMBER(host_answer(NOW, refresh, 400, "{\"error\":\"invalid_grant\"}"), OCC_STATUS_OK);
  CHECK_NUMBER(host.expired, OCC_OWNER_AGENT);
  CHECK_NUMBER(host.state, OCC_STATE_CUSTOMER);
  CHECK_NUMBER(host.request_count, 0);
  CHECK_TEXT(host_authorization(), "Bearer a1");
}

TEST(r21, "R21: a request of an older session causes no refresh, no sign-out and no notification") {
  open_as_customer();
  (void)occ_session_sign_out(&session, NOW);
  host_forget();
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_NOTHING);
  CHECK_TEXT(host.order, "");
  open_emulating();
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_NOTHING);
  CHECK_NUMBER(host_renew(NOW, ""), OCC_STATUS_NOTHING);
  CHECK_NUMBER(host_renew(NOW, "Bearer a22"), OCC_STATUS_NOTHING);
  CHECK_NUMBER(host_renew(NOW, "Basic YTI="), OCC_STATUS_NOTHING);
  CHECK_TEXT(host.order, "");
}

TEST(alarm,
     "an access token is refreshed when it expires, once, and requests need not wait for it") {
  open_as_customer();
  CHECK_NUMBER(host.alarm, NOW + 3600000);
  CHECK_NUMBER(host.expires_at, NOW + 3600000);
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 3599999, 0), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "alarm ");
  CHECK_NUMBER(host.alarm, NOW + 3600000);
  host_forget();
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 3600000, 0), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "request ");
  CHECK_NUMBER(host_last_request()->purpose, OCC_REQUEST_REFRESH);
  const uint32_t refresh = last();
  host_forget();
  CHECK_NUMBER(host_renew(NOW + 3600000, "Bearer a1"), OCC_STATUS_WAIT);
  CHECK_NUMBER(host.request_count, 0);
  CHECK_NUMBER(host_answer(NOW + 3600001, refresh, 200, TOKENS("a2", "r2")), OCC_STATUS_OK);
  CHECK_TEXT(host.renewed.at, "Bearer a2");
  CHECK_NUMBER(host.alarm, NOW + 7200001);
}

TEST(alarm_first, "the alarm is set to the earlier of a revocation's retry and the refresh") {
  open_with(1, REVOKING, 1);
  sign_in(OCC_OWNER_CUSTOMER, "", TOKEN("a1"));
  (void)occ_session_sign_out(&session, NOW);
  CHECK(settle(NOW, 503));
  CHECK_NUMBER(host_sign_in(NOW - 1000, OCC_OWNER_CUSTOMER, 2, "anna", "pass", ""), OCC_STATUS_OK);
  CHECK_NUMBER(host.alarm, NOW + 1000);
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 1000, 0), OCC_STATUS_OK);
  CHECK_NUMBER(host.alarm, NOW + 2000);
  CHECK_NUMBER(host_answer(NOW + 1000, last(), 200, TOKENS("a2", "r2")), OCC_STATUS_OK);
  CHECK_NUMBER(host.alarm, NOW + 2000);
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 2000, 0), OCC_STATUS_OK);
  CHECK_NUMBER(host.alarm, NOW + 3601000);
}

TEST(no_alarm, "without a refresh token there is no alarm; signing out ends the one there is") {
  open();
  sign_in(OCC_OWNER_CUSTOMER, "",
          "{\"access_token\":\"a1\",\"token_type\":\"bearer\",\"expires_in\":3600}");
  CHECK_NUMBER(host.alarm, 0);
  CHECK_NUMBER(host.expires_at, NOW + 3600000);
  open_as_customer();
  (void)occ_session_sign_out(&session, NOW);
  CHECK_NUMBER(host.alarm, 0);
  CHECK_NUMBER(host.expires_at, 0);
}

/* ---- Anonymous requests that need a client token -----------------------------------------------
 */

TEST(client_token,
     "RFC 6749 4.4: an anonymous request that needs a token gets the application's own") {
  open();
  CHECK_NUMBER(host_renew(NOW, ""), OCC_STATUS_WAIT);
  CHECK_NUMBER(host_renew(NOW, ""), OCC_STATUS_WAIT);
  CHECK_NUMBER(host.request_count, 1);
  CHECK_NUMBER(host_last_request()->purpose, OCC_REQUEST_TOKEN);
  CHECK_TEXT(last_body(), "grant_type=client_credentials" SHOP);
  const uint32_t request = last();
  host_forget();
  CHECK_NUMBER(host_answer(NOW, request, 200, TOKEN("c1")), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "renewed ");
  CHECK_TEXT(host.renewed.at, "Bearer c1");
  CHECK_NUMBER(occ_grants_in(&session.grants, OCC_ROLE_CLIENT)->owner, OCC_OWNER_CLIENT);
  CHECK_TEXT(host_authorization(), "");
  CHECK_NUMBER(host_renew(NOW, ""), OCC_STATUS_RESEND);
  CHECK_TEXT(host.header.at, "Bearer c1");
  CHECK_NUMBER(host_renew(NOW, "Bearer c0"), OCC_STATUS_NOTHING);
  CHECK_NUMBER(host.request_count, 0);
}

TEST(header, "a request gets a header or none, and an unknown header is ignored") {
  open();
  CHECK_NUMBER(occ_session_authorization(&session, NOW), OCC_STATUS_NOTHING);
  CHECK_NUMBER(host_renew(NOW, "x"), OCC_STATUS_NOTHING);
  CHECK_TEXT(host.order, "");
  sign_in(OCC_OWNER_CUSTOMER, "", TOKEN("a1"));
  CHECK_NUMBER(occ_session_authorization(&session, NOW), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "authorization ");
}

TEST(client_token_dead, "a rejected client token is replaced, and not revoked") {
  open();
  (void)host_renew(NOW, "");
  (void)host_answer(NOW, last(), 200, TOKEN("c1"));
  host_forget();
  CHECK_NUMBER(host_renew(NOW, "Bearer c1"), OCC_STATUS_WAIT);
  CHECK_NUMBER(host.request_count, 1);
  CHECK_TEXT(last_body(), "grant_type=client_credentials" SHOP);
  CHECK_NUMBER(host_answer(NOW, last(), 200, TOKEN("c2")), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 1);
  CHECK_TEXT(host.renewed.at, "Bearer c2");
  CHECK(!host_remembers("c1"));
}

TEST(client_token_expired, "an expired client token is replaced, and not sent again") {
  open();
  (void)host_renew(NOW, "");
  (void)host_answer(NOW, last(), 200,
                    "{\"access_token\":\"c1\",\"token_type\":\"bearer\",\"expires_in\":3600}");
  CHECK_NUMBER(host_renew(NOW + 3599999, ""), OCC_STATUS_RESEND);
  CHECK_NUMBER(host_renew(NOW + 3600000, ""), OCC_STATUS_WAIT);
  CHECK_TEXT(last_body(), "grant_type=client_credentials" SHOP);
  CHECK_NUMBER(host_answer(NOW + 3600000, last(), 200, TOKEN("c2")), OCC_STATUS_OK);
  CHECK_TEXT(host.renewed.at, "Bearer c2");
  CHECK(!host_remembers("c1"));
}

TEST(client_token_over,
     "a client token that expires at once is sent once, and then the next one is requested") {
  open();
  (void)host_renew(NOW, "");
  (void)host_answer(NOW, last(), 200,
                    "{\"access_token\":\"c1\",\"token_type\":\"bearer\",\"expires_in\":\"0\"}");
  CHECK_TEXT(host.renewed.at, "Bearer c1");
  CHECK_NUMBER(host_renew(NOW, ""), OCC_STATUS_WAIT);
  (void)host_answer(NOW, last(), 200, TOKEN("c2"));
  CHECK_TEXT(host.renewed.at, "Bearer c2");
  CHECK(!host_remembers("c1"));
}

TEST(client_token_failed,
     "a client token request that fails fails the waiting requests; the next request asks again") {
  const char *const answers[] = {"", "{\"access_token\":\"m1\",\"token_type\":\"mac\"}"};
  for (size_t i = 0; i < 2; i++) {
    open();
    (void)host_renew(NOW, "");
    const uint32_t request = last();
    host_forget();
    (void)host_answer(NOW, request, 200, answers[i]);
    CHECK_TEXT(host.order, "renewed ");
    CHECK_TEXT(host.renewed.at, "");
    CHECK(!host_remembers("m1"));
    CHECK_NUMBER(host_renew(NOW, ""), OCC_STATUS_WAIT);
    CHECK_NUMBER(host.request_count, 1);
  }
}

TEST(client_token_stored,
     "a client token is not stored, not put on a customer's requests and not revoked") {
  open();
  (void)host_renew(NOW, "");
  (void)host_answer(NOW, last(), 200, TOKEN("c1"));
  sign_in(OCC_OWNER_CUSTOMER, "", TOKEN("a1"));
  CHECK(strstr(host.saved.at, "c1") == NULL);
  CHECK_TEXT(host_authorization(), "Bearer a1");
  CHECK_NUMBER(host_renew(NOW, "Bearer c1"), OCC_STATUS_NOTHING);
  (void)occ_session_sign_out(&session, NOW);
  CHECK_NUMBER(host.request_count, 1);
  CHECK_TEXT(last_body(), "token=a1&token_type_hint=access_token" SHOP);
}

/* ---- Sign-ins ----------------------------------------------------------------------------------
 */

TEST(sign_in_fails, "a failed sign-in reports its reason once, and leaves the session signed out") {
  const struct {
    occ_delivery delivery;
    uint32_t http_status;
    const char *body;
    occ_status expected;
  } cases[] = {
    {OCC_DELIVERY_ANSWERED, 400, "{\"error\":\"invalid_grant\"}", OCC_STATUS_INVALID_CREDENTIALS},
    {OCC_DELIVERY_ANSWERED, 401, "{\"error\":\"invalid_client\"}", OCC_STATUS_CLIENT_REFUSED},
    {OCC_DELIVERY_ANSWERED, 200, "<html>", OCC_STATUS_UNEXPECTED_RESPONSE},
    {OCC_DELIVERY_ANSWERED, 500, "", OCC_STATUS_SERVER_ERROR},
    {OCC_DELIVERY_REDIRECTED, 302, "", OCC_STATUS_UNEXPECTED_RESPONSE},
    {OCC_DELIVERY_UNREACHABLE, 0, "", OCC_STATUS_UNREACHABLE},
    {OCC_DELIVERY_TIMED_OUT, 0, "", OCC_STATUS_UNREACHABLE},
    {OCC_DELIVERY_TOO_LARGE, 200, "", OCC_STATUS_TOKEN_TOO_LARGE},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    open();
    const uint32_t request = begin(OCC_OWNER_CUSTOMER, 5, "");
    host_forget();
    host_give(OCC_PARAMETER_BODY, cases[i].body);
    CHECK_NUMBER(
      occ_session_completed(&session, NOW, request, cases[i].delivery, cases[i].http_status, 0),
      OCC_STATUS_OK);
    CHECK_TEXT(host.order, "signed_in state ");
    CHECK_NUMBER(host.attempt, 5);
    CHECK_NUMBER(host.sign_in_status, cases[i].expected);
    CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
  }
}

TEST(token_too_large,
     "a token over 8 KiB is refused as token-too-large, and nothing else changes") {
  static char answer[OCC_INPUT_MAX];
  (void)snprintf(answer, sizeof answer, "{\"access_token\":\"%08193d\",\"token_type\":\"bearer\"}",
                 0);
  open_as_customer();
  const uint32_t request = begin(OCC_OWNER_AGENT, 2, "");
  CHECK_NUMBER(host_answer(NOW, request, 200, answer), OCC_STATUS_OK);
  CHECK_NUMBER(host.sign_in_status, OCC_STATUS_TOKEN_TOO_LARGE);
  CHECK_NUMBER(host.state, OCC_STATE_CUSTOMER);
  CHECK_TEXT(host_authorization(), "Bearer a1");
}

TEST(longest_tokens, "tokens of 8 KiB are sent, stored, read back and revoked whole") {
  static char answer[OCC_INPUT_MAX];
  static char stored[OCC_INPUT_MAX + 1];
  static char body[OCC_INPUT_MAX];
  (void)snprintf(answer, sizeof answer,
                 "{\"access_token\":\"%08192d\",\"refresh_token\":\"%08191d1\","
                 "\"token_type\":\"bearer\"}",
                 0, 0);
  open();
  sign_in(OCC_OWNER_CUSTOMER, "", answer);
  (void)snprintf(answer, sizeof answer,
                 "{\"access_token\":\"%08191d2\",\"refresh_token\":\"%08191d3\","
                 "\"token_type\":\"bearer\"}",
                 0, 0);
  sign_in(OCC_OWNER_AGENT, "anna", answer);
  memcpy(stored, host.saved.at, host.saved.length + 1);
  open();
  CHECK_NUMBER(host_adopt(NOW, stored), OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_EMULATING);
  (void)occ_session_sign_out_agent(&session, NOW);
  (void)snprintf(body, sizeof body, "token=%08191d3&token_type_hint=refresh_token&client_id=desk",
                 0);
  CHECK_TEXT(last_body(), body);
  CHECK_NUMBER(host_last_request()->authorization.length, 7 + 8192);
}

TEST(scope, "a configured scope is requested; empty secrets and scopes are left out") {
  const host_options all = {.client_id = "shop",
                            .agent_client_id = "desk",
                            .agent_client_secret = "x",
                            .scope = "basic openid"};
  CHECK_NUMBER(host_open_new(&all), OCC_STATUS_OK);
  (void)begin(OCC_OWNER_CUSTOMER, 1, "");
  CHECK_TEXT(last_body(),
             "grant_type=password&username=anna&password=pass&scope=basic+openid&client_id=shop");
  (void)begin(OCC_OWNER_AGENT, 2, "");
  CHECK_TEXT(last_body(), "grant_type=password&username=anna&password=pass&scope=basic+openid"
                          "&client_id=desk&client_secret=x");
}

TEST(encoded, "a user name and a password are encoded, and wiped once they are sent") {
  open();
  CHECK_NUMBER(host_sign_in(NOW, OCC_OWNER_CUSTOMER, 1, "j\xC3\xBCrgen@x.de", "p&=+ %w\"0rd", ""),
               OCC_STATUS_OK);
  CHECK_TEXT(last_body(), "grant_type=password&username=j%C3%BCrgen%40x.de"
                          "&password=p%26%3D%2B+%25w%220rd" SHOP);
  CHECK(!host_remembers("p&=+ %w\"0rd") && !host_remembers("%26%3D%2B"));
  CHECK(!host_remembers("rgen"));
}

TEST(given_up, "a cancelled sign-in reports so, and the user who was signed in stays") {
  open();
  (void)begin(OCC_OWNER_CUSTOMER, 1, "");
  CHECK_NUMBER(occ_session_cancel(&session, NOW, 2), OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_CUSTOMER_SIGNING_IN);
  CHECK_NUMBER(occ_session_cancel(&session, NOW, 1), OCC_STATUS_OK);
  CHECK_NUMBER(host.sign_in_status, OCC_STATUS_CANCELLED);
  CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
  open_as_customer();
  (void)begin(OCC_OWNER_AGENT, 2, "anna");
  CHECK_NUMBER(occ_session_cancel(&session, NOW, 2), OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_CUSTOMER);
  CHECK_TEXT(host_authorization(), "Bearer a1");
}

TEST(superseded, "a newer sign-in cancels the older one") {
  open();
  const uint32_t first = begin(OCC_OWNER_CUSTOMER, 1, "");
  host_forget();
  const uint32_t second = begin(OCC_OWNER_AGENT, 2, "");
  CHECK_NUMBER(host.sign_ins, 1);
  CHECK_NUMBER(host.attempt, 1);
  CHECK_NUMBER(host.sign_in_status, OCC_STATUS_CANCELLED);
  host_forget();
  CHECK_NUMBER(host_answer(NOW, first, 200, TOKEN("a1")), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "");
  CHECK_NUMBER(host_answer(NOW, second, 200, TOKEN("a2")), OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_AGENT);
  CHECK_TEXT(last_body(), "token=a1&token_type_hint=access_token" SHOP);
}

TEST(places,
     "when all places are taken, sign-ins and refreshes wait or are refused until one is free") {
  open();
  uint32_t requests[OCC_PLACES + 1];
  unsigned sent = 0;
  for (uint32_t attempt = 1; attempt <= OCC_PLACES + 1; attempt++) {
    host_forget();
    (void)begin(OCC_OWNER_CUSTOMER, attempt, "");
    if (host.request_count > 0) {
      requests[sent++] = last();
    }
  }
  CHECK(sent >= 6 && sent <= OCC_PLACES);
  CHECK_NUMBER(host_renew(NOW, ""), OCC_STATUS_FULL);
  host_forget();
  CHECK_NUMBER(host_answer(NOW, requests[0], 400, "{\"error\":\"invalid_grant\"}"), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 1);
  CHECK_NUMBER(host_answer(NOW, last(), 200, TOKENS("a1", "r1")), OCC_STATUS_OK);
  CHECK_NUMBER(host.attempt, OCC_PLACES + 1);
  CHECK_NUMBER(host.state, OCC_STATE_CUSTOMER);
}

TEST(places_all_answered,
     "R7: a sign-in that waits for a place is sent when all others are answered") {
  open();
  uint32_t requests[OCC_PLACES + 1];
  unsigned sent = 0;
  for (uint32_t attempt = 1; attempt <= OCC_PLACES + 1; attempt++) {
    host_forget();
    (void)begin(OCC_OWNER_CUSTOMER, attempt, "");
    if (host.request_count > 0) {
      requests[sent++] = last();
    }
  }
  host_forget();
  for (unsigned i = 0; i < sent; i++) {
    char answer[100];
    (void)snprintf(answer, sizeof answer, "{\"access_token\":\"a%u\",\"token_type\":\"bearer\"}",
                   i);
    CHECK_NUMBER(host_answer(NOW, requests[i], 200, answer), OCC_STATUS_OK);
  }
  /* Each stray is revoked, and when that has settled the sign-in is sent. */
  CHECK_NUMBER(host.request_count, sent);
  const unsigned revocations = host.request_count;
  for (unsigned i = 0; i < revocations; i++) {
    CHECK_NUMBER(host_answer(NOW, host.requests[i].number, 200, ""), OCC_STATUS_OK);
  }
  CHECK_NUMBER(host.request_count, revocations + 1);
  CHECK_NUMBER(host_last_request()->purpose, OCC_REQUEST_TOKEN);
}

/* ---- A server that hands out the same token twice ----------------------------------------------
 */

TEST(r29_held, "R29: a stray with the token of a held grant is that grant, and is not revoked") {
  open();
  const uint32_t first = begin(OCC_OWNER_CUSTOMER, 1, "");
  const uint32_t second = begin(OCC_OWNER_CUSTOMER, 2, "");
  host_forget();
  CHECK_NUMBER(host_answer(NOW, first, 200, TOKENS("a1", "r1")), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "");
  CHECK_NUMBER(host_answer(NOW, second, 200, TOKENS("a1", "r1")), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 0);
  CHECK_NUMBER(host.revoking, 0);
  CHECK_TEXT(host_authorization(), "Bearer a1");
}

TEST(r29_late,
     "R29: a stray with the token of a held grant is not revoked if it arrives after the grant") {
  open();
  const uint32_t first = begin(OCC_OWNER_CUSTOMER, 1, "");
  const uint32_t second = begin(OCC_OWNER_CUSTOMER, 2, "");
  CHECK_NUMBER(host_answer(NOW, second, 200, TOKENS("a1", "r1")), OCC_STATUS_OK);
  host_forget();
  CHECK_NUMBER(host_answer(NOW, first, 200, TOKENS("a1", "r1")), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "");
}

TEST(r29_other,
     "R29: a stray with a token of its own is revoked when the sign-in ends, even if it fails") {
  open();
  const uint32_t first = begin(OCC_OWNER_CUSTOMER, 1, "");
  const uint32_t second = begin(OCC_OWNER_CUSTOMER, 2, "");
  (void)host_answer(NOW, first, 200, TOKEN("a1"));
  host_forget();
  CHECK_NUMBER(host_answer(NOW, second, 503, ""), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 1);
  CHECK_TEXT(last_body(), "token=a1&token_type_hint=access_token" SHOP);
}

TEST(r29_restored, "R29 R5: a token that the agent shares with the parked customer is not revoked "
                   "under the restored customer") {
  open_as_customer();
  sign_in(OCC_OWNER_AGENT, "anna", TOKENS("a1", "r1"));
  CHECK_NUMBER(occ_session_sign_out_agent(&session, NOW), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 0);
  CHECK_NUMBER(host.state, OCC_STATE_CUSTOMER);
  CHECK_TEXT(host_authorization(), "Bearer a1");
  host_forget();
  CHECK_NUMBER(occ_session_sign_out(&session, NOW), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 1);
}

TEST(r29_retired, "R29 R8: a token that the agent shares with the retired grant is revoked once") {
  open_as_customer();
  sign_in(OCC_OWNER_AGENT, "", TOKENS("a1", "r1"));
  CHECK_NUMBER(occ_session_sign_out(&session, NOW), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 1);
  CHECK_NUMBER(host.revoking, 2);
}

TEST(r29_settled, "R29: a sign-in waits until the revocation has settled") {
  open_as_customer();
  (void)occ_session_sign_out(&session, NOW);
  const uint32_t first = last();
  host_forget();
  CHECK_NUMBER(host_sign_in(NOW + 100, OCC_OWNER_CUSTOMER, 2, "anna", "pass", ""), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "state alarm ");
  CHECK_NUMBER(host.alarm, NOW + 2100);
  CHECK(host_remembers("pass"));
  (void)host_answer(NOW + 200, first, 200, "");
  CHECK_NUMBER(host.request_count, 1);
  CHECK_NUMBER(host_last_request()->purpose, OCC_REQUEST_REVOKE);
  (void)host_answer(NOW + 300, last(), 200, "");
  CHECK_NUMBER(host.request_count, 2);
  CHECK_TEXT(last_body(), "grant_type=password&username=anna&password=pass" SHOP);
  CHECK_NUMBER(host.alarm, 0);
  CHECK(!host_remembers("pass"));
}

TEST(r29_late_revocation, "R29: a sign-in waits for an unsettled revocation for at most 2 s") {
  open_as_customer();
  (void)occ_session_sign_out(&session, NOW);
  CHECK_NUMBER(host_sign_in(NOW, OCC_OWNER_CUSTOMER, 2, "anna", "pass", ""), OCC_STATUS_OK);
  host_forget();
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 1999, 0), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 0);
  CHECK_NUMBER(host.alarm, NOW + 2000);
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 2000, 0), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 1);
  CHECK_NUMBER(host_last_request()->purpose, OCC_REQUEST_TOKEN);
}

TEST(r29_cancelled,
     "R29 R27: a sign-in that is cancelled while it waits is never sent, and is wiped") {
  open_as_customer();
  (void)occ_session_sign_out(&session, NOW);
  CHECK_NUMBER(host_sign_in(NOW, OCC_OWNER_CUSTOMER, 2, "anna", "pass", ""), OCC_STATUS_OK);
  CHECK_NUMBER(occ_session_cancel(&session, NOW, 2), OCC_STATUS_OK);
  CHECK_NUMBER(host.sign_in_status, OCC_STATUS_CANCELLED);
  CHECK_NUMBER(host.alarm, 0);
  CHECK(!host_remembers("pass"));
  host_forget();
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 2000, 0), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "");
}

TEST(r29_leave,
     "R29: a page that goes away while a sign-in waits, and stays after all, sends it late") {
  open_as_customer();
  (void)occ_session_sign_out(&session, NOW);
  CHECK_NUMBER(host_sign_in(NOW, OCC_OWNER_CUSTOMER, 2, "anna", "pass", ""), OCC_STATUS_OK);
  /* The timers of the page are late. */
  CHECK_NUMBER(occ_session_leave(&session, NOW + 2500), OCC_STATUS_OK);
  CHECK_NUMBER(host_last_request()->purpose, OCC_REQUEST_REVOKE);
  CHECK_NUMBER(host.alarm, NOW + 2000);
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 2600, NOW + 2000), OCC_STATUS_OK);
  CHECK_NUMBER(host_last_request()->purpose, OCC_REQUEST_TOKEN);
}

/* ---- Tabs, reloads, memory ---------------------------------------------------------------------
 */

static char stored[OCC_INPUT_MAX + 1];

static void store(void) {
  memcpy(stored, host.saved.at, host.saved.length + 1);
}

TEST(r24_ended,
     "R24: a grant that another tab has ended is dropped here, without request or notification") {
  open_as_customer();
  CHECK_NUMBER(occ_session_ended(&session, NOW, number_of(OCC_ROLE_ACTIVE), 0), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "save state alarm ");
  CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
  CHECK_TEXT(host.saved.at, "");
  CHECK(!host_remembers("a1") && !host_remembers("r1"));
}

TEST(r24_parked, "R24: a parked grant that has ended in another tab is not restored") {
  open_emulating();
  CHECK_NUMBER(occ_session_ended(&session, NOW, number_of(OCC_ROLE_PARKED), 0), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "save state ");
  CHECK_NUMBER(host.state, OCC_STATE_EMULATING);
  CHECK_TEXT(host_authorization(), "Bearer a2");
  CHECK_NUMBER(occ_session_sign_out_agent(&session, NOW), OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
}

TEST(r24_not_held, "R24: an ended grant that is not held here changes nothing") {
  open_as_customer();
  const double numbers[] = {0, -1, 7, number_of(OCC_ROLE_ACTIVE) + 1, NAN, INFINITY, 1e300};
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    CHECK_NUMBER(occ_session_ended(&session, NOW, numbers[i], 0), OCC_STATUS_DONE);
  }
  CHECK_TEXT(host.order, "");
}

TEST(r24_waiting,
     "R24 R21: requests that wait for a refresh of a grant that has ended are answered") {
  open_as_customer();
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
  const uint32_t refresh = last();
  host_forget();
  CHECK_NUMBER(occ_session_ended(&session, NOW, number_of(OCC_ROLE_ACTIVE), 0), OCC_STATUS_OK);
  CHECK_NUMBER(host.renewals, 1);
  CHECK_TEXT(host.renewed.at, "");
  CHECK_NUMBER(host.request_count, 0);
  host_forget();
  CHECK_NUMBER(host_answer(NOW, refresh, 200, TOKENS("a2", "r2")), OCC_STATUS_OK);
  CHECK_NUMBER(host.saves, 0);
  CHECK_TEXT(last_body(), "token=r2&token_type_hint=refresh_token" SHOP);
}

TEST(r24_agent,
     "R24 R5: when the agent has signed out in another tab, the customer is restored here") {
  open_emulating();
  CHECK_NUMBER(occ_session_ended(&session, NOW, number_of(OCC_ROLE_ACTIVE), 0), OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_CUSTOMER);
  CHECK_TEXT(host_authorization(), "Bearer a1");
  CHECK_NUMBER(host.request_count, 0);
}

TEST(r24_shared,
     "R24: if tabs share the session, a signed-out session leaves a snapshot that says so") {
  open_with(1, REVOKING | OCC_FLAG_SHARED, 0);
  sign_in(OCC_OWNER_CUSTOMER, "", TOKENS("a1", "r1"));
  (void)occ_session_sign_out(&session, NOW);
  CHECK_TEXT(host.saved.at, "{\"v\":1,\"for\":\"here\",\"line\":1,\"epoch\":2,"
                            "\"revoking\":1700000002000}");
}

TEST(r24_stale, "R24 R25: only a newer snapshot is adopted, and an older one is written over") {
  open_as_customer();
  store();
  CHECK_NUMBER(host_adopt(NOW, stored), OCC_STATUS_STALE);
  CHECK_TEXT(host.order, "");
  (void)occ_session_sign_out(&session, NOW);
  host_forget();
  CHECK_NUMBER(host_adopt(NOW, stored), OCC_STATUS_STALE);
  CHECK_TEXT(host.order, "save state ");
  CHECK_TEXT(host_authorization(), "");
}

TEST(r24_newer, "R24: a newer snapshot is adopted whole, and not saved again") {
  open_as_customer();
  const double number = number_of(OCC_ROLE_ACTIVE);
  (void)snprintf(stored, sizeof stored,
                 "{\"v\":1,\"for\":\"here\",\"epoch\":9,\"active\":{\"owner\":\"customer\","
                 "\"number\":%.0f,\"expires\":0,\"access\":\"a9\"}}",
                 number);
  CHECK_NUMBER(host_adopt(NOW, stored), OCC_STATUS_OK);
  CHECK_NUMBER(host.saves, 0);
  CHECK_NUMBER(host.states, 1);
  CHECK_NUMBER(host.request_count, 0);
  CHECK_TEXT(host_authorization(), "Bearer a9");
  CHECK(!host_remembers("Bearer a1"));
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_RESEND);
  /* The refresh token, which the snapshot leaves out, is kept. */
  CHECK_NUMBER(host_renew(NOW, "Bearer a9"), OCC_STATUS_WAIT);
  CHECK_TEXT(last_body(), "grant_type=refresh_token&refresh_token=r1" SHOP);
}

TEST(r24_emulated,
     "R24: an emulation that another tab has started starts here, with the tokens of this tab") {
  open_as_customer();
  sign_in(OCC_OWNER_AGENT, "", TOKENS("a2", "r2"));
  store();
  CHECK_NUMBER(host_emulate(NOW, "berta"), OCC_STATUS_OK);
  char newer[OCC_INPUT_MAX + 1];
  memcpy(newer, host.saved.at, host.saved.length + 1);
  open_with(2, REVOKING | OCC_FLAG_PERSIST, 0);
  CHECK_NUMBER(host_adopt(NOW, stored), OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_AGENT);
  CHECK_NUMBER(host_adopt(NOW, newer), OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_EMULATING);
  CHECK_TEXT(host.user_id.at, "berta");
  CHECK_NUMBER(occ_session_sign_out_agent(&session, NOW), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 2);
  CHECK_NUMBER(host.revoking, 4);
}

TEST(r24_signed_out, "R24: a newer snapshot without grants signs out, without a request") {
  open_emulating();
  CHECK_NUMBER(host_adopt(NOW, "{\"v\":1,\"for\":\"here\",\"line\":1,\"epoch\":9}"), OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
  CHECK_NUMBER(host.request_count, 0);
  CHECK(!host_remembers("a1") && !host_remembers("r2"));
}

/* Adopts the snapshot of another tab, or an earlier page: an agent who emulates a customer. */
static occ_status adopt_agent(double epoch, double number, const char *access, const char *id) {
  (void)snprintf(stored, sizeof stored,
                 "{\"v\":1,\"for\":\"here\",\"epoch\":%.0f,\"active\":{\"owner\":\"agent\","
                 "\"number\":%.0f,\"expires\":0,\"access\":\"%s\"},\"customer\":\"%s\"}",
                 epoch, number, access, id);
  return host_adopt(NOW, stored);
}

TEST(r24_taken,
     "R24: a newer snapshot without grants signs out a grant that came from another tab") {
  open();
  CHECK_NUMBER(adopt_agent(1, 1, "x1", "c"), OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_EMULATING);
  CHECK_TEXT(host.user_id.at, "c");
  CHECK_NUMBER(host_adopt(NOW, "{\"v\":1,\"for\":\"here\",\"epoch\":2}"), OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
  CHECK_TEXT(host_authorization(), "");
  CHECK(!host_remembers("x1"));
}

TEST(r24_late, "R24 R8: the snapshot of a tab that does not know of a sign-out does not bring the "
               "session back") {
  open_with(1, REVOKING | OCC_FLAG_SHARED, 0);
  CHECK_NUMBER(adopt_agent(1, 1, "x1", "c"), OCC_STATUS_OK);
  (void)occ_session_sign_out_agent(&session, NOW);
  host_forget();
  CHECK_NUMBER(adopt_agent(9, 1, "x1", "d"), OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
  CHECK_TEXT(host_authorization(), "");
  CHECK_TEXT(host.saved.at, "{\"v\":1,\"for\":\"here\",\"epoch\":10,\"revoking\":1700000002000}");
  CHECK_NUMBER(host.request_count, 0);
  CHECK_NUMBER(host.revoking, 1);
}

TEST(r24_still_waiting, "R24 R19: requests keep waiting when another tab changes another grant, "
                        "and end if it changes theirs") {
  open_as_agent();
  CHECK_NUMBER(host_renew(NOW, "Bearer a2"), OCC_STATUS_WAIT);
  host_forget();
  CHECK_NUMBER(adopt_agent(8, number_of(OCC_ROLE_ACTIVE), "a2", "c"), OCC_STATUS_OK);
  CHECK_NUMBER(host.renewals, 0);
  CHECK_NUMBER(adopt_agent(9, 1, "x1", "c"), OCC_STATUS_OK);
  CHECK_NUMBER(host.renewals, 1);
  CHECK_TEXT(host.renewed.at, "");
  open();
  CHECK_NUMBER(host_renew(NOW, ""), OCC_STATUS_WAIT);
  CHECK_NUMBER(adopt_agent(1, 1, "x1", "c"), OCC_STATUS_OK);
  CHECK_NUMBER(host.renewals, 1);
}

TEST(r24_same_token,
     "R24 R29: a stray with the token that another tab has brought is not revoked") {
  open();
  const uint32_t request = begin(OCC_OWNER_CUSTOMER, 1, "");
  CHECK_NUMBER(adopt_agent(1, 1, "x1", "c"), OCC_STATUS_OK);
  CHECK_NUMBER(host.sign_in_status, OCC_STATUS_CANCELLED);
  host_forget();
  CHECK_NUMBER(host_answer(NOW, request, 200, TOKEN("x1")), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 0);
  CHECK_NUMBER(host.revoking, 0);
  CHECK_TEXT(host_authorization(), "Bearer x1");
}

TEST(r24_other_customer,
     "R24 R4: the id of an agent's sign-in does not apply to a customer from another tab") {
  open_as_customer();
  const uint32_t request = begin(OCC_OWNER_AGENT, 2, "anna");
  CHECK_NUMBER(host_adopt(NOW, "{\"v\":1,\"for\":\"here\",\"epoch\":9,\"active\":{\"owner\":"
                               "\"customer\",\"number\":1,\"access\":\"x1\"}}"),
               OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_AGENT_TAKING_OVER);
  CHECK_NUMBER(host_answer(NOW, request, 200, TOKEN("a2")), OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_AGENT);
}

TEST(r24_pending, "R24: a newer snapshot lets a pending sign-in go on, or cancels it") {
  open_with(1, REVOKING | OCC_FLAG_SHARED, 0);
  sign_in(OCC_OWNER_CUSTOMER, "", TOKENS("a1", "r1"));
  store();
  open_with(2, REVOKING | OCC_FLAG_SHARED, 0);
  (void)begin(OCC_OWNER_AGENT, 3, "");
  host_forget();
  CHECK_NUMBER(host_adopt(NOW, stored), OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_AGENT_TAKING_OVER);
  CHECK_NUMBER(host.sign_ins, 0);
  open_with(3, REVOKING | OCC_FLAG_SHARED, 0);
  const uint32_t request = begin(OCC_OWNER_CUSTOMER, 4, "");
  host_forget();
  CHECK_NUMBER(host_adopt(NOW, stored), OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_CUSTOMER);
  CHECK_NUMBER(host.sign_in_status, OCC_STATUS_CANCELLED);
  host_forget();
  CHECK_NUMBER(host_answer(NOW, request, 200, TOKEN("a3")), OCC_STATUS_OK);
  CHECK_TEXT(last_body(), "token=a3&token_type_hint=access_token" SHOP);
  CHECK_TEXT(host_authorization(), "Bearer a1");
}

TEST(r24_full, "R24: a snapshot is adopted even if token requests have every place, twice") {
  open();
  for (uint32_t attempt = 1; attempt <= OCC_PLACES; attempt++) {
    (void)begin(OCC_OWNER_CUSTOMER, attempt, "");
  }
  for (int epoch = 5; epoch < 7; epoch++) {
    char newer[400];
    (void)snprintf(newer, sizeof newer,
                   "{\"v\":1,\"for\":\"here\",\"epoch\":%d,"
                   "\"active\":{\"owner\":\"agent\",\"number\":8,\"expires\":0,\"access\":\"x%d\"},"
                   "\"retired\":{\"owner\":\"customer\",\"number\":7,\"expires\":0,"
                   "\"access\":\"y%d\"}}",
                   epoch, epoch, epoch);
    CHECK_NUMBER(host_adopt(NOW, newer), OCC_STATUS_OK);
    CHECK_NUMBER(host.state, OCC_STATE_AGENT);
  }
  CHECK_TEXT(host_authorization(), "Bearer x6");
  CHECK(!host_remembers("x5") && !host_remembers("y5"));
}

TEST(r24_no_place,
     "R24: a snapshot that finds no place changes nothing, and is adopted when one is free") {
  open();
  uint32_t first = 0;
  for (uint32_t attempt = 1; attempt <= OCC_PLACES; attempt++) {
    const uint32_t request = begin(OCC_OWNER_CUSTOMER, attempt, "");
    first = attempt == 1 ? request : first;
  }
  for (int grant = 1; grant <= 3; grant++) {
    char newer[200];
    (void)snprintf(newer, sizeof newer,
                   "{\"v\":1,\"for\":\"here\",\"epoch\":%d,\"active\":{\"owner\":\"customer\","
                   "\"number\":%d,\"expires\":0,\"access\":\"x%d\"}}",
                   10 * grant, 4 - grant, grant);
    if (grant < 3) {
      CHECK_NUMBER(host_adopt(NOW, newer), OCC_STATUS_OK);
      CHECK_NUMBER(occ_session_sign_out(&session, NOW), OCC_STATUS_OK);
      continue;
    }
    CHECK_NUMBER(host_adopt(NOW, newer), OCC_STATUS_FULL);
    CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
    CHECK_NUMBER(host_answer(NOW, first, 503, ""), OCC_STATUS_OK);
    CHECK_NUMBER(host_adopt(NOW, newer), OCC_STATUS_OK);
    CHECK_TEXT(host_authorization(), "Bearer x3");
  }
}

TEST(r24_refused, "R24: a refused refresh ends nothing if another tab's refresh has succeeded") {
  open_with(1, REVOKING | OCC_FLAG_PERSIST | OCC_FLAG_SHARED, 0);
  sign_in(OCC_OWNER_CUSTOMER, "", TOKENS("a1", "r1"));
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
  const uint32_t refresh = last();
  (void)snprintf(stored, sizeof stored,
                 "{\"v\":1,\"for\":\"here\",\"epoch\":9,\"active\":{\"owner\":\"customer\","
                 "\"number\":%.0f,\"expires\":0,\"access\":\"a9\",\"refresh\":\"r9\"}}",
                 number_of(OCC_ROLE_ACTIVE));
  CHECK_NUMBER(host_adopt(NOW, stored), OCC_STATUS_OK);
  CHECK_NUMBER(host_answer(NOW, refresh, 400, "{\"error\":\"invalid_grant\"}"), OCC_STATUS_OK);
  CHECK_NUMBER(host.expiries, 0);
  CHECK_NUMBER(host.state, OCC_STATE_CUSTOMER);
  CHECK_TEXT(host_authorization(), "Bearer a9");
}

TEST(r25, "R25: a reloaded page has the same state, the parked grant included") {
  open_emulating();
  store();
  open_with(2, REVOKING | OCC_FLAG_PERSIST, 0);
  CHECK_NUMBER(host_adopt(NOW, stored), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "state ");
  CHECK_NUMBER(host.state, OCC_STATE_EMULATING);
  CHECK_TEXT(host.user_id.at, "anna");
  CHECK_NUMBER(host.expires_at, NOW + 3600000);
  host_forget();
  CHECK_NUMBER(occ_session_sign_out_agent(&session, NOW), OCC_STATUS_OK);
  CHECK_TEXT(last_body(), "token=r2&token_type_hint=refresh_token&client_id=desk");
  CHECK_NUMBER(host.state, OCC_STATE_CUSTOMER);
  CHECK_TEXT(host_authorization(), "Bearer a1");
}

TEST(r25_signed_out, "R25 R18: a grant from the storage is revoked like any other") {
  open_as_customer();
  (void)snprintf(stored, sizeof stored, "%s", host.saved.at);
  open_with(2, REVOKING | OCC_FLAG_PERSIST, 1);
  CHECK_NUMBER(host_adopt(NOW, stored), OCC_STATUS_OK);
  (void)occ_session_sign_out(&session, NOW);
  CHECK_TEXT(last_body(), "token=r1&token_type_hint=refresh_token" SHOP);
  CHECK(settle(NOW, 503));
  CHECK_NUMBER(host.alarm, NOW + 2000);
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 2000, 0), OCC_STATUS_OK);
  CHECK(settle(NOW + 2000, 200));
  CHECK_TEXT(last_body(), "token=a1&token_type_hint=access_token" SHOP);
  CHECK(settle(NOW + 2000, 200));
  CHECK_NUMBER(host.revoking, 0);
  CHECK(!host_remembers("a1") && !host_remembers("r1"));
}

TEST(r25_no_refresh_token,
     "R25: refresh tokens are not stored unless they are configured to persist") {
  open_with(1, REVOKING, 0);
  sign_in(OCC_OWNER_CUSTOMER, "", TOKENS("a1", "r1"));
  CHECK(strstr(host.saved.at, "a1") != NULL);
  CHECK(strstr(host.saved.at, "r1") == NULL);
}

TEST(r26, "R26: an invalid snapshot, or one of another identity, changes nothing") {
  open_as_customer();
  store();
  const char *const bad[] = {" ", "{}", "null", "{\"v\":2,\"for\":\"here\",\"epoch\":9}",
                             "{\"v\":1,\"for\":\"there\",\"epoch\":9}"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    CHECK_NUMBER(host_adopt(NOW, bad[i]), OCC_STATUS_BAD_SNAPSHOT);
  }
  CHECK_TEXT(host.order, "");
  CHECK_TEXT(host_authorization(), "Bearer a1");
  host_options all = options(REVOKING);
  all.identity = "elsewhere";
  CHECK_NUMBER(host_open_new(&all), OCC_STATUS_OK);
  CHECK_NUMBER(host_adopt(NOW, stored), OCC_STATUS_BAD_SNAPSHOT);
  CHECK_TEXT(host.order, "");
}

TEST(r26_overflow, "R26: a snapshot that does not fit is not stored in part") {
  static char answer[OCC_INPUT_MAX];
  static char quotes[2 * OCC_TOKEN_MAX + 1];
  for (size_t i = 0; i < OCC_TOKEN_MAX; i++) {
    quotes[2 * i] = '\\';
    quotes[2 * i + 1] = '"';
  }
  open();
  for (int i = 0; i < 2; i++) {
    (void)snprintf(answer, sizeof answer,
                   "{\"access_token\":\"%s\",\"refresh_token\":\"%s\",\"token_type\":\"bearer\"}",
                   quotes, quotes);
    sign_in(i == 0 ? OCC_OWNER_CUSTOMER : OCC_OWNER_AGENT, "", answer);
    const size_t length = host.saved.length;
    CHECK(length == 0 || host.saved.at[length - 1] == '}');
  }
}

TEST(r27_refresh, "R27: nothing is left of longer tokens that a refresh has replaced") {
  open();
  sign_in(OCC_OWNER_CUSTOMER, "", TOKENS("first-access-token", "first-refresh-token"));
  CHECK_NUMBER(host_renew(NOW, "Bearer first-access-token"), OCC_STATUS_WAIT);
  CHECK_NUMBER(host_answer(NOW, last(), 200, TOKENS("a2", "r2")), OCC_STATUS_OK);
  CHECK(!host_remembers("access-token") && !host_remembers("refresh-token"));
}

TEST(r27_arena, "R27: nothing is left of a response in the arena") {
  static const unsigned char wiped[OCC_ARENA_MAX];
  open_as_customer();
  store();
  open();
  (void)host_adopt(NOW, stored);
  const void *arena = occ_arena_allocate(OCC_ARENA_MAX);
  CHECK(arena != NULL && memcmp(arena, wiped, sizeof wiped) == 0);
  occ_arena_wipe();
}

TEST(numbers, "a grant's number is never used again, not even in a session with another nonce") {
  open_as_customer();
  const double first = number_of(OCC_ROLE_ACTIVE);
  (void)occ_session_sign_out(&session, NOW);
  (void)occ_session_leave(&session, NOW);
  (void)occ_session_sign_out(&session, NOW);
  CHECK_NUMBER(host_sign_in(NOW + 5000, OCC_OWNER_CUSTOMER, 2, "anna", "pass", ""), OCC_STATUS_OK);
  (void)occ_session_alarm(&session, NOW + 7000, 0);
  (void)host_answer(NOW + 7000, last(), 200, TOKEN("a2"));
  CHECK(number_of(OCC_ROLE_ACTIVE) > first);
  const uint32_t nonces[] = {0, 2, UINT32_MAX};
  for (size_t i = 0; i < sizeof nonces / sizeof nonces[0]; i++) {
    open_with(nonces[i], REVOKING | OCC_FLAG_PERSIST, 0);
    sign_in(OCC_OWNER_CUSTOMER, "", TOKENS("a1", "r1"));
    const double number = number_of(OCC_ROLE_ACTIVE);
    CHECK(number != first && number >= 1 && number <= 9007199254740991.0);
    store();
    open_with(9, REVOKING, 0);
    CHECK_NUMBER(host_adopt(NOW, stored), OCC_STATUS_OK);
    CHECK_NUMBER(number_of(OCC_ROLE_ACTIVE), number);
  }
}
