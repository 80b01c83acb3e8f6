/*
 * Runs any sequence of calls. The bytes select the next function of the core, its time and its
 * arguments: answers to pending requests and to unknown ones, false lengths, snapshots of other
 * tabs, calls from within host functions. The invariants are checked after each call: the state
 * agrees with the places, the reports to the host agree with the session, and no grant and no token
 * disappears or stays without a reason.
 */
#include <math.h>

#include "fuzz.h"
#include "grant.h"
#include "host.h"
#include "json.h"
#include "permitted.h"
#include "snapshot.h"

#define IDENTITY "shop"
/* The nonces of the other tabs, and of the first page. */
#define FOREIGN_NONCE 1U
#define FIRST_NONCE 2U
#define NUMBERS_PER_NONCE 2097152.0
#define TIME_MAX 1e15
#define NUMBER_MAX 9007199254740991.0
#define SIGN_IN_DELAY 2000.0
/* Marks every token and password of the run, and no other text. They are longer than a number,
 * which may have any bytes. */
#define SECRET_MARK '~'

typedef enum {
  SIGN_IN,
  SIGN_IN_LYING,
  CANCEL,
  EMULATE,
  SIGN_OUT,
  SIGN_OUT_AGENT,
  AUTHORIZATION,
  RENEW,
  ANSWER,
  COMPLETED,
  ALARM,
  LEAVE,
  ADOPT,
  ADOPT_ANY,
  ENDED,
  OPEN,
  CLOSE,
  RELOAD,
  REENTER,
  WANTED,
  HEARD,
  CALLS
} call;

/* A call creates six secrets at most: those of three grants of another tab. */
enum { CALLS_MAX = 60, ASKED_MAX = 64, SECRETS_MAX = 6 * CALLS_MAX, SECRET_MAX = 20 };

typedef struct {
  uint32_t number;
  uint32_t purpose;
} asked;

static fuzz_bytes bytes;
static host_options options;
static double now;

/* The requests of this page that have no answer yet. */
static asked asked_for[ASKED_MAX];
static size_t asked_count;

/* Every token and password of the run. */
static char secrets[SECRETS_MAX][SECRET_MAX];
static size_t secret_count;
static unsigned serial;

/* The number of times that each token of the grant in a place was sent to be revoked. */
static unsigned sends[OCC_PLACES][OCC_TOKEN_END];

static occ_session before;
static bool saved_by_us;     /* we saved the stored snapshot, it was not adopted */
static double adopted_epoch; /* of the snapshot of this call */
static call inside;          /* the call of the next host function, CALLS: none */

static bool has(occ_flag flag) {
  return (options.flags & (uint32_t)flag) != 0;
}

/* ---- Texts ------------------------------------------------------------------------------------
 */

static const char *secret(char kind, unsigned number) {
  static char text[SECRET_MAX];
  (void)snprintf(text, sizeof text, "%c%csecret-%06u", kind, SECRET_MARK, number % 1000000);
  for (size_t i = 0; i < secret_count; i++) {
    if (strcmp(secrets[i], text) == 0) {
      return secrets[i];
    }
  }
  MUST(secret_count < SECRETS_MAX);
  memcpy(secrets[secret_count], text, sizeof text);
  return secrets[secret_count++];
}

/* Takes bytes of the run as they are, except the mark and zeros. Valid until the next call. */
static char *any_text(size_t length) {
  static char text[OCC_INPUT_MAX + 1];
  fuzz_copy(&bytes, text, length);
  for (size_t i = 0; i < length; i++) {
    if (text[i] == SECRET_MARK || text[i] == '\0') {
      text[i] = '-';
    }
  }
  text[length] = '\0';
  return text;
}

static const char *customer_id(void) {
  static const char *const ids[] = {"A", "B", "", "customer \"\\\n\x7f\xc3\xa4"};
  const uint8_t which = fuzz_byte(&bytes);
  return which < sizeof ids / sizeof *ids ? ids[which] : any_text(which);
}

/* ---- Invariants -------------------------------------------------------------------------------
 */

static bool same(const char *text, occ_text other) {
  return strlen(text) == other.length && memcmp(text, other.at, other.length) == 0;
}

static bool is_live(const occ_grant *grant) {
  return occ_grant_is_held(grant) || grant->role == OCC_ROLE_STRAY ||
         grant->role == OCC_ROLE_REVOKING;
}

static size_t count_of(occ_role role) {
  size_t count = 0;
  for (size_t i = 0; i < OCC_PLACES; i++) {
    count += session.grants.at[i].role == role;
  }
  return count;
}

static bool is_there(const char *token) {
  for (size_t i = 0; i < OCC_PLACES; i++) {
    const occ_grant *grant = &session.grants.at[i];
    if (same(token, occ_grant_access(grant)) || same(token, occ_grant_refresh(grant))) {
      return true;
    }
  }
  return false;
}

