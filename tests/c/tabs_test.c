/* Several tabs, and successive pages: lines (R24), asking and answering (R31), sign-ins held back
 * by a revocation elsewhere (R29), and a stored session that is dead (R32). */
#include "host.h"

#include <math.h>
#include <string.h>

#include "check.h"

#define NOW 1700000000000.0
#define OVER (NOW + 3600000.0)
#define REVOKING (OCC_FLAG_REVOKE | OCC_FLAG_BEARER)
#define SHARED (REVOKING | OCC_FLAG_SHARED)
#define STORED (SHARED | OCC_FLAG_PERSIST)
/* The number of the session's first grant, with the nonce 1. */
#define FIRST 2097153.0
#define TOKEN(access) "{\"access_token\":\"" access "\",\"token_type\":\"bearer\"}"
#define TOKENS(access, refresh)                                                                    \
  "{\"access_token\":\"" access "\",\"token_type\":\"bearer\",\"refresh_token\":\"" refresh        \
  "\",\"expires_in\":3600}"
#define INVALID_GRANT "{\"error\":\"invalid_grant\"}"
#define REFRESH_OF(refresh) "grant_type=refresh_token&refresh_token=" refresh "&client_id=shop"
#define OF_REFRESH "&token_type_hint=refresh_token&client_id=shop"
#define OF_ACCESS "&token_type_hint=access_token&client_id=shop"
#define PASSWORD "grant_type=password&username=anna&password=pass&client_id=shop"
/* A snapshot of a tab of the line of nonce 1, or of another line. */
#define OF_LINE(line, epoch, members)                                                              \
  "{\"v\":1,\"for\":\"here\",\"line\":" line ",\"epoch\":" epoch members "}"
#define CUSTOMER(number, members)                                                                  \
  ",\"active\":{\"owner\":\"customer\",\"number\":" number members "}"
#define AGENT(number, members) ",\"active\":{\"owner\":\"agent\",\"number\":" number members "}"
#define RETIRED(number, members)                                                                   \
  ",\"retired\":{\"owner\":\"customer\",\"number\":" number members "}"

