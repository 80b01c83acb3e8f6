/* The exports of the module: each passes its arguments to the core's function of the same name, for
 * one and the same session. */
#include "host.h"

#include "check.h"

/* An attribute that only WebAssembly knows, and the module's session beside the host's. */
#define export_name(name) used
#define session module_session
#include "wasm.c" // NOLINT(bugprone-suspicious-include)

#define NOW 1700000000000.0
#define TOKENS(access, refresh)                                                                    \
  "{\"access_token\":\"" access "\",\"token_type\":\"bearer\",\"refresh_token\":\"" refresh        \
  "\",\"expires_in\":3600}"

static void give(occ_parameter parameter, const char *text) {
  const size_t length = strlen(text);
  memcpy(export_occ_input() + module_session.input_used, text, length);
  export_occ_text(parameter, (uint32_t)length);
}

static void open_with(uint32_t retries, uint32_t flags) {
  memset(&module_session, 0, sizeof module_session);
  host_forget();
  give(OCC_PARAMETER_SCOPE, "all");
  give(OCC_PARAMETER_AGENT_CLIENT_SECRET, "password");
  give(OCC_PARAMETER_AGENT_CLIENT_ID, "counter");
  give(OCC_PARAMETER_CLIENT_SECRET, "secret");
  give(OCC_PARAMETER_CLIENT_ID, "store");
  give(OCC_PARAMETER_IDENTITY, "here");
  CHECK_NUMBER(export_occ_open(NOW, 5, flags, retries), OCC_STATUS_OK);
}

static void open(uint32_t retries) {
  open_with(retries, OCC_FLAG_REVOKE | OCC_FLAG_BEARER | OCC_FLAG_PERSIST);
}

static uint32_t sign_in(occ_owner owner, uint32_t attempt, const char *customer_id) {
  give(OCC_PARAMETER_PASSWORD, "pass1");
  give(OCC_PARAMETER_USERNAME, "anna");
  give(OCC_PARAMETER_CUSTOMER_ID, customer_id);
  CHECK_NUMBER(export_occ_sign_in(NOW, owner, attempt), OCC_STATUS_OK);
  return host_last_request()->number;
}

static void answer(uint32_t request, uint32_t http_status, const char *body) {
  give(OCC_PARAMETER_BODY, body);
  CHECK_NUMBER(export_occ_completed(NOW, request, OCC_DELIVERY_ANSWERED, http_status, 0),
               OCC_STATUS_OK);
}

static const char *authorization(void) {
  host_forget();
  (void)export_occ_authorization(NOW);
  return host.header.at;
}

TEST(before, "before it is opened the module's session is not open") {
  CHECK_NUMBER(export_occ_sign_out(NOW), OCC_STATUS_NOT_OPEN);
}

TEST(options, "each text of the options is passed to its own option by its name, in any order") {
  open(0);
  (void)sign_in(OCC_OWNER_CUSTOMER, 1, "");
  CHECK_TEXT(host_last_request()->body.at, "grant_type=password&username=anna&password=pass1"
                                           "&scope=all&client_id=store&client_secret=secret");
  const uint32_t request = sign_in(OCC_OWNER_AGENT, 2, "");
  CHECK_TEXT(host_last_request()->body.at, "grant_type=password&username=anna&password=pass1"
                                           "&scope=all&client_id=counter&client_secret=password");
  answer(request, 200, TOKENS("a1", "r1"));
  CHECK_TEXT(
    host.saved.at,
    "{\"v\":1,\"for\":\"here\",\"line\":5,\"epoch\":1,\"active\":{\"owner\":\"agent\","
    "\"number\":10485762,\"expires\":1700003600000,\"access\":\"a1\",\"refresh\":\"r1\"}}");
}