static void check_grant(const occ_grant *grant) {
  const occ_text access = occ_grant_access(grant);
  if (grant->role == OCC_ROLE_FREE) {
    MUST(fuzz_is_zero(grant, sizeof *grant));
    return;
  }
  MUST(grant->role <= OCC_ROLE_CLIENT && grant->number > 0);
  MUST((grant->role == OCC_ROLE_CLIENT) <= (grant->owner == OCC_OWNER_CLIENT));
  if (grant->role == OCC_ROLE_AWAITED) {
    MUST(grant->request != 0 && access.length == 0 && grant->refresh_length == 0);
  } else {
    MUST(access.length > 0 && access.length <= OCC_TOKEN_MAX && occ_text_is_visible(access));
    MUST(memcmp(grant->authorization, "Bearer ", OCC_BEARER_LENGTH) == 0);
  }
  MUST(fuzz_is_zero(access.at + access.length, OCC_TOKEN_MAX - access.length));
  MUST(grant->refresh_length <= OCC_TOKEN_MAX);
  MUST(fuzz_is_zero(grant->refresh + grant->refresh_length, OCC_TOKEN_MAX - grant->refresh_length));
  if (grant->role == OCC_ROLE_ACTIVE || grant->role == OCC_ROLE_CLIENT) {
    MUST(grant->authorization_length == OCC_BEARER_LENGTH + access.length);
  }
}

static bool has_refresh_under_way(const occ_grant *grant) {
  for (size_t i = 0; i < OCC_PLACES; i++) {
    const occ_grant *place = &session.grants.at[i];
    if (place->role == OCC_ROLE_AWAITED && place->refreshes == grant->number) {
      return true;
    }
  }
  return false;
}

/* R7: the number of revocations under way is that of the places. */
static void check_revocations(void) {
  uint32_t revoking = 0;
  for (size_t i = 0; i < OCC_PLACES; i++) {
    const occ_grant *grant = &session.grants.at[i];
    uint32_t unsettled = 0;
    MUST(grant->revocation[OCC_TOKEN_ACCESS].stage != OCC_REVOCATION_REFRESHING);
    /* R30: a revocation that waits for a refresh has one under way. */
    MUST(grant->revocation[OCC_TOKEN_REFRESH].stage != OCC_REVOCATION_REFRESHING ||
         has_refresh_under_way(grant));
    for (size_t token = OCC_TOKEN_ACCESS; token <= OCC_TOKEN_REFRESH; token++) {
      MUST(grant->revocation[token].stage <= OCC_REVOCATION_SENT);
      unsettled += grant->revocation[token].stage != OCC_REVOCATION_SETTLED;
    }
    MUST((unsettled > 0) == (grant->role == OCC_ROLE_REVOKING));
    revoking += unsettled;
  }
  MUST(revoking == session.revoking);
}

/* R8, R24: a grant that is being revoked does not come back. */
static void check_ended(void) {
  for (size_t i = 0; i < OCC_PLACES; i++) {
    const occ_grant *grant = &session.grants.at[i];
    MUST(grant->role != OCC_ROLE_REVOKING ||
         occ_grants_held(&session.grants, grant->number) == NULL);
  }
}

/* Section 3 of the design: the grants that each state has. */
static void check_state(void) {
  static const struct {
    occ_owner active;
    occ_owner pending;
    bool may_park;
    bool may_retire;
  } expected[OCC_STATE_END] = {
    [OCC_STATE_CUSTOMER_SIGNING_IN] = {.pending = OCC_OWNER_CUSTOMER},
    [OCC_STATE_CUSTOMER] = {.active = OCC_OWNER_CUSTOMER},
    [OCC_STATE_AGENT_SIGNING_IN] = {.pending = OCC_OWNER_AGENT},
    [OCC_STATE_AGENT_TAKING_OVER] = {.active = OCC_OWNER_CUSTOMER, .pending = OCC_OWNER_AGENT},
    [OCC_STATE_AGENT] = {.active = OCC_OWNER_AGENT, .may_retire = true},
    [OCC_STATE_EMULATING] = {.active = OCC_OWNER_AGENT, .may_park = true, .may_retire = true},
  };
  MUST(session.state > OCC_STATE_INVALID && session.state < OCC_STATE_END);
  const occ_grant *active = occ_grants_in(&session.grants, OCC_ROLE_ACTIVE);
  const size_t parked = count_of(OCC_ROLE_PARKED);
  const size_t retired = count_of(OCC_ROLE_RETIRED);
  MUST(count_of(OCC_ROLE_ACTIVE) <= 1 && count_of(OCC_ROLE_CLIENT) <= 1 && parked + retired <= 1);
  MUST((active != NULL ? active->owner : OCC_OWNER_INVALID) == expected[session.state].active);
  MUST(session.sign_in.owner == expected[session.state].pending);
  MUST(session.sign_in.is_pending == (session.sign_in.owner != OCC_OWNER_INVALID));
  MUST(parked == 0 || expected[session.state].may_park);
  MUST(retired == 0 || expected[session.state].may_retire);
  MUST((session.state == OCC_STATE_EMULATING) == (session.customer_id_length > 0));
  /* R31: other tabs are asked for the active grant, which cannot be refreshed here. */
  MUST(session.asked_until == 0 ||
       (has(OCC_FLAG_SHARED) && active != NULL && session.waiting_for == active->number));
  for (size_t i = 0; i < OCC_PLACES; i++) {
    const occ_grant *grant = &session.grants.at[i];
    MUST((grant->role != OCC_ROLE_PARKED && grant->role != OCC_ROLE_RETIRED) ||
         grant->owner == OCC_OWNER_CUSTOMER);
    MUST(!occ_grant_is_held(grant) || occ_grants_held(&session.grants, grant->number) == grant);
  }
}