static void open_with(uint32_t nonce, uint32_t flags) {
  CHECK_NUMBER(host_open_new(&(host_options){.nonce = nonce,
                                             .flags = flags,
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

/* Returns the number of the request; 0 if none was sent. */
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

static void open_as_customer(uint32_t flags, const char *answer) {
  open_with(1, flags);
  sign_in(OCC_OWNER_CUSTOMER, "", answer);
}

/* Answers the latest request, and forgets the earlier calls. */
static void answer(double now, uint32_t http_status, const char *body) {
  const uint32_t number = last();
  host_forget();
  CHECK_NUMBER(host_answer(now, number, http_status, body), OCC_STATUS_OK);
}

static void adopt(double now, const char *snapshot, occ_status expected) {
  host_forget();
  CHECK_NUMBER(host_adopt(now, snapshot), expected);
}

static double number_of(occ_role role) {
  const occ_grant *grant = occ_grants_in(&session.grants, role);
  return grant != NULL ? grant->number : 0;
}

/* Returns the saved snapshot of this session, for another one. */
static const char *saved(void) {
  static char text[OCC_INPUT_MAX + 1];
  memcpy(text, host.saved.at, host.saved.length + 1);
  return text;
}

/* ---- R24: lines --------------------------------------------------------------------------------
 */

TEST(r24_line, "R24: a snapshot names the line in which its epoch counts, and tabs adopt it") {
  open_as_customer(SHARED, TOKEN("a1"));
  CHECK_TEXT(host.saved.at, OF_LINE("1", "1", CUSTOMER("2097153", ",\"access\":\"a1\"")));
  const char *text = saved();
  open_with(2, SHARED);
  adopt(NOW, text, OCC_STATUS_OK);
  (void)occ_session_sign_out(&session, NOW);
  CHECK_TEXT(host.saved.at, OF_LINE("1", "2", ",\"revoking\":1700000002000"));
  CHECK_NUMBER(host.endings, 1);
  CHECK_NUMBER(host.ended[0], FIRST);
}

TEST(r24_older_line, "R24: the line of an engine that knew no lines continues here") {
  open_with(2, SHARED);
  adopt(NOW, "{\"v\":1,\"for\":\"here\",\"epoch\":5" CUSTOMER("7", ",\"access\":\"x1\"") "}",
        OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_CUSTOMER);
  adopt(NOW, "{\"v\":1,\"for\":\"here\",\"epoch\":4}", OCC_STATUS_STALE);
  adopt(NOW, "{\"v\":1,\"for\":\"here\",\"epoch\":7}", OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
  CHECK_NUMBER(host.request_count, 0);
}

TEST(r24_other_line, "R24 R7: a snapshot of another line is adopted; a grant that is not in it is "
                     "announced to the tabs and revoked") {
  open_as_customer(SHARED, TOKENS("a1", "r1"));
  adopt(NOW, OF_LINE("9", "1", CUSTOMER("7", ",\"access\":\"x1\"")), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "ended state state request alarm ");
  CHECK_NUMBER(host.state_before, OCC_STATE_ANONYMOUS);
  CHECK_NUMBER(host.expires_before, 0);
  CHECK_NUMBER(host.ended[0], FIRST);
  CHECK_NUMBER(host.ended_issued[0], 0);
  CHECK_NUMBER(host.state, OCC_STATE_CUSTOMER);
  CHECK_TEXT(host_authorization(), "Bearer x1");
  CHECK_NUMBER(host.revoking, 2);
  CHECK_TEXT(host_last_request()->authorization.at, "Bearer a1");
  CHECK_TEXT(last_body(), "token=r1" OF_REFRESH);
  answer(NOW, 200, "");
  CHECK_TEXT(last_body(), "token=a1" OF_ACCESS);
  answer(NOW, 200, "");
  CHECK_TEXT(host.outcomes, "refresh_token revoked 200, access_token revoked 200, ");
  CHECK(!host_remembers("a1") && !host_remembers("r1"));
}

TEST(r24_emptied_by_others,
     "R24: a lower epoch of another line is adopted, and from then on that line's epochs count") {
  open_as_customer(SHARED, TOKEN("a1"));
  (void)occ_session_sign_out(&session, NOW);
  answer(NOW, 200, "");
  CHECK_TEXT(host.saved.at, OF_LINE("1", "2", ",\"revoking\":1700000002000"));
  adopt(NOW, OF_LINE("9", "1", CUSTOMER("7", ",\"access\":\"x1\"")), OCC_STATUS_OK);
  CHECK_TEXT(host_authorization(), "Bearer x1");
  adopt(NOW, OF_LINE("9", "1", CUSTOMER("7", ",\"access\":\"x1\"")), OCC_STATUS_STALE);
  adopt(NOW, OF_LINE("9", "2", ""), OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
  CHECK_NUMBER(host.request_count, 0);
}

TEST(r24_other_line_all,
     "R24: an agent's grant and the parked or retired one are revoked, each as its client") {
  const char *const ids[] = {"anna", ""};
  for (size_t i = 0; i < 2; i++) {
    open_as_customer(SHARED, TOKENS("a1", "r1"));
    sign_in(OCC_OWNER_AGENT, ids[i], TOKENS("a2", "r2"));
    adopt(NOW, OF_LINE("9", "1", ""), OCC_STATUS_OK);
    CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
    CHECK_NUMBER(host.endings, 2);
    CHECK_NUMBER(host.revoking, 4);
    CHECK_NUMBER(host.request_count, 2);
    for (unsigned k = 0; k < 2; k++) {
      const bool is_agent = strcmp(host.requests[k].authorization.at, "Bearer a2") == 0;
      CHECK_TEXT(host.requests[k].body.at,
                 is_agent ? "token=r2&token_type_hint=refresh_token&client_id=desk"
                          : "token=r1" OF_REFRESH);
    }
  }
}

TEST(r24_same_grant,
     "R24: a grant that is also in the snapshot of another line is kept, with its refresh token") {
  open_as_customer(SHARED, TOKENS("a1", "r1"));
  adopt(NOW, OF_LINE("9", "1", CUSTOMER("2097153", ",\"access\":\"a1\"")), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "state ");
  CHECK_NUMBER(host.revoking, 0);
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
  CHECK_TEXT(last_body(), REFRESH_OF("r1"));
}

TEST(r24_same_token,
     "R24 R29: a token that the server has given to another line as well is not revoked") {
  open_as_customer(SHARED, TOKENS("a1", "r1"));
  adopt(NOW, OF_LINE("9", "1", CUSTOMER("7", ",\"access\":\"a1\"")), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 0);
  CHECK_NUMBER(host.revoking, 0);
  CHECK_TEXT(host_authorization(), "Bearer a1");
}

TEST(r24_line_waits, "R24 R29: a grant that is not in another line waits for a sign-in on the "
                     "wire, like every stray") {
  open_as_customer(SHARED, TOKENS("a1", "r1"));
  const uint32_t request = begin(NOW, OCC_OWNER_AGENT, 2, "");
  adopt(NOW, OF_LINE("9", "1", ""), OCC_STATUS_OK);
  CHECK_NUMBER(host.endings, 1);
  CHECK_NUMBER(host.request_count, 0);
  host_forget();
  CHECK_NUMBER(host_answer(NOW, request, 503, ""), OCC_STATUS_OK);
  CHECK_TEXT(last_body(), "token=r1" OF_REFRESH);
}

TEST(r24_parted,
     "R24: tabs that have each written the same epoch have diverged: the stored snapshot wins") {
  open_as_customer(SHARED, TOKENS("a1", "r1"));
  adopt(NOW, OF_LINE("1", "1", CUSTOMER("7", ",\"access\":\"x1\"")), OCC_STATUS_OK);
  CHECK_TEXT(host_authorization(), "Bearer x1");
  CHECK_NUMBER(host.endings, 1);
  CHECK_TEXT(last_body(), "token=r1" OF_REFRESH);
  adopt(NOW, OF_LINE("1", "1", CUSTOMER("7", ",\"access\":\"x1\"")), OCC_STATUS_STALE);
}

TEST(r24_parted_signed_out, "R24: a sign-out that another tab has stored at the same epoch wins") {
  open_as_customer(SHARED, TOKENS("a1", "r1"));
  adopt(NOW, OF_LINE("1", "1", ""), OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
  CHECK_TEXT(last_body(), "token=r1" OF_REFRESH);
}

TEST(r24_same_epoch, "R24: the same epoch with the same grant is nothing new") {
  open_as_customer(SHARED, TOKENS("a1", "r1"));
  adopt(NOW, OF_LINE("1", "1", CUSTOMER("2097153", ",\"access\":\"a1\"")), OCC_STATUS_STALE);
  adopt(NOW, OF_LINE("1", "1", CUSTOMER("2097153", ",\"access\":\"x1\"")), OCC_STATUS_STALE);
  CHECK_TEXT(host.order, "");
  CHECK_TEXT(host_authorization(), "Bearer a1");
}

TEST(r24_line_full, "R24: a snapshot of another line that finds no place changes nothing, and "
                    "makes no grant a stray") {
  static const char three[] =
    OF_LINE("9", "1", AGENT("8", ",\"access\":\"y1\"") RETIRED("9", ",\"access\":\"y2\""));
  open_as_customer(SHARED, TOKENS("a1", "r1"));
  uint32_t first = 0;
  for (uint32_t i = 0; i < OCC_PLACES - OCC_PLACES_FOR_TABS; i++) {
    const uint32_t request = begin(NOW, OCC_OWNER_AGENT, 2 + i, "");
    first = first == 0 ? request : first;
  }
  (void)occ_session_sign_out(&session, NOW);
  adopt(NOW, OF_LINE("8", "1", CUSTOMER("7", ",\"access\":\"x1\"")), OCC_STATUS_OK);
  adopt(NOW, three, OCC_STATUS_FULL);
  CHECK_TEXT(host.order, "");
  CHECK_TEXT(host_authorization(), "Bearer x1");
  CHECK_NUMBER(host_answer(NOW, first, 503, ""), OCC_STATUS_OK);
  adopt(NOW, three, OCC_STATUS_OK);
  CHECK_TEXT(host_authorization(), "Bearer y1");
  CHECK_NUMBER(host.ended[0], 7);
  CHECK_TEXT(last_body(), "token=x1" OF_ACCESS);
}

TEST(r24_emptied, "R24: if the storage was emptied, the held session is saved again, once a call") {
  open_as_customer(SHARED, TOKENS("a1", "r1"));
  const double expires = OVER;
  CHECK_NUMBER(host.expires_at, expires);
  adopt(NOW, "", OCC_STATUS_OK);
  CHECK_TEXT(host.order, "save state ");
  CHECK_TEXT(
    host.saved.at,
    OF_LINE("2097154", "2", CUSTOMER("2097153", ",\"expires\":1700003600000,\"access\":\"a1\"")));
  CHECK_TEXT(host_authorization(), "Bearer a1");
  /* A tab that holds nothing must not write over a session that did not fit into the storage. */
  open_with(1, SHARED);
  adopt(NOW, "", OCC_STATUS_OK);
  CHECK_TEXT(host.order, "");
}

TEST(r24_epoch_goes_on, "R24: the epoch is not lost with the last grant") {
  open_as_customer(SHARED, TOKEN("a1"));
  (void)occ_session_sign_out(&session, NOW);
  answer(NOW, 200, "");
  const char *text = saved();
  open_with(2, SHARED);
  adopt(NOW + 5000, text, OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
  CHECK_NUMBER(
    host_answer(NOW + 5000, begin(NOW + 5000, OCC_OWNER_CUSTOMER, 1, ""), 200, TOKEN("a2")),
    OCC_STATUS_OK);
  CHECK_TEXT(host.saved.at, OF_LINE("1", "3", CUSTOMER("4194305", ",\"access\":\"a2\"")));
}

/* ---- R24: announced sign-outs, and tokens left to other tabs -----------------------------------
 */

TEST(r24_told, "R24: a sign-out is announced with the age of its tokens") {
  open_as_customer(SHARED, TOKENS("a1", "r1"));
  CHECK_NUMBER(host_renew(NOW + 5, "Bearer a1"), OCC_STATUS_WAIT);
  answer(NOW + 7, 200, TOKENS("a2", "r2"));
  host_forget();
  (void)occ_session_sign_out(&session, NOW + 9);
  CHECK_NUMBER(host.endings, 1);
  CHECK_NUMBER(host.ended[0], FIRST);
  CHECK_NUMBER(host.ended_issued[0], NOW + 7);
}

TEST(r24_told_set_back,
     "R24 R31: later tokens are newer even if the clock was set back, or stood still") {
  const double times[] = {NOW, NOW - 86400000};
  for (size_t i = 0; i < 2; i++) {
    open_as_customer(SHARED, TOKENS("a1", "r1"));
    CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
    answer(NOW, 200, TOKENS("a2", "r2"));
    CHECK_NUMBER(occ_session_alarm(&session, OVER, 0), OCC_STATUS_OK);
    answer(times[i], 200, TOKENS("a3", "r3"));
    host_forget();
    (void)occ_session_sign_out(&session, NOW);
    CHECK_NUMBER(host.ended_issued[0], NOW + 1);
  }
}

TEST(r24_not_told,
     "R24 R41: neither a refused token nor a session that has ended elsewhere is announced") {
  open_as_customer(SHARED, TOKENS("a1", "r1"));
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
  answer(NOW, 400, INVALID_GRANT);
  CHECK_NUMBER(host.expiries, 1);
  CHECK_NUMBER(host.endings, 0);
  open_as_customer(SHARED, TOKENS("a1", "r1"));
  CHECK_NUMBER(occ_session_ended(&session, NOW, FIRST, 0), OCC_STATUS_OK);
  CHECK_NUMBER(host.endings, 0);
}

TEST(r24_retired_elsewhere, "R24 R5: when the agent has signed out in another tab, the customer "
                            "who is retired here is neither revoked nor announced") {
  open_as_customer(STORED, TOKENS("a1", "r1"));
  sign_in(OCC_OWNER_AGENT, "", TOKENS("a2", "r2"));
  CHECK_NUMBER(occ_session_ended(&session, NOW, number_of(OCC_ROLE_ACTIVE), 0), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "save state alarm ");
  CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
  CHECK_NUMBER(host.revoking, 0);
  CHECK(!host_remembers("a1") && !host_remembers("r1"));
}

TEST(r24_retired_emulating, "R24 R5: when the agent has signed out in another tab, a retired "
                            "customer stays unrevoked even during another emulation here") {
  open_as_customer(STORED, TOKENS("a1", "r1"));
  sign_in(OCC_OWNER_AGENT, "anna", TOKENS("a2", "r2"));
  CHECK_NUMBER(host_emulate(NOW, "berta"), OCC_STATUS_OK);
  host_forget();
  CHECK_NUMBER(occ_session_ended(&session, NOW, number_of(OCC_ROLE_ACTIVE), 0), OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
  CHECK_NUMBER(host.endings, 0);
  CHECK_NUMBER(host.request_count, 0);
}

TEST(r24_retired_ended, "R24: a retired grant that was revoked elsewhere leaves the agent there") {
  open_as_customer(STORED, TOKENS("a1", "r1"));
  sign_in(OCC_OWNER_AGENT, "", TOKENS("a2", "r2"));
  CHECK_NUMBER(occ_session_ended(&session, NOW, FIRST, 0), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "save state ");
  CHECK_NUMBER(host.state, OCC_STATE_AGENT);
  CHECK_NUMBER(number_of(OCC_ROLE_RETIRED), 0);
  CHECK_NUMBER(host.revoking, 0);
}

TEST(r24_newer_here, "R24: tokens that are newer than those revoked elsewhere are revoked here, "
                     "under their own bearer") {
  const uint32_t flags[] = {SHARED, STORED};
  for (size_t i = 0; i < 2; i++) {
    open_as_customer(flags[i], TOKENS("a1", "r1"));
    CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
    answer(NOW, 200, TOKENS("a2", "r2"));
    host_forget();
    CHECK_NUMBER(occ_session_ended(&session, NOW, FIRST, 0), OCC_STATUS_OK);
    CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
    CHECK_NUMBER(host.expiries, 0);
    CHECK_NUMBER(host.revoking, 2);
    CHECK_TEXT(host_last_request()->authorization.at, "Bearer a2");
    CHECK_TEXT(last_body(), "token=r2" OF_REFRESH);
  }
}

TEST(r24_as_new, "R24 R8: tokens of the same age as those revoked elsewhere, or older, are left to "
                 "the other tab") {
  const double times[] = {NOW + 7, NOW + 8, INFINITY, NAN};
  for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
    open_as_customer(STORED, TOKENS("a1", "r1"));
    CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
    answer(NOW + 7, 200, TOKENS("a2", "r2"));
    host_forget();
    CHECK_NUMBER(occ_session_ended(&session, NOW + 9, FIRST, times[i]), OCC_STATUS_OK);
    CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
    CHECK_NUMBER(host.request_count, 0);
    CHECK_NUMBER(host.revoking, 0);
    CHECK(!host_remembers("a2") && !host_remembers("r2"));
  }
}

TEST(r31_only_here, "R31 R30: the refresh token that only this tab has is revoked when its session "
                    "has ended elsewhere, without expired") {
  open_as_customer(SHARED, TOKENS("a1", "r1"));
  CHECK_NUMBER(occ_session_ended(&session, NOW, FIRST, 0), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "save state request alarm ");
  CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
  CHECK_NUMBER(host.expiries, 0);
  CHECK_NUMBER(host.revoking, 1);
  CHECK_TEXT(last_body(), REFRESH_OF("r1"));
  answer(NOW, 200, TOKENS("a2", "r2"));
  CHECK_TEXT(host_last_request()->authorization.at, "Bearer a2");
  CHECK_TEXT(last_body(), "token=r2" OF_REFRESH);
  answer(NOW, 200, "");
  CHECK_TEXT(last_body(), "token=a2" OF_ACCESS);
  answer(NOW, 200, "");
  CHECK_TEXT(host.outcomes, "refresh_token revoked 200, access_token revoked 200, ");
  CHECK_NUMBER(host.revoking, 0);
  CHECK(!host_remembers("a1") && !host_remembers("r1") && !host_remembers("r2"));
}

TEST(r31_only_here_refused, "R31 R30: if the other tab's revocation has ended the whole grant, "
                            "nothing is reported of its access token") {
  open_as_customer(SHARED, TOKENS("a1", "r1"));
  CHECK_NUMBER(occ_session_ended(&session, NOW, FIRST, 0), OCC_STATUS_OK);
  answer(NOW, 400, INVALID_GRANT);
  CHECK_TEXT(host.outcomes, "refresh_token already-invalid 400, ");
  CHECK_NUMBER(host.revoking, 0);
  CHECK(!host_remembers("a1") && !host_remembers("r1"));
}

TEST(
  r31_only_here_passing,
  "R31 R30: a refresh token that only this tab has is revoked as it is if it cannot be refreshed") {
  open_as_customer(SHARED, TOKENS("a1", "r1"));
  CHECK_NUMBER(occ_session_ended(&session, NOW, FIRST, 0), OCC_STATUS_OK);
  answer(NOW, 503, "");
  CHECK_TEXT(last_body(), "token=r1" OF_REFRESH);
  answer(NOW, 200, "");
  CHECK_TEXT(host.outcomes, "refresh_token revoked 200, ");
  CHECK_NUMBER(host.request_count, 0);
  CHECK_NUMBER(host.revoking, 0);
}

TEST(
  r31_only_here_no_bearer,
  "R31: a refresh token that only this tab has is revoked at once if revocations carry no bearer") {
  open_as_customer(OCC_FLAG_REVOKE | OCC_FLAG_SHARED, TOKENS("a1", "r1"));
  CHECK_NUMBER(occ_session_ended(&session, NOW, FIRST, 0), OCC_STATUS_OK);
  CHECK_NUMBER(host.revoking, 1);
  CHECK_TEXT(last_body(), "token=r1" OF_REFRESH);
  answer(NOW, 200, "");
  CHECK_NUMBER(host.request_count, 0);
}

TEST(r31_only_here_no_endpoint,
     "R31 R13: a refresh token that only this tab has is forgotten without a revocation endpoint") {
  open_as_customer(OCC_FLAG_SHARED, TOKENS("a1", "r1"));
  CHECK_NUMBER(occ_session_ended(&session, NOW, FIRST, 0), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 0);
  CHECK(!host_remembers("a1") && !host_remembers("r1"));
}

TEST(r31_asleep, "R31: a tab that wakes up to a snapshot of its line without its grant revokes the "
                 "refresh token that only it has") {
  open_as_customer(SHARED, TOKENS("a1", "r1"));
  adopt(NOW, OF_LINE("1", "2", ""), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "state request alarm ");
  CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
  CHECK_NUMBER(host.expiries, 0);
  CHECK_NUMBER(host.endings, 0);
  CHECK_NUMBER(host.revoking, 1);
  CHECK_TEXT(last_body(), REFRESH_OF("r1"));
}

TEST(r31_asleep_stored, "R24 R31: if refresh tokens are stored, a tab that wakes up leaves their "
                        "revocation to the other tab") {
  open_as_customer(STORED, TOKENS("a1", "r1"));
  adopt(NOW, OF_LINE("1", "2", ""), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "state alarm ");
  CHECK_NUMBER(host.revoking, 0);
  CHECK(!host_remembers("a1") && !host_remembers("r1"));
}

TEST(r24_not_held,
     "R24: the end of a grant that is revoking, awaited, a stray or unknown changes nothing") {
  open_as_customer(SHARED, TOKENS("a1", "r1"));
  (void)occ_session_sign_out(&session, NOW);
  const uint32_t waits = begin(NOW, OCC_OWNER_CUSTOMER, 2, "");
  CHECK_NUMBER(waits, 0);
  (void)occ_session_alarm(&session, NOW + 2000, 0);
  host_forget();
  const double numbers[] = {FIRST, FIRST + 1, FIRST + 2, 0, -1, NAN, INFINITY, -INFINITY};
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    CHECK_NUMBER(occ_session_ended(&session, NOW + 2000, numbers[i], -1), OCC_STATUS_DONE);
    CHECK_NUMBER(occ_session_wanted(&session, NOW + 2000, numbers[i], -1), OCC_STATUS_NOTHING);
  }
  CHECK_TEXT(host.order, "");
  CHECK_NUMBER(host.revoking, 2);
}

/* ---- R29: across pages and tabs ----------------------------------------------------------------
 */

#define SIGNED_OUT(until) OF_LINE("1", "2", ",\"revoking\":" until)

TEST(r29_page,
     "R29: a sign-in waits until the revocation of an earlier page or another tab is old enough") {
  open_with(2, SHARED);
  adopt(NOW, SIGNED_OUT("1700000002000"), OCC_STATUS_OK);
  CHECK_NUMBER(begin(NOW + 500, OCC_OWNER_CUSTOMER, 1, ""), 0);
  CHECK_NUMBER(host.state, OCC_STATE_CUSTOMER_SIGNING_IN);
  CHECK_NUMBER(host.alarm, NOW + 2000);
  host_forget();
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 1999, 0), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 0);
  CHECK_NUMBER(host.alarm, NOW + 2000);
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 2000, 0), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 1);
  CHECK_TEXT(last_body(), PASSWORD);
}

TEST(r29_page_later, "R29: a sign-in after the wait for a revocation elsewhere is sent at once") {
  open_with(2, SHARED);
  adopt(NOW, SIGNED_OUT("1700000002000"), OCC_STATUS_OK);
  CHECK(begin(NOW + 2000, OCC_OWNER_CUSTOMER, 1, "") != 0);
  CHECK_TEXT(last_body(), PASSWORD);
}

TEST(r29_hostile_until, "R29 R26: an impossible end of a revocation holds no sign-in back") {
  const char *const until[] = {"1700000002001", "1e300", "1e999", "-1", "0", "1699999999999.5"};
  for (size_t i = 0; i < sizeof until / sizeof until[0]; i++) {
    char text[200];
    (void)snprintf(text, sizeof text, SIGNED_OUT("%s"), until[i]);
    open_with(2, SHARED);
    adopt(NOW, text, OCC_STATUS_OK);
    CHECK(begin(NOW, OCC_OWNER_CUSTOMER, 1, "") != 0);
  }
}

TEST(r29_fraction, "R29: a fraction of a millisecond is waited for") {
  open_with(2, SHARED);
  adopt(NOW, SIGNED_OUT("1700000000000.5"), OCC_STATUS_OK);
  CHECK_NUMBER(begin(NOW, OCC_OWNER_CUSTOMER, 1, ""), 0);
  CHECK_NUMBER(host.alarm, NOW + 0.5);
}

/* The snapshot of a tab that does not know of the newest epoch: it is written over. */
#define OLDER "{\"v\":1,\"for\":\"here\",\"line\":1,\"epoch\":1}"

TEST(r29_handed_on, "R29: a snapshot saved during a revocation elsewhere passes its end on") {
  open_with(2, SHARED);
  adopt(NOW, SIGNED_OUT("1700000002000"), OCC_STATUS_OK);
  adopt(NOW + 1999, OLDER, OCC_STATUS_STALE);
  CHECK_TEXT(host.saved.at, OF_LINE("1", "3", ",\"revoking\":1700000002000"));
  adopt(NOW + 2000, OLDER, OCC_STATUS_STALE);
  CHECK_TEXT(host.saved.at, OF_LINE("1", "4", ""));
}

TEST(r29_saved, "R29: a snapshot saved when nothing is being revoked has no end of a revocation") {
  open_as_customer(SHARED, TOKEN("a1"));
  (void)occ_session_sign_out(&session, NOW);
  CHECK_TEXT(host.saved.at, OF_LINE("1", "2", ",\"revoking\":1700000002000"));
  answer(NOW + 100, 200, "");
  adopt(NOW + 100, OLDER, OCC_STATUS_STALE);
  CHECK_TEXT(host.saved.at, OF_LINE("1", "3", ""));
}

TEST(r29_here_and_there, "R29: a sign-in waits for revocations here as well as elsewhere") {
  open_as_customer(SHARED, TOKEN("a1"));
  (void)occ_session_sign_out(&session, NOW);
  const uint32_t revocation = last();
  adopt(NOW, OF_LINE("1", "3", ",\"revoking\":1700000001000"), OCC_STATUS_OK);
  CHECK_NUMBER(begin(NOW + 500, OCC_OWNER_CUSTOMER, 1, ""), 0);
  CHECK_NUMBER(host.alarm, NOW + 1000);
  host_forget();
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 1000, 0), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 0);
  CHECK_NUMBER(host.alarm, NOW + 2500);
  CHECK_NUMBER(host_answer(NOW + 1500, revocation, 200, ""), OCC_STATUS_OK);
  CHECK_TEXT(last_body(), PASSWORD);
}

TEST(r29_at_most, "R29: a sign-in waits for 2 s at most, whatever other tabs write meanwhile") {
  open_with(2, SHARED);
  adopt(NOW, SIGNED_OUT("1700000002000"), OCC_STATUS_OK);
  CHECK_NUMBER(begin(NOW, OCC_OWNER_CUSTOMER, 1, ""), 0);
  adopt(NOW + 1500, OF_LINE("1", "3", ",\"revoking\":1700000003500"), OCC_STATUS_OK);
  CHECK_NUMBER(host.alarm, NOW + 2000);
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 2000, 0), OCC_STATUS_OK);
  CHECK_TEXT(last_body(), PASSWORD);
}

