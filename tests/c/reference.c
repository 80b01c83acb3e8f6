#include "reference.h"

#include "host.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "permitted.h"

#define TOKEN_LENGTH 7 /* a000001, r000001 */
#define LIFETIME 3600.0
#define START 1e12
#define PASSWORD "open-sesame"
#define NEVER_GIVEN "a999999"

#define NEVER_ANSWERED UINT32_MAX

/* The number of a grant of another tab: its nonce is of no page here. */
#define OTHER_TAB (4e9 * 2097152.0)

/* A line that no page here has started (R24). */
#define OTHER_LINE 4e9

/* In milliseconds: a sign-in's longest wait for a revocation (R29), the time that other tabs have
 * to answer and an answering tab to refresh (R31), the time that a refreshed token is trusted
 * (R49). */
#define DELAY 2000.0
#define ANSWER_TIME 2000.0
#define REFRESH_TIME 12000.0
#define TRUSTED 10000.0

enum { GRANTS_MAX = OCC_PLACES, AWAITED_MAX = OCC_PLACES, HELD = 3 };

typedef enum { ACTIVE = 1, PARKED, RETIRED, STRAY, REVOKING, CLIENT } grant_role;
typedef enum { UNSENT = 0, REFRESHING, SENT, SETTLED } stage;
typedef enum { NOBODY = 0, FOR_REFRESH, FOR_CLIENT } waiting;

typedef struct {
  uint32_t request;
  uint32_t tries_left;
  double not_before;
  stage stage;
} revocation;

/* A grant that the server has given and that has not settled. */
typedef struct {
  unsigned id; /* stays when it is refreshed */
  grant_role role;
  occ_owner owner;
  bool unusable;    /* no bearer token */
  unsigned access;  /* serial number of the token */
  unsigned refresh; /* 0: none */
  unsigned earlier; /* the access token before the last refresh, 0: none */
  double expires_at;
  double renew_at;
  double issued;     /* the time of the refresh that gave the tokens, 0: a sign-in */
  double rest_until; /* R49 */
  bool refused;      /* R49: the token was refused while it was new */
  unsigned refusals; /* R49: the number of consecutive tokens of this kind */
  bool final;        /* R30: it is not refreshed (again) for its revocation */
  bool known;        /* other tabs may have it: it has been held */
  double number;     /* given by the session, 0: not seen yet */
  revocation of_access;
  revocation of_refresh;
} grant;

/* A token request under way. */
typedef struct {
  uint32_t request;
  occ_owner owner;
  unsigned attempt; /* of a sign-in, else 0 */
  unsigned id;      /* of the grant that is refreshed, else 0 */
  unsigned access;  /* its access token then */
} awaited;

typedef struct {
  occ_state state;
  char emulated; /* 'A', 'B', 0: nobody */
  waiting waiting;
  bool pending; /* a sign-in is pending */
  bool sent;
  bool known; /* the agent's sign-in came with the customer's id */
  occ_owner owner;
  unsigned attempt;
  uint32_t answered; /* the latest answered request */
  double due;
  double now;
  double called; /* the last time at which everything due was done */
  double alarm;
  double line;
  double epoch;
  double revoking_until; /* R29: of other pages and tabs */
  double saved_until;    /* the same, in the snapshot */
  double asked_until;    /* R31: when other tabs run out of time, 0: not asked */
  bool heard;            /* R31: a tab has answered */
  unsigned ids;
  unsigned serials;
  unsigned attempts;
  size_t grant_count;
  size_t awaited_count;
  grant grants[GRANTS_MAX];
  awaited awaited[AWAITED_MAX];
  char saved[OCC_INPUT_MAX];
} model;

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static model m;
static reference_options options;
static const char *failure;
static bool changes_nothing;

/* The end of a revocation. */
typedef struct {
  occ_owner owner;
  occ_token token;
  occ_outcome outcome;
  uint32_t http_status;
} told_outcome;

/* The calls that the host must see in a step. */
static struct {
  bool nothing; /* it changes nothing and tells nothing */
  bool counted; /* except that a refusal has been counted (R49) */
  bool resent;  /* except the header of a request that is sent again */
  bool leaving;
  bool reloaded;
  bool adopted;
  bool succeeded;    /* another user than before is there, in the same role */
  bool corrected;    /* the adopted or lost session is saved again */
  bool no_place;     /* R30: a refresh found no place */
  bool wanted;       /* R31: other tabs are asked for the active grant's tokens */
  bool client_token; /* a client token is requested */
  unsigned sign_ins;
  unsigned attempt;
  occ_status sign_in_status;
  unsigned renewals;
  unsigned renewed; /* serial of the token, 0: none */
  occ_owner expired;
  size_t outcome_count;
  told_outcome outcomes[2];
  size_t refresh_count;
  unsigned refreshes[2]; /* ids of the grants that a request must refresh */
  size_t ended_count;
  double ended[GRANTS_MAX];
  double ended_issued[GRANTS_MAX];
  size_t gone_count;
  char gone[4 * GRANTS_MAX][TOKEN_LENGTH + 1];
} expected;

static bool has(occ_flag flag) {
  return (options.flags & (uint32_t)flag) != 0;
}

static bool expect(bool holds, const char *sentence) {
  if (!holds && failure == NULL) {
    failure = sentence;
  }
  return holds;
}

/* ---- Grants ------------------------------------------------------------------------------------
 */

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

static grant *with_id(unsigned id) {
  for (size_t i = 0; i < m.grant_count; i++) {
    if (m.grants[i].id == id) {
      return &m.grants[i];
    }
  }
  return NULL;
}

static grant *held(unsigned id) {
  grant *it = with_id(id);
  return it != NULL && is_held(it) ? it : NULL;
}

static unsigned active_id(void) {
  return in(ACTIVE) != NULL ? in(ACTIVE)->id : 0;
}

static size_t taken_places(void) {
  return m.grant_count + m.awaited_count + options.taken;
}

/* The places that are free for a token request: some are only for the grants of another tab, others
 * for the requests of this step. */
static size_t free_places(void) {
  const size_t taken =
    taken_places() + OCC_PLACES_FOR_TABS + expected.refresh_count + expected.client_token;
  return taken < OCC_PLACES ? OCC_PLACES - taken : 0;
}

static void text_of(char *text, char kind, unsigned serial) {
  (void)snprintf(text, TOKEN_LENGTH + 1, "%c%06u", kind, serial % 1000000);
}

/* The header of an access token, "" of none. Valid until the next call. */
static const char *header_of(unsigned access) {
  static char header[7 + TOKEN_LENGTH + 1];
  (void)snprintf(header, sizeof header, "Bearer a%06u", access % 1000000);
  return access != 0 ? header : "";
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
  expected.ended[expected.ended_count] = it->number;
  expected.ended_issued[expected.ended_count++] = it->issued;
}

static bool is_begun(const grant *it) {
  return it->of_access.stage != UNSENT || it->of_refresh.stage != UNSENT ||
         it->of_access.not_before != 0 || it->of_refresh.not_before != 0;
}

/* R29: the grant of which this one is a copy, since the server has given the same token twice. */
static grant *original_of(const grant *it) {
  for (size_t i = 0; i < m.grant_count; i++) {
    grant *other = &m.grants[i];
    if (other != it && (is_held(other) || other->role == REVOKING) && other->access == it->access) {
      return other;
    }
  }
  return NULL;
}

static void begin_revocation(grant *it) {
  it->role = REVOKING;
  it->of_access.tries_left = options.retries;
  it->of_refresh.tries_left = options.retries;
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
    original->number = 0; /* of two that end together, either may be revoked */
  }
  if (original != NULL || !has(OCC_FLAG_REVOKE)) {
    take_out(it);
    return;
  }
  begin_revocation(it);
}

/* R31: revokes the refresh token alone, since another tab has revoked the access token. */
static void revoke_refresh_token(grant *it) {
  it->of_access.stage = SETTLED;
  it->expires_at = m.now;
  if (!has(OCC_FLAG_REVOKE)) {
    take_out(it);
    return;
  }
  begin_revocation(it);
}

static bool is_over(const grant *it) {
  return it->expires_at > 0 && it->expires_at <= m.now;
}

/* R49: the token is new from then on. */
static void date(grant *it, double issued) {
  it->issued = issued;
  it->rest_until = issued > 0 ? (issued < m.now ? issued : m.now) + TRUSTED : 0;
  it->refused = false;
}

/* Returns a time for tokens issued now, later than that of those before them. */
static double issued_after(const grant *it) {
  return m.now > it->issued ? m.now : it->issued + 1;
}

static bool is_resting(const grant *it) {
  return m.now < it->rest_until && it->rest_until - m.now <= 300e3;
}

/* R49: true if a 401 causes a refresh of the grant. The first refused new token rests as long as it
 * is new, the second for 30 s, the third for 60 s, and so on up to 300 s. */
static const double pauses[] = {0, 0, 30e3, 60e3, 120e3, 240e3, 300e3};

static bool refusal_counts(grant *it) {
  if (!is_resting(it)) {
    it->refusals = it->refused ? it->refusals : 0;
    return true;
  }
  if (!it->refused) {
    it->refused = true;
    expected.counted = true;
    it->refusals += it->refusals < COUNT(pauses) - 1;
    it->rest_until = it->refusals > 1 ? m.now + pauses[it->refusals] : it->rest_until;
  }
  return false;
}

static void change_role(grant_role from, grant_role to) {
  grant *it = in(from);
  if (it != NULL) {
    it->role = to;
  }
}

/* ---- The state machine -------------------------------------------------------------------------
 */

static void end_sign_in(occ_status status) {
  if (m.pending) {
    expected.sign_ins = 1;
    expected.attempt = m.attempt;
    expected.sign_in_status = status;
    m.pending = false;
  }
}

static void end_waiting(unsigned renewed) {
  if (m.waiting != NOBODY) {
    m.waiting = NOBODY;
    expected.renewals = 1;
    expected.renewed = renewed;
  }
}

/* Ends the waiting, and other tabs are no longer asked. */
static void end_asking(unsigned renewed) {
  m.asked_until = 0;
  m.heard = false;
  end_waiting(renewed);
}

static void ask_if_over(void);

/* Moves the model as the design requires; `granted` is the new grant of a sign-in. */
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
    with_id(granted)->role = ACTIVE;
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
    if (in(ACTIVE) != NULL) { /* absent if it has ended in another tab */
      take_out(in(ACTIVE));   /* R9 */
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
  } else if (over_customer) {
    m.emulated = 'A';
  } else if (event == OCC_EVENT_EMULATE) {
    m.emulated = customer;
  }
  if (agent && m.state == OCC_STATE_CUSTOMER) {
    end_asking(0);
    ask_if_over();
  }
  return OCC_STATUS_OK;
}

/* R7, R29. Before a sign-in has been sent, it cannot be given the token of a stray. */
static void release_strays(void) {
  if (m.pending && m.sent && !expected.leaving) {
    return;
  }
  for (grant *stray = in(STRAY); stray != NULL; stray = in(STRAY)) {
    revoke(stray);
  }
}

/* ---- The events --------------------------------------------------------------------------------
 */