/* True if another tab has replaced the signed-in user by another of the same role. */
static bool is_succeeded(call made) {
  const occ_grant *was = occ_grants_in(&before.grants, OCC_ROLE_ACTIVE);
  const occ_grant *is = occ_grants_in(&session.grants, OCC_ROLE_ACTIVE);
  return (made == ADOPT || made == ADOPT_ANY) && was != NULL && is != NULL &&
         was->owner == is->owner && was->number != is->number;
}

/* R23: the latest report to the host is the present state. */
static void check_told(call made) {
  const occ_grant *active = occ_grants_in(&session.grants, OCC_ROLE_ACTIVE);
  const occ_text emulated = {session.customer_id, session.customer_id_length};
  const bool customer =
    session.state == OCC_STATE_CUSTOMER || session.state == OCC_STATE_AGENT_TAKING_OVER;
  MUST(host.states <= 1U + is_succeeded(made) && host.saves <= 1 && host.alarms <= 1);
  MUST(host.state == session.state);
  MUST(host.expires_at == (active != NULL ? active->expires_at : 0));
  MUST(host.revoking == session.revoking);
  MUST(session.state == OCC_STATE_EMULATING
         ? same(host.user_id.at, emulated)
         : strcmp(host.user_id.at, customer ? "current" : "anonymous") == 0);
  MUST(host.alarm == session.alarm);
}

/* True if the grants and the customer are those before the call. */
static bool are_unchanged(void) {
  for (size_t i = 0; i < OCC_PLACES; i++) {
    const occ_grant *was = &before.grants.at[i];
    const occ_grant *is = &session.grants.at[i];
    if ((occ_grant_is_held(was) || occ_grant_is_held(is)) &&
        (was->role != is->role || was->number != is->number || !occ_grant_same_token(was, is))) {
      return false;
    }
  }
  return before.customer_id_length == session.customer_id_length &&
         memcmp(before.customer_id, session.customer_id, session.customer_id_length) == 0;
}

/* True if a hostile snapshot has brought the highest number. */
static bool is_at_an_end(void) {
  bool ends = session.epoch > NUMBER_MAX;
  for (size_t i = 0; i < OCC_PLACES; i++) {
    ends = ends || session.grants.at[i].issued > NUMBER_MAX;
  }
  return ends;
}

/* R14, R23, R25: each change causes one write, of the session as it is. */
static void check_saved(call made) {
  static char text[8 * OCC_INPUT_MAX];
  const bool adopted = made == ADOPT || made == ADOPT_ANY;
  if (host.saves == 0) {
    MUST(adopted || are_unchanged());
    return;
  }
  MUST(session.epoch == (adopted ? adopted_epoch : before.epoch) + 1);
  saved_by_us = true;
  const bool is_kept = has(OCC_FLAG_SHARED) || count_of(OCC_ROLE_ACTIVE) > 0;
  occ_writer writer = {.at = text, .size = sizeof text};
  occ_snapshot about = {.line = session.line,
                        .epoch = session.epoch,
                        .customer_id = {session.customer_id, session.customer_id_length}};
  if (count_of(OCC_ROLE_REVOKING) > 0) {
    about.revoking_until = session.now + SIGN_IN_DELAY;
  } else if (session.revoking_until > session.now) {
    about.revoking_until = session.revoking_until;
  }
  occ_snapshot_write(&writer, &session.grants, OCC_TEXT(IDENTITY), &about, has(OCC_FLAG_PERSIST));
  if (!is_kept || writer.used > OCC_OUTPUT_MAX) {
    MUST(host.saved.length == 0);
    return;
  }
  MUST(host.saved.length == writer.used && memcmp(host.saved.at, text, writer.used) == 0);
  occ_snapshot snapshot;
  MUST(occ_snapshot_read(&snapshot, (occ_text){host.saved.at, host.saved.length},
                         OCC_TEXT(IDENTITY)) == OCC_STATUS_OK ||
       is_at_an_end());
  occ_json_release();
}

static bool was_told_ended(double number) {
  for (size_t i = 0; i < host.endings && i < HOST_ENDED_MAX; i++) {
    if (host.ended[i] == number) {
      return true;
    }
  }
  return host.endings > HOST_ENDED_MAX;
}

/* R29: true if another place has the same token, or had it before the call. */
static bool is_shared(size_t place) {
  const occ_grant *grant = &before.grants.at[place];
  for (size_t i = 0; i < OCC_PLACES; i++) {
    if (i != place && (occ_grant_same_token(grant, &before.grants.at[i]) ||
                       occ_grant_same_token(grant, &session.grants.at[i]))) {
      return true;
    }
  }
  return false;
}

/* R7: a grant stays until an event after which it may be gone. R24: other tabs that have it are
 * notified when it is revoked. */