TEST(
  r29_set_back,
  "R29: a sign-in waits for 2 s at most, even if the clock was set back since the snapshot came") {
  const double then = NOW - 86400000;
  open_with(2, SHARED);
  adopt(NOW, SIGNED_OUT("1700000002000"), OCC_STATUS_OK);
  CHECK_NUMBER(begin(then, OCC_OWNER_CUSTOMER, 1, ""), 0);
  CHECK_NUMBER(host.alarm, then + 2000);
  CHECK_NUMBER(occ_session_alarm(&session, then + 2000, 0), OCC_STATUS_OK);
  CHECK_TEXT(last_body(), PASSWORD);
}

/* ---- R31: a tab without the refresh token ------------------------------------------------------
 */

/* Opens a tab that shares the customer of another, which has the refresh token. */
static void open_beside(uint32_t flags) {
  open_with(2, flags);
  adopt(NOW, OF_LINE("1", "1", CUSTOMER("7", ",\"issued\":5,\"access\":\"a1\"")), OCC_STATUS_OK);
  host_forget();
}

static void ask(double now) {
  CHECK_NUMBER(host_renew(now, "Bearer a1"), OCC_STATUS_WAIT);
}

TEST(r30_stray,
     "R30 R7: a stray and the newer pair of the same grant are each refreshed separately") {
  open_as_customer(STORED, TOKENS("a1", "r1"));
  const uint32_t sign_in_request = begin(OVER, OCC_OWNER_AGENT, 2, "");
  adopt(OVER, OF_LINE("9", "1", ""), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 0);
  adopt(OVER,
        OF_LINE("9", "2",
                CUSTOMER("2097153", ",\"expires\":1700003599999,\"issued\":1700000000001,"
                                    "\"access\":\"a2\",\"refresh\":\"r2\"")),
        OCC_STATUS_OK);
  CHECK_TEXT(last_body(), REFRESH_OF("r2"));
  const uint32_t newer = last();
  host_forget();
  CHECK_NUMBER(host_answer(OVER, sign_in_request, 400, INVALID_GRANT), OCC_STATUS_OK);
  CHECK_TEXT(last_body(), REFRESH_OF("r1"));
  CHECK_NUMBER(host.revoking, 4);
  answer(OVER, 400, INVALID_GRANT);
  CHECK_NUMBER(host.revoking, 2);
  CHECK_NUMBER(host_answer(OVER, newer, 400, INVALID_GRANT), OCC_STATUS_OK);
  CHECK_NUMBER(host.revoking, 0);
}