typedef enum {
  SIGN_IN,
  SIGN_IN_AGENT,
  SIGN_IN_AGENT_OVER_KNOWN,
  CANCEL,
  CANCEL_OTHER,
  EMULATE_A,
  EMULATE_B,
  SIGN_OUT,
  SIGN_OUT_AGENT,
  RENEW,
  RENEW_UNSURE,
  RENEW_EARLIER,
  RENEW_OTHER, /* at: the grant */
  RENEW_UNKNOWN,
  RENEW_BARE,
  ALARM,
  ALARM_IS_LATE,
  AN_HOUR_PASSES,
  REST_IS_OVER,
  LEAVE,
  RELOAD,
  CLOSE,
  ENDED,       /* at: the grant, way: age */
  WANTED,      /* the same */
  HEARD,       /* way: tab_change */
  ANSWERED,    /* the same */
  TAB_CHANGES, /* at: line_of, way: tab_change */
  TAB_UNAWARE, /* at: the grant, way: age */
  EMPTIED,
  OVERWRITTEN,
  STALE_SNAPSHOT,
  ALIEN_SNAPSHOT,
  TOKEN_WITH_REFRESH, /* at: the request, for all five */
  TOKEN_WITHOUT_REFRESH,
  TOKEN_UNUSABLE,
  TOKEN_AGAIN,     /* way: the grant whose token it is */
  TOKEN_REFUSED,   /* way: of refusals */
  ACCESS_REVOKED,  /* at: the grant, way: of endings */
  REFRESH_REVOKED, /* the same */
  STALE_ANSWER,    /* way: to no request, to one that was answered, to one that never was */
  KINDS
} event_kind;

static const char *const names[KINDS] = {
  "the customer signs in",
  "an agent signs in",
  "an agent signs in, the customer being known",
  "the sign-in is cancelled",
  "a sign-in that is not pending is cancelled",
  "customer A is emulated",
  "customer B is emulated",
  "sign-out",
  "the agent's sign-out",
  "the active token is rejected",
  "a request with the active token is rejected, and nobody can tell why",
  "the token before the active one is rejected",
  "the token of another grant is rejected",
  "a token that nobody knows is rejected",
  "a request without a token is rejected",
  "the alarm",
  "the time of the alarm passes",
  "an hour passes",
  "a token is no longer new",
  "the page is hidden",
  "the page is loaded again",
  "the session is closed",
  "a grant has ended in another tab",
  "another tab asks for newer tokens of a grant",
  "what another tab has saved is heard",
  "another tab answers with what it has saved",
  "another tab has saved a newer snapshot",
  "another tab has, which has not heard of a sign-out",
  "the storage is emptied",
  "another tab writes what is older",
  "a snapshot that is not newer is found",
  "a snapshot of another shop is found",
  "a token response with a refresh token",
  "a token response without a refresh token",
  "a token response with a token that is no bearer token",
  "a token response with a token that was there before",
  "a token request fails",
  "an access token's revocation ends",
  "a refresh token's revocation ends",
  "an answer that nobody waits for",
};

/* The change in another tab: it is signed out; the active grant is refreshed; a customer has signed
 * in; an agent has; he emulates A; his sign-out has restored the customer. */
typedef enum {
  TAB_SIGNED_OUT,
  TAB_REFRESHED,
  TAB_CUSTOMER,
  TAB_AGENT,
  TAB_EMULATES,
  TAB_RESTORED,
  TAB_CHANGES_END,
  TAB_BEHIND = TAB_CHANGES_END, /* it has older tokens than this one */
  TAB_REFRESHED_OTHER,          /* the grant that is parked or retired */
  TAB_AS_HERE                   /* nothing: it only answers */
} tab_change;

/* R24: the line and the epoch in which a tab has saved. */
typedef enum { THIS_LINE, SAME_EPOCH, ANOTHER_LINE } line_of;

/* The age of another tab's tokens of a grant. */
typedef enum { AS_NEW, OLDER, NEWER, NEWER_AND_OVER } age;

/* Every failure of a token request; the first two are one of each kind. */
static const struct {
  occ_delivery delivery;
  uint32_t http_status;
  const char *body;
  occ_status status;
  bool for_good;
} refusals[] = {
  {OCC_DELIVERY_ANSWERED, 400, "{\"error\":\"invalid_grant\"}", OCC_STATUS_INVALID_CREDENTIALS,
   true},
  {OCC_DELIVERY_UNREACHABLE, 0, "", OCC_STATUS_UNREACHABLE, false},
  {OCC_DELIVERY_ANSWERED, 401, "{\"error\":\"invalid_client\"}", OCC_STATUS_CLIENT_REFUSED, true},
  {OCC_DELIVERY_ANSWERED, 503, "", OCC_STATUS_SERVER_ERROR, false},
  {OCC_DELIVERY_ANSWERED, 429, "", OCC_STATUS_SERVER_ERROR, false},
  {OCC_DELIVERY_ANSWERED, 200, "<html>", OCC_STATUS_UNEXPECTED_RESPONSE, false},
  {OCC_DELIVERY_ANSWERED, 200, "{\"access_token\":\"longer-than-it-may-be\"}",
   OCC_STATUS_TOKEN_TOO_LARGE, false},
  {OCC_DELIVERY_TOO_LARGE, 200, "", OCC_STATUS_TOKEN_TOO_LARGE, false},
  {OCC_DELIVERY_REDIRECTED, 302, "", OCC_STATUS_UNEXPECTED_RESPONSE, false},
  {OCC_DELIVERY_TIMED_OUT, 0, "", OCC_STATUS_UNREACHABLE, false},
};

/* R17, R18: every end of a revocation; the first two are one of each kind. */
static const struct {
  occ_delivery delivery;
  uint32_t http_status;
  occ_outcome outcome;
  bool passes;
} endings[] = {
  {OCC_DELIVERY_ANSWERED, 200, OCC_OUTCOME_REVOKED, false},
  {OCC_DELIVERY_UNREACHABLE, 0, OCC_OUTCOME_UNREACHABLE, true},
  {OCC_DELIVERY_ANSWERED, 401, OCC_OUTCOME_ALREADY_INVALID, false},
  {OCC_DELIVERY_ANSWERED, 404, OCC_OUTCOME_UNSUPPORTED, false},
  {OCC_DELIVERY_REDIRECTED, 0, OCC_OUTCOME_UNSUPPORTED, false},
  {OCC_DELIVERY_ANSWERED, 400, OCC_OUTCOME_REJECTED, false},
  {OCC_DELIVERY_ANSWERED, 429, OCC_OUTCOME_REJECTED, true},
  {OCC_DELIVERY_ANSWERED, 500, OCC_OUTCOME_SERVER_ERROR, false},
  {OCC_DELIVERY_ANSWERED, 503, OCC_OUTCOME_SERVER_ERROR, true},
  {OCC_DELIVERY_TIMED_OUT, 0, OCC_OUTCOME_TIMED_OUT, false},
};

static void nothing_happens(void) {
  expected.nothing = true;
}

static void call_sign_in(occ_owner owner, bool known) {
  const occ_event what = owner == OCC_OWNER_AGENT ? OCC_EVENT_SIGN_IN_AGENT : OCC_EVENT_SIGN_IN;
  const unsigned attempt = ++m.attempts;
  const occ_status status = move(what, 0, 0);
  if (status == OCC_STATUS_OK) {
    m.pending = true;
    m.sent = false;
    m.known = known;
    m.owner = owner;
    m.attempt = attempt;
    m.due = m.now + 2000;
  }
  expect(host_sign_in(m.now, owner, attempt, "anna", PASSWORD, known ? "A" : "") == status,
         "sign-in gives the status of the table");
}

static void call_cancel(unsigned attempt) {
  if (m.pending && m.attempt == attempt) {
    end_sign_in(OCC_STATUS_CANCELLED);
    (void)move(OCC_EVENT_REFUSED, 0, 0);
  } else {
    nothing_happens();
  }
  expect(occ_session_cancel(&session, m.now, attempt) == OCC_STATUS_OK, "cancel gives OK");
}

static void call_emulate(char customer) {
  const char id[] = {customer, '\0'};
  const occ_status status = move(OCC_EVENT_EMULATE, customer, 0);
  expect(host_emulate(m.now, id) == status, "emulate gives the status of the table");
}

static void call_sign_out(occ_event what) {
  const occ_status wanted = move(what, 0, 0);
  const occ_status status = what == OCC_EVENT_SIGN_OUT
                              ? occ_session_sign_out(&session, m.now)
                              : occ_session_sign_out_agent(&session, m.now);
  expect(status == wanted, "a sign-out gives the status of the table");
}

/* ---- Rejected requests -------------------------------------------------------------------------
 */

static bool is_refreshing(const awaited *it) {
  return it->attempt == 0 && it->id != 0;
}

static bool is_for_client(const awaited *it) {
  return it->attempt == 0 && it->id == 0;
}

static bool is_refreshed(const grant *it) {
  for (size_t i = 0; i < m.awaited_count; i++) {
    if (is_refreshing(&m.awaited[i]) && m.awaited[i].id == it->id &&
        m.awaited[i].access == it->access) {
      return true;
    }
  }
  return false;
}

/* Requests a refresh; true if one is, or was, under way. */
static bool ask_refresh(const grant *it) {
  if (is_refreshed(it)) {
    return true;
  }
  if (free_places() == 0) {
    return false;
  }
  expected.refreshes[expected.refresh_count++] = it->id;
  return true;
}

static bool ask_client_token(void) {
  for (size_t i = 0; i < m.awaited_count; i++) {
    if (is_for_client(&m.awaited[i])) {
      return true;
    }
  }
  expected.client_token = free_places() > 0;
  return expected.client_token;
}

static void active_expires(void) {
  expected.expired = in(ACTIVE)->owner;
  (void)move(OCC_EVENT_EXPIRED, 0, 0);
}

/* R31: the active grant's token is dead, and only another tab may have a newer one. */
static occ_status ask_tabs(void) {
  if (!has(OCC_FLAG_SHARED)) {
    active_expires();
    return OCC_STATUS_EXPIRED;
  }
  m.asked_until = m.now + ANSWER_TIME;
  m.waiting = FOR_REFRESH;
  expected.wanted = true;
  return OCC_STATUS_WAIT;
}

/* R32: an adopted session is not put on requests either if it is known to be dead. */
static void ask_if_over(void) {
  const grant *active = in(ACTIVE);
  if (active != NULL && active->refresh == 0 && m.asked_until == 0 && is_over(active)) {
    expected.corrected = ask_tabs() == OCC_STATUS_EXPIRED || expected.corrected;
  }
}

static occ_status wait_if(bool asked, waiting what) {
  if (!asked) {
    return OCC_STATUS_FULL;
  }
  m.waiting = what;
  return OCC_STATUS_WAIT;
}

static occ_status resend(void) {
  expected.resent = true;
  nothing_happens();
  return OCC_STATUS_RESEND;
}

/* A request without a token is rejected while no user is signed in. */
static occ_status renew_client_token(grant *rejected) {
  grant *client = in(CLIENT);
  if (client != NULL && client != rejected && !client->refused && !is_over(client)) {
    return resend();
  }
  if (client != NULL && !is_over(client)) {
    if (!refusal_counts(client)) {
      return OCC_STATUS_NOTHING;
    }
    client->refused = true;
  }
  return wait_if(ask_client_token(), FOR_CLIENT);
}

/* A 401 to the active token. `certain`: the answer says that it is dead (R42). */
static occ_status renew_active(bool certain) {
  grant *active = in(ACTIVE);
  if (m.asked_until != 0) {
    nothing_happens();
    return OCC_STATUS_WAIT;
  }
  if (!(certain || is_over(active)) || !refusal_counts(active)) {
    return OCC_STATUS_NOTHING;
  }
  return active->refresh == 0 ? ask_tabs() : wait_if(ask_refresh(active), FOR_REFRESH);
}

/* Most walks do not test R49: a token that is rejected there is not new. */
static void grow_old(const grant *it) {
  if (it != NULL && !options.rests && is_resting(it)) {
    m.now = it->rest_until;
  }
}