static void check_conservation(call made, occ_status status) {
  const bool answered = made == ANSWER || made == COMPLETED;
  const bool adopted = made == ADOPT || made == ADOPT_ANY;
  for (size_t i = 0; i < OCC_PLACES; i++) {
    const occ_grant *was = &before.grants.at[i];
    const occ_grant *is = &session.grants.at[i];
    MUST(!occ_grant_is_held(was) || is->role != OCC_ROLE_REVOKING || made == ENDED ||
         was_told_ended(was->number) || (adopted && session.line == before.line));
    if (!is_live(was) || (is_live(is) && was->number == is->number)) {
      continue;
    }
    if (was->role == OCC_ROLE_REVOKING) {
      /* R30: the grant that the refresh for its revocation gave is revoked in its place. */
      MUST(answered && (host.revocations > 0 || was->is_final));
      continue;
    }
    if (!has(OCC_FLAG_REVOKE) || is_shared(i)) {
      continue;
    }
    MUST(occ_grant_is_held(was) && status == OCC_STATUS_OK + (made == RENEW) * OCC_STATUS_EXPIRED);
    /* R24: another tab revokes it; R9: the server has declared it dead. */
    MUST((adopted && (session.line == before.line || host.expiries == 1)) || made == ENDED ||
         answered ||
         ((made == RENEW || made == ALARM || made == SIGN_OUT_AGENT) && host.expiries == 1));
  }
}

/* R8, R11, R13: each token is sent once and after each failed try, the refresh token first. */
static void check_sends(call made) {
  for (size_t i = 0; i < OCC_PLACES; i++) {
    const occ_grant *was = &before.grants.at[i];
    const occ_grant *is = &session.grants.at[i];
    if (was->role != OCC_ROLE_REVOKING || was->number != is->number) {
      memset(sends[i], 0, sizeof sends[i]);
    }
    for (size_t token = OCC_TOKEN_ACCESS; token <= OCC_TOKEN_REFRESH; token++) {
      const occ_revocation *of_it = &is->revocation[token];
      if (of_it->stage == OCC_REVOCATION_SENT && of_it->request > before.requests) {
        sends[i][token]++;
        /* R30: it is sent once more if the refresh for it has failed. */
        MUST(has(OCC_FLAG_REVOKE) && sends[i][token] - 1 <= options.retries + is->is_final);
        MUST(token == OCC_TOKEN_REFRESH || made == LEAVE ||
             is->revocation[OCC_TOKEN_REFRESH].stage == OCC_REVOCATION_SETTLED);
      }
    }
  }
}

/* R27: no secret stays in memory longer than it is needed. */
static void check_secrets(void) {
  for (size_t i = 0; i < secret_count; i++) {
    const bool is_waiting =
      secrets[i][0] == 'p' && session.sign_in.is_pending && session.sign_in.request == 0;
    MUST(is_waiting || is_there(secrets[i]) || !host_remembers(secrets[i]));
  }
  MUST(fuzz_is_zero(session.input, sizeof session.input));
  MUST(fuzz_is_zero(session.output_bytes, sizeof session.output_bytes));
  MUST(fuzz_arena_is_wiped());
}

/* Checks the calls that are events of the table. */
static void check_event(occ_event event, const char *id, occ_status status) {
  const permitted_cell *cell = &permitted[before.state][event];
  MUST(status == cell->status);
  if (status != OCC_STATUS_OK) {
    MUST(session.state == before.state && are_unchanged());
    return;
  }
  bool holds = false;
  if (cell->guard == OCC_GUARD_PARKED) {
    holds = occ_grants_in(&before.grants, OCC_ROLE_PARKED) != NULL;
  }
  if (cell->guard == OCC_GUARD_SAME_CUSTOMER) {
    holds = same(id, (occ_text){before.customer_id, before.customer_id_length});
  }
  const occ_state to = holds ? cell->if_so : cell->to;
  /* R32: the token of a customer who is restored may be dead, and then there may be no way on. */
  const bool is_over = to == OCC_STATE_CUSTOMER && host.expiries > 0;
  MUST(session.state == (is_over ? OCC_STATE_ANONYMOUS : to));
}

static void check_status(occ_status status) {
#define IS_STATUS(name, number, text) status == (number) ||
  MUST(OCC_STATUSES(IS_STATUS) false);
#undef IS_STATUS
}

/* Checks all invariants after each call. */
static void check(call made, occ_status status) {
  check_status(status);
  MUST(session.life != OCC_LIFE_ENTERED);
  if (session.life != OCC_LIFE_OPEN) {
    MUST(host.order[0] == '\0');
    check_secrets();
    return;
  }
  for (size_t i = 0; i < OCC_PLACES; i++) {
    check_grant(&session.grants.at[i]);
  }
  check_revocations();
  check_ended();
  check_state();
  check_told(made);
  check_saved(made);
  check_conservation(made, status);
  check_sends(made);
  check_secrets();
}

/* ---- Calls ------------------------------------------------------------------------------------
 */