TEST(r31_asks, "R31: a request with a dead token in a tab without refresh token asks the other "
               "tabs, once, and waits") {
  open_beside(SHARED);
  ask(NOW);
  CHECK_TEXT(host.order, "wanted alarm ");
  CHECK_NUMBER(host.wanted_number, 7);
  CHECK_NUMBER(host.wanted_issued, 5);
  CHECK_NUMBER(host.alarm, NOW + 2000);
  CHECK_NUMBER(host.state, OCC_STATE_CUSTOMER);
  host_forget();
  ask(NOW + 1);
  CHECK_NUMBER(host_renew(NOW + 1, ""), OCC_STATUS_WAIT);
  CHECK_NUMBER(host_renew(NOW + 1, "Bearer x"), OCC_STATUS_NOTHING);
  CHECK_TEXT(host.order, "");
}

TEST(r31_asks_earlier,
     "R31 R19: a request with the token before the dead one waits for the other tabs, too") {
  open_beside(SHARED);
  adopt(NOW, OF_LINE("1", "2", CUSTOMER("7", ",\"issued\":6,\"access\":\"a2\"")), OCC_STATUS_OK);
  CHECK_NUMBER(host_renew(NOW, "Bearer a2"), OCC_STATUS_WAIT);
  host_forget();
  ask(NOW);
  CHECK_TEXT(host.order, "");
}

