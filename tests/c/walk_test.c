/*
 * A walk over every sequence of events, as far as a session with a few places can tell them apart.
 *
 * Beside the session goes a model: who is signed in and where each grant is, as the rules of the
 * design say it and as somebody can tell who has handed out every token and received every request.
 * After each step the two are compared. A configuration is what is left of a session when numbers
 * and the texts of tokens are taken away; the walk ends when no step leads to a new one.
 *
 * CMakeLists.txt builds the core with small limits for it: a session is copied at every step.
 */
#include "host.h"

#include <stddef.h>

#include "arena.h"
#include "check.h"
#include "permitted.h"

#define TOKEN_LENGTH 7 /* a000001, r000001 */
#define LIFETIME 3600.0
#define START 1e12
#define PASSWORD "open-sesame"

enum { GRANTS_MAX = OCC_PLACES, AWAITED_MAX = OCC_PLACES };

/* ---- The model --------------------------------------------------------------------------------
 */

typedef enum { ACTIVE = 1, PARKED, RETIRED, STRAY, REVOKING } grant_role;
typedef enum { UNSENT = 0, SENT, SETTLED } stage;

typedef struct {
  uint32_t request;
  stage stage;
} revocation;

/* A grant that the server has given and that is not settled. */
typedef struct {
  unsigned id; /* stays when it is refreshed */
  grant_role role;
  occ_owner owner;
  unsigned access;  /* serial number of the token */
  unsigned refresh; /* 0: none */
  double expires_at;
  double renew_at;
  double number; /* that the session gave it, 0: not seen yet */
  revocation of_access;
  revocation of_refresh;
} grant;

/* A token request that is on its way. */
typedef struct {
  uint32_t request;
  occ_owner owner;
  unsigned attempt; /* of a sign-in, 0: a refresh */
  unsigned id;      /* of the grant that is refreshed */
} awaited;

typedef struct {
  occ_state state;
  char emulated; /* 'A', 'B', 0: nobody */
  bool waiting;  /* requests wait for a refresh of the active grant */
  bool pending;  /* a sign-in is */
  bool sent;
  bool known; /* the agent's sign-in came with the customer's id */
  occ_owner owner;
  unsigned attempt;
  double due;
  double now;
  double alarm;
  double epoch;
  unsigned ids;
  unsigned serials;
  unsigned attempts;
  size_t grant_count;
  size_t awaited_count;
  grant grants[GRANTS_MAX];
  awaited awaited[AWAITED_MAX];
  char saved[OCC_INPUT_MAX];
} model;

static model m;

/* What a step must make the host see. */
static struct {
  occ_status status;
  bool leaving;
  bool reloaded;
  unsigned sign_ins;
  unsigned attempt;
  occ_status sign_in_status;
  unsigned renewals;
  unsigned renewed; /* serial of the token, 0: none */
  occ_owner expired;
  unsigned outcomes;
  occ_owner outcome_owner;
  occ_token outcome_token;
  unsigned refreshes; /* id of the grant that a request must refresh, 0: none */
  size_t ended_count;
  double ended[GRANTS_MAX];
  size_t gone_count;
  char gone[2 * GRANTS_MAX][TOKEN_LENGTH + 1];
} expected;

static struct {
  uint32_t flags;
  bool same_token; /* a user's second sign-in is given the token of the first */
} options;

static bool has(occ_flag flag) {
  return (options.flags & (uint32_t)flag) != 0;
}

/* A page's session; the numbers of its grants are its own. */
static occ_status open_page(uint32_t nonce) {
  return host_open_new(&(host_options){.nonce = nonce,
                                       .flags = options.flags,
                                       .identity = "here",
                                       .client_id = "shop",
                                       .agent_client_id = "desk"});
}

static const char *failure;

static bool expect(bool holds, const char *sentence) {
  if (!holds && failure == NULL) {
    failure = sentence;
  }
  return holds;
}

static grant *in(grant_role role) {
  for (size_t i = 0; i < m.grant_count; i++) {
    if (m.grants[i].role == role) {
      return &m.grants[i];
    }
  }
  return NULL;
}

static bool is_held(const grant *it) {
  return it->role == ACTIVE || it->role == PARKED || it->role == RETIRED;
}

static grant *held(unsigned id) {
  for (size_t i = 0; i < m.grant_count; i++) {
    if (m.grants[i].id == id && is_held(&m.grants[i])) {
      return &m.grants[i];
    }
  }
  return NULL;
}

/* What a token may be asked for with: some places are only for what another tab brings. */
static size_t free_places(void) {
  const size_t taken = m.grant_count + m.awaited_count + OCC_PLACES_FOR_TABS;
  return taken < OCC_PLACES ? OCC_PLACES - taken : 0;
}

static void text_of(char *text, char kind, unsigned serial) {
  (void)snprintf(text, TOKEN_LENGTH + 1, "%c%06u", kind, serial % 1000000);
}

static void token_is_gone(char kind, unsigned serial) {
  if (serial != 0) {
    text_of(expected.gone[expected.gone_count++], kind, serial);
  }
}

static void take_out(grant *it) {
  token_is_gone('a', it->access);
  token_is_gone('r', it->refresh);
  m.grant_count--;
  *it = m.grants[m.grant_count];
}

static void leaves_session(const grant *it) {
  expected.ended[expected.ended_count++] = it->number;
}

static bool is_begun(const grant *it) {
  return it->of_access.stage != UNSENT || it->of_refresh.stage != UNSENT;
}

/* R29: the grant that this one is a copy of, since the server has given the same token twice. */
static grant *original_of(const grant *it) {
  for (size_t i = 0; i < m.grant_count; i++) {
    grant *other = &m.grants[i];
    if (other != it && other->role != STRAY && other->access == it->access) {
      return other;
    }
  }
  return NULL;
}

static void revoke(grant *it) {
  if (it == NULL) {
    return;
  }
  if (is_held(it)) {
    leaves_session(it);
  }
  grant *original = original_of(it);
  if (original != NULL && original->role == REVOKING && !is_begun(original)) {
    original->number = 0; /* of two that end together, either may be the one that is revoked */
  }
  if (original != NULL || !has(OCC_FLAG_REVOKE)) {
    take_out(it);
    return;
  }
  it->role = REVOKING;
}

static void drop(grant *it) {
  leaves_session(it);
  take_out(it);
}

static void change_role(grant_role from, grant_role to) {
  grant *it = in(from);
  if (it != NULL) {
    it->role = to;
  }
}