/* Returns a later time, that of the alarm, a day earlier or later, or any number. */
static double next_time(void) {
  const uint8_t step = fuzz_byte(&bytes);
  switch (step) {
  case 255:
    return fuzz_double(&bytes);
  case 254:
    now -= now > 864e5 ? 864e5 : 0;
    break;
  case 253:
    now += 864e5;
    break;
  case 252:
    now = host.alarm > now ? host.alarm : now;
    break;
  default:
    now += 100.0 * step;
  }
  /* An alarm may be set for later than any time that a clock has. */
  now = fmin(now, TIME_MAX);
  return now;
}

static bool is_time(double time) {
  return time >= 0 && time <= TIME_MAX;
}

/* True if a call at this time is accepted. */
static bool gets_in(double time) {
  return session.life == OCC_LIFE_OPEN && is_time(time);
}

/* Checks that a call from within a host function is refused. */
static void reenter_once(void) {
  const call made = inside;
  inside = CALLS;
  host_inside = NULL;
  occ_status status = OCC_STATUS_REENTERED;
  switch (made) {
  case SIGN_IN:
    status = occ_session_sign_in(&session, now, OCC_OWNER_AGENT, 9);
    break;
  case CANCEL:
    status = occ_session_cancel(&session, now, session.sign_in.attempt);
    break;
  case EMULATE:
    status = occ_session_emulate(&session, now);
    break;
  case SIGN_OUT:
    status = occ_session_sign_out(&session, now);
    break;
  case SIGN_OUT_AGENT:
    status = occ_session_sign_out_agent(&session, now);
    break;
  case AUTHORIZATION:
    status = occ_session_authorization(&session, now);
    break;
  case RENEW:
    status = occ_session_renew(&session, now, true);
    break;
  case ANSWER:
    status = occ_session_completed(&session, now, session.requests, OCC_DELIVERY_ANSWERED, 200, 0);
    break;
  case ALARM:
    status = occ_session_alarm(&session, now, 0);
    break;
  case LEAVE:
    status = occ_session_leave(&session, now);
    break;
  case ADOPT:
    status = occ_session_adopt(&session, now);
    break;
  case ENDED:
    status = occ_session_ended(&session, now, options.nonce * NUMBERS_PER_NONCE + 1, 0);
    break;
  case WANTED:
    status = occ_session_wanted(&session, now, options.nonce * NUMBERS_PER_NONCE + 1, 0);
    break;
  case HEARD:
    status = occ_session_heard(&session, now, true);
    break;
  case OPEN:
    status = occ_session_open(&session, now, 1, 0, 0);
    break;
  case CLOSE:
    status = occ_session_close(&session);
    break;
  default:
    break;
  }
  MUST(status == OCC_STATUS_REENTERED);
}

static occ_status sign_in(double time) {
  const uint8_t kind = fuzz_byte(&bytes);
  const occ_owner owner = kind & 1 ? OCC_OWNER_AGENT : OCC_OWNER_CUSTOMER;
  const char *id = kind & 2 ? customer_id() : "";
  if (strlen(id) > OCC_CUSTOMER_ID_MAX) {
    id = "";
  }
  const occ_status status = host_sign_in(time, owner, kind >> 2, "user", secret('p', ++serial), id);
  if (gets_in(time)) {
    check_event(owner == OCC_OWNER_AGENT ? OCC_EVENT_SIGN_IN_AGENT : OCC_EVENT_SIGN_IN, "", status);
  }
  return status;
}

/* Signs in with arbitrary lengths, owners and texts. */
static occ_status sign_in_lying(double time) {
  const occ_owner owner = (occ_owner)fuzz_byte(&bytes);
  const bool huge = fuzz_byte(&bytes) == 0;
  /* No customer id has zeros in it, which a snapshot does not keep. */
  memset(occ_session_input(&session), '-', OCC_INPUT_MAX);
  const char *text = any_text(fuzz_byte(&bytes));
  memcpy(occ_session_input(&session), text, strlen(text));
  /* Only an input with a named text is wiped. */
  occ_session_text(&session, OCC_PARAMETER_IDENTITY, 1);
  for (size_t i = 0; i < 3; i++) {
    const size_t length = fuzz_number(&bytes);
    occ_session_text(&session, (occ_parameter)fuzz_byte(&bytes),
                     huge ? SIZE_MAX - length : length % 2048);
  }
  return occ_session_sign_in(&session, time, owner, 1);
}

static occ_status emulate(double time) {
  const char *id = customer_id();
  const occ_status status = host_emulate(time, id);
  if (id[0] == '\0' || strlen(id) > OCC_CUSTOMER_ID_MAX) {
    MUST(status == OCC_STATUS_BAD_LENGTH);
  } else if (gets_in(time)) {
    check_event(OCC_EVENT_EMULATE, id, status);
  }
  return status;
}