TEST(r31_no_header, "R31 R32: while the other tabs are asked requests carry no dead token") {
  open_beside(SHARED);
  ask(NOW);
  CHECK_NUMBER(occ_session_authorization(&session, NOW), OCC_STATUS_NOTHING);
  CHECK_NUMBER(host.headers, 0);
}

TEST(r31_nobody, "R31: if no tab answers within 2 s the session ends, with expired") {
  open_beside(SHARED);
  ask(NOW);
  host_forget();
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 1999, 0), OCC_STATUS_OK);
  CHECK_NUMBER(host.expiries, 0);
  CHECK_NUMBER(host.alarm, NOW + 2000);
  host_forget();
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 2000, 0), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "renewed save state expired ");
  CHECK_TEXT(host.renewed.at, "");
  CHECK_NUMBER(host.expired, OCC_OWNER_CUSTOMER);
  CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
  CHECK_NUMBER(host.endings, 0);
  CHECK_TEXT(host.saved.at, OF_LINE("1", "2", ""));
  CHECK(!host_remembers("a1"));
}

TEST(r31_alone, "R31: a tab without other tabs ends its dead session at once") {
  open_beside(REVOKING);
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_EXPIRED);
  CHECK_TEXT(host.order, "save state expired ");
  CHECK_NUMBER(host.wanted, 0);
}

TEST(r31_answers,
     "R31: the tab that has the refresh token refreshes, and says that newer tokens will come") {
  open_as_customer(SHARED, TOKENS("a1", "r1"));
  CHECK_NUMBER(occ_session_wanted(&session, NOW, FIRST, 0), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "request ");
  CHECK_TEXT(last_body(), REFRESH_OF("r1"));
  CHECK_NUMBER(occ_session_wanted(&session, NOW, FIRST, 0), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 1);
  answer(NOW + 3, 200, TOKENS("a2", "r2"));
  CHECK_TEXT(host.order, "save state alarm ");
  CHECK_NUMBER(host.saved_renewed, 1);
  CHECK_TEXT(host.saved.at,
             OF_LINE("1", "2",
                     CUSTOMER("2097153", ",\"expires\":1700003600003,\"issued\":1700000000003,"
                                         "\"access\":\"a2\"")));
  CHECK_NUMBER(occ_session_sign_out(&session, NOW + 4), OCC_STATUS_OK);
  CHECK_NUMBER(host.saved_renewed, 0);
}

TEST(r31_has_newer, "R31: a tab that has newer tokens hands those over, and asks for none") {
  open_as_customer(SHARED, TOKENS("a1", "r1"));
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
  answer(NOW + 3, 200, TOKENS("a2", "r2"));
  host_forget();
  CHECK_NUMBER(occ_session_wanted(&session, NOW + 4, FIRST, 0), OCC_STATUS_OK);
  CHECK_NUMBER(occ_session_wanted(&session, NOW + 4, FIRST, NOW + 2), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "");
  CHECK_NUMBER(occ_session_wanted(&session, NOW + 4, FIRST, NOW + 3), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "request ");
  CHECK_TEXT(last_body(), REFRESH_OF("r2"));
}

TEST(r31_cannot, "R31: a tab with neither newer tokens nor a refresh token is silent, as is one "
                 "that is signed out or cannot refresh") {
  open_beside(SHARED);
  CHECK_NUMBER(occ_session_wanted(&session, NOW, 7, 5), OCC_STATUS_NOTHING);
  CHECK_NUMBER(occ_session_wanted(&session, NOW, 8, 0), OCC_STATUS_NOTHING);
  open_with(1, SHARED);
  CHECK_NUMBER(occ_session_wanted(&session, NOW, 7, 5), OCC_STATUS_NOTHING);
  open_as_customer(SHARED, TOKENS("a1", "r1"));
  for (uint32_t i = 0; i < OCC_PLACES - OCC_PLACES_FOR_TABS - 1; i++) {
    CHECK(begin(NOW, OCC_OWNER_AGENT, 2 + i, "") != 0);
  }
  host_forget();
  CHECK_NUMBER(occ_session_wanted(&session, NOW, FIRST, 0), OCC_STATUS_NOTHING);
  CHECK_TEXT(host.order, "");
}

TEST(r31_parked,
     "R31: a grant that is parked or retired here is refreshed for the tab in which it is active") {
  const char *const ids[] = {"anna", ""};
  for (size_t i = 0; i < 2; i++) {
    open_as_customer(SHARED, TOKENS("a1", "r1"));
    sign_in(OCC_OWNER_AGENT, ids[i], TOKENS("a2", "r2"));
    CHECK_NUMBER(occ_session_wanted(&session, NOW, FIRST, 0), OCC_STATUS_OK);
    CHECK_TEXT(last_body(), REFRESH_OF("r1"));
    answer(NOW, 200, TOKENS("a3", "r3"));
    CHECK_TEXT(host_authorization(), "Bearer a2");
    CHECK(strstr(host.saved.at, "\"a3\"") != NULL);
  }
}

TEST(r31_signed_out, "R31 R21: a tab that is signing out does not answer") {
  open_as_customer(SHARED, TOKENS("a1", "r1"));
  (void)occ_session_sign_out(&session, NOW);
  host_forget();
  CHECK_NUMBER(occ_session_wanted(&session, NOW, FIRST, 0), OCC_STATUS_NOTHING);
  CHECK_TEXT(host.order, "");
}

TEST(r31_newer,
     "R31: with newer tokens the waiting requests are sent again, and the session goes on") {
  open_beside(SHARED);
  ask(NOW);
  host_forget();
  CHECK_NUMBER(
    host_hear(NOW + 1, false,
              OF_LINE("1", "9", CUSTOMER("7", ",\"issued\":6,\"expires\":8,\"access\":\"a2\""))),
    OCC_STATUS_OK);
  CHECK_TEXT(host.order, "renewed save state alarm ");
  CHECK_TEXT(host.renewed.at, "Bearer a2");
  CHECK_NUMBER(host.alarm, 0);
  CHECK_NUMBER(host.expires_at, 8);
  CHECK_TEXT(host.saved.at,
             OF_LINE("1", "2", CUSTOMER("7", ",\"expires\":8,\"issued\":6,\"access\":\"a2\"")));
  CHECK_TEXT(host_authorization(), "Bearer a2");
  CHECK_NUMBER(host_renew(NOW + 1, "Bearer a1"), OCC_STATUS_RESEND);
}

TEST(r31_stored,
     "R31: waiting requests are sent again when newer tokens come with the stored snapshot") {
  open_beside(SHARED);
  ask(NOW);
  adopt(NOW + 1, OF_LINE("1", "2", CUSTOMER("7", ",\"issued\":6,\"access\":\"a2\"")),
        OCC_STATUS_OK);
  CHECK_TEXT(host.order, "renewed state alarm ");
  CHECK_TEXT(host.renewed.at, "Bearer a2");
  CHECK_NUMBER(host.alarm, 0);
}

TEST(r31_same_token, "R31: waiting requests are sent again if the refresh gave the same access "
                     "token for another hour") {
  open_beside(SHARED);
  ask(NOW);
  adopt(
    NOW + 1,
    OF_LINE("1", "2", CUSTOMER("7", ",\"issued\":6,\"expires\":1700003600000,\"access\":\"a1\"")),
    OCC_STATUS_OK);
  CHECK_NUMBER(host.renewals, 1);
  CHECK_TEXT(host.renewed.at, "Bearer a1");
  CHECK_NUMBER(host.expires_at, OVER);
  CHECK_NUMBER(host.alarm, 0);
}

TEST(r31_older_stored,
     "R31 R41: a snapshot with tokens older than the held ones does not bring them back") {
  open_as_customer(STORED, TOKENS("a1", "r1"));
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
  answer(NOW, 200, TOKENS("a2", "r2"));
  adopt(NOW, OF_LINE("1", "9", CUSTOMER("2097153", ",\"access\":\"a1\",\"refresh\":\"r1\"")),
        OCC_STATUS_OK);
  CHECK_TEXT(host_authorization(), "Bearer a2");
  CHECK(host_remembers("r2") && !host_remembers("r1"));
}