static void call_renew(event_kind what, size_t at) {
  const grant *active = in(ACTIVE);
  const bool rejects_client = what == RENEW_OTHER && m.grants[at].role == CLIENT;
  char header[40];
  (void)snprintf(header, sizeof header, "%s",
                 what == RENEW || what == RENEW_UNSURE ? header_of(active->access)
                 : what == RENEW_EARLIER               ? header_of(active->earlier)
                 : what == RENEW_OTHER                 ? header_of(m.grants[at].access)
                 : what == RENEW_UNKNOWN               ? "Bearer " NEVER_GIVEN
                                                       : "");
  occ_status status = OCC_STATUS_NOTHING;
  if (active == NULL && (what == RENEW_BARE || rejects_client)) {
    grow_old(in(CLIENT));
    status = renew_client_token(rejects_client ? &m.grants[at] : NULL);
  } else if (what == RENEW || what == RENEW_UNSURE) {
    grow_old(active);
    status = renew_active(what == RENEW);
  } else if (m.asked_until != 0 && (what == RENEW_EARLIER || what == RENEW_BARE)) {
    nothing_happens();
    status = OCC_STATUS_WAIT;
  } else if (what == RENEW_EARLIER) {
    status = resend();
  } else {
    nothing_happens(); /* R21 */
  }
  if (status == OCC_STATUS_NOTHING && expected.expired == 0) {
    nothing_happens(); /* R42 R49 */
  }
  expect((what == RENEW_UNSURE ? host_renew_unsure : host_renew)(m.now, header) == status,
         "R19 R21 R42 R49: renew says what becomes of a request");
}

/* ---- Time, and the end of a page ---------------------------------------------------------------
 */

static void call_alarm(void) {
  m.now = m.alarm > m.now ? m.alarm : m.now;
  if (m.asked_until != 0 && m.now >= m.asked_until) {
    if (m.heard) {
      end_asking(0);
    } else {
      active_expires();
    }
  }
  grant *active = in(ACTIVE);
  if (active != NULL && active->refresh != 0 && active->renew_at > 0 && m.now >= active->renew_at) {
    active->renew_at = 0;
    (void)ask_refresh(active);
  }
  host.alarm = 0;
  expect(occ_session_alarm(&session, m.now, 0) == OCC_STATUS_OK, "an alarm gives OK");
}

/* R30: a page that goes away does not wait for a living bearer. */
static void call_leave(void) {
  expected.leaving = true;
  for (size_t i = 0; i < m.grant_count; i++) {
    if (m.grants[i].of_refresh.stage == REFRESHING) {
      m.grants[i].of_refresh.stage = UNSENT;
    }
  }
  expect(occ_session_leave(&session, m.now) == OCC_STATUS_OK, "leave gives OK");
}

/* Opens the session of a page; the numbers of its grants are its own. */
static occ_status open_page(uint32_t nonce) {
  const occ_status status = host_open_new(&(host_options){.nonce = nonce,
                                                          .flags = options.flags,
                                                          .retries = options.retries,
                                                          .identity = "here",
                                                          .client_id = "shop",
                                                          .agent_client_id = "desk"});
  for (uint32_t i = 0; i < options.taken; i++) {
    session.grants.at[i].role = OCC_ROLE_AWAITED;
    session.grants.at[i].request = NEVER_ANSWERED;
  }
  m.line = nonce;
  return status;
}

/* Returns the state that follows from the grants, while no sign-in is pending. */
static occ_state resting_state(void) {
  const grant *active = in(ACTIVE);
  return active == NULL                     ? OCC_STATE_ANONYMOUS
         : active->owner != OCC_OWNER_AGENT ? OCC_STATE_CUSTOMER
         : m.emulated != 0                  ? OCC_STATE_EMULATING
                                            : OCC_STATE_AGENT;
}

/* R29: no revocation under way elsewhere holds a sign-in back for longer than this; a later time
 * was written before the clock was set back. */
static double believed(double revoking_until) {
  return revoking_until <= m.now + DELAY ? revoking_until : 0;
}

/* Opens a new page: it has only held grants, as far as the snapshot has them. In most walks no
 * revocation of the page before is under way any more. */
static void call_reload(void) {
  if (!options.pages && m.saved_until > m.now) {
    m.now = m.saved_until;
  }
  size_t kept = 0;
  for (size_t i = 0; i < m.grant_count; i++) {
    if (is_held(&m.grants[i])) {
      m.grants[kept] = m.grants[i];
      m.grants[kept].refresh = has(OCC_FLAG_PERSIST) ? m.grants[i].refresh : 0;
      m.grants[kept].renew_at = 0;
      m.grants[kept].earlier = 0;
      m.grants[kept].refusals = 0;
      date(&m.grants[kept], m.grants[kept].issued);
      kept++;
    }
  }
  m.grant_count = kept;
  m.awaited_count = 0;
  m.pending = false;
  m.waiting = NOBODY;
  m.asked_until = 0;
  m.heard = false;
  m.alarm = 0;
  m.answered = 0;
  m.revoking_until = 0;
  m.state = resting_state();
  expected.reloaded = true;
  const double line = m.line;
  /* The numbers of one page's requests mean nothing to the next. */
  expect(open_page(2 + m.serials) == OCC_STATUS_OK, "a page is opened");
  if (m.saved[0] == '\0') {
    m.epoch = 0;
    return;
  }
  m.line = line;
  m.revoking_until = believed(m.saved_until);
  ask_if_over();
  expect(host_adopt(m.now, m.saved) == OCC_STATUS_OK, "R25: what was saved is taken");
}

/* ---- Other tabs --------------------------------------------------------------------------------
 */

/* R24, R31: another tab has signed out of the grant, whose tokens there were issued at that time,
 * and revokes them. Tokens that only this tab has are revoked here. */
static void leave_to_others(grant *it, double issued) {
  const bool is_newer = it->issued > issued;
  if (is_newer && has(OCC_FLAG_REVOKE)) {
    begin_revocation(it);
  } else if (!is_newer && it->refresh != 0 && !has(OCC_FLAG_PERSIST)) {
    revoke_refresh_token(it);
  } else {
    take_out(it);
  }
}

/* The active grant, or a former one, has ended in another tab, which has restored or revoked the
 * customer who was retired over it. */
static void ended_elsewhere(void) {
  if (in(RETIRED) != NULL) {
    take_out(in(RETIRED));
  }
  (void)move(OCC_EVENT_EXPIRED, 0, 0);
}

static void call_ended(size_t at, age of) {
  grant *it = &m.grants[at];
  const double number = it->number;
  const double issued = of == OLDER ? it->issued - 1 : of == NEWER ? it->issued + 1 : it->issued;
  const bool is_active = it->role == ACTIVE;
  if (!is_held(it)) {
    nothing_happens();
    expect(occ_session_ended(&session, m.now, number, issued) == OCC_STATUS_DONE,
           "R8 R24: what is not held is nothing to do");
    return;
  }
  leave_to_others(it, issued);
  m.revoking_until = m.now + DELAY; /* R29 */
  if (is_active) {
    ended_elsewhere();
  }
  expect(occ_session_ended(&session, m.now, number, issued) == OCC_STATUS_OK,
         "R24: a grant that has ended in another tab has ended");
}

/* R31: another tab, whose tokens are as old, older or newer, asks for newer ones. */
static void call_wanted(size_t at, age of) {
  const grant *it = &m.grants[at];
  const double issued = of == OLDER ? it->issued - 1 : of == NEWER ? it->issued + 1 : it->issued;
  const bool has_newer = is_held(it) && of == OLDER;
  const bool refreshes = !has_newer && is_held(it) && it->refresh != 0 && ask_refresh(it);
  if (expected.refresh_count == 0) {
    nothing_happens();
  }
  expect(occ_session_wanted(&session, m.now, it->number, issued) ==
           (has_newer || refreshes ? OCC_STATUS_OK : OCC_STATUS_NOTHING),
         "R31: who has newer tokens, or can get them, answers, and nobody else");
}

/* The grants of another tab; one with id 0 is none. */
typedef struct {
  grant grants[HELD];
  char emulated;
} tab;

static grant given_to_tab(occ_owner owner) {
  const unsigned serial = ++m.serials;
  return (grant){.id = ++m.ids,
                 .owner = owner,
                 .access = serial,
                 .refresh = has(OCC_FLAG_PERSIST) ? serial : 0,
                 .expires_at = m.now + LIFETIME * 1000,
                 .number = OTHER_TAB + serial};
}

/* The customer's grant while an agent is signed in. */
static grant customers(void) {
  for (size_t i = 0; i < m.grant_count; i++) {
    if (is_held(&m.grants[i]) && m.grants[i].owner == OCC_OWNER_CUSTOMER) {
      return m.grants[i];
    }
  }
  return (grant){0};
}

/* Gives the grant the tokens of another tab. */
static void give_tokens(grant *it, double issued) {
  it->access = ++m.serials;
  it->refresh = has(OCC_FLAG_PERSIST) ? m.serials : 0;
  it->expires_at = m.now + LIFETIME * 1000;
  it->issued = issued;
}

static tab changed_tab(tab_change what) {
  tab it;
  memset(&it, 0, sizeof it);
  const grant *active = in(ACTIVE);
  switch (what) {
  case TAB_AS_HERE:
  case TAB_REFRESHED:
  case TAB_REFRESHED_OTHER:
  case TAB_BEHIND:
    for (size_t i = 0; i < HELD; i++) {
      const grant *own = in((grant_role)(ACTIVE + i));
      it.grants[i] = own != NULL ? *own : (grant){0};
    }
    it.emulated = m.emulated;
    if (what == TAB_REFRESHED || what == TAB_BEHIND) {
      give_tokens(&it.grants[0],
                  what == TAB_BEHIND ? it.grants[0].issued - 1 : issued_after(&it.grants[0]));
    } else if (what == TAB_REFRESHED_OTHER) {
      grant *other = &it.grants[it.grants[1].id != 0 ? 1 : 2];
      give_tokens(other, issued_after(other));
    }
    break;
  case TAB_CUSTOMER:
    it.grants[0] = given_to_tab(OCC_OWNER_CUSTOMER);
    break;
  case TAB_AGENT:
    it.grants[0] = given_to_tab(OCC_OWNER_AGENT);
    it.grants[2] = customers();
    break;
  case TAB_EMULATES:
    it.grants[0] =
      active != NULL && active->owner == OCC_OWNER_AGENT ? *active : given_to_tab(OCC_OWNER_AGENT);
    it.grants[in(RETIRED) != NULL ? 2 : 1] = customers();
    it.emulated = 'A';
    break;
  case TAB_RESTORED:
    it.grants[0] = *in(PARKED);
    break;
  default:
    break;
  }
  return it;
}

/* Writes the snapshot of a tab, with its line, its epoch and the end of its revocations. */
static void write_tab(char *to, size_t room, const tab *it, double line, double epoch,
                      double revoking_until) {
  static const char *const members[HELD] = {"active", "parked", "retired"};
  size_t used = (size_t)snprintf(
    to, room, "{\"v\":1,\"for\":\"here\",\"line\":%.0f,\"epoch\":%.0f,\"revoking\":%.0f", line,
    epoch, revoking_until);
  for (size_t i = 0; i < HELD; i++) {
    const grant *each = &it->grants[i];
    if (each->id != 0) {
      used += (size_t)snprintf(
        to + used, room - used,
        ",\"%s\":{\"owner\":\"%s\",\"number\":%.0f,\"expires\":%.0f,\"issued\":%.0f,"
        "\"access\":\"a%06u\"",
        members[i], each->owner == OCC_OWNER_AGENT ? "agent" : "customer", each->number,
        each->expires_at, each->issued, each->access);
      used += has(OCC_FLAG_PERSIST) && each->refresh != 0
                ? (size_t)snprintf(to + used, room - used, ",\"refresh\":\"r%06u\"}", each->refresh)
                : (size_t)snprintf(to + used, room - used, "}");
    }
  }
  (void)snprintf(to + used, room - used, it->emulated != 0 ? ",\"customer\":\"%c\"}" : "}",
                 it->emulated);
}

static bool tab_has(const tab *it, unsigned id) {
  return it->grants[0].id == id || it->grants[1].id == id || it->grants[2].id == id;
}

/* R31: takes the tokens that another tab has got for the grant; a refresh token that is not shared
 * stays in its tab. */