/* Renews with the header of the session, that of the application, an older one, or any other. */
static occ_status renew(double time) {
  const uint8_t kind = fuzz_byte(&bytes);
  char header[OCC_BEARER_LENGTH + OCC_TOKEN_MAX + 1] = "";
  const occ_role roles[] = {OCC_ROLE_ACTIVE, OCC_ROLE_CLIENT, OCC_ROLE_PARKED};
  if (kind < 3 || kind >= 253) {
    const occ_grant *grant = occ_grants_in(&session.grants, roles[kind < 3 ? kind : 255 - kind]);
    if (grant != NULL) {
      memcpy(header, grant->authorization, grant->authorization_length);
    }
  } else if (kind < 32) {
    const unsigned back = (kind - 3U) % 4;
    (void)snprintf(header, sizeof header, "Bearer %s",
                   secret('a', serial > back ? serial - back : 0));
  } else if (kind < 64) {
    return host_renew(time, any_text(kind));
  } else if (kind == 64) {
    occ_session_text(&session, OCC_PARAMETER_AUTHORIZATION, fuzz_number(&bytes));
    return occ_session_renew(&session, time, true);
  }
  const occ_status status = kind & 128 ? host_renew_unsure(time, header) : host_renew(time, header);
  if (gets_in(time)) {
    /* R19: no header is empty. */
    MUST((host.headers == 1) == (status == OCC_STATUS_RESEND));
    MUST(host.headers == 0 || host.header.length > OCC_BEARER_LENGTH);
  }
  return status;
}

/* R7: an issued token is in a place, unless it never needs to be revoked. */
static void check_arrived(const char *token, const occ_grant *asked_by, occ_status status) {
  if (status == OCC_STATUS_OK && asked_by->owner != OCC_OWNER_CLIENT && has(OCC_FLAG_REVOKE)) {
    MUST(is_there(token));
  }
}

/* Answers one of the requests of this page, as a server or a host does. */
static occ_status answer(double time) {
  static const char *const texts[] = {
    "",
    "{}",
    "{\"error\":\"invalid_grant\"}",
    "{\"error\":\"invalid_token\"}",
    "{\"error\":\"invalid_client\"}",
    "{\"access_token\":\"\",\"token_type\":\"bearer\"}",
    "{\"access_token\":\"a\\u0000b\",\"token_type\":\"bearer\"}",
    "{\"access_token\":7}",
    "[]",
  };
  static const uint32_t statuses[] = {200, 400, 401, 500, 503, 429, 404, 302, 403, 201, 0};
  static char body[256];
  if (asked_count == 0) {
    return occ_session_completed(&session, time, fuzz_number(&bytes), OCC_DELIVERY_ANSWERED, 200,
                                 0);
  }
  const size_t which = fuzz_byte(&bytes) % asked_count;
  const uint32_t request = asked_for[which].number;
  const uint8_t kind = fuzz_byte(&bytes);
  const uint32_t http_status = statuses[(kind >> 4) % (sizeof statuses / sizeof *statuses)];
  const occ_delivery delivery =
    (kind & 15) < 12 ? OCC_DELIVERY_ANSWERED : (occ_delivery)((kind & 15) - 10);
  const bool old_token = (kind & 15) == 2;
  const char *access = "";
  occ_grant asked_by = {.role = OCC_ROLE_FREE};
  for (size_t i = 0; i < OCC_PLACES; i++) {
    const occ_grant *place = &session.grants.at[i];
    if (place->role == OCC_ROLE_AWAITED && place->request == request) {
      asked_by = *place;
    }
  }
  if (asked_for[which].purpose == OCC_REQUEST_REVOKE) {
    body[0] = '\0';
  } else if ((kind & 15) < 4) {
    serial += !old_token;
    access = secret('a', serial);
    const bool refreshable = (kind & 15) != 1;
    (void)snprintf(body, sizeof body,
                   "{\"access_token\":\"%s\",\"token_type\":\"%s\",\"expires_in\":%u%s%s%s}",
                   access, (kind & 15) == 3 ? "mac" : "bearer", 1U << (fuzz_byte(&bytes) % 20),
                   refreshable ? ",\"refresh_token\":\"" : "",
                   refreshable ? secret('r', serial) : "", refreshable ? "\"" : "");
  } else {
    const uint8_t text = fuzz_byte(&bytes);
    (void)snprintf(body, sizeof body, "%s",
                   text < sizeof texts / sizeof *texts ? texts[text] : any_text(text));
  }
  asked_for[which] = asked_for[--asked_count];
  const double retry_after = kind >> 4 == 4 ? fuzz_double(&bytes) : 0;
  host_give(OCC_PARAMETER_BODY, body);
  const occ_status status =
    occ_session_completed(&session, time, request, delivery, http_status, retry_after);
  if (gets_in(time)) {
    MUST(status == OCC_STATUS_OK ||
         (asked_by.role == OCC_ROLE_FREE && status == OCC_STATUS_UNKNOWN_REQUEST));
    if (access[0] != '\0' && asked_by.role == OCC_ROLE_AWAITED && http_status / 100 == 2) {
      check_arrived(access, &asked_by, status);
    }
  }
  return status;
}

static occ_status completed(double time) {
  const uint32_t request = fuzz_byte(&bytes);
  const occ_delivery delivery = (occ_delivery)fuzz_byte(&bytes);
  const uint32_t http_status = fuzz_byte(&bytes) * 3U;
  const double retry_after = fuzz_double(&bytes);
  const uint8_t length = fuzz_byte(&bytes);
  const char *text = any_text(length);
  memcpy(occ_session_input(&session), text, strlen(text));
  occ_session_text(&session, OCC_PARAMETER_SNAPSHOT, 1);
  occ_session_text(&session, OCC_PARAMETER_BODY, length == 255 ? fuzz_number(&bytes) : length);
  return occ_session_completed(&session, time, request, delivery, http_status, retry_after);
}