TEST(r31_answered, "R31: a tab that has answered has time for its refresh; after that its answer "
                   "stands and the session stays") {
  static const char same[] = OF_LINE("1", "1", CUSTOMER("7", ",\"issued\":5,\"access\":\"a1\""));
  open_beside(SHARED);
  ask(NOW);
  host_forget();
  CHECK_NUMBER(host_hear(NOW + 1000, true, same), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "alarm ");
  CHECK_NUMBER(host.alarm, NOW + 13000);
  host_forget();
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 12999, 0), OCC_STATUS_OK);
  CHECK_NUMBER(host.renewals, 0);
  host_forget();
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 13000, 0), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "renewed ");
  CHECK_TEXT(host.renewed.at, "");
  CHECK_NUMBER(host.state, OCC_STATE_CUSTOMER);
  CHECK_TEXT(host_authorization(), "Bearer a1");
  /* The next request asks again; the earlier answer does not count for it. */
  ask(NOW + 13000);
  CHECK_NUMBER(host.alarm, NOW + 15000);
  host_forget();
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 15000, 0), OCC_STATUS_OK);
  CHECK_NUMBER(host.expiries, 1);
}

TEST(r31_no_answer, "R31: a snapshot saved for other reasons is no answer, nor is one about other "
                    "grants, nor an unasked one") {
  static const char same[] = OF_LINE("1", "1", CUSTOMER("7", ",\"issued\":5,\"access\":\"a1\""));
  open_beside(SHARED);
  CHECK_NUMBER(host_hear(NOW, true, same), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "");
  ask(NOW);
  host_forget();
  CHECK_NUMBER(host_hear(NOW, false, same), OCC_STATUS_OK);
  CHECK_NUMBER(host_hear(NOW, true, OF_LINE("1", "1", CUSTOMER("8", ",\"access\":\"b1\""))),
               OCC_STATUS_OK);
  CHECK_NUMBER(host_hear(NOW, true, OF_LINE("1", "9", "")), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "");
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 2000, 0), OCC_STATUS_OK);
  CHECK_NUMBER(host.expiries, 1);
}

TEST(r31_retired_answer, "R31: an answer about a grant that is not active here is ignored") {
  open_with(2, SHARED);
  adopt(NOW, OF_LINE("1", "1", AGENT("8", ",\"access\":\"a2\"") RETIRED("7", ",\"access\":\"a1\"")),
        OCC_STATUS_OK);
  CHECK_NUMBER(host_renew(NOW, "Bearer a2"), OCC_STATUS_WAIT);
  host_forget();
  CHECK_NUMBER(host_hear(NOW, true, OF_LINE("1", "1", CUSTOMER("7", ",\"access\":\"a1\""))),
               OCC_STATUS_OK);
  CHECK_TEXT(host.order, "");
  CHECK_NUMBER(
    host_hear(NOW, true, OF_LINE("1", "1", CUSTOMER("7", ",\"issued\":3,\"access\":\"a3\""))),
    OCC_STATUS_OK);
  CHECK_TEXT(host.order, "save state ");
  CHECK_NUMBER(host.renewals, 0);
  CHECK(strstr(host.saved.at, "\"a3\"") != NULL && strstr(host.saved.at, "\"a1\"") == NULL);
}

TEST(r31_heard_older, "R31: tokens that are older than the held ones are not adopted") {
  open_as_customer(SHARED, TOKENS("a1", "r1"));
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
  answer(NOW + 3, 200, TOKENS("a2", "r2"));
  host_forget();
  const char *const issued[] = {"", ",\"issued\":1700000000002", ",\"issued\":1700000000003"};
  for (size_t i = 0; i < sizeof issued / sizeof issued[0]; i++) {
    char text[200];
    (void)snprintf(text, sizeof text,
                   OF_LINE("1", "99", CUSTOMER("2097153", ",\"access\":\"a0\"%s")), issued[i]);
    CHECK_NUMBER(host_hear(NOW + 4, true, text), OCC_STATUS_OK);
  }
  CHECK_TEXT(host.order, "");
  CHECK_TEXT(host_authorization(), "Bearer a2");
}

TEST(r31_heard_bad, "R31 R26: an invalid snapshot from a tab is ignored") {
  const char *const bad[] = {
    "",
    " ",
    "null",
    "{\"v\":1,\"for\":\"there\",\"epoch\":9}",
    "{\"v\":2,\"for\":\"here\",\"epoch\":9}",
    OF_LINE("\"1\"", "9", CUSTOMER("7", ",\"issued\":6,\"access\":\"a2\"")),
    OF_LINE("1", "9", CUSTOMER("7", ",\"issued\":-6,\"access\":\"a2\"")),
    OF_LINE("1", "9", CUSTOMER("7", ",\"issued\":6,\"access\":\"a 2\""))};
  open_beside(SHARED);
  ask(NOW);
  host_forget();
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    CHECK_NUMBER(host_hear(NOW, true, bad[i]), OCC_STATUS_BAD_SNAPSHOT);
  }
  CHECK_TEXT(host.order, "");
  CHECK_NUMBER(host.alarm, NOW + 2000);
}

TEST(r31_heard_revoking,
     "R31 R24: tokens of a grant that is being revoked, awaited or unknown here are not adopted") {
  open_as_customer(SHARED, TOKENS("a1", "r1"));
  (void)occ_session_sign_out(&session, NOW);
  host_forget();
  CHECK_NUMBER(
    host_hear(NOW, true, OF_LINE("1", "9", CUSTOMER("2097153", ",\"issued\":6,\"access\":\"a2\""))),
    OCC_STATUS_OK);
  CHECK_NUMBER(host_hear(NOW, false,
                         OF_LINE("1", "9", CUSTOMER("2097154", ",\"issued\":6,\"access\":\"a2\""))),
               OCC_STATUS_OK);
  CHECK_TEXT(host.order, "");
  CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
  CHECK(!host_remembers("a2"));
}

TEST(r31_sign_out,
     "R31 R21: a sign-out while the other tabs are asked signs out, without expired") {
  open_beside(SHARED);
  ask(NOW);
  host_forget();
  CHECK_NUMBER(occ_session_sign_out(&session, NOW + 1), OCC_STATUS_OK);
  CHECK_NUMBER(host.renewals, 1);
  CHECK_TEXT(host.renewed.at, "");
  CHECK_NUMBER(host.alarm, 0);
  CHECK_TEXT(last_body(), "token=a1" OF_ACCESS);
  host_forget();
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 2000, 0), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "");
}

TEST(r31_ended, "R31: a sign-out or a sign-in in another tab ends the asking, without expired") {
  open_beside(SHARED);
  ask(NOW);
  host_forget();
  CHECK_NUMBER(occ_session_ended(&session, NOW + 1, 7, 5), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "renewed save state alarm ");
  CHECK_NUMBER(host.alarm, 0);
  open_beside(SHARED);
  ask(NOW);
  adopt(NOW + 1, OF_LINE("1", "2", CUSTOMER("8", ",\"access\":\"b1\"")), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "renewed state state alarm ");
  CHECK_TEXT(host.renewed.at, "");
  CHECK_TEXT(host_authorization(), "Bearer b1");
}

TEST(r31_agent_comes, "R31 R4: an agent who signs in over the customer ends the asking") {
  open_beside(SHARED);
  const uint32_t request = begin(NOW, OCC_OWNER_AGENT, 2, "anna");
  ask(NOW);
  host_forget();
  CHECK_NUMBER(host_answer(NOW, request, 200, TOKEN("a2")), OCC_STATUS_OK);
  CHECK_NUMBER(host.renewals, 1);
  CHECK_NUMBER(host.alarm, 0);
  CHECK_TEXT(host_authorization(), "Bearer a2");
}

TEST(r31_taking_over,
     "R31: while an agent signs in, the end of the asking leaves the sign-in pending") {
  open_beside(SHARED);
  (void)begin(NOW, OCC_OWNER_AGENT, 2, "anna");
  ask(NOW);
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 2000, 0), OCC_STATUS_OK);
  CHECK_NUMBER(host.expired, OCC_OWNER_CUSTOMER);
  CHECK_NUMBER(host.state, OCC_STATE_AGENT_SIGNING_IN);
}