static void take_tokens(grant *own, const grant *from) {
  token_is_gone('a', own->access);
  own->earlier = own->access;
  own->access = from->access;
  if (from->refresh != 0) {
    token_is_gone('r', own->refresh);
    own->refresh = from->refresh;
  }
  own->expires_at = from->expires_at;
  own->renew_at = 0;
  date(own, from->issued);
  if (own->role == ACTIVE) {
    end_asking(own->access);
  }
}

/* Takes the grant as it is in the other tab, except that newer tokens here stay and are saved. */
static void take_from_tab(const grant *from, grant_role role) {
  grant *own = with_id(from->id);
  if (own == NULL) {
    own = &m.grants[m.grant_count++];
    *own = *from;
    own->earlier = 0;
    own->refusals = 0;
    date(own, from->issued);
  }
  own->role = role;
  if (own->issued > from->issued) {
    expected.corrected = true;
  } else if (own->access != from->access) {
    take_tokens(own, from);
  }
}

/* The pending sign-in starts again from the state of the other tab, or is cancelled. */
static void sign_in_goes_on(occ_state from) {
  const permitted_cell *cell =
    &permitted[from][m.owner == OCC_OWNER_AGENT ? OCC_EVENT_SIGN_IN_AGENT : OCC_EVENT_SIGN_IN];
  m.state = m.pending && cell->status == OCC_STATUS_OK ? cell->to : from;
  if (cell->status != OCC_STATUS_OK) {
    end_sign_in(OCC_STATUS_CANCELLED);
  }
}

/* R24: a grant that is held here but not there was ended by a tab of the same line. Another line
 * did not know it: it is a stray. */
static void leave_tab(const tab *it, bool of_line) {
  bool left[GRANTS_MAX] = {false};
  for (size_t i = 0; i < m.grant_count; i++) {
    left[i] = is_held(&m.grants[i]) && !tab_has(it, m.grants[i].id);
  }
  for (size_t i = m.grant_count; i > 0; i--) {
    if (left[i - 1] && of_line) {
      leave_to_others(&m.grants[i - 1], m.grants[i - 1].issued);
    } else if (left[i - 1]) {
      leaves_session(&m.grants[i - 1]);
      m.grants[i - 1].role = STRAY;
    }
  }
}

static void take_tab(const tab *it, double line, double epoch, double revoking_until) {
  const unsigned active = active_id();
  const bool of_line = line == m.line && !(epoch == m.epoch && active != it->grants[0].id);
  m.line = line;
  m.epoch = epoch;
  m.revoking_until = believed(revoking_until);
  m.saved_until = revoking_until;
  expected.adopted = true;
  expected.succeeded =
    active != 0 && active != it->grants[0].id && in(ACTIVE)->owner == it->grants[0].owner;
  leave_tab(it, of_line);
  for (size_t i = 0; i < HELD; i++) {
    if (it->grants[i].id != 0) {
      take_from_tab(&it->grants[i], (grant_role)(ACTIVE + i));
    }
  }
  m.emulated = it->emulated;
  m.known = m.known && active == active_id();
  if (active != active_id()) {
    end_asking(0);
  }
  sign_in_goes_on(resting_state());
}

/* R29: the time until which a tab reports a revocation of its own under way. A tab in which a
 * customer has signed in has a clock that was ahead. */
static double revoking_in_tab(tab_change what) {
  return what == TAB_SIGNED_OUT ? m.now + DELAY : what == TAB_CUSTOMER ? m.now + DELAY + 1000 : 0;
}

static void call_adopt(tab_change what, line_of of) {
  const tab it = changed_tab(what);
  const double line = of == THIS_LINE || of == SAME_EPOCH ? m.line : OTHER_LINE + ++m.serials;
  const double epoch = of == THIS_LINE ? m.epoch + 1 : of == SAME_EPOCH ? m.epoch : 1;
  const double revoking_until = options.pages ? revoking_in_tab(what) : 0;
  char snapshot[sizeof m.saved];
  write_tab(snapshot, sizeof snapshot, &it, line, epoch, revoking_until);
  size_t wanted = 0;
  for (size_t i = 0; i < HELD; i++) {
    wanted += it.grants[i].id != 0 && held(it.grants[i].id) == NULL;
  }
  if (wanted > OCC_PLACES - taken_places()) {
    nothing_happens();
    expect(host_adopt(m.now, snapshot) == OCC_STATUS_FULL, "R24: without a place nothing is taken");
    return;
  }
  take_tab(&it, line, epoch, revoking_until);
  ask_if_over();
  memcpy(m.saved, snapshot, sizeof snapshot);
  expect(host_adopt(m.now, snapshot) == OCC_STATUS_OK, "R24: what is newer is taken");
}

/* The other tab still has a grant that has ended here: it ends there, too. If that tab has newer
 * tokens of it, these are revoked. */
static void call_adopt_unaware(size_t at, age of) {
  const tab nobody = {.emulated = 0};
  tab it = nobody;
  it.grants[0] = m.grants[at];
  it.grants[0].refresh = has(OCC_FLAG_PERSIST) ? it.grants[0].refresh : 0;
  if (of != AS_NEW) {
    give_tokens(&it.grants[0], issued_after(&it.grants[0]));
    it.grants[0].expires_at = of == NEWER ? it.grants[0].expires_at : m.now;
  }
  char snapshot[sizeof m.saved];
  write_tab(snapshot, sizeof snapshot, &it, m.line, m.epoch + 1, 0);
  if (taken_places() == OCC_PLACES) {
    nothing_happens();
    expect(host_adopt(m.now, snapshot) == OCC_STATUS_FULL, "R24: without a place nothing is taken");
    return;
  }
  take_tab(&nobody, m.line, m.epoch + 1, 0);
  end_asking(0);
  m.known = false;
  sign_in_goes_on(it.grants[0].owner == OCC_OWNER_AGENT ? OCC_STATE_AGENT : OCC_STATE_CUSTOMER);
  m.state = permitted[m.state][OCC_EVENT_EXPIRED].to;
  expected.corrected = true;
  if (of != AS_NEW && has(OCC_FLAG_REVOKE)) {
    it.grants[0].id = ++m.ids;
    m.grants[m.grant_count] = (grant){.id = it.grants[0].id,
                                      .owner = it.grants[0].owner,
                                      .access = it.grants[0].access,
                                      .refresh = it.grants[0].refresh,
                                      .expires_at = it.grants[0].expires_at,
                                      .issued = it.grants[0].issued,
                                      .known = true};
    begin_revocation(&m.grants[m.grant_count++]);
  }
  expect(host_adopt(m.now, snapshot) == OCC_STATUS_OK, "R24: what is newer is taken");
}

/* R24: the stored session is gone, and is saved again. */
static void call_emptied(void) {
  const double line = m.line;
  expected.corrected = in(ACTIVE) != NULL;
  if (!expected.corrected) {
    m.saved[0] = '\0';
    m.saved_until = 0;
  }
  expect(host_adopt(m.now, "") == OCC_STATUS_OK, "R24: emptied storage is written again");
  expect(session.line != line, "R24: another tab may have been further in the line that is gone");
  m.line = session.line;
}

/* R31: hears the snapshot of another tab, as an answer or unasked. */
static void call_heard(tab_change what, bool is_answer) {
  const tab it = changed_tab(what);
  char snapshot[sizeof m.saved];
  write_tab(snapshot, sizeof snapshot, &it, m.line, m.epoch + 1, 0);
  const bool refreshed = what == TAB_REFRESHED || what == TAB_REFRESHED_OTHER;
  const bool promised = is_answer && m.asked_until != 0 && what != TAB_REFRESHED;
  for (size_t i = 0; i < HELD && refreshed; i++) {
    grant *own = it.grants[i].id != 0 ? held(it.grants[i].id) : NULL;
    if (own != NULL && it.grants[i].issued > own->issued) {
      take_tokens(own, &it.grants[i]);
    }
  }
  if (promised) {
    m.heard = true;
    m.asked_until = m.now + REFRESH_TIME;
  }
  if (!refreshed && !promised) {
    nothing_happens();
  }
  expect(host_hear(m.now, is_answer, snapshot) == OCC_STATUS_OK, "R31: a snapshot that is heard");
}

static void call_adopt_in_vain(bool alien) {
  char snapshot[sizeof m.saved];
  (void)snprintf(snapshot, sizeof snapshot, "{\"v\":1,\"for\":\"there\",\"epoch\":%.0f}",
                 m.epoch + 1);
  nothing_happens();
  expect(alien ? host_adopt(m.now, snapshot) == OCC_STATUS_BAD_SNAPSHOT
               : host_adopt(m.now, m.saved) == OCC_STATUS_STALE,
         "R24 R26: what is not newer, or not ours, is not taken");
  expect(!alien || host_hear(m.now, true, snapshot) == OCC_STATUS_BAD_SNAPSHOT,
         "R26 R31: nor is it heard");
}

/* R24: a tab that does not know this epoch has overwritten it. */
static void call_overwritten(void) {
  char snapshot[sizeof m.saved];
  (void)snprintf(snapshot, sizeof snapshot,
                 "{\"v\":1,\"for\":\"here\",\"line\":%.0f,\"epoch\":%.0f}", m.line, m.epoch - 1);
  expected.corrected = true;
  expect(host_adopt(m.now, snapshot) == OCC_STATUS_STALE, "R24: what is older is written over");
}

/* ---- Answers -----------------------------------------------------------------------------------
 */

static occ_status answer(uint32_t request, occ_delivery delivery, uint32_t http_status,
                         const char *body) {
  host_give(OCC_PARAMETER_BODY, body);
  return occ_session_completed(&session, m.now, request, delivery, http_status, 0);
}

static awaited take_awaited(size_t at) {
  const awaited it = m.awaited[at];
  m.awaited_count--;
  m.awaited[at] = m.awaited[m.awaited_count];
  m.answered = it.request;
  return it;
}

/* True for the pending sign-in, and false for one that was given up. */
static bool is_pending(const awaited *it) {
  return it->attempt != 0 && m.pending && it->attempt == m.attempt;
}

/* R41: where refresh tokens are shared, a refused one says nothing of the grant as long as another
 * tab may have a newer one. */
static void refresh_token_is_dead(grant *it) {
  if (it->role == ACTIVE && has(OCC_FLAG_PERSIST) && has(OCC_FLAG_SHARED)) {
    token_is_gone('r', it->refresh);
    it->refresh = 0;
    (void)ask_tabs();
    return;
  }
  if (it->role == ACTIVE) {
    end_waiting(0);
    active_expires();
    return;
  }
  take_out(it);
}

/* R20. If another tab has refreshed it meanwhile, the refused token is not the held one. */
static void refresh_failed(const awaited *it, bool for_good) {
  grant *refreshed = is_refreshing(it) ? held(it->id) : NULL;
  if (refreshed == NULL) {
    return;
  }
  if (for_good && refreshed->access == it->access) {
    refresh_token_is_dead(refreshed);
  } else if (refreshed->role == ACTIVE) {
    end_waiting(refreshed->access != it->access ? refreshed->access : 0);
  }
}

/* R30: returns the grant whose revocation of the refresh token has waited for this answer. */
static grant *waits_for_bearer(const awaited *it) {
  grant *waiting_one = is_refreshing(it) ? with_id(it->id) : NULL;
  return waiting_one != NULL && waiting_one->role == REVOKING &&
             waiting_one->access == it->access && waiting_one->of_refresh.stage == REFRESHING
           ? waiting_one
           : NULL;
}

static void settle_token(grant *it, occ_token token) {
  revocation *one = token == OCC_TOKEN_ACCESS ? &it->of_access : &it->of_refresh;
  one->stage = SETTLED;
  if (token == OCC_TOKEN_REFRESH) {
    token_is_gone('r', it->refresh);
  }
}

static void take_out_if_settled(grant *it) {
  if (it->of_access.stage == SETTLED && (it->refresh == 0 || it->of_refresh.stage == SETTLED)) {
    take_out(it);
  }
}