TEST(life,
     "a customer, an agent over him, an emulation and both sign-outs work through the module") {
  open(0);
  answer(sign_in(OCC_OWNER_CUSTOMER, 1, ""), 200, TOKENS("a1", "r1"));
  CHECK_NUMBER(host.state, OCC_STATE_CUSTOMER);
  CHECK_TEXT(authorization(), "Bearer a1");
  answer(sign_in(OCC_OWNER_AGENT, 2, "anna"), 200, TOKENS("a2", "r2"));
  CHECK_NUMBER(host.attempt, 2);
  CHECK_NUMBER(host.state, OCC_STATE_EMULATING);
  CHECK_TEXT(host.user_id.at, "anna");
  give(OCC_PARAMETER_CUSTOMER_ID, "berta");
  CHECK_NUMBER(export_occ_emulate(NOW), OCC_STATUS_OK);
  CHECK_TEXT(host.user_id.at, "berta");
  CHECK_NUMBER(export_occ_sign_out(NOW), OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_AGENT);
  host_forget();
  CHECK_NUMBER(export_occ_sign_out(NOW), OCC_STATUS_OK);
  CHECK_NUMBER(host.revoking, 4);
  CHECK_NUMBER(export_occ_leave(NOW), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 4);
}

TEST(agent, "the agent's sign-out restores the customer") {
  open(0);
  answer(sign_in(OCC_OWNER_CUSTOMER, 1, ""), 200, TOKENS("a1", "r1"));
  answer(sign_in(OCC_OWNER_AGENT, 2, "anna"), 200, TOKENS("a2", "r2"));
  CHECK_NUMBER(export_occ_sign_out_agent(NOW), OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_CUSTOMER);
  CHECK_TEXT(authorization(), "Bearer a1");
}

TEST(cancelled, "a sign-in is cancelled by its number") {
  open(0);
  (void)sign_in(OCC_OWNER_CUSTOMER, 7, "");
  CHECK_NUMBER(export_occ_cancel(NOW, 8), OCC_STATUS_OK);
  CHECK_NUMBER(host.sign_ins, 0);
  CHECK_NUMBER(export_occ_cancel(NOW, 7), OCC_STATUS_OK);
  CHECK_NUMBER(host.sign_ins, 1);
  CHECK_NUMBER(host.sign_in_status, OCC_STATUS_CANCELLED);
}

TEST(renewed, "a rejected token is refreshed") {
  open(0);
  answer(sign_in(OCC_OWNER_CUSTOMER, 1, ""), 200, TOKENS("a1", "r1"));
  host_forget();
  give(OCC_PARAMETER_AUTHORIZATION, "Bearer a1");
  CHECK_NUMBER(export_occ_renew(NOW, 1), OCC_STATUS_WAIT);
  CHECK_NUMBER(host_last_request()->purpose, OCC_REQUEST_REFRESH);
  answer(host_last_request()->number, 200, TOKENS("a2", "r2"));
  CHECK_TEXT(host.renewed.at, "Bearer a2");
}

TEST(retried, "the result of a request, its status and its retry time are passed on") {
  open(1);
  answer(sign_in(OCC_OWNER_CUSTOMER, 1, ""), 200, TOKENS("a1", "r1"));
  CHECK_NUMBER(export_occ_sign_out(NOW), OCC_STATUS_OK);
  CHECK_NUMBER(
    export_occ_completed(NOW, host_last_request()->number, OCC_DELIVERY_ANSWERED, 429, 9000),
    OCC_STATUS_OK);
  CHECK_NUMBER(host.alarm, NOW + 9000);
  host_forget();
  CHECK_NUMBER(export_occ_alarm(NOW + 9001, NOW + 9000), OCC_STATUS_OK);
  CHECK_NUMBER(host.request_count, 1);
  CHECK_NUMBER(export_occ_completed(NOW, host_last_request()->number, OCC_DELIVERY_TIMED_OUT, 0, 0),
               OCC_STATUS_OK);
  CHECK_NUMBER(host.outcome, OCC_OUTCOME_TIMED_OUT);
  CHECK_NUMBER(export_occ_completed(NOW, 99, OCC_DELIVERY_ANSWERED, 200, 0),
               OCC_STATUS_UNKNOWN_REQUEST);
}

TEST(clock_set_back, "an alarm works although the clock was set back meanwhile") {
  open(0);
  answer(sign_in(OCC_OWNER_CUSTOMER, 1, ""), 200, TOKENS("a1", "r1"));
  CHECK_NUMBER(host.alarm, NOW + 3600000);
  host_forget();
  CHECK_NUMBER(export_occ_alarm(NOW - 86400000, NOW + 3600000), OCC_STATUS_OK);
  CHECK_NUMBER(host_last_request()->purpose, OCC_REQUEST_REFRESH);
}