static void end_sign_in(occ_status status) {
  if (m.pending) {
    expected.sign_ins = 1;
    expected.attempt = m.attempt;
    expected.sign_in_status = status;
    m.pending = false;
  }
}

/* Moves the model as the design says; `granted` is the new grant of a sign-in. */
static occ_status move(occ_event event, char customer, unsigned granted) {
  const permitted_cell *cell = &permitted[m.state][event];
  if (cell->status != OCC_STATUS_OK) {
    return cell->status;
  }
  const occ_state from = m.state;
  const bool over_customer = from == OCC_STATE_AGENT_TAKING_OVER;
  const bool agent = from == OCC_STATE_AGENT || from == OCC_STATE_EMULATING;
  const bool known = over_customer && m.known;
  const bool has_parked = in(PARKED) != NULL;
  const bool if_so = (cell->guard == OCC_GUARD_CUSTOMER_KNOWN && known) ||
                     (cell->guard == OCC_GUARD_SAME_CUSTOMER && customer == m.emulated) ||
                     (cell->guard == OCC_GUARD_PARKED && has_parked);
  m.state = if_so ? cell->if_so : cell->to;
  switch (event) {
  case OCC_EVENT_SIGN_IN:
  case OCC_EVENT_SIGN_IN_AGENT:
    end_sign_in(OCC_STATUS_CANCELLED);
    break;
  case OCC_EVENT_GRANTED:
    change_role(ACTIVE, known ? PARKED : RETIRED); /* R4 */
    for (size_t i = 0; i < m.grant_count; i++) {
      if (m.grants[i].id == granted) {
        m.grants[i].role = ACTIVE;
      }
    }
    end_sign_in(OCC_STATUS_OK);
    break;
  case OCC_EVENT_EMULATE:
    if (m.emulated != 0 && customer != m.emulated) {
      change_role(PARKED, RETIRED); /* R6 */
    }
    break;
  case OCC_EVENT_SIGN_OUT:
    end_sign_in(OCC_STATUS_CANCELLED);
    if (from == OCC_STATE_EMULATING) {
      change_role(PARKED, RETIRED); /* R3 */
      break;
    }
    revoke(in(RETIRED)); /* R1, R2 */
    revoke(in(ACTIVE));
    break;
  case OCC_EVENT_SIGN_OUT_AGENT:
    end_sign_in(OCC_STATUS_CANCELLED);
    if (agent) {
      revoke(in(RETIRED)); /* R2 */
      revoke(in(ACTIVE));
      change_role(PARKED, ACTIVE); /* R5 */
    }
    break;
  case OCC_EVENT_EXPIRED:
    if (in(ACTIVE) != NULL) { /* not if it has ended in another tab */
      drop(in(ACTIVE));       /* R9 */
    }
    if (agent) {
      revoke(in(RETIRED));
      change_role(PARKED, ACTIVE);
    }
    break;
  default:
    break;
  }
  if (m.state != OCC_STATE_EMULATING) {
    m.emulated = 0;
  } else if (from == OCC_STATE_AGENT_TAKING_OVER) {
    m.emulated = 'A';
  } else if (event == OCC_EVENT_EMULATE) {
    m.emulated = customer;
  }
  return OCC_STATUS_OK;
}

/* R7, R29. While a sign-in has not been sent it cannot be given the token of a stray. */
static void release_strays(void) {
  if (m.pending && m.sent && !expected.leaving) {
    return;
  }
  for (grant *stray = in(STRAY); stray != NULL; stray = in(STRAY)) {
    revoke(stray);
  }
}

/* A refresh is asked for: gives whether it is, or was, on its way. */
static bool ask_refresh(const grant *it) {
  for (size_t i = 0; i < m.awaited_count; i++) {
    if (m.awaited[i].attempt == 0 && m.awaited[i].id == it->id) {
      return true;
    }
  }
  if (free_places() == 0) {
    return false;
  }
  expected.refreshes = it->id;
  return true;
}

/* ---- What can happen ---------------------------------------------------------------------------
 */

typedef enum {
  SIGN_IN,
  SIGN_IN_AGENT,
  SIGN_IN_AGENT_OVER_KNOWN,
  CANCEL,
  EMULATE_A,
  EMULATE_B,
  SIGN_OUT,
  SIGN_OUT_AGENT,
  RENEW,
  ALARM,
  LEAVE,
  RELOAD,
  ENDED,
  TOKEN_WITH_REFRESH,
  TOKEN_WITHOUT_REFRESH,
  TOKEN_AGAIN, /* which: the grant whose token it is */
  TOKEN_REFUSED,
  TOKEN_UNAVAILABLE,
  ACCESS_REVOKED,
  REFRESH_REVOKED,
  KINDS
} event_kind;

static const char *const names[KINDS] = {
  "the customer signs in",
  "an agent signs in",
  "an agent signs in, the customer being known",
  "the sign-in is cancelled",
  "customer A is emulated",
  "customer B is emulated",
  "sign-out",
  "the agent's sign-out",
  "the active token is rejected",
  "the alarm",
  "the page is hidden",
  "the page is loaded again",
  "a grant has ended in another tab",
  "a token response with a refresh token",
  "a token response without a refresh token",
  "a token response with a token that was there before",
  "a token request is refused",
  "a token request meets 503",
  "an access token's revocation is answered",
  "a refresh token's revocation is answered",
};

typedef struct {
  uint8_t kind;
  uint8_t at; /* the awaited token, the grant */
  uint8_t which;
} event;

static void call_sign_in(occ_owner owner, bool known) {
  const occ_event what = owner == OCC_OWNER_AGENT ? OCC_EVENT_SIGN_IN_AGENT : OCC_EVENT_SIGN_IN;
  const unsigned attempt = ++m.attempts;
  expected.status = move(what, 0, 0);
  if (expected.status == OCC_STATUS_OK) {
    m.pending = true;
    m.sent = false;
    m.known = known;
    m.owner = owner;
    m.attempt = attempt;
    m.due = m.now + 2000;
  }
  const occ_status status = host_sign_in(m.now, owner, attempt, "anna", PASSWORD, known ? "A" : "");
  expect(status == expected.status, "sign-in gives the status of the table");
}

static void call_cancel(void) {
  const unsigned attempt = m.attempt;
  end_sign_in(OCC_STATUS_CANCELLED);
  (void)move(OCC_EVENT_REFUSED, 0, 0);
  expect(occ_session_cancel(&session, m.now, attempt) == OCC_STATUS_OK, "cancel gives OK");
}