static void tell_outcome(const grant *it, occ_token token, occ_outcome outcome,
                         uint32_t http_status) {
  expected.outcomes[expected.outcome_count++] = (told_outcome){
    .owner = it->owner, .token = token, .outcome = outcome, .http_status = http_status};
}

/* R30: the new grant is a stray, and nothing is left to be revoked of the one it replaces. */
static void bearer_comes(grant *it, grant given) {
  given.refresh = given.refresh != 0 ? given.refresh : it->refresh;
  given.id = ++m.ids;
  given.owner = it->owner;
  given.role = STRAY;
  given.final = true;
  settle_token(it, OCC_TOKEN_REFRESH);
  if (it->of_access.stage == UNSENT) {
    settle_token(it, OCC_TOKEN_ACCESS);
  }
  take_out_if_settled(it);
  m.grants[m.grant_count++] = given;
}

/* R30: refused for good, both tokens are known to be dead; else nothing new is known, and the token
 * is revoked under the old bearer. */
static void bearer_fails(grant *it, size_t way) {
  if (refusals[way].status != OCC_STATUS_INVALID_CREDENTIALS) {
    it->of_refresh.stage = UNSENT;
    return;
  }
  tell_outcome(it, OCC_TOKEN_REFRESH, OCC_OUTCOME_ALREADY_INVALID, refusals[way].http_status);
  settle_token(it, OCC_TOKEN_REFRESH);
  if (it->of_access.stage == UNSENT) {
    tell_outcome(it, OCC_TOKEN_ACCESS, OCC_OUTCOME_ALREADY_INVALID, refusals[way].http_status);
    settle_token(it, OCC_TOKEN_ACCESS);
  }
  take_out_if_settled(it);
}

/* R7: the number stays, the tokens are replaced. */
static void go_on(grant *it, const grant *given) {
  token_is_gone('a', it->access);
  it->earlier = it->access;
  it->access = given->access;
  if (given->refresh != 0) {
    token_is_gone('r', it->refresh);
    it->refresh = given->refresh;
  }
  it->expires_at = given->expires_at;
  it->renew_at = given->renew_at;
  date(it, issued_after(it));
  if (it->role == ACTIVE) {
    end_asking(it->access);
  }
  if (it->role == CLIENT && m.waiting == FOR_CLIENT) {
    end_waiting(it->access);
  }
}

static void give(const awaited *it, grant given) {
  if (waits_for_bearer(it) != NULL) {
    bearer_comes(waits_for_bearer(it), given);
    return;
  }
  grant *continued = is_refreshing(it) ? held(it->id) : is_for_client(it) ? in(CLIENT) : NULL;
  if (continued != NULL && !given.unusable) {
    go_on(continued, &given);
    return;
  }
  grant *revoked = is_refreshing(it) ? with_id(it->id) : NULL;
  if (revoked != NULL && revoked->role == REVOKING && revoked->access == it->access) {
    revoked->final = true; /* R30: its refresh token was used for the new grant */
  }
  given.id = ++m.ids;
  given.owner = it->owner;
  given.role = is_for_client(it) ? CLIENT : STRAY;
  m.grants[m.grant_count++] = given;
  if (is_for_client(it)) {
    if (given.unusable) {
      take_out(&m.grants[m.grant_count - 1]);
    }
    if (m.waiting == FOR_CLIENT) {
      end_waiting(given.unusable ? 0 : given.access);
    }
    return;
  }
  refresh_failed(it, false);
  if (is_pending(it) && given.unusable) {
    end_sign_in(OCC_STATUS_UNEXPECTED_RESPONSE);
    (void)move(OCC_EVENT_REFUSED, 0, 0);
  } else if (is_pending(it)) {
    (void)move(OCC_EVENT_GRANTED, 0, given.id);
  }
}

/* `expires_at`: 0 if the server does not report it. */
static void answer_token(size_t at, unsigned access, unsigned refresh, double expires_at,
                         const char *type) {
  const double lifetime = (expires_at - m.now) / 1000;
  char body[200];
  const int used =
    snprintf(body, sizeof body, "{\"token_type\":\"%s\",\"access_token\":\"a%06u\"", type, access);
  char *end = body + used;
  if (refresh != 0) {
    end += snprintf(end, sizeof body / 3, ",\"refresh_token\":\"r%06u\"", refresh);
  }
  if (expires_at != 0) {
    end += snprintf(end, sizeof body / 3, ",\"expires_in\":%.0f", lifetime);
  }
  (void)snprintf(end, sizeof body / 3, "}");
  const awaited it = take_awaited(at);
  give(&it, (grant){.access = access,
                    .refresh = refresh,
                    .unusable = strcmp(type, "bearer") != 0,
                    .expires_at = expires_at,
                    .renew_at = lifetime >= 60 ? expires_at : 0});
  expect(answer(it.request, OCC_DELIVERY_ANSWERED, 200, body) == OCC_STATUS_OK,
         "an answer gives OK");
}

static void answer_refused(size_t at, size_t way) {
  const awaited it = take_awaited(at);
  if (is_pending(&it)) {
    end_sign_in(refusals[way].status);
    (void)move(OCC_EVENT_REFUSED, 0, 0);
  }
  if (is_for_client(&it) && m.waiting == FOR_CLIENT) {
    end_waiting(0);
  }
  if (waits_for_bearer(&it) != NULL) {
    bearer_fails(waits_for_bearer(&it), way);
  }
  refresh_failed(&it, refusals[way].for_good);
  expect(answer(it.request, refusals[way].delivery, refusals[way].http_status,
                refusals[way].body) == OCC_STATUS_OK,
         "an answer gives OK");
}

/* R17, R30: a 401 says that the bearer is dead, and so nothing of a token with another bearer. */
static occ_outcome outcome_of(const grant *it, occ_token token, size_t way) {
  if (endings[way].http_status != 401) {
    return endings[way].outcome;
  }
  return token == OCC_TOKEN_ACCESS && has(OCC_FLAG_BEARER) && !it->unusable
           ? OCC_OUTCOME_ALREADY_INVALID
           : OCC_OUTCOME_REJECTED;
}

/* R16, R18, R30. */
static void answer_revocation(grant *it, occ_token token, size_t way) {
  revocation *one = token == OCC_TOKEN_ACCESS ? &it->of_access : &it->of_refresh;
  const uint32_t request = one->request;
  m.answered = request;
  if (endings[way].http_status == 401 && token == OCC_TOKEN_REFRESH && has(OCC_FLAG_BEARER) &&
      !it->final && ask_refresh(it)) {
    it->final = true;
    one->stage = REFRESHING;
  } else if (endings[way].passes && one->tries_left > 0) {
    one->tries_left--;
    one->stage = UNSENT;
    one->not_before = m.now + 2000;
  } else {
    tell_outcome(it, token, outcome_of(it, token, way), endings[way].http_status);
    settle_token(it, token);
    take_out_if_settled(it);
  }
  expect(answer(request, endings[way].delivery, endings[way].http_status, "") == OCC_STATUS_OK,
         "R16: an answer gives OK");
}

static void answer_nobody(size_t way) {
  const uint32_t numbers[] = {0, m.answered, session.requests + 1};
  nothing_happens();
  expect(answer(numbers[way], OCC_DELIVERY_ANSWERED, 200,
                "{\"token_type\":\"bearer\",\"access_token\":\"" NEVER_GIVEN
                "\"}") == OCC_STATUS_UNKNOWN_REQUEST,
         "R7 R21: an answer that nobody waits for is unknown");
  expect(!host_remembers(NEVER_GIVEN), "R27: and forgotten");
}

static void happen(reference_event it) {
  switch ((event_kind)it.kind) {
  case SIGN_IN:
    call_sign_in(OCC_OWNER_CUSTOMER, false);
    break;
  case SIGN_IN_AGENT:
  case SIGN_IN_AGENT_OVER_KNOWN:
    call_sign_in(OCC_OWNER_AGENT, it.kind == SIGN_IN_AGENT_OVER_KNOWN);
    break;
  case CANCEL:
  case CANCEL_OTHER:
    call_cancel(it.kind == CANCEL ? m.attempt : m.attempts + 1);
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
  case RENEW_UNSURE:
  case RENEW_EARLIER:
  case RENEW_OTHER:
  case RENEW_UNKNOWN:
  case RENEW_BARE:
    call_renew((event_kind)it.kind, it.at);
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
    call_ended(it.at, (age)it.way);
    break;
  case WANTED:
    call_wanted(it.at, (age)it.way);
    break;
  case HEARD:
  case ANSWERED:
    call_heard((tab_change)it.way, it.kind == ANSWERED);
    break;
  case TAB_CHANGES:
    call_adopt((tab_change)it.way, (line_of)it.at);
    break;
  case TAB_UNAWARE:
    call_adopt_unaware(it.at, (age)it.way);
    break;
  case EMPTIED:
    call_emptied();
    break;
  case OVERWRITTEN:
    call_overwritten();
    break;
  case STALE_SNAPSHOT:
  case ALIEN_SNAPSHOT:
    call_adopt_in_vain(it.kind == ALIEN_SNAPSHOT);
    break;
  case TOKEN_WITH_REFRESH:
    m.serials++;
    answer_token(it.at, m.serials, m.serials, m.now + LIFETIME * 1000, "bearer");
    break;
  case TOKEN_WITHOUT_REFRESH:
    m.serials++;
    answer_token(it.at, m.serials, 0, 0, "bearer");
    break;
  case TOKEN_UNUSABLE:
    m.serials++;
    answer_token(it.at, m.serials, m.serials, m.now + LIFETIME * 1000, "mac");
    break;
  case TOKEN_AGAIN:
    answer_token(it.at, m.grants[it.way].access, m.grants[it.way].refresh,
                 m.grants[it.way].expires_at, "bearer");
    break;
  case TOKEN_REFUSED:
    answer_refused(it.at, it.way);
    break;
  case ACCESS_REVOKED:
    answer_revocation(&m.grants[it.at], OCC_TOKEN_ACCESS, it.way);
    break;
  case REFRESH_REVOKED:
    answer_revocation(&m.grants[it.at], OCC_TOKEN_REFRESH, it.way);
    break;
  case STALE_ANSWER:
    answer_nobody(it.way);
    break;
  default:
    break;
  }
}

/* ---- The comparison after a step ---------------------------------------------------------------
 */

static bool same_body(const host_request *request, const char *body) {
  return strcmp(request->body.at, body) == 0;
}

static const char *client(occ_owner owner) {
  return owner == OCC_OWNER_AGENT ? "desk" : "shop";
}

/* Two grants that are revoked may have the same tokens, if the server gave out one whose revocation
 * had just been requested: their numbers tell them apart. */
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

/* True if it is the revocation of this token. */
static bool is_revocation_of(const host_request *request, const grant *it, occ_token token) {
  char body[200];
  if (token == OCC_TOKEN_ACCESS) {
    (void)snprintf(body, sizeof body, "token=a%06u&token_type_hint=access_token&client_id=%s",
                   it->access, client(it->owner));
  } else {
    (void)snprintf(body, sizeof body, "token=r%06u&token_type_hint=refresh_token&client_id=%s",
                   it->refresh, client(it->owner));
  }
  const bool bearer = has(OCC_FLAG_BEARER) && !it->unusable;
  return it->role == REVOKING && same_body(request, body) && is_sent_for(it, request->number) &&
         strcmp(request->authorization.at, bearer ? header_of(it->access) : "") == 0;
}

static bool is_due(const grant *it, occ_token token) {
  const revocation *one = token == OCC_TOKEN_ACCESS ? &it->of_access : &it->of_refresh;
  if (it->role != REVOKING || one->stage != UNSENT ||
      (token == OCC_TOKEN_REFRESH && it->refresh == 0)) {
    return false;
  }
  const bool in_turn =
    token == OCC_TOKEN_REFRESH || it->refresh == 0 || it->of_refresh.stage == SETTLED;
  return expected.leaving || (in_turn && m.now >= one->not_before);
}