/* The shared storage holds the adopted snapshot. */
static occ_status adopt_text(double time, const char *text) {
  char copy[2049] = "";
  const size_t length = strlen(text);
  occ_snapshot snapshot;
  memcpy(copy, text, length);
  adopted_epoch = before.epoch;
  if (occ_snapshot_read(&snapshot, (occ_text){copy, length}, OCC_TEXT(IDENTITY)) == OCC_STATUS_OK) {
    adopted_epoch = snapshot.epoch;
  }
  occ_json_release();
  const occ_status status = host_adopt(time, text);
  if (status == OCC_STATUS_OK && host.saves == 0) {
    saved_by_us = false;
    host.saved.length = strlen(text);
    memcpy(host.saved.at, text, host.saved.length + 1);
  }
  return status;
}

/* Returns a snapshot that another tab of the same shop may write: newer, of the same epoch, with
 * the grants that are held here, or with others. */
static const char *of_another_tab(void) {
  static const char *const names[] = {"active", "parked", "retired"};
  static char text[2048];
  const uint8_t kind = fuzz_byte(&bytes);
  const uint8_t about = fuzz_byte(&bytes);
  size_t used =
    (size_t)snprintf(text, sizeof text, "{\"v\":1,\"for\":\"%s\",\"line\":%.0f,\"epoch\":%.0f",
                     IDENTITY, session.line + (about & 1), session.epoch + (kind & 3));
  if (about & 2) {
    used += (size_t)snprintf(text + used, sizeof text - used, ",\"revoking\":%.0f",
                             now + 100.0 * (about >> 2));
  }
  for (size_t i = 0; i < 3; i++) {
    if (!(kind & 4 << i)) {
      continue;
    }
    const uint8_t which = fuzz_byte(&bytes);
    const occ_grant *mine = &session.grants.at[which % OCC_PLACES];
    const bool is_held = which & 128 && occ_grant_is_held(mine);
    const bool is_agent = is_held ? mine->owner == OCC_OWNER_AGENT : i == 0 && which & 64;
    serial++;
    used += (size_t)snprintf(
      text + used, sizeof text - used,
      ",\"%s\":{\"owner\":\"%s\",\"number\":%.0f,\"access\":\"%s\",\"expires\":%.0f", names[i],
      is_agent ? "agent" : "customer",
      is_held ? mine->number : FOREIGN_NONCE * NUMBERS_PER_NONCE + which % 16 + 1,
      secret('a', which & 32 ? serial - 1 : serial), now + 1e5 * (which % 32));
    const uint8_t issued = fuzz_byte(&bytes);
    used += (size_t)snprintf(text + used, sizeof text - used, ",\"issued\":%.0f",
                             issued & 1 ? mine->issued + issued / 2.0 : 1000.0 * issued);
    used += (size_t)snprintf(text + used, sizeof text - used,
                             which & 16 ? ",\"refresh\":\"%s\"}" : "}", secret('r', serial));
  }
  if (kind & 32) {
    used +=
      (size_t)snprintf(text + used, sizeof text - used, ",\"customer\":\"%c\"", 'A' + (kind >> 6));
  }
  (void)snprintf(text + used, sizeof text - used, "}");
  return text;
}

/* Delivers the messages of another tab: it wants newer tokens, and it has saved something. */
static occ_status want(double time) {
  const uint8_t which = fuzz_byte(&bytes);
  const double number = which < OCC_PLACES ? session.grants.at[which].number : fuzz_double(&bytes);
  const double issued = which < OCC_PLACES ? session.grants.at[which].issued : fuzz_double(&bytes);
  const occ_status status = occ_session_wanted(&session, time, number, issued);
  MUST(status != OCC_STATUS_OK || occ_grants_held(&before.grants, number) != NULL);
  return status;
}

static occ_status hear(double time) {
  const uint8_t kind = fuzz_byte(&bytes);
  return host_hear(time, kind & 1,
                   kind & 6 ? of_another_tab() : any_text(fuzz_number(&bytes) % 1024));
}

static occ_status adopt_any(double time) {
  const uint32_t length = fuzz_number(&bytes) % 1024;
  return adopt_text(time, any_text(length));
}

static occ_status end_one(double time) {
  const uint8_t which = fuzz_byte(&bytes);
  if (which >= OCC_PLACES) {
    return occ_session_ended(&session, time, fuzz_double(&bytes), fuzz_double(&bytes));
  }
  const occ_grant *grant = &session.grants.at[which];
  return occ_session_ended(&session, time, grant->number,
                           grant->issued - (double)(fuzz_byte(&bytes) & 1));
}

/* Opens a page with a nonce of its own. */
static occ_status open(void) {
  options.nonce++;
  const occ_status status = host_open_new(&options);
  MUST(status == OCC_STATUS_OK);
  asked_count = 0;
  memset(sends, 0, sizeof sends);
  return status;
}