static void call_emulate(char customer) {
  const char id[] = {customer, '\0'};
  expected.status = move(OCC_EVENT_EMULATE, customer, 0);
  expect(host_emulate(m.now, id) == expected.status, "emulate gives the status of the table");
}

static void call_sign_out(occ_event what) {
  expected.status = move(what, 0, 0);
  const occ_status status = what == OCC_EVENT_SIGN_OUT
                              ? occ_session_sign_out(&session, m.now)
                              : occ_session_sign_out_agent(&session, m.now);
  expect(status == expected.status, "a sign-out gives the status of the table");
}

static void active_expires(void) {
  expected.expired = in(ACTIVE)->owner;
  (void)move(OCC_EVENT_EXPIRED, 0, 0);
}

static void call_renew(void) {
  const grant *active = in(ACTIVE);
  char header[] = "Bearer a000000";
  text_of(header + 7, 'a', active->access);
  if (active->refresh == 0) {
    expected.status = OCC_STATUS_NOTHING;
    active_expires();
  } else {
    expected.status = ask_refresh(active) ? OCC_STATUS_WAIT : OCC_STATUS_FULL;
    m.waiting = m.waiting || expected.status == OCC_STATUS_WAIT;
  }
  expect(host_renew(m.now, header) == expected.status, "R19: renew says what becomes of a request");
}

static void call_alarm(void) {
  m.now = m.alarm;
  grant *active = in(ACTIVE);
  if (active != NULL && active->refresh != 0 && active->renew_at > 0 && m.now >= active->renew_at) {
    active->renew_at = 0;
    (void)ask_refresh(active);
  }
  host.alarm = 0;
  expect(occ_session_alarm(&session, m.now) == OCC_STATUS_OK, "an alarm gives OK");
}

static void call_leave(void) {
  expected.leaving = true;
  expect(occ_session_leave(&session, m.now) == OCC_STATUS_OK, "leave gives OK");
}

/* A new page: only what is held is still there, and of that what the snapshot has. */
static void call_reload(void) {
  size_t kept = 0;
  for (size_t i = 0; i < m.grant_count; i++) {
    if (is_held(&m.grants[i])) {
      m.grants[kept] = m.grants[i];
      m.grants[kept].refresh = has(OCC_FLAG_PERSIST) ? m.grants[i].refresh : 0;
      m.grants[kept].renew_at = 0;
      kept++;
    }
  }
  m.grant_count = kept;
  m.awaited_count = 0;
  m.pending = false;
  m.waiting = false;
  m.alarm = 0;
  const grant *active = in(ACTIVE);
  m.state = active == NULL                     ? OCC_STATE_ANONYMOUS
            : active->owner != OCC_OWNER_AGENT ? OCC_STATE_CUSTOMER
            : m.emulated != 0                  ? OCC_STATE_EMULATING
                                               : OCC_STATE_AGENT;
  expected.reloaded = true;
  /* The numbers of one page's requests mean nothing to the next. */
  expect(open_page(2 + m.serials) == OCC_STATUS_OK, "a page is opened");
  if (m.saved[0] == '\0') {
    m.epoch = 0;
    return;
  }
  expect(host_adopt(m.now, m.saved) == OCC_STATUS_OK, "R25: what was saved is taken");
}

static void call_ended(size_t at) {
  const double number = m.grants[at].number;
  const bool is_active = m.grants[at].role == ACTIVE;
  take_out(&m.grants[at]);
  if (is_active) {
    (void)move(OCC_EVENT_EXPIRED, 0, 0);
  }
  expect(occ_session_ended(&session, m.now, number) == OCC_STATUS_OK,
         "what another tab tells of a grant that is held gives OK");
}

static awaited take_awaited(size_t at) {
  const awaited it = m.awaited[at];
  m.awaited_count--;
  m.awaited[at] = m.awaited[m.awaited_count];
  return it;
}

static void give(double expires_at, unsigned id, occ_owner owner, unsigned access,
                 unsigned refresh) {
  m.grants[m.grant_count++] = (grant){.id = id,
                                      .role = STRAY,
                                      .owner = owner,
                                      .access = access,
                                      .refresh = refresh,
                                      .expires_at = expires_at,
                                      .renew_at = expires_at};
}

static void answer_token(size_t at, unsigned access, unsigned refresh) {
  const awaited it = take_awaited(at);
  const double expires_at = refresh != 0 ? m.now + LIFETIME * 1000 : 0;
  char body[200];
  const int used =
    snprintf(body, sizeof body, "{\"token_type\":\"bearer\",\"access_token\":\"a%06u\"", access);
  if (refresh != 0) {
    (void)snprintf(body + used, sizeof body - (size_t)used,
                   ",\"refresh_token\":\"r%06u\",\"expires_in\":3600}", refresh);
  } else {
    (void)snprintf(body + used, sizeof body - (size_t)used, "}");
  }
  grant *continued = it.attempt == 0 ? held(it.id) : NULL;
  if (continued != NULL) {
    /* R7: the number stays, the tokens are replaced. */
    token_is_gone('a', continued->access);
    continued->access = access;
    if (refresh != 0) {
      token_is_gone('r', continued->refresh);
      continued->refresh = refresh;
    }
    continued->expires_at = expires_at;
    continued->renew_at = expires_at;
    if (m.waiting && continued->role == ACTIVE) {
      m.waiting = false;
      expected.renewals = 1;
      expected.renewed = access;
    }
  } else {
    const unsigned id = ++m.ids;
    give(expires_at, id, it.owner, access, refresh);
    if (it.attempt != 0 && m.pending && it.attempt == m.attempt) {
      (void)move(OCC_EVENT_GRANTED, 0, id);
    }
  }
  expect(host_answer(m.now, it.request, 200, body) == OCC_STATUS_OK, "an answer gives OK");
}

static void answer_again(size_t at, size_t which) {
  answer_token(at, m.grants[which].access, m.grants[which].refresh);
}