/* R30: a refresh token to be revoked under a bearer that has expired by the clock. */
static bool wants_bearer(const grant *it) {
  return is_due(it, OCC_TOKEN_REFRESH) && has(OCC_FLAG_BEARER) && !expected.leaving && !it->final &&
         is_over(it);
}

static size_t count_wanted_bearers(void) {
  size_t count = 0;
  for (size_t i = 0; i < m.grant_count; i++) {
    count += wants_bearer(&m.grants[i]);
  }
  return count;
}

static void wait_for_bearer(grant *it) {
  it->final = true;
  it->of_refresh.stage = REFRESHING;
}

static void check_revocation(const host_request *request) {
  for (size_t i = 0; i < m.grant_count; i++) {
    grant *it = &m.grants[i];
    if (is_revocation_of(request, it, OCC_TOKEN_REFRESH) && is_due(it, OCC_TOKEN_REFRESH)) {
      expected.no_place = expected.no_place || wants_bearer(it);
      it->of_refresh.stage = SENT;
      it->of_refresh.request = request->number;
      return;
    }
    if (is_revocation_of(request, it, OCC_TOKEN_ACCESS) && is_due(it, OCC_TOKEN_ACCESS)) {
      expect(!is_due(it, OCC_TOKEN_REFRESH), "R11: the refresh token comes first");
      it->of_access.stage = SENT;
      it->of_access.request = request->number;
      return;
    }
  }
  expect(false, "R1 R2 R3 R8 R11: a revocation is one that is due, in its turn, and not sent yet");
}

/* Returns the grant that a refresh is sent for: one to be refreshed, or one to be revoked. */
static grant *sent_for(const host_request *request) {
  for (size_t i = 0; i < m.grant_count; i++) {
    grant *it = &m.grants[i];
    char body[200];
    (void)snprintf(body, sizeof body, "grant_type=refresh_token&refresh_token=r%06u&client_id=%s",
                   it->refresh, client(it->owner));
    if (!same_body(request, body)) {
      continue;
    }
    for (size_t k = 0; k < expected.refresh_count; k++) {
      if (expected.refreshes[k] == it->id) {
        expected.refreshes[k] = expected.refreshes[--expected.refresh_count];
        return it;
      }
    }
    if (wants_bearer(it)) {
      wait_for_bearer(it);
      return it;
    }
  }
  return NULL;
}

static void check_refresh(const host_request *request) {
  const grant *it = sent_for(request);
  if (expect(it != NULL, "R19 R21 R30: a refresh is sent only for a grant that needs it, with its "
                         "refresh token")) {
    m.awaited[m.awaited_count++] =
      (awaited){.request = request->number, .owner = it->owner, .id = it->id, .access = it->access};
  }
}

static bool is_sign_in_due(void) {
  return m.pending && !m.sent && !expected.leaving &&
         ((in(REVOKING) == NULL && m.now >= m.revoking_until) || m.now >= m.due) &&
         free_places() > count_wanted_bearers();
}

static void check_sign_in(const host_request *request) {
  if (!expect(is_sign_in_due(), "R29: a sign-in is sent when nothing is being revoked, or late")) {
    return;
  }
  char body[200];
  (void)snprintf(body, sizeof body, "grant_type=password&username=anna&password=%s&client_id=%s",
                 PASSWORD, client(m.owner));
  expect(same_body(request, body), "a sign-in carries user name and password");
  m.sent = true;
  m.awaited[m.awaited_count++] =
    (awaited){.request = request->number, .owner = m.owner, .attempt = m.attempt};
}

static void check_client_token(const host_request *request) {
  expect(expected.client_token, "a client token is asked for once, when a request needs it");
  expected.client_token = false;
  m.awaited[m.awaited_count++] = (awaited){.request = request->number, .owner = OCC_OWNER_CLIENT};
}

static void check_token_request(const host_request *request) {
  expect(request->authorization.length == 0, "a token request carries no Authorization");
  if (request->purpose == OCC_REQUEST_REFRESH) {
    check_refresh(request);
  } else if (same_body(request, "grant_type=client_credentials&client_id=shop")) {
    check_client_token(request);
  } else {
    check_sign_in(request);
  }
}

static void check_requests(void) {
  for (size_t i = 0; i < m.grant_count; i++) {
    if (wants_bearer(&m.grants[i]) && is_refreshed(&m.grants[i])) {
      wait_for_bearer(&m.grants[i]);
    }
  }
  for (unsigned i = 0; i < host.request_count && failure == NULL; i++) {
    const host_request *request = &host.requests[i];
    if (request->purpose == OCC_REQUEST_REVOKE) {
      check_revocation(request);
    } else {
      check_token_request(request);
    }
  }
  for (size_t i = 0; i < m.grant_count; i++) {
    expect(!is_due(&m.grants[i], OCC_TOKEN_REFRESH) && !is_due(&m.grants[i], OCC_TOKEN_ACCESS),
           "R1 R2 R7: what is to be revoked is revoked at once");
  }
  expect(expected.refresh_count == 0 && !expected.client_token,
         "R19: a token that is asked for is sent for");
  expect(!expected.no_place || free_places() == 0,
         "R30: a refresh token is revoked under a living bearer, if there is a place for it");
  expect(!is_sign_in_due(), "a sign-in is sent as soon as it may be");
}

static occ_role role_of(grant_role role) {
  static const occ_role roles[] = {
    [ACTIVE] = OCC_ROLE_ACTIVE, [PARKED] = OCC_ROLE_PARKED,     [RETIRED] = OCC_ROLE_RETIRED,
    [STRAY] = OCC_ROLE_STRAY,   [REVOKING] = OCC_ROLE_REVOKING, [CLIENT] = OCC_ROLE_CLIENT,
  };
  return roles[role];
}

static bool holds_token(const char *at, size_t length, char kind, unsigned serial) {
  char text[TOKEN_LENGTH + 1];
  text_of(text, kind, serial);
  return length == TOKEN_LENGTH && memcmp(at, text, TOKEN_LENGTH) == 0;
}

static bool is_revoked_as(const occ_revocation *of_place, const revocation *it) {
  static const occ_revocation_stage stages[] = {[UNSENT] = OCC_REVOCATION_QUEUED,
                                                [REFRESHING] = OCC_REVOCATION_REFRESHING,
                                                [SENT] = OCC_REVOCATION_SENT,
                                                [SETTLED] = OCC_REVOCATION_SETTLED};
  const occ_revocation_stage stage = stages[it->stage];
  return of_place->stage == stage &&
         (stage == OCC_REVOCATION_SETTLED || of_place->tries_left == it->tries_left) &&
         (stage != OCC_REVOCATION_QUEUED || of_place->not_before == it->not_before);
}

/* R49. */
static bool rests_as(const occ_grant *place, const grant *it) {
  const size_t following = it->refusals < COUNT(pauses) - 1 ? it->refusals + 1 : it->refusals;
  return place->issued == it->issued && place->rest_until == it->rest_until &&
         place->is_refused == it->refused &&
         place->pause == (it->refusals > 0 ? pauses[following] : 0);
}

/* Compares the fields of a place besides its tokens, which decide its next step. */
static bool goes_on_as(const occ_grant *place, const grant *it) {
  if (it->role == REVOKING) {
    return place->is_final == it->final &&
           is_revoked_as(&place->revocation[OCC_TOKEN_ACCESS], &it->of_access) &&
           (it->refresh == 0 ||
            is_revoked_as(&place->revocation[OCC_TOKEN_REFRESH], &it->of_refresh));
  }
  const bool in_time = place->expires_at == it->expires_at && place->renew_at == it->renew_at;
  return (!is_held(it) || (in_time && (place->earlier != 0) == (it->earlier != 0))) &&
         (it->role != CLIENT || place->expires_at == it->expires_at) &&
         (it->role == STRAY || rests_as(place, it));
}

static bool is_at(const occ_grant *place, const grant *it) {
  const bool without_refresh = it->refresh == 0 || it->of_refresh.stage == SETTLED;
  return place->role == role_of(it->role) && place->owner == it->owner &&
         (it->number == 0 || it->number == place->number) && goes_on_as(place, it) &&
         place->authorization_length == (it->unusable ? 0 : OCC_BEARER_LENGTH + TOKEN_LENGTH) &&
         holds_token(place->authorization + OCC_BEARER_LENGTH, place->access_length, 'a',
                     it->access) &&
         (without_refresh ? place->refresh_length == 0
                          : holds_token(place->refresh, place->refresh_length, 'r', it->refresh));
}

/* True if a place is reserved for this request. */
static bool is_awaited_at(const occ_grant *place, const awaited *it) {
  const grant *refreshed = is_refreshing(it) ? with_id(it->id) : NULL;
  return place->role == OCC_ROLE_AWAITED && place->request == it->request &&
         place->owner == it->owner && (place->refreshes > 0) == is_refreshing(it) &&
         (refreshed == NULL || refreshed->number == 0 || refreshed->number == place->refreshes);
}

/* R7: issued = active + parked + retired + stray + revoking + settled. Every token that the server
 * has given and the model does not count as settled is in exactly one place, and no place holds
 * anything else. */
static void check_places(void) {
  bool counted[GRANTS_MAX] = {false};
  size_t taken = 0;
  size_t on_their_way = 0;
  for (size_t i = 0; i < OCC_PLACES; i++) {
    const occ_grant *place = &session.grants.at[i];
    taken += place->role != OCC_ROLE_FREE;
    for (size_t k = 0; k < m.grant_count; k++) {
      if (!counted[k] && is_at(place, &m.grants[k])) {
        counted[k] = true;
        m.grants[k].number = place->number;
        break;
      }
    }
    for (size_t k = 0; k < m.awaited_count; k++) {
      on_their_way += is_awaited_at(place, &m.awaited[k]);
    }
  }
  for (size_t k = 0; k < m.grant_count; k++) {
    expect(counted[k], "R4 R5 R6 R7: every grant is where the rules put it");
  }
  expect(on_their_way == m.awaited_count, "R7: a place is kept for each token that is on its way");
  expect(taken == taken_places(), "R7: no grant is there that has settled");
}

/* The number that the application's own token will have, 0 if none was requested. */
static double number_for_client(void) {
  for (size_t i = 0; i < OCC_PLACES; i++) {
    const occ_grant *place = &session.grants.at[i];
    if (place->role == OCC_ROLE_AWAITED && place->owner == OCC_OWNER_CLIENT) {
      return place->number;
    }
  }
  return 0;
}

/* Checks the waiting requests and sign-ins of the session. */
static void check_waiting(void) {
  const occ_sign_in *sign_in = &session.sign_in;
  const grant *active = in(ACTIVE);
  expect(sign_in->is_pending == m.pending, "a sign-in is pending until it has ended");
  expect(!m.pending || (sign_in->owner == m.owner && sign_in->attempt == m.attempt &&
                        (sign_in->request != 0) == m.sent && (m.sent || sign_in->due == m.due) &&
                        (sign_in->customer_id_length > 0) == m.known),
         "and it is the one that was asked for last");
  expect(session.waiting_for == (m.waiting == FOR_REFRESH  ? active->number
                                 : m.waiting == FOR_CLIENT ? number_for_client()
                                                           : 0),
         "R19: requests wait for the token of who is signed in");
  expect(session.asked_until == m.asked_until && session.is_answered == m.heard,
         "R31: other tabs are asked until they have helped, or not");
  expect(session.line == m.line, "R24: a line goes on");
}

static unsigned occurrences(const char *text, const char *part) {
  unsigned count = 0;
  for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) {
    count++;
  }
  return count;
}

/* Reads a number of an object that has no objects in it, 0 if it is absent. */
static double member_at(const char *object, const char *name) {
  char member[20];
  (void)snprintf(member, sizeof member, "\"%s\":", name);
  const char *at = strstr(object, member);
  return at != NULL && at < strchr(object, '}') ? strtod(at + strlen(member), NULL) : 0;
}