/* R25: reloads the page, which finds the saved snapshot. */
static void reload(void) {
  static char text[OCC_INPUT_MAX + 1];
  memcpy(text, host.saved.at, host.saved.length + 1);
  const occ_session old = session;
  (void)open();
  before = session;
  if (text[0] == '\0') {
    return;
  }
  const bool had_an_end = old.epoch > NUMBER_MAX;
  const occ_status status = adopt_text(now, text);
  check(ADOPT, status);
  /* R32: the session may have expired by now. */
  if (old.life != OCC_LIFE_OPEN || had_an_end || host.expiries > 0) {
    return;
  }
  MUST(status == OCC_STATUS_OK && session.epoch == old.epoch);
  for (size_t i = 0; i < OCC_PLACES; i++) {
    const occ_grant *was = &old.grants.at[i];
    if (occ_grant_is_held(was)) {
      const occ_grant *is = occ_grants_held(&session.grants, was->number);
      MUST(is != NULL && is->role == was->role && is->owner == was->owner);
      MUST(occ_grant_same_token(is, was));
      MUST(!saved_by_us || is->refresh_length == (has(OCC_FLAG_PERSIST) ? was->refresh_length : 0));
    }
  }
  MUST(session.customer_id_length == old.customer_id_length);
}

static occ_status make(call which, double time) {
  occ_status status = OCC_STATUS_OK;
  switch (which) {
  case SIGN_IN:
    return sign_in(time);
  case SIGN_IN_LYING:
    return sign_in_lying(time);
  case CANCEL:
    return occ_session_cancel(&session, time, fuzz_byte(&bytes));
  case EMULATE:
    return emulate(time);
  case SIGN_OUT:
    status = occ_session_sign_out(&session, time);
    if (gets_in(time)) {
      check_event(OCC_EVENT_SIGN_OUT, "", status);
    }
    return status;
  case SIGN_OUT_AGENT:
    status = occ_session_sign_out_agent(&session, time);
    if (gets_in(time)) {
      check_event(OCC_EVENT_SIGN_OUT_AGENT, "", status);
    }
    return status;
  case AUTHORIZATION:
    return occ_session_authorization(&session, time);
  case RENEW:
    return renew(time);
  case ANSWER:
    return answer(time);
  case COMPLETED:
    return completed(time);
  case ALARM:
    /* The alarm has gone off, and the host has none. */
    host.alarm = gets_in(time) ? 0 : host.alarm;
    return occ_session_alarm(&session, time, 0);
  case LEAVE:
    return occ_session_leave(&session, time);
  case ADOPT:
    return adopt_text(time, of_another_tab());
  case ADOPT_ANY:
    return adopt_any(time);
  case ENDED:
    return end_one(time);
  case WANTED:
    return want(time);
  case HEARD:
    return hear(time);
  case CLOSE:
    return occ_session_close(&session);
  default:
    return OCC_STATUS_OK;
  }
}

/* True if a snapshot has brought a number that only this page gives, or a later one: no tab does.
 */
static bool has_number_of_ours(void) {
  for (size_t i = 0; i < OCC_PLACES; i++) {
    const occ_grant *grant = &session.grants.at[i];
    if (occ_grant_is_held(grant) && grant->number > options.nonce * NUMBERS_PER_NONCE &&
        occ_grants_held(&before.grants, grant->number) == NULL) {
      return true;
    }
  }
  return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  bytes = (fuzz_bytes){data, size};
  now = 1e12;
  serial = 0;
  secret_count = 0;
  inside = CALLS;
  host_inside = NULL;
  const uint8_t flags = fuzz_byte(&bytes);
  options = (host_options){.nonce = FIRST_NONCE - 1,
                           .flags = flags & 15U,
                           .retries = flags >> 4 & 3U,
                           .identity = IDENTITY,
                           .client_id = "web",
                           .agent_client_id = "desk",
                           .client_secret = flags & 64 ? "quiet" : NULL};
  (void)open();
  if (flags & 128) {
    /* The session was never opened. */
    memset(&session, 0, sizeof session);
  }
  for (size_t i = 0; i < CALLS_MAX && bytes.left > 0; i++) {
    const call which = (call)(fuzz_byte(&bytes) % CALLS);
    host_forget();
    before = session;
    if (which == RELOAD) {
      reload();
      continue;
    }
    if (which == REENTER) {
      inside = (call)(fuzz_byte(&bytes) % CALLS);
      continue;
    }
    if (which == OPEN && session.life == OCC_LIFE_OPEN) {
      continue;
    }
    if (which == OPEN) {
      (void)open();
      continue;
    }
    host_inside = inside != CALLS ? reenter_once : NULL;
    const occ_status status = make(which, next_time());
    host_inside = NULL;
    for (size_t k = 0; k < host.request_count && asked_count < ASKED_MAX; k++) {
      asked_for[asked_count++] = (asked){host.requests[k].number, host.requests[k].purpose};
    }
    if ((which == ADOPT || which == ADOPT_ANY) && has_number_of_ours()) {
      return 0;
    }
    check(which, status);
  }
  return 0;
}