static void answer_no_token(size_t at, bool for_good) {
  const awaited it = take_awaited(at);
  if (it.attempt != 0 && m.pending && it.attempt == m.attempt) {
    end_sign_in(for_good ? OCC_STATUS_INVALID_CREDENTIALS : OCC_STATUS_SERVER_ERROR);
    (void)move(OCC_EVENT_REFUSED, 0, 0);
  }
  grant *refreshed = it.attempt == 0 ? held(it.id) : NULL;
  if (refreshed != NULL && refreshed->role == ACTIVE && m.waiting) {
    m.waiting = false;
    expected.renewals = 1;
  }
  if (refreshed != NULL && for_good) {
    if (refreshed->role == ACTIVE) {
      active_expires();
    } else {
      drop(refreshed);
    }
  }
  const occ_status status = for_good
                              ? host_answer(m.now, it.request, 400, "{\"error\":\"invalid_grant\"}")
                              : host_answer(m.now, it.request, 503, "");
  expect(status == OCC_STATUS_OK, "an answer gives OK");
}

static void answer_revocation(grant *it, occ_token token) {
  revocation *one = token == OCC_TOKEN_ACCESS ? &it->of_access : &it->of_refresh;
  const uint32_t request = one->request;
  one->stage = SETTLED;
  expected.outcomes = 1;
  expected.outcome_owner = it->owner;
  expected.outcome_token = token;
  if (it->of_access.stage == SETTLED && (it->refresh == 0 || it->of_refresh.stage == SETTLED)) {
    take_out(it);
  }
  expect(host_answer(m.now, request, 200, "") == OCC_STATUS_OK, "an answer gives OK");
}

static void happen(event it) {
  switch ((event_kind)it.kind) {
  case SIGN_IN:
    call_sign_in(OCC_OWNER_CUSTOMER, false);
    break;
  case SIGN_IN_AGENT:
  case SIGN_IN_AGENT_OVER_KNOWN:
    call_sign_in(OCC_OWNER_AGENT, it.kind == SIGN_IN_AGENT_OVER_KNOWN);
    break;
  case CANCEL:
    call_cancel();
    break;
  case EMULATE_A:
  case EMULATE_B:
    call_emulate(it.kind == EMULATE_A ? 'A' : 'B');
    break;
  case SIGN_OUT:
    call_sign_out(OCC_EVENT_SIGN_OUT);
    break;
  case SIGN_OUT_AGENT:
    call_sign_out(OCC_EVENT_SIGN_OUT_AGENT);
    break;
  case RENEW:
    call_renew();
    break;
  case ALARM:
    call_alarm();
    break;
  case LEAVE:
    call_leave();
    break;
  case RELOAD:
    call_reload();
    break;
  case ENDED:
    call_ended(it.at);
    break;
  case TOKEN_WITH_REFRESH:
    m.serials++;
    answer_token(it.at, m.serials, m.serials);
    break;
  case TOKEN_WITHOUT_REFRESH:
    m.serials++;
    answer_token(it.at, m.serials, 0);
    break;
  case TOKEN_AGAIN:
    answer_again(it.at, it.which);
    break;
  case TOKEN_REFUSED:
  case TOKEN_UNAVAILABLE:
    answer_no_token(it.at, it.kind == TOKEN_REFUSED);
    break;
  case ACCESS_REVOKED:
    answer_revocation(&m.grants[it.at], OCC_TOKEN_ACCESS);
    break;
  case REFRESH_REVOKED:
    answer_revocation(&m.grants[it.at], OCC_TOKEN_REFRESH);
    break;
  case KINDS:
    break;
  }
}

/* ---- What is compared after a step -------------------------------------------------------------
 */

static bool same_body(const host_request *request, const char *body) {
  return strcmp(request->body.at, body) == 0;
}

static const char *client(occ_owner owner) {
  return owner == OCC_OWNER_AGENT ? "desk" : "shop";
}

/* Two grants that are revoked may have the same tokens, if the server gave out one that it was just
 * asked to revoke: their numbers tell them apart. */
static bool is_sent_for(const grant *it, uint32_t request) {
  for (size_t i = 0; i < OCC_PLACES; i++) {
    const occ_grant *place = &session.grants.at[i];
    if (place->revocation[OCC_TOKEN_ACCESS].request == request ||
        place->revocation[OCC_TOKEN_REFRESH].request == request) {
      return it->number == 0 || it->number == place->number;
    }
  }
  return false;
}

/* Whether it is the revocation of this token. */
static bool is_revocation_of(const host_request *request, const grant *it, occ_token token) {
  char body[200];
  char header[] = "Bearer a000000";
  text_of(header + 7, 'a', it->access);
  if (token == OCC_TOKEN_ACCESS) {
    (void)snprintf(body, sizeof body, "token=a%06u&token_type_hint=access_token&client_id=%s",
                   it->access, client(it->owner));
  } else {
    (void)snprintf(body, sizeof body, "token=r%06u&token_type_hint=refresh_token&client_id=%s",
                   it->refresh, client(it->owner));
  }
  return it->role == REVOKING && same_body(request, body) && is_sent_for(it, request->number) &&
         strcmp(request->authorization.at, header) == 0;
}

static bool is_due(const grant *it, occ_token token) {
  const revocation *one = token == OCC_TOKEN_ACCESS ? &it->of_access : &it->of_refresh;
  if (it->role != REVOKING || one->stage != UNSENT ||
      (token == OCC_TOKEN_REFRESH && it->refresh == 0)) {
    return false;
  }
  const bool in_turn =
    token == OCC_TOKEN_REFRESH || it->refresh == 0 || it->of_refresh.stage == SETTLED;
  return expected.leaving || in_turn;
}

static void check_revocation(const host_request *request) {
  for (size_t i = 0; i < m.grant_count; i++) {
    grant *it = &m.grants[i];
    if (is_revocation_of(request, it, OCC_TOKEN_REFRESH) && is_due(it, OCC_TOKEN_REFRESH)) {
      it->of_refresh.stage = SENT;
      it->of_refresh.request = request->number;
      return;
    }
    if (is_revocation_of(request, it, OCC_TOKEN_ACCESS) && is_due(it, OCC_TOKEN_ACCESS)) {
      it->of_access.stage = SENT;
      it->of_access.request = request->number;
      return;
    }
  }
  expect(false, "R1 R2 R3 R8 R11: a revocation is one that is due, in its turn, and not sent yet");
}

static void check_refresh(const host_request *request) {
  const grant *it = expected.refreshes != 0 ? held(expected.refreshes) : NULL;
  if (!expect(it != NULL, "R19: a refresh is sent only when it is asked for")) {
    return;
  }
  char body[200];
  (void)snprintf(body, sizeof body, "grant_type=refresh_token&refresh_token=r%06u&client_id=%s",
                 it->refresh, client(it->owner));
  expect(same_body(request, body), "a refresh carries the refresh token of its grant");
  expect(request->authorization.length == 0, "a token request carries no Authorization");
  m.awaited[m.awaited_count++] =
    (awaited){.request = request->number, .owner = it->owner, .id = it->id};
  expected.refreshes = 0;
}