TEST(tabs, "a snapshot is adopted, and a grant that another tab has ended is dropped") {
  open(0);
  give(OCC_PARAMETER_SNAPSHOT, "{\"v\":1,\"for\":\"here\",\"epoch\":3,\"active\":{"
                               "\"owner\":\"customer\",\"number\":7,\"expires\":0,"
                               "\"access\":\"a1\"}}");
  CHECK_NUMBER(export_occ_adopt(NOW), OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_CUSTOMER);
  CHECK_NUMBER(export_occ_ended(NOW, 8, 0), OCC_STATUS_DONE);
  CHECK_NUMBER(export_occ_ended(NOW, 7, 0), OCC_STATUS_OK);
  CHECK_NUMBER(host.state, OCC_STATE_ANONYMOUS);
}

TEST(unsure, "the certainty that a token is dead is passed on") {
  open(0);
  answer(sign_in(OCC_OWNER_CUSTOMER, 1, ""), 200, TOKENS("a1", "r1"));
  give(OCC_PARAMETER_AUTHORIZATION, "Bearer a1");
  CHECK_NUMBER(export_occ_renew(NOW, 0), OCC_STATUS_NOTHING);
  give(OCC_PARAMETER_AUTHORIZATION, "Bearer a1");
  CHECK_NUMBER(export_occ_renew(NOW + 3600000, 0), OCC_STATUS_WAIT);
  answer(host_last_request()->number, 200, TOKENS("a2", "r2"));
  CHECK_TEXT(authorization(), "Bearer a2");
}

TEST(newer, "newer tokens are wanted, requested and heard through the module") {
  open_with(0, OCC_FLAG_REVOKE | OCC_FLAG_BEARER | OCC_FLAG_SHARED);
  answer(sign_in(OCC_OWNER_CUSTOMER, 1, ""), 200, TOKENS("a1", "r1"));
  const double number = 10485761;
  CHECK_NUMBER(export_occ_wanted(NOW, number + 1, 0), OCC_STATUS_NOTHING);
  host_forget();
  CHECK_NUMBER(export_occ_wanted(NOW, number, 0), OCC_STATUS_OK);
  CHECK_NUMBER(host_last_request()->purpose, OCC_REQUEST_REFRESH);
  answer(host_last_request()->number, 200, TOKENS("a2", "r2"));
  CHECK_NUMBER(export_occ_ended(NOW, number, NOW), OCC_STATUS_OK);
  const char *const snapshot = "{\"v\":1,\"for\":\"here\",\"line\":5,\"epoch\":9,\"active\":{"
                               "\"owner\":\"customer\",\"number\":7,\"access\":\"a1\"%s}}";
  char text[200];
  (void)snprintf(text, sizeof text, snapshot, "");
  give(OCC_PARAMETER_SNAPSHOT, text);
  CHECK_NUMBER(export_occ_adopt(NOW), OCC_STATUS_OK);
  give(OCC_PARAMETER_AUTHORIZATION, "Bearer a1");
  CHECK_NUMBER(export_occ_renew(NOW, 1), OCC_STATUS_WAIT);
  CHECK_NUMBER(host.wanted_number, 7);
  CHECK_NUMBER(host.alarm, NOW + 2000);
  give(OCC_PARAMETER_SNAPSHOT, text);
  CHECK_NUMBER(export_occ_heard(NOW, 0), OCC_STATUS_OK);
  CHECK_NUMBER(host.alarm, NOW + 2000);
  give(OCC_PARAMETER_SNAPSHOT, text);
  CHECK_NUMBER(export_occ_heard(NOW, 1), OCC_STATUS_OK);
  CHECK_NUMBER(host.alarm, NOW + 12000);
  (void)snprintf(text, sizeof text, snapshot, ",\"issued\":8");
  give(OCC_PARAMETER_SNAPSHOT, text);
  CHECK_NUMBER(export_occ_heard(NOW, 0), OCC_STATUS_OK);
  CHECK_TEXT(authorization(), "Bearer a1");
  CHECK_NUMBER(host.alarm, 0);
}

TEST(closed, "a module that is closed stays closed") {
  open(0);
  CHECK_NUMBER(export_occ_close(), OCC_STATUS_OK);
  CHECK_NUMBER(export_occ_sign_out(NOW), OCC_STATUS_CLOSED);
}