TEST(r31_restores,
     "R31 R5: an agent's session that ends without an answer restores the parked customer") {
  open_with(2, SHARED);
  adopt(NOW,
        OF_LINE("1", "1",
                AGENT("8", ",\"access\":\"a2\"") ",\"parked\":{\"owner\":\"customer\",\"number\":7,"
                                                 "\"access\":\"a1\"},\"customer\":\"anna\""),
        OCC_STATUS_OK);
  CHECK_NUMBER(host_renew(NOW, "Bearer a2"), OCC_STATUS_WAIT);
  CHECK_NUMBER(host.wanted_number, 8);
  host_forget();
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 2000, 0), OCC_STATUS_OK);
  CHECK_NUMBER(host.expired, OCC_OWNER_AGENT);
  CHECK_NUMBER(host.state, OCC_STATE_CUSTOMER);
  CHECK_TEXT(host_authorization(), "Bearer a1");
  CHECK_NUMBER(host.request_count, 0);
}

TEST(r31_refused,
     "R31 R41: if refresh tokens are shared, a refused one makes the tab ask the others first") {
  open_as_customer(STORED, TOKENS("a1", "r1"));
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
  answer(NOW, 400, INVALID_GRANT);
  CHECK_TEXT(host.order, "wanted save state alarm ");
  CHECK_NUMBER(host.wanted_number, FIRST);
  CHECK_NUMBER(host.wanted_issued, 0);
  CHECK_NUMBER(host.expiries, 0);
  CHECK_NUMBER(host.alarm, NOW + 2000);
  CHECK(!host_remembers("r1"));
  CHECK(strstr(host.saved.at, "\"access\":\"a1\"") != NULL);
  CHECK(strstr(host.saved.at, "refresh") == NULL);
  host_forget();
  CHECK_NUMBER(
    host_hear(
      NOW + 1, true,
      OF_LINE("1", "1", CUSTOMER("2097153", ",\"issued\":6,\"access\":\"a2\",\"refresh\":\"r2\""))),
    OCC_STATUS_OK);
  CHECK_TEXT(host.renewed.at, "Bearer a2");
  CHECK_NUMBER(host.state, OCC_STATE_CUSTOMER);
  CHECK_NUMBER(host_renew(NOW + 20000, "Bearer a2"), OCC_STATUS_WAIT);
  CHECK_TEXT(last_body(), REFRESH_OF("r2"));
}

TEST(r31_refused_nobody,
     "R31 R41 R20: after a refused refresh the session ends once if no tab has newer tokens") {
  open_as_customer(STORED, TOKENS("a1", "r1"));
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
  answer(NOW, 401, "");
  host_forget();
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 2000, 0), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "renewed save state expired ");
  CHECK_NUMBER(host.endings, 0);
  CHECK_NUMBER(host.request_count, 0);
}

TEST(r31_refused_alone, "R31 R20: a refused refresh ends the session at once if refresh tokens are "
                        "not stored, or without other tabs") {
  const uint32_t flags[] = {SHARED, REVOKING | OCC_FLAG_PERSIST, REVOKING};
  for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
    open_as_customer(flags[i], TOKENS("a1", "r1"));
    CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
    answer(NOW, 400, INVALID_GRANT);
    CHECK_TEXT(host.order, "renewed save state expired alarm ");
  }
}

TEST(r31_refused_alarm,
     "R31 R41: a refresh at the alarm that is refused asks the other tabs, and new requests wait") {
  open_as_customer(STORED, TOKENS("a1", "r1"));
  CHECK_NUMBER(occ_session_alarm(&session, OVER, 0), OCC_STATUS_OK);
  answer(OVER, 400, INVALID_GRANT);
  CHECK_NUMBER(host.wanted_number, FIRST);
  CHECK_NUMBER(host_renew(OVER, "Bearer a1"), OCC_STATUS_WAIT);
  CHECK_NUMBER(host_renew(OVER, ""), OCC_STATUS_WAIT);
}

TEST(r31_refused_parked, "R31 R20: other tabs are not asked about a parked grant whose refresh is "
                         "refused: it is dropped, and the agent stays") {
  open_as_customer(STORED, TOKENS("a1", "r1"));
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
  const uint32_t refresh = last();
  sign_in(OCC_OWNER_AGENT, "anna", TOKENS("a2", "r2"));
  CHECK_NUMBER(host_answer(NOW, refresh, 400, INVALID_GRANT), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "save state ");
  CHECK_NUMBER(number_of(OCC_ROLE_PARKED), 0);
  CHECK_TEXT(host_authorization(), "Bearer a2");
}

TEST(r31_unsure, "R31 R42: a 401 that says nothing of a living token does not ask the other tabs") {
  open_beside(SHARED);
  CHECK_NUMBER(host_renew_unsure(NOW, "Bearer a1"), OCC_STATUS_NOTHING);
  CHECK_TEXT(host.order, "");
}

TEST(r31_new,
     "R31 R49: a token that another tab has refreshed just now does not ask the other tabs") {
  open_with(2, SHARED);
  adopt(NOW, OF_LINE("1", "1", CUSTOMER("7", ",\"issued\":1700000000000,\"access\":\"a1\"")),
        OCC_STATUS_OK);
  host_forget();
  CHECK_NUMBER(host_renew(NOW + 9999, "Bearer a1"), OCC_STATUS_NOTHING);
  CHECK_TEXT(host.order, "");
  CHECK_NUMBER(host_renew(NOW + 10000, "Bearer a1"), OCC_STATUS_WAIT);
}

/* ---- R32 ---------------------------------------------------------------------------------------
 */

#define STORED_DEAD OF_LINE("1", "1", CUSTOMER("7", ",\"expires\":1700000000000,\"access\":\"a1\""))

TEST(r32_asks, "R32 R31: a stored session that has expired asks the other tabs, and requests carry "
               "no token meanwhile") {
  open_with(2, SHARED);
  adopt(NOW, STORED_DEAD, OCC_STATUS_OK);
  CHECK_TEXT(host.order, "wanted state alarm ");
  CHECK_NUMBER(host.wanted_number, 7);
  CHECK_NUMBER(host.state, OCC_STATE_CUSTOMER);
  CHECK_TEXT(host_authorization(), "");
  CHECK_NUMBER(host_renew(NOW, ""), OCC_STATUS_WAIT);
  host_forget();
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 2000, 0), OCC_STATUS_OK);
  CHECK_TEXT(host.order, "renewed save state expired ");
  CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
}

TEST(r32_answered,
     "R32 R31: a stored session that has expired goes on with the newer tokens of another tab") {
  open_with(2, SHARED);
  adopt(NOW, STORED_DEAD, OCC_STATUS_OK);
  CHECK_NUMBER(
    host_hear(NOW, true, OF_LINE("1", "1", CUSTOMER("7", ",\"issued\":6,\"access\":\"a2\""))),
    OCC_STATUS_OK);
  CHECK_TEXT(host_authorization(), "Bearer a2");
}

TEST(r32_alone,
     "R32: a stored session that has expired ends when it is opened, if there are no other tabs") {
  open_with(2, REVOKING);
  adopt(NOW, STORED_DEAD, OCC_STATUS_OK);
  CHECK_TEXT(host.order, "save state expired ");
  CHECK_NUMBER(host.expired, OCC_OWNER_CUSTOMER);
  CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
  CHECK_TEXT(host.saved.at, "");
  CHECK(!host_remembers("a1"));
}

TEST(r32_alive, "R32: a stored token that lives for another millisecond is put on requests, as is "
                "one whose time is not known") {
  open_with(2, REVOKING);
  adopt(NOW - 1, STORED_DEAD, OCC_STATUS_OK);
  CHECK_TEXT(host_authorization(), "Bearer a1");
  open_with(2, REVOKING);
  adopt(NOW, OF_LINE("1", "1", CUSTOMER("7", ",\"access\":\"a1\"")), OCC_STATUS_OK);
  CHECK_TEXT(host_authorization(), "Bearer a1");
}

TEST(r32_refresh_token,
     "R32: a stored session with a refresh token is refreshed when a request needs it") {
  open_with(2, STORED);
  adopt(NOW,
        OF_LINE("1", "1",
                CUSTOMER("7", ",\"expires\":1700000000000,\"access\":\"a1\",\"refresh\":\"r1\"")),
        OCC_STATUS_OK);
  CHECK_NUMBER(host.wanted, 0);
  CHECK_TEXT(host_authorization(), "Bearer a1");
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
  CHECK_TEXT(last_body(), REFRESH_OF("r1"));
}