static bool is_sign_in_due(void) {
  return m.pending && !m.sent && !expected.leaving && (in(REVOKING) == NULL || m.now >= m.due) &&
         free_places() > (expected.refreshes != 0 ? 1U : 0U);
}

static void check_sign_in(const host_request *request) {
  if (!expect(is_sign_in_due(), "R29: a sign-in is sent when nothing is being revoked, or late")) {
    return;
  }
  char body[200];
  (void)snprintf(body, sizeof body, "grant_type=password&username=anna&password=%s&client_id=%s",
                 PASSWORD, client(m.owner));
  expect(same_body(request, body), "a sign-in carries user name and password");
  expect(request->authorization.length == 0, "a token request carries no Authorization");
  m.sent = true;
  m.awaited[m.awaited_count++] =
    (awaited){.request = request->number, .owner = m.owner, .attempt = m.attempt};
}

static void check_requests(void) {
  for (unsigned i = 0; i < host.request_count && failure == NULL; i++) {
    const host_request *request = &host.requests[i];
    switch (request->purpose) {
    case OCC_REQUEST_REVOKE:
      check_revocation(request);
      break;
    case OCC_REQUEST_REFRESH:
      check_refresh(request);
      break;
    default:
      check_sign_in(request);
      break;
    }
  }
  for (size_t i = 0; i < m.grant_count; i++) {
    expect(!is_due(&m.grants[i], OCC_TOKEN_REFRESH) && !is_due(&m.grants[i], OCC_TOKEN_ACCESS),
           "R1 R2 R7: what is to be revoked is revoked at once");
  }
  expect(expected.refreshes == 0, "R19: a refresh that is asked for is sent");
  expect(!is_sign_in_due(), "a sign-in is sent as soon as it may be");
}

static occ_slot slot_of(grant_role role) {
  switch (role) {
  case ACTIVE:
    return OCC_SLOT_ACTIVE;
  case PARKED:
    return OCC_SLOT_PARKED;
  case RETIRED:
    return OCC_SLOT_RETIRED;
  case STRAY:
    return OCC_SLOT_STRAY;
  default:
    return OCC_SLOT_REVOKING;
  }
}

static bool holds_token(const char *at, size_t length, char kind, unsigned serial) {
  char text[TOKEN_LENGTH + 1];
  text_of(text, kind, serial);
  return length == TOKEN_LENGTH && memcmp(at, text, TOKEN_LENGTH) == 0;
}

static bool is_at(const occ_grant *place, const grant *it) {
  const bool without_refresh = it->refresh == 0 || it->of_refresh.stage == SETTLED;
  return place->slot == slot_of(it->role) && place->owner == it->owner &&
         (it->number == 0 || it->number == place->number) &&
         holds_token(place->authorization + OCC_BEARER_LENGTH, place->access_length, 'a',
                     it->access) &&
         (without_refresh ? place->refresh_length == 0
                          : holds_token(place->refresh, place->refresh_length, 'r', it->refresh));
}

/* R7: issued = active + parked + retired + stray + revoking + settled. What the server has given
 * and the model does not count as settled is in exactly one place, and nothing else is in any. */
static void check_places(void) {
  bool counted[GRANTS_MAX] = {false};
  size_t grants = 0;
  size_t on_their_way = 0;
  for (size_t i = 0; i < OCC_PLACES; i++) {
    const occ_grant *place = &session.grants.at[i];
    grants += place->slot != OCC_SLOT_FREE && place->slot != OCC_SLOT_AWAITED;
    on_their_way += place->slot == OCC_SLOT_AWAITED;
    for (size_t k = 0; k < m.grant_count; k++) {
      if (!counted[k] && is_at(place, &m.grants[k])) {
        counted[k] = true;
        m.grants[k].number = place->number;
        break;
      }
    }
  }
  for (size_t k = 0; k < m.grant_count; k++) {
    expect(counted[k], "R7: every grant is where the rules put it");
  }
  expect(grants == m.grant_count, "R7: no grant is there that has settled");
  expect(on_their_way == m.awaited_count, "a place is kept for each token that is on its way");
}

static unsigned occurrences(const char *text, const char *part) {
  unsigned count = 0;
  for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) {
    count++;
  }
  return count;
}

/* The grant of one role as the snapshot has it; learns its number. */
static void check_saved_grant(grant_role role, const char *member) {
  grant *it = in(role);
  const char *at = strstr(m.saved, member);
  expect((at != NULL) == (it != NULL), "R23 R25: a snapshot has the grants that are held");
  if (at == NULL || it == NULL) {
    return;
  }
  char access[] = "\"access\":\"a000000\"";
  char refresh[] = "\"refresh\":\"r000000\"";
  text_of(access + 10, 'a', it->access);
  access[17] = '"';
  text_of(refresh + 11, 'r', it->refresh);
  refresh[18] = '"';
  const char *end = strchr(at, '}');
  const char *access_at = strstr(at, access);
  const char *refresh_at = strstr(at, refresh);
  const char *number_at = strstr(at, "\"number\":");
  const bool with_refresh = has(OCC_FLAG_PERSIST) && it->refresh != 0;
  expect(access_at != NULL && access_at < end, "R23: a snapshot has each grant's access token");
  expect((refresh_at != NULL && refresh_at < end) == with_refresh,
         "R25: a snapshot has refresh tokens if they are to persist, else none");
  if (number_at == NULL || number_at > end) {
    expect(false, "a snapshot has each grant's number");
    return;
  }
  const double number = strtod(number_at + 9, NULL);
  expect(it->number == 0 || it->number == number, "R7: a grant keeps its number");
  it->number = number;
}

static void check_saved(void) {
  memcpy(m.saved, host.saved.at, host.saved.length + 1);
  m.epoch++;
  if (in(ACTIVE) == NULL && !has(OCC_FLAG_SHARED)) {
    expect(m.saved[0] == '\0', "R14: nothing is stored when nobody is signed in");
    return;
  }
  char epoch[40];
  char customer[] = "\"customer\":\"A\"}";
  (void)snprintf(epoch, sizeof epoch, "\"epoch\":%.0f", m.epoch);
  customer[12] = m.emulated;
  expect(strstr(m.saved, epoch) != NULL, "R23: each change raises the epoch by one");
  expect(m.emulated != 0 ? strstr(m.saved, customer) != NULL
                         : strstr(m.saved, "\"customer\":\"A") == NULL &&
                             strstr(m.saved, "\"customer\":\"B") == NULL,
         "R25: a snapshot has the emulated customer");
  check_saved_grant(ACTIVE, "\"active\":{");
  check_saved_grant(PARKED, "\"parked\":{");
  check_saved_grant(RETIRED, "\"retired\":{");
  unsigned held_grants = 0;
  for (size_t i = 0; i < m.grant_count; i++) {
    held_grants += is_held(&m.grants[i]);
  }
  expect(occurrences(m.saved, "\"access\"") == held_grants, "R23: and no other grants");
}

