/*
 * Fixed scripts of events, of which instructions.js counts what each costs the core.
 *
 *   events            names them
 *   events SCRIPT     runs one: what leads to it first, and then, in measured(), what counts
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

#define NOW 1700000000000.0
#define ANNA "anna.keller@example.com"
/* Tokens as the legacy server makes them. */
#define TOKENS(digit)                                                                              \
  "{\"access_token\":\"" digit "1e2c9f4-58b0-4c7e-9d2a-6f10b3a7c5d8\",\"token_type\":\"bearer\","  \
  "\"refresh_token\":\"" digit "7a0d3b6-92f1-4e85-b3c4-0d8e6f2a9b17\",\"expires_in\":43199,"       \
  "\"scope\":\"basic openid\"}"

static void expect(occ_status status, occ_status expected) {
  if (status != expected) {
    (void)fprintf(stderr, "a call gave %d, not %d\n", (int)status, (int)expected);
    exit(1);
  }
}

static void open_session(void) {
  const host_options options = {.nonce = 1,
                                .flags = OCC_FLAG_REVOKE | OCC_FLAG_BEARER,
                                .identity = "https://api.shop.example mobile_android",
                                .client_id = "mobile_android",
                                .client_secret = "secret",
                                .agent_client_id = "mobile_android",
                                .agent_client_secret = "secret"};
  expect(host_open_new(&options), OCC_STATUS_OK);
}

/* Answers the requests that have been begun since host_forget, and those that follow from it. */
static void answer_all(uint32_t status, const char *body) {
  for (unsigned i = 0; i < host.request_count; i++) {
    expect(host_answer(NOW, host.requests[i].number, status, body), OCC_STATUS_OK);
  }
  host_forget();
}

static void sign_in(void) {
  expect(host_sign_in(NOW, OCC_OWNER_CUSTOMER, 1, ANNA, "Welcome-1", ""), OCC_STATUS_OK);
  answer_all(200, TOKENS("a"));
}

static void authorize(void) {
  expect(occ_session_authorization(&session, NOW), OCC_STATUS_OK);
}

static void refresh(void) {
  expect(host_renew(NOW, host.header.at), OCC_STATUS_WAIT);
  answer_all(200, TOKENS("b"));
}

static void restore(void) {
  static char snapshot[OCC_INPUT_MAX + 1];
  memcpy(snapshot, host.saved.at, host.saved.length + 1);
  open_session();
  expect(host_adopt(NOW, snapshot), OCC_STATUS_OK);
}

static void take_over(void) {
  expect(host_sign_in(NOW, OCC_OWNER_AGENT, 2, "asagent", "Support-1", ANNA), OCC_STATUS_OK);
  answer_all(200, TOKENS("c"));
}

static void sign_out(void) {
  expect(occ_session_sign_out(&session, NOW), OCC_STATUS_OK);
  answer_all(200, "");
}

static void sign_out_agent(void) {
  expect(occ_session_sign_out_agent(&session, NOW), OCC_STATUS_OK);
  answer_all(200, "");
}

static void as_customer(void) {
  open_session();
  sign_in();
}

static void with_header(void) {
  as_customer();
  authorize();
}

static void as_agent(void) {
  as_customer();
  take_over();
}

static const struct {
  const char *name;
  void (*before)(void);
  void (*events)(void);
} scripts[] = {
  {"sign-in", open_session, sign_in},
  {"authorize", as_customer, authorize},
  {"refresh", with_header, refresh},
  {"restore", as_customer, restore},
  {"sign-out", as_customer, sign_out},
  {"take-over", as_customer, take_over},
  {"sign-out-agent", as_agent, sign_out_agent},
};

enum { SCRIPTS = sizeof scripts / sizeof scripts[0] };

/* What Callgrind counts from beginning to end, by its name. */
__attribute__((noinline)) static void measured(void (*events)(void)) {
  events();
  (void)fflush(stdout);
}

int main(int argc, char **argv) {
  for (size_t i = 0; i < SCRIPTS; i++) {
    if (argc < 2) {
      (void)puts(scripts[i].name);
    } else if (strcmp(argv[1], scripts[i].name) == 0) {
      scripts[i].before();
      measured(scripts[i].events);
      return 0;
    }
  }
  return argc < 2 ? 0 : 2;
}