/* Checks the grant of one role in the snapshot; learns its number. */
static void check_saved_grant(grant_role role, const char *member) {
  grant *it = in(role);
  const char *at = strstr(m.saved, member);
  expect((at != NULL) == (it != NULL), "R23 R25: a snapshot has the grants that are held");
  if (at == NULL || it == NULL) {
    return;
  }
  char access[30];
  char refresh[30];
  (void)snprintf(access, sizeof access, "\"access\":\"a%06u\"", it->access % 1000000);
  (void)snprintf(refresh, sizeof refresh, "\"refresh\":\"r%06u\"", it->refresh % 1000000);
  expect(member_at(at, "issued") == it->issued && member_at(at, "expires") == it->expires_at,
         "R31: a snapshot says how new tokens are");
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
  m.saved_until = in(REVOKING) != NULL       ? m.now + DELAY
                  : m.revoking_until > m.now ? m.revoking_until
                                             : 0;
  if (in(ACTIVE) == NULL && !has(OCC_FLAG_SHARED)) {
    expect(m.saved[0] == '\0', "R14: nothing is stored when nobody is signed in");
    return;
  }
  char whose[80];
  char revoking[40] = "}";
  char customer[] = "\"customer\":\"A\"";
  (void)snprintf(whose, sizeof whose, "\"line\":%.0f,\"epoch\":%.0f", m.line, m.epoch);
  if (m.saved_until != 0) {
    (void)snprintf(revoking, sizeof revoking, "\"revoking\":%.0f}", m.saved_until);
  }
  customer[12] = m.emulated;
  const char *whose_at = strstr(m.saved, whose);
  expect(whose_at != NULL && strchr(",}", whose_at[strlen(whose)]) != NULL,
         "R23 R24: a snapshot has the line and the epoch");
  expect(strstr(m.saved, revoking) != NULL &&
           (m.saved_until != 0) == (strstr(m.saved, "\"revoking\"") != NULL),
         "R29: a snapshot has the end of the revocations that may be under way");
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

/* Records what the host knows at the beginning of a step. */
static void host_knows(void) {
  const grant *active = in(ACTIVE);
  host.state = m.state;
  host.expires_at = active != NULL ? active->expires_at : 0;
  host.revoking = count_revoking();
  (void)snprintf(host.user_id.at, sizeof host.user_id.at, "%s", user_id());
  host.alarm = m.alarm;
}

/* The state that must be reported when it changes, and the held grants, which must be saved. */
typedef struct {
  unsigned access[HELD];
  unsigned refresh[HELD];
  unsigned emulated;
} held_grants;

typedef struct {
  held_grants held;
  occ_state state;
  uint32_t revoking;
} seen;

static seen what_is_seen(void) {
  seen it = {.state = m.state, .revoking = count_revoking()};
  memset(&it.held, 0, sizeof it.held);
  it.held.emulated = (unsigned char)m.emulated;
  for (size_t i = 0; i < HELD; i++) {
    const grant *each = in((grant_role)(ACTIVE + i));
    it.held.access[i] = each != NULL ? each->access : 0;
    it.held.refresh[i] = each != NULL ? each->refresh : 0;
  }
  return it;
}

static void check_changes(const seen *before) {
  const seen after = what_is_seen();
  const bool changed = memcmp(&before->held, &after.held, sizeof after.held) != 0;
  const bool saved = (changed && !expected.reloaded && !expected.adopted) || expected.corrected;
  const bool told = changed || saved || expected.adopted || before->state != after.state ||
                    before->revoking != after.revoking;
  m.epoch += saved;
  expect(host.saves == (saved ? 1U : 0U), "R23: a change of grants is saved once, else nothing is");
  expect(session.epoch == m.epoch, "R23: and raises the epoch by one");
  if (expected.reloaded) {
    expect(host.states == (m.saved[0] != '\0'), "R25: a new page is told what it has taken");
  } else {
    expect(host.states == told + expected.succeeded,
           "R23: what has changed is told once, and who was there before by itself");
    expect(!expected.succeeded || host.state_before == OCC_STATE_ANONYMOUS,
           "R24: between two users the session is anonymous");
  }
  if (saved && host.saves == 1) {
    check_saved();
  }
}

static void check_state(void) {
  const grant *active = in(ACTIVE);
  expect(host.state == m.state, "the state is the one of the table");
  expect(strcmp(host.user_id.at, user_id()) == 0, "the user id is the one of who is signed in");
  expect(host.expires_at == (active != NULL ? active->expires_at : 0),
         "the expiry is the active grant's");
  expect(host.revoking == count_revoking(), "the host knows how many revocations are not settled");
}

/* Saves and reports come before requests, which end a call. */
static void check_order(void) {
  static const char *const in_order[] = {"", "save ", "state ", "expired ", "request ", "alarm "};
  enum { ANYWHERE = 0, SENDING = 4 };
  size_t last = ANYWHERE;
  for (const char *at = host.order; *at != '\0'; at += strcspn(at, " ") + 1) {
    size_t turn = ANYWHERE;
    for (size_t i = 0; i < COUNT(in_order); i++) {
      turn = strncmp(at, in_order[i], strlen(in_order[i])) == 0 ? i : turn;
    }
    expect(turn >= last || (turn == ANYWHERE && last < SENDING),
           "R14: what is stored and told comes before what is sent");
    last = turn > last ? turn : last;
  }
}

static void check_nothing(void) {
  const char *told = expected.resent ? "authorization " : "";
  if (expected.nothing && m.called == m.now) {
    expect(strcmp(host.order, told) == 0, "R21: what concerns nobody tells nothing");
  } else if (expected.nothing) {
    expect(host.saves + host.states + host.sign_ins + host.renewals + host.expiries +
               host.revocations + host.endings + host.wanted ==
             0,
           "R21: what concerns nobody tells nothing but what time has brought");
  }
  if (expected.resent) {
    const grant *it = in(ACTIVE) != NULL ? in(ACTIVE) : in(CLIENT);
    expect(strcmp(host.header.at, header_of(it->access)) == 0,
           "R19: a request is sent again with the token that there is");
  }
}

static bool is_told_ended(double number, double issued) {
  for (unsigned i = 0; i < host.endings && i < HOST_ENDED_MAX; i++) {
    if (host.ended[i] == number && host.ended_issued[i] == issued) {
      return true;
    }
  }
  return false;
}

static void check_wanted(void) {
  const grant *active = in(ACTIVE);
  expect(host.wanted == expected.wanted, "R31: other tabs are asked once");
  expect(!expected.wanted ||
           (host.wanted_number == active->number && host.wanted_issued == active->issued),
         "R31: for newer tokens of the active grant than those that are here");
}

/* The record keeps only the last report: each is noted as it comes. */
static told_outcome seen_outcomes[2];

static void note_outcome(void) {
  if (strcmp(host.order, "") != 0 && host.revocations > 0 && host.revocations <= 2) {
    seen_outcomes[host.revocations - 1] = (told_outcome){.owner = (occ_owner)host.revoked_owner,
                                                         .token = (occ_token)host.revoked_token,
                                                         .outcome = (occ_outcome)host.outcome,
                                                         .http_status = host.outcome_status};
  }
}

static void check_told(void) {
  expect(host.sign_ins == expected.sign_ins, "a sign-in is answered once");
  if (expected.sign_ins == 1) {
    expect(host.attempt == expected.attempt, "the sign-in that has ended is answered");
    expect(host.sign_in_status == expected.sign_in_status, "with how it has ended");
  }
  expect(host.renewals == expected.renewals, "R20: requests that wait are answered once");
  expect(strcmp(host.renewed.at, header_of(expected.renewed)) == 0,
         "R19 R20: with the new token, or none");
  expect(host.expiries == (expected.expired != 0) && host.expired == expected.expired,
         "R20: an expiry is told once, to its owner");
  expect(host.revocations == expected.outcome_count, "R17: each settled revocation is told once");
  for (size_t i = 0; i < expected.outcome_count && failure == NULL; i++) {
    const told_outcome *wanted = &expected.outcomes[i];
    const told_outcome *told = &seen_outcomes[i];
    expect(told->owner == wanted->owner && told->token == wanted->token,
           "R17: with its owner and its token");
    expect(told->outcome == wanted->outcome && told->http_status == wanted->http_status,
           "R17 R30: and with how it has ended, as far as that is known");
  }
  expect(host.endings == expected.ended_count,
         "R24: other tabs are told once of each grant that is revoked");
  for (size_t i = 0; i < expected.ended_count; i++) {
    expect(is_told_ended(expected.ended[i], expected.ended_issued[i]),
           "R24 R31: by its number, and how new its tokens were");
  }
  check_wanted();
}

static double earlier_of(double one, double other) {
  return one == 0 || (other != 0 && other < one) ? other : one;
}

/* A page that goes away sends no sign-in, but may come back. */
static double if_to_come(double time) {
  return time > m.now || expected.leaving ? time : 0;
}

static double next_try(const revocation *it) {
  return it->stage == UNSENT && it->not_before > m.now ? it->not_before : 0;
}

static void check_alarm(void) {
  const grant *active = in(ACTIVE);
  double at = 0;
  if (m.pending && !m.sent) {
    at = earlier_of(if_to_come(m.due), if_to_come(m.revoking_until));
  }
  at = earlier_of(at, m.asked_until);
  if (active != NULL && active->refresh != 0) {
    at = earlier_of(at, active->renew_at);
  }
  for (size_t i = 0; i < m.grant_count; i++) {
    at = earlier_of(at, next_try(&m.grants[i].of_access));
    at = earlier_of(at, next_try(&m.grants[i].of_refresh));
  }
  expect(host.alarm == at, "the alarm is set to what comes next");
  m.alarm = at;
}

/* Asking for the header is a call like every other, which finds nothing to do. */
static void check_header(void) {
  /* R32: a grant known to be dead is not on requests. */
  const grant *on_requests = m.asked_until == 0 ? in(ACTIVE) : NULL;
  host_forget();
  const occ_status status = occ_session_authorization(&session, m.now);
  expect(status == (on_requests != NULL ? OCC_STATUS_OK : OCC_STATUS_NOTHING),
         "whether requests carry a token follows from who is signed in");
  expect(strcmp(host.header.at, header_of(on_requests != NULL ? on_requests->access : 0)) == 0,
         "requests carry the active token and no other");
  expect(strcmp(host.order, on_requests != NULL ? "authorization " : "") == 0,
         "nothing is left undone behind a call");
}

/* R27, for the tokens that have settled in this step, and for the password. */
static void check_memory(void) {
  for (size_t i = 0; i < expected.gone_count; i++) {
    const char *token = expected.gone[i];
    bool still_there = false;
    for (size_t k = 0; k < m.grant_count; k++) {
      const grant *it = &m.grants[k];
      still_there =
        still_there || (token[0] == 'a' ? holds_token(token, TOKEN_LENGTH, 'a', it->access)
                                        : it->of_refresh.stage != SETTLED &&
                                            holds_token(token, TOKEN_LENGTH, 'r', it->refresh));
    }
    expect(still_there || !host_remembers(token),
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

/* R27. A copy is closed, so the session goes on. */
static void check_close(void) {
  static occ_session copy;
  static const unsigned char wiped[sizeof copy];
  const unsigned char *bytes = (const unsigned char *)&copy;
  copy = session;
  host_forget();
  expect(occ_session_close(&copy) == OCC_STATUS_OK && copy.life == OCC_LIFE_CLOSED,
         "a session is closed");
  copy.life = OCC_LIFE_NEW;
  expect(memcmp(bytes, wiped, sizeof wiped) == 0, "R27: and nothing is left of it");
  expect(host.order[0] == '\0', "and it revokes nothing");
}

/* Every waiting request can be answered by a coming event, if there is at least one place more than
 * grants that stay. */
static void check_progress(void) {
  bool revocation_sent = false;
  size_t staying = options.taken + OCC_PLACES_FOR_TABS;
  for (size_t i = 0; i < m.grant_count; i++) {
    revocation_sent = revocation_sent || m.grants[i].of_access.stage == SENT ||
                      m.grants[i].of_refresh.stage == SENT;
    staying += is_held(&m.grants[i]) || m.grants[i].role == CLIENT;
  }
  expect(!(m.pending && !m.sent) || m.awaited_count > 0 || revocation_sent || m.alarm != 0 ||
           staying >= OCC_PLACES,
         "a sign-in that is pending can still come to its end");
  expect(m.waiting == NOBODY || m.awaited_count > 0 || m.asked_until != 0,
         "R19: requests that wait for a token can still be answered");
}

/* ---- The interface -----------------------------------------------------------------------------
 */

void reference_open(const reference_options *with) {
  options = *with;
  memset(&m, 0, sizeof m);
  m.state = OCC_STATE_ANONYMOUS;
  m.now = START;
  m.called = START;
  failure = NULL;
  host_inside = note_outcome;
  expect(open_page(1) == OCC_STATUS_OK, "a page is opened");
}

/* Lets time pass; true if nothing else happens. */
static bool time_passes(event_kind what) {
  const grant *rests = in(ACTIVE) != NULL ? in(ACTIVE) : in(CLIENT);
  const double later = what == ALARM_IS_LATE    ? m.alarm
                       : what == AN_HOUR_PASSES ? m.now + LIFETIME * 1000
                       : what == REST_IS_OVER   ? rests->rest_until
                                                : m.now;
  m.now = later;
  return what == ALARM_IS_LATE || what == AN_HOUR_PASSES || what == REST_IS_OVER;
}

const char *reference_step(reference_event event) {
  failure = NULL;
  changes_nothing = false;
  memset(&expected, 0, sizeof expected);
  if (time_passes((event_kind)event.kind)) {
    return NULL;
  }
  if (event.kind == CLOSE) {
    check_close();
    return failure;
  }
  host_forget();
  host.wanted = 0;
  host_knows();
  const seen before = what_is_seen();
  const unsigned active_before = active_id();
  happen(event);
  release_strays();
  for (size_t i = 0; i < m.grant_count; i++) {
    m.grants[i].known = m.grants[i].known || is_held(&m.grants[i]);
  }
  if (active_before != active_id() && !expected.wanted) {
    end_asking(0);
  }
  check_nothing();
  check_order();
  check_changes(&before);
  check_requests();
  check_places();
  check_waiting();
  check_state();
  check_told();
  check_alarm();
  check_memory();
  check_progress();
  changes_nothing = expected.nothing && !expected.counted && m.called == m.now;
  if (!expected.leaving) { /* a page that goes away lets a sign-in wait */
    m.called = m.now;
    check_header();
  } else {
    m.called = 0;
  }
  return failure;
}

bool reference_changes_nothing(void) {
  return changes_nothing;
}

const char *reference_name(reference_event event) {
  static char name[100];
  (void)snprintf(name, sizeof name, "%s (%d, %d)", names[event.kind], event.at, event.way);
  return name;
}

unsigned reference_time(double time) {
  return time == 0 ? 0 : time <= m.now ? 1 : time == m.alarm ? 2 : 3;
}

bool reference_waits_for_client(void) {
  return m.waiting == FOR_CLIENT;
}

unsigned reference_alarm(void) {
  return reference_time(m.alarm);
}

bool reference_is_to_come(double time) {
  return time > m.now;
}

bool reference_is_saved_revoking(void) {
  return m.saved_until > m.now;
}

size_t reference_size(void) {
  return sizeof m;
}

/* Keeps only the used part of the snapshot. */
size_t reference_keep(void *to) {
  const size_t size = offsetof(model, saved) + strlen(m.saved) + 1;
  memcpy(to, &m, size);
  return size;
}

void reference_take_back(const void *from) {
  const char *saved = (const char *)from + offsetof(model, saved);
  memcpy(&m, from, offsetof(model, saved) + strlen(saved) + 1);
}

/* ---- The possible events -----------------------------------------------------------------------
 */

static reference_event *next;

static void may(event_kind kind, size_t at, size_t way) {
  *next++ = (reference_event){(uint8_t)kind, (uint8_t)at, (uint8_t)way};
}

static void may_if(bool condition, event_kind kind) {
  if (condition) {
    may(kind, 0, 0);
  }
}

static void may_be_called(void) {
  const grant *active = in(ACTIVE);
  const grant *rests = active != NULL ? active : in(CLIENT);
  for (int kind = SIGN_IN; kind <= SIGN_OUT_AGENT; kind++) {
    may_if(kind != CANCEL || m.pending, (event_kind)kind);
  }
  may_if(active != NULL, RENEW);
  may_if(active != NULL, RENEW_UNSURE);
  may_if(active != NULL && active->earlier != 0, RENEW_EARLIER);
  may(RENEW_UNKNOWN, 0, 0);
  may_if(active != NULL || options.client_tokens, RENEW_BARE);
  for (size_t i = 0; i < m.grant_count; i++) {
    const grant *it = &m.grants[i];
    if (active == NULL || (it->access != active->access && it->access != active->earlier)) {
      may(RENEW_OTHER, i, 0);
    }
    if (it->number != 0) {
      may(ENDED, i, AS_NEW);
    }
  }
  may_if(m.alarm != 0, ALARM);
  may_if(options.late && m.alarm > m.now, ALARM_IS_LATE);
  const bool in_time = m.alarm == 0 || m.alarm >= m.now + LIFETIME * 1000;
  may_if(options.late || (options.hours && in_time), AN_HOUR_PASSES);
  may_if(options.rests && rests != NULL && is_resting(rests), REST_IS_OVER);
  may(LEAVE, 0, 0);
  may(RELOAD, 0, 0);
  may(CLOSE, 0, 0);
}

static void may_change(line_of of) {
  for (size_t way = 0; way < TAB_CHANGES_END; way++) {
    if ((way != TAB_REFRESHED || in(ACTIVE) != NULL) &&
        (way != TAB_RESTORED || in(PARKED) != NULL)) {
      may(TAB_CHANGES, of, way);
    }
  }
}

static void may_be_unaware(void) {
  for (size_t i = 0; i < m.grant_count; i++) {
    const grant *it = &m.grants[i];
    if (it->number != 0 && (it->role == REVOKING || (it->role == STRAY && it->known))) {
      may(TAB_UNAWARE, i, AS_NEW);
    }
  }
}

static void may_come_from_tabs(void) {
  may_change(THIS_LINE);
  may_be_unaware();
  may_if(m.saved[0] != '\0', STALE_SNAPSHOT);
  may(ALIEN_SNAPSHOT, 0, 0);
}

/* True if no other grant here has newer tokens of it. */
static bool is_newest(const grant *it) {
  for (size_t i = 0; i < m.grant_count; i++) {
    if (m.grants[i].number == it->number && m.grants[i].issued > it->issued) {
      return false;
    }
  }
  return true;
}

/* R31: another tab still has a grant that has ended here, with newer tokens. */
static void may_be_ahead(void) {
  for (size_t i = 0; i < m.grant_count; i++) {
    const grant *it = &m.grants[i];
    if (it->number != 0 && it->known && (it->role == REVOKING || it->role == STRAY) &&
        is_newest(it)) {
      may(TAB_UNAWARE, i, NEWER);
      if (options.hours) {
        may(TAB_UNAWARE, i, NEWER_AND_OVER);
      }
    }
  }
}

/* R31: tabs that have newer tokens, or older ones, or ask for them. */
static void may_ask(void) {
  for (size_t i = 0; i < m.grant_count; i++) {
    const grant *it = &m.grants[i];
    if (it->number == 0) {
      continue;
    }
    may(ENDED, i, NEWER);
    may(WANTED, i, AS_NEW);
    may(WANTED, i, NEWER);
    if (it->issued > 0) {
      may(ENDED, i, OLDER);
      may(WANTED, i, OLDER);
    }
  }
  may_be_ahead();
  for (int kind = HEARD; kind <= ANSWERED; kind++) {
    may((event_kind)kind, 0, TAB_AS_HERE);
    if (in(ACTIVE) != NULL) {
      may((event_kind)kind, 0, TAB_REFRESHED);
    }
    if (in(PARKED) != NULL || in(RETIRED) != NULL) {
      may((event_kind)kind, 0, TAB_REFRESHED_OTHER);
    }
  }
  if (in(ACTIVE) != NULL && in(ACTIVE)->issued > 0) {
    may(TAB_CHANGES, THIS_LINE, TAB_BEHIND);
    may(HEARD, 0, TAB_BEHIND);
  }
}

/* R24: tabs that have diverged, and emptied storages. */
static void may_part(void) {
  may(EMPTIED, 0, 0);
  may_if(m.epoch > 1, OVERWRITTEN);
  may_be_unaware();
  may_be_ahead();
  may_change(ANOTHER_LINE);
  if (m.epoch > 0) {
    may(TAB_CHANGES, SAME_EPOCH, in(ACTIVE) != NULL ? TAB_SIGNED_OUT : TAB_CUSTOMER);
    may(TAB_CHANGES, SAME_EPOCH, TAB_AGENT);
  }
}

static void may_be_answered(size_t at) {
  const awaited *it = &m.awaited[at];
  may(TOKEN_WITH_REFRESH, at, 0);
  may(TOKEN_WITHOUT_REFRESH, at, 0);
  may(TOKEN_UNUSABLE, at, 0);
  may(TOKEN_REFUSED, at, 0);
  may(TOKEN_REFUSED, at, 1);
  for (size_t way = 2; options.every_way && way < COUNT(refusals); way++) {
    may(TOKEN_REFUSED, at, way);
  }
  /* The same user's second sign-in at a server that reissues the same token as long as it lives. */
  for (size_t i = 0; it->attempt != 0 && options.same_token && i < m.grant_count; i++) {
    if (m.grants[i].owner == it->owner && !m.grants[i].unusable && !is_over(&m.grants[i])) {
      may(TOKEN_AGAIN, at, i);
    }
  }
}

static void may_settle(size_t at) {
  for (size_t way = 0; way < (options.every_way ? COUNT(endings) : 2); way++) {
    if (m.grants[at].of_refresh.stage == SENT) {
      may(REFRESH_REVOKED, at, way);
    }
    if (m.grants[at].of_access.stage == SENT) {
      may(ACCESS_REVOKED, at, way);
    }
  }
}

/* R30: what is revoked has a number and a refresh of its own. This needs more places than a walk of
 * all events could have: two grants that are refreshed for their revocations, and places for tabs.
 */
static void may_meet(void) {
  may_if(m.state == OCC_STATE_ANONYMOUS, SIGN_IN);
  may_if(m.state == OCC_STATE_CUSTOMER, SIGN_IN_AGENT);
  may_if(m.alarm != 0, ALARM);
  may(AN_HOUR_PASSES, 0, 0);
  may(TAB_CHANGES, ANOTHER_LINE, TAB_SIGNED_OUT);
  may_be_ahead();
  for (size_t i = 0; i < m.awaited_count; i++) {
    may(TOKEN_WITH_REFRESH, i, 0);
    may(TOKEN_REFUSED, i, 0);
  }
  for (size_t i = 0; i < m.grant_count; i++) {
    may_settle(i);
  }
}

size_t reference_events(reference_event *events) {
  next = events;
  if (options.meets) {
    may_meet();
    return (size_t)(next - events);
  }
  may_be_called();
  if (options.tabs) {
    may_come_from_tabs();
  }
  if (options.lines) {
    may_part();
  }
  if (options.asks) {
    may_ask();
  }
  for (size_t i = 0; i < m.awaited_count; i++) {
    may_be_answered(i);
  }
  for (size_t i = 0; i < m.grant_count; i++) {
    may_settle(i);
  }
  for (size_t way = 0; way < 3; way++) {
    may(STALE_ANSWER, 0, way);
  }
  return (size_t)(next - events);
}