TEST(r32_again,
     "R32: a snapshot without changes to an expired session does not ask the other tabs again") {
  open_with(2, SHARED);
  adopt(NOW, STORED_DEAD, OCC_STATUS_OK);
  CHECK_NUMBER(host.wanted, 1);
  adopt(NOW + 1000,
        OF_LINE("1", "2", CUSTOMER("7", ",\"expires\":1700000000000,\"access\":\"a1\"")),
        OCC_STATUS_OK);
  CHECK_NUMBER(host.wanted, 0);
  CHECK_NUMBER(host.alarm, NOW + 2000);
}

TEST(
  r32_agent,
  "R32 R5: an agent's stored session that has expired ends, and the parked customer is restored") {
  open_with(2, REVOKING);
  adopt(
    NOW,
    OF_LINE(
      "1", "1",
      AGENT("8",
            ",\"expires\":1700000000000,\"access\":\"a2\"") ",\"parked\":{\"owner\":"
                                                            "\"customer\",\"number\":7,\"access\":"
                                                            "\"a1\"},\"customer\":\"anna\""),
    OCC_STATUS_OK);
  CHECK_NUMBER(host.expired, OCC_OWNER_AGENT);
  CHECK_NUMBER(host.state, OCC_STATE_CUSTOMER);
  CHECK_TEXT(host_authorization(), "Bearer a1");
}

TEST(r32_restored,
     "R32 R5: a restored customer whose session has expired as well is not put on requests") {
  open_with(2, SHARED);
  adopt(
    NOW,
    OF_LINE(
      "1", "1",
      AGENT("8",
            ",\"expires\":1700000000000,\"access\":\"a2\"") ",\"parked\":{\"owner\":"
                                                            "\"customer\",\"number\":7,\"expires\":"
                                                            "1699999999999,\"access\":\"a1\"},"
                                                            "\"customer\":\"anna\""),
    OCC_STATUS_OK);
  host_forget();
  CHECK_NUMBER(occ_session_alarm(&session, NOW + 2000, 0), OCC_STATUS_OK);
  CHECK_NUMBER(host.expired, OCC_OWNER_AGENT);
  CHECK_NUMBER(host.wanted_number, 7);
  CHECK_TEXT(host_authorization(), "");
}

TEST(r30_older_granted,
     "R30 R41: a new pair for an older refresh token does not end the newer one") {
  open_as_customer(STORED, TOKENS("a1", "r1"));
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
  const uint32_t of_older = last();
  adopt(
    NOW,
    OF_LINE("1", "9", CUSTOMER("2097153", ",\"issued\":6,\"access\":\"a2\",\"refresh\":\"r2\"")),
    OCC_STATUS_OK);
  (void)occ_session_sign_out(&session, NOW + 1);
  CHECK_TEXT(last_body(), "token=r2" OF_REFRESH);
  const uint32_t of_newer = last();
  CHECK_NUMBER(host_answer(NOW + 1, of_older, 200, TOKENS("a3", "r3")), OCC_STATUS_OK);
  CHECK_TEXT(last_body(), "token=r3" OF_REFRESH);
  CHECK_NUMBER(host_answer(NOW + 1, of_newer, 401, ""), OCC_STATUS_OK);
  CHECK_TEXT(last_body(), REFRESH_OF("r2"));
}

TEST(r30_older_refused,
     "R30 R41: a refused older refresh token does not mean that the newer one is dead") {
  open_as_customer(STORED, TOKENS("a1", "r1"));
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
  const uint32_t of_older = last();
  adopt(NOW,
        OF_LINE(
          "1", "9",
          CUSTOMER("2097153",
                   ",\"issued\":6,\"expires\":1700000000001,\"access\":\"a2\",\"refresh\":\"r2\"")),
        OCC_STATUS_OK);
  (void)occ_session_sign_out(&session, NOW + 1);
  CHECK_TEXT(last_body(), REFRESH_OF("r2"));
  const uint32_t of_newer = last();
  CHECK_NUMBER(host_answer(NOW + 1, of_older, 400, INVALID_GRANT), OCC_STATUS_OK);
  CHECK_NUMBER(host_answer(NOW + 1, of_newer, 200, TOKENS("a3", "r3")), OCC_STATUS_OK);
  CHECK_TEXT(last_body(), "token=r3" OF_REFRESH);
}

TEST(r24_new_line, "R24: a tab that was signed out when the storage was emptied starts a new line, "
                   "since another tab may have had a later epoch of the old one") {
  open_with(2, SHARED);
  adopt(NOW, OF_LINE("1", "2", ""), OCC_STATUS_OK);
  CHECK_NUMBER(host_adopt(NOW, ""), OCC_STATUS_OK);
  host_forget();
  CHECK_NUMBER(host_answer(NOW, begin(NOW, OCC_OWNER_CUSTOMER, 1, ""), 200, TOKENS("b1", "s1")),
               OCC_STATUS_OK);
  CHECK(strstr(host.saved.at, "\"line\":1,") == NULL);
}

TEST(r24_new_line_held,
     "R24: a tab that held a grant when the storage was emptied starts a new line") {
  open_with(2, SHARED);
  adopt(NOW, OF_LINE("1", "2", CUSTOMER("7", ",\"access\":\"a1\"")), OCC_STATUS_OK);
  host_forget();
  CHECK_NUMBER(host_adopt(NOW, ""), OCC_STATUS_OK);
  CHECK(strstr(host.saved.at, "\"line\":1,") == NULL);
}

TEST(r24_own_end, "R24 R2: a grant retired over an agent who has signed out here is revoked here, "
                  "even if a tab that does not know of it writes both again") {
  open_with(2, SHARED);
  adopt(NOW,
        OF_LINE("1", "2",
                AGENT("8", ",\"access\":\"g1\"") ",\"parked\":{\"owner\":\"customer\",\"number\":7,"
                                                 "\"access\":\"a1\"},\"customer\":\"0001\""),
        OCC_STATUS_OK);
  CHECK_NUMBER(occ_session_sign_out_agent(&session, NOW), OCC_STATUS_OK);
  host_forget();
  adopt(NOW, OF_LINE("1", "9", AGENT("8", ",\"access\":\"g1\"") RETIRED("7", ",\"access\":\"a1\"")),
        OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
  CHECK_TEXT(last_body(), "token=a1" OF_ACCESS);
}

TEST(r24_own_end_settled, "R24 R2: the same when the revocation of the agent has settled") {
  open_with(2, SHARED);
  adopt(NOW, OF_LINE("1", "2", AGENT("8", ",\"access\":\"g1\"")), OCC_STATUS_OK);
  CHECK_NUMBER(occ_session_sign_out_agent(&session, NOW), OCC_STATUS_OK);
  answer(NOW, 200, "");
  CHECK_NUMBER(host.revoking, 0);
  adopt(NOW, OF_LINE("1", "9", AGENT("8", ",\"access\":\"g1\"") RETIRED("7", ",\"access\":\"a1\"")),
        OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
  CHECK_TEXT(last_body(), "token=a1" OF_ACCESS);
}

TEST(r31_one_byte,
     "R31: a refresh token of one byte is used for another tab, and revoked, like any other") {
  open_as_customer(SHARED, TOKENS("a", "r"));
  CHECK_NUMBER(occ_session_wanted(&session, NOW, FIRST, 0), OCC_STATUS_OK);
  CHECK_TEXT(last_body(), REFRESH_OF("r"));
  open_as_customer(SHARED, TOKENS("a", "r"));
  CHECK_NUMBER(occ_session_ended(&session, NOW, FIRST, 0), OCC_STATUS_OK);
  CHECK_TEXT(last_body(), REFRESH_OF("r"));
}

TEST(r41_no_endpoint,
     "R41 R13: without a revocation endpoint, too, a refused refresh token that tabs "
     "share makes the tab ask the others") {
  open_as_customer(OCC_FLAG_PERSIST | OCC_FLAG_SHARED, TOKENS("a1", "r1"));
  CHECK_NUMBER(host_renew(NOW, "Bearer a1"), OCC_STATUS_WAIT);
  answer(NOW, 400, INVALID_GRANT);
  CHECK_NUMBER(host.state, OCC_STATE_CUSTOMER);
  CHECK_NUMBER(host.wanted_number, FIRST);
}