static uint32_t count_revoking(void) {
  uint32_t count = 0;
  for (size_t i = 0; i < m.grant_count; i++) {
    const grant *it = &m.grants[i];
    if (it->role == REVOKING) {
      count += it->of_access.stage != SETTLED;
      count += it->refresh != 0 && it->of_refresh.stage != SETTLED;
    }
  }
  return count;
}

static const char *user_id(void) {
  const grant *active = in(ACTIVE);
  if (m.emulated != 0) {
    return m.emulated == 'A' ? "A" : "B";
  }
  return active != NULL && active->owner != OCC_OWNER_AGENT ? "current" : "anonymous";
}

/* What the host knows already of the configuration from which a step is taken. */
static void host_knows(void) {
  const grant *active = in(ACTIVE);
  host.state = m.state;
  host.expires_at = active != NULL ? active->expires_at : 0;
  host.revoking = count_revoking();
  (void)snprintf(host.user_id.at, sizeof host.user_id.at, "%s", user_id());
  host.alarm = m.alarm;
}

static void check_state(void) {
  const grant *active = in(ACTIVE);
  expect(host.state == m.state, "the state is the one of the table");
  expect(strcmp(host.user_id.at, user_id()) == 0, "the user id is the one of who is signed in");
  expect(host.expires_at == (active != NULL ? active->expires_at : 0),
         "the expiry is the active grant's");
  expect(host.revoking == count_revoking(), "the host knows how many revocations are not settled");
}

static void check_header(void) {
  const grant *active = in(ACTIVE);
  char header[] = "Bearer a000000";
  if (active != NULL) {
    text_of(header + 7, 'a', active->access);
  }
  expect(strcmp(host_authorization(), active != NULL ? header : "") == 0,
         "requests carry the active token and no other");
}

static bool is_told_ended(double number) {
  for (unsigned i = 0; i < host.endings && i < HOST_ENDED_MAX; i++) {
    if (host.ended[i] == number) {
      return true;
    }
  }
  return false;
}

static void check_told(void) {
  expect(host.sign_ins == expected.sign_ins, "a sign-in is answered once");
  if (expected.sign_ins == 1) {
    expect(host.attempt == expected.attempt, "the sign-in that has ended is answered");
    expect(host.sign_in_status == expected.sign_in_status, "with how it has ended");
  }
  char header[] = "Bearer a000000";
  if (expected.renewed != 0) {
    text_of(header + 7, 'a', expected.renewed);
  }
  expect(host.renewals == expected.renewals, "requests that wait are answered once");
  expect(strcmp(host.renewed.at, expected.renewed != 0 ? header : "") == 0,
         "R19 R20: with the new token, or none");
  expect(host.expiries == (expected.expired != 0) && host.expired == expected.expired,
         "R20: an expiry is told once, to its owner");
  expect(host.revocations == expected.outcomes, "R17: each settled revocation is told once");
  if (expected.outcomes == 1) {
    expect(host.revoked_owner == expected.outcome_owner &&
             host.revoked_token == expected.outcome_token,
           "R17: with its owner and its token");
  }
  expect(host.endings == expected.ended_count,
         "R24: other tabs are told once of each grant that left");
  for (size_t i = 0; i < expected.ended_count; i++) {
    expect(is_told_ended(expected.ended[i]), "R24: by its number");
  }
}

static double earlier_of(double one, double other) {
  return one == 0 || (other != 0 && other < one) ? other : one;
}

static void check_alarm(void) {
  const grant *active = in(ACTIVE);
  double at = 0;
  if (m.pending && !m.sent && m.due > m.now) {
    at = m.due;
  }
  if (active != NULL && active->refresh != 0) {
    at = earlier_of(at, active->renew_at);
  }
  expect(host.alarm == at, "the alarm is set to what comes next");
  m.alarm = at;
}

/* R27, for the tokens of what has settled in this step, and for the password. */
static void check_memory(void) {
  for (size_t i = 0; i < expected.gone_count; i++) {
    bool still_there = false;
    for (size_t k = 0; k < m.grant_count; k++) {
      still_there = still_there || holds_token(expected.gone[i], TOKEN_LENGTH, expected.gone[i][0],
                                               expected.gone[i][0] == 'a' ? m.grants[k].access
                                                                          : m.grants[k].refresh);
    }
    expect(still_there || !host_remembers(expected.gone[i]),
           "R27: nothing is left of the tokens of a grant that has settled");
  }
  expect((m.pending && !m.sent) == host_remembers(PASSWORD),
         "R27: a password is there until it is sent, and no longer");
  static const unsigned char wiped[OCC_ARENA_MAX];
  const void *arena = occ_arena_allocate(OCC_ARENA_MAX);
  expect(arena != NULL && memcmp(arena, wiped, OCC_ARENA_MAX) == 0,
         "R27: nothing is left in the arena");
  occ_arena_wipe();
}

/* Somebody who waits can always be helped by what is still to come. */
static void check_progress(void) {
  bool revocation_sent = false;
  for (size_t i = 0; i < m.grant_count; i++) {
    revocation_sent = revocation_sent || m.grants[i].of_access.stage == SENT ||
                      m.grants[i].of_refresh.stage == SENT;
  }
  expect(!(m.pending && !m.sent) || m.awaited_count > 0 || revocation_sent || m.alarm != 0,
         "a sign-in that is pending can still come to its end");
}

/* What of the held grants a save must follow. */
typedef struct {
  unsigned access[3];
  unsigned refresh[3];
  unsigned emulated;
} held_grants;

static held_grants what_is_held(void) {
  held_grants all;
  memset(&all, 0, sizeof all);
  all.emulated = (unsigned char)m.emulated;
  for (size_t i = 0; i < 3; i++) {
    const grant *it = in((grant_role)(ACTIVE + i));
    all.access[i] = it != NULL ? it->access : 0;
    all.refresh[i] = it != NULL ? it->refresh : 0;
  }
  return all;
}

/* One step of both. */
static void take_step(event it) {
  memset(&expected, 0, sizeof expected);
  host_forget();
  const held_grants before = what_is_held();
  const unsigned active_before = in(ACTIVE) != NULL ? in(ACTIVE)->id : 0;
  happen(it);
  release_strays();
  if (m.waiting && active_before != (in(ACTIVE) != NULL ? in(ACTIVE)->id : 0)) {
    m.waiting = false;
    expected.renewals = 1;
  }
  const held_grants after = what_is_held();
  const bool changed = !expected.reloaded && memcmp(&before, &after, sizeof before) != 0;
  expect(host.saves == (changed ? 1U : 0U),
         "R23: a change of grants is saved once, else nothing is");
  expect(host.states <= 1, "R23: and announced once");
  if (host.saves == 1) {
    check_saved();
  }
  check_requests();
  check_places();
  check_state();
  check_told();
  check_alarm();
  check_header();
  check_memory();
  check_progress();
}

/* ---- The walk ----------------------------------------------------------------------------------
 */

/* A configuration: what tells two sessions apart, without numbers and texts. */
typedef struct {
  uint32_t whole;
  uint32_t places[OCC_PLACES];
} configuration;

static uint32_t with(uint32_t bits, unsigned value, unsigned width) {
  return bits << width | (value & ((1U << width) - 1));
}

static unsigned against_now(double time) {
  return time == 0 ? 0 : time <= m.now ? 1 : 2;
}

/* In which slots there are other grants with the same access token. */
static unsigned slots_of_copies(const occ_grant *place) {
  unsigned slots = 0;
  for (size_t i = 0; i < OCC_PLACES; i++) {
    const occ_grant *other = &session.grants.at[i];
    if (other != place && place->access_length > 0 && occ_grant_same_token(place, other)) {
      slots |= 1U << other->slot;
    }
  }
  return slots;
}

static uint32_t place_bits(const occ_grant *place) {
  uint32_t bits = place->slot;
  bits = with(bits, place->owner, 2);
  if (place->slot == OCC_SLOT_AWAITED) {
    const occ_grant *refreshed = occ_grants_held(&session.grants, place->refreshes);
    bits = with(bits, place->refreshes != 0, 1);
    bits = with(bits, refreshed != NULL ? refreshed->slot : 0, 3);
    bits = with(bits, session.sign_in.is_pending && session.sign_in.request == place->request, 1);
    return bits;
  }
  bits = with(bits, place->refresh_length > 0, 1);
  bits = with(bits, against_now(place->renew_at), 2);
  bits = with(bits, place->revocation[OCC_TOKEN_ACCESS].stage, 2);
  bits = with(bits, place->revocation[OCC_TOKEN_REFRESH].stage, 2);
  return with(bits, slots_of_copies(place), 8);
}

static int compare_bits(const void *one, const void *other) {
  const uint32_t a = *(const uint32_t *)one;
  const uint32_t b = *(const uint32_t *)other;
  return (a > b) - (a < b);
}

static configuration configuration_now(void) {
  configuration it;
  memset(&it, 0, sizeof it);
  uint32_t bits = session.state;
  bits = with(bits, session.customer_id_length > 0 ? (unsigned)session.customer_id[0] : 0, 7);
  bits = with(bits, session.sign_in.is_pending, 1);
  bits = with(bits, session.sign_in.owner, 2);
  bits = with(bits, session.sign_in.customer_id_length > 0, 1);
  bits = with(bits, session.sign_in.request != 0, 1);
  bits = with(bits, session.sign_in.is_pending && session.sign_in.due > m.now, 1);
  it.whole = with(bits, session.waiting_for != 0, 1);
  for (size_t i = 0; i < OCC_PLACES; i++) {
    it.places[i] = place_bits(&session.grants.at[i]);
  }
  qsort(it.places, OCC_PLACES, sizeof it.places[0], compare_bits);
  return it;
}

/* What was found, in the order in which it was: also the queue of what is to be looked at. */
typedef struct {
  configuration configuration;
  uint32_t from;
  event by;
  unsigned char *kept; /* session and model, until it has been looked at */
} node;

static node *nodes;
static size_t node_count;
static size_t node_room;
static uint32_t *node_index; /* open addressing; 0: free, else number of the node + 1 */
static size_t index_room;
static size_t step_count;

static size_t hash(const configuration *it) {
  const unsigned char *bytes = (const unsigned char *)it;
  uint64_t value = 14695981039346656037U;
  for (size_t i = 0; i < sizeof *it; i++) {
    value = (value ^ bytes[i]) * 1099511628211U;
  }
  return (size_t)(value ^ value >> 29);
}

static void *grow(void *memory, size_t size) {
  void *grown = realloc(memory, size);
  if (grown == NULL) {
    (void)fprintf(stderr, "out of memory\n");
    exit(2);
  }
  return grown;
}

static uint32_t *find(const configuration *it) {
  size_t at = hash(it) % index_room;
  while (node_index[at] != 0 &&
         memcmp(&nodes[node_index[at] - 1].configuration, it, sizeof *it) != 0) {
    at = (at + 1) % index_room;
  }
  return &node_index[at];
}

static void make_room(void) {
  if (node_count < node_room) {
    return;
  }
  node_room = node_room * 2 + 1024;
  nodes = grow(nodes, node_room * sizeof *nodes);
  index_room = node_room * 2 + 1;
  node_index = grow(node_index, index_room * sizeof *node_index);
  memset(node_index, 0, index_room * sizeof *node_index);
  for (size_t i = 0; i < node_count; i++) {
    *find(&nodes[i].configuration) = (uint32_t)i + 1;
  }
}

/* The buffers are empty between two calls and the options never change, so neither is kept. What is
 * left is mostly zeros: words that are not, each with its place in front. */
enum { WORD = sizeof(uint64_t), KEPT_WORDS = offsetof(struct occ_session, input) / WORD };

static bool is_kept(size_t word) {
  const size_t at = word * WORD;
  const size_t first = offsetof(struct occ_session, options);
  return at + WORD <= first || at >= first + sizeof session.options;
}

static unsigned char *keep(void) {
  const unsigned char *from = (const unsigned char *)&session;
  const size_t saved = strlen(m.saved) + 1;
  const size_t of_model = offsetof(model, saved) + saved;
  uint16_t places[KEPT_WORDS];
  uint16_t count = 0;
  for (size_t i = 0; i < KEPT_WORDS; i++) {
    static const unsigned char zero[WORD];
    if (is_kept(i) && memcmp(from + i * WORD, zero, WORD) != 0) {
      places[count++] = (uint16_t)i;
    }
  }
  unsigned char *kept = grow(NULL, sizeof count + count * (sizeof places[0] + WORD) + of_model);
  unsigned char *to = kept;
  memcpy(to, &count, sizeof count);
  to += sizeof count;
  for (size_t i = 0; i < count; i++) {
    memcpy(to, &places[i], sizeof places[i]);
    memcpy(to + sizeof places[i], from + (size_t)places[i] * WORD, WORD);
    to += sizeof places[i] + WORD;
  }
  memcpy(to, &m, of_model);
  return kept;
}

/* Needs a session with the same options to put it into. */
static void take_back(occ_session *into, const unsigned char *kept) {
  unsigned char *to = (unsigned char *)into;
  uint16_t count = 0;
  for (size_t i = 0; i < KEPT_WORDS; i++) {
    if (is_kept(i)) {
      memset(to + i * WORD, 0, WORD);
    }
  }
  memcpy(&count, kept, sizeof count);
  kept += sizeof count;
  for (size_t i = 0; i < count; i++) {
    uint16_t place = 0;
    memcpy(&place, kept, sizeof place);
    memcpy(to + (size_t)place * WORD, kept + sizeof place, WORD);
    kept += sizeof place + WORD;
  }
  memcpy(&m, kept, offsetof(model, saved));
  (void)snprintf(m.saved, sizeof m.saved, "%s", (const char *)kept + offsetof(model, saved));
}

/* Adds the configuration that has been reached, unless it is known. */
static void add(size_t from, event by) {
  make_room();
  const configuration it = configuration_now();
  uint32_t *known = find(&it);
  if (*known != 0) {
    return;
  }
  nodes[node_count] = (node){.configuration = it, .from = (uint32_t)from, .by = by, .kept = keep()};
  *known = (uint32_t)++node_count;
}

static void print_way_to(size_t at) {
  if (at != 0) {
    print_way_to(nodes[at].from);
    printf("    %s (%d, %d)\n", names[nodes[at].by.kind], nodes[at].by.at, nodes[at].by.which);
  }
}

static occ_session base;
static model base_model;

/* Takes one step from the configuration that is being looked at. */
static void try_step(size_t from, event it) {
  if (failure != NULL) {
    return;
  }
  session = base;
  m = base_model;
  host_knows();
  take_step(it);
  step_count++;
  if (failure != NULL) {
    printf("  after\n");
    print_way_to(from);
    printf("    %s (%d, %d)\n  this does not hold: %s\n", names[it.kind], it.at, it.which, failure);
    return;
  }
  add(from, it);
}

static void try_answers(size_t from, size_t at) {
  const occ_owner owner = base_model.awaited[at].owner;
  const bool sign_in = base_model.awaited[at].attempt != 0;
  for (int what = TOKEN_WITH_REFRESH; what <= TOKEN_UNAVAILABLE; what++) {
    if (what != TOKEN_AGAIN) {
      try_step(from, (event){(uint8_t)what, (uint8_t)at, 0});
    }
  }
  /* The same user's second sign-in at a server that hands out the same token as long as it lives.
   */
  for (size_t i = 0; sign_in && options.same_token && i < base_model.grant_count; i++) {
    if (base_model.grants[i].owner == owner) {
      try_step(from, (event){TOKEN_AGAIN, (uint8_t)at, (uint8_t)i});
    }
  }
}

static void try_revocations(size_t from, size_t at) {
  if (base_model.grants[at].of_refresh.stage == SENT) {
    try_step(from, (event){REFRESH_REVOKED, (uint8_t)at, 0});
  }
  if (base_model.grants[at].of_access.stage == SENT) {
    try_step(from, (event){ACCESS_REVOKED, (uint8_t)at, 0});
  }
}

static bool can_happen(event_kind what) {
  switch (what) {
  case CANCEL:
    return m.pending;
  case RENEW:
    return in(ACTIVE) != NULL;
  case ALARM:
    return m.alarm != 0;
  default:
    return true;
  }
}

static void look_at(size_t from) {
  take_back(&base, nodes[from].kept);
  base_model = m;
  free(nodes[from].kept);
  nodes[from].kept = NULL;
  for (int what = SIGN_IN; what <= RELOAD; what++) {
    m = base_model;
    if (can_happen((event_kind)what)) {
      try_step(from, (event){(uint8_t)what, 0, 0});
    }
  }
  for (size_t i = 0; i < base_model.grant_count; i++) {
    if (is_held(&base_model.grants[i])) {
      try_step(from, (event){ENDED, (uint8_t)i, 0});
    }
  }
  for (size_t i = 0; i < base_model.awaited_count; i++) {
    try_answers(from, i);
  }
  for (size_t i = 0; i < base_model.grant_count; i++) {
    try_revocations(from, i);
  }
}

static void walk(void) {
  failure = NULL;
  step_count = 0;
  node_count = 0;
  node_room = 0;
  memset(&m, 0, sizeof m);
  m.state = OCC_STATE_ANONYMOUS;
  m.now = START;
  CHECK_NUMBER(open_page(1), OCC_STATUS_OK);
  base = session;
  add(0, (event){0, 0, 0});
  for (size_t i = 0; i < node_count && failure == NULL; i++) {
    look_at(i);
  }
  CHECK(failure == NULL);
  printf("  %zu configurations, %zu steps\n", node_count, step_count);
  for (size_t i = 0; i < node_count; i++) {
    free(nodes[i].kept);
  }
  free(nodes);
  free(node_index);
  nodes = NULL;
  node_index = NULL;
}

TEST(every_sequence, "R1 to R9, R23, R29: they hold after every sequence of events") {
  options.flags = OCC_FLAG_REVOKE | OCC_FLAG_BEARER | OCC_FLAG_PERSIST;
  options.same_token = true;
  walk();
}

TEST(other_options,
     "R24 R25: so they do where tabs share the session and refresh tokens are not stored") {
  options.flags = OCC_FLAG_REVOKE | OCC_FLAG_BEARER | OCC_FLAG_SHARED;
  options.same_token = false;
  walk();
}

TEST(no_endpoint, "R13: and so they do where there is no revocation endpoint") {
  options.flags = OCC_FLAG_BEARER | OCC_FLAG_PERSIST;
  options.same_token = true;
  walk();
}
