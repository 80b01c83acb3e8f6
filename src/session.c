/*
 * The session: each public function takes an event, asks the table, moves the grants as the table
 * says, and at the end tells the host what has come of it.
 */
#include "session.h"

#include <string.h>

#include "form.h"
#include "json.h"
#include "number.h"
#include "occ_host.h"
#include "revocation.h"
#include "snapshot.h"
#include "table.h"
#include "token_response.h"

/* The latest time that is taken: the year 33658. */
#define TIME_MAX 1e15

/* R29: how long a sign-in waits for a revocation, in milliseconds. */
#define SIGN_IN_DELAY 2000.0

/* What waiting_for holds while requests wait for the application's own token. */
#define CLIENT_TOKEN (-1.0)

/* R31, in milliseconds: how long other tabs have to answer, and how long one that has answered may
 * take for its refresh. */
#define ANSWER_DELAY 2000.0
#define REFRESH_DELAY 12000.0

/* How many numbers one nonce is good for; 32 bits of nonce and 21 of these fit into a double. */
#define NUMBERS_PER_NONCE 2097152.0

/* Effects after which another grant, or none, is on requests: none is parked but for one that is
 * admitted, none restored but for one that has gone. */
#define OCC_EFFECTS_ON_ACTIVE (OCC_EFFECT_DROP | OCC_EFFECT_REVOKE | OCC_EFFECT_ADMIT)

/* ---- Texts -------------------------------------------------------------------------------------
 */

OCC_INLINE occ_text emulated(const occ_session *self) {
  return (occ_text){self->customer_id, self->customer_id_length};
}

static void set_customer_id(occ_session *self, occ_text id) {
  memcpy(self->customer_id, id.at, id.length);
  self->customer_id_length = id.length;
}

static occ_text user_id(const occ_session *self) {
  switch (self->state) {
  case OCC_STATE_CUSTOMER:
  case OCC_STATE_AGENT_TAKING_OVER:
    return OCC_TEXT("current");
  case OCC_STATE_EMULATING:
    return emulated(self);
  default:
    return OCC_TEXT("anonymous");
  }
}

occ_writer *occ_session_output(occ_session *self) {
  self->output = (occ_writer){.at = self->output_bytes, .size = sizeof self->output_bytes};
  return &self->output;
}

static void wipe_output(occ_session *self) {
  occ_wipe(self->output_bytes, self->output.used);
}

uint32_t occ_session_send(occ_session *self, occ_request purpose, occ_owner owner,
                          occ_text authorization) {
  const size_t client =
    owner == OCC_OWNER_AGENT ? OCC_OPTION_AGENT_CLIENT_ID : OCC_OPTION_CLIENT_ID;
  occ_form_add(&self->output, "client_id", occ_options_text(&self->options, client));
  occ_form_add_if_any(&self->output, "client_secret", occ_options_text(&self->options, client + 1));
  self->requests++;
  occ_host_request(self->requests, purpose, authorization.at, authorization.length,
                   self->output_bytes, self->output.used);
  wipe_output(self);
  return self->requests;
}

static occ_grant *active(occ_session *self) {
  return occ_grants_in(&self->grants, OCC_SLOT_ACTIVE);
}

/* ---- Grants ------------------------------------------------------------------------------------
 */

static double next_number(occ_session *self) {
  return (double)self->nonce * NUMBERS_PER_NONCE + (double)++self->grants_issued;
}

/* A place for the token that is about to be asked for, or NULL. */
static occ_grant *reserve(occ_session *self, occ_owner owner) {
  occ_grant *grant = occ_grants_free(&self->grants);
  if (grant != NULL) {
    grant->slot = OCC_SLOT_AWAITED;
    grant->owner = owner;
    grant->number = next_number(self);
  }
  return grant;
}

static void move(occ_grant *grant, occ_slot slot) {
  if (grant != NULL) {
    grant->slot = slot;
  }
}

static bool is_copy(const occ_grant *grant, const occ_grant *other) {
  return other != grant && (occ_grant_is_held(other) || other->slot == OCC_SLOT_REVOKING) &&
         occ_grant_same_token(grant, other);
}

/* The grant is out of the session. R29: a server that hands out the same token twice may have given
 * it to somebody who stays, or whose revocation is under way; then there is nothing to revoke. */
static void revoke_unless_shared(occ_session *self, occ_grant *grant) {
  for (size_t i = 0; i < OCC_PLACES; i++) {
    if (is_copy(grant, &self->grants.at[i])) {
      occ_grant_settle(grant);
      return;
    }
  }
  occ_revocation_begin(self, grant);
}

/* Other tabs are not told: that the server has refused it here does not say that newer tokens of
 * the same grant, which another tab may have, are dead too. */
static void drop(occ_grant *grant) {
  if (grant != NULL) {
    occ_grant_settle(grant);
  }
}

static void revoke(occ_session *self, occ_grant *grant) {
  if (grant != NULL) {
    self->left = grant->number;
    self->left_issued = grant->issued;
    occ_host_ended(grant->number, grant->issued);
    revoke_unless_shared(self, grant);
  }
}

/* R7, R29: strays wait while a sign-in is on the wire, which may yet be given the same token. One
 * that is not sent yet waits in its turn until they are revoked. */
static void release_strays(occ_session *self) {
  if (self->sign_in.request != 0 && !self->is_leaving) {
    return;
  }
  for (size_t i = 0; i < OCC_PLACES; i++) {
    occ_grant *grant = &self->grants.at[i];
    if (grant->slot == OCC_SLOT_STRAY) {
      revoke_unless_shared(self, grant);
    }
  }
}

/* ---- Requests that wait for a token ------------------------------------------------------------
 */

/* The refresh that is under way of the grant with that number and those tokens, or NULL: there is
 * never a second one (R19). */
static occ_grant *awaited_refresh(occ_session *self, double number, uint64_t tokens) {
  for (size_t i = 0; i < OCC_PLACES; i++) {
    occ_grant *grant = &self->grants.at[i];
    if (grant->slot == OCC_SLOT_AWAITED && grant->refreshes == number && grant->earlier == tokens) {
      return grant;
    }
  }
  return NULL;
}

bool occ_session_refresh(occ_session *self, const occ_grant *grant) {
  const uint64_t tokens = occ_text_fingerprint(occ_grant_authorization(grant));
  if (awaited_refresh(self, grant->number, tokens) != NULL) {
    return true;
  }
  occ_grant *place = reserve(self, grant->owner);
  if (place == NULL) {
    return false;
  }
  place->refreshes = grant->number;
  place->earlier = tokens;
  return true;
}

static bool begin_client_token(occ_session *self) {
  if (awaited_refresh(self, CLIENT_TOKEN, 0) != NULL) {
    return true;
  }
  occ_grant *place = reserve(self, OCC_OWNER_CLIENT);
  if (place == NULL) {
    return false;
  }
  place->refreshes = CLIENT_TOKEN;
  return true;
}

/* Tells the requests that wait for this grant; with no header they are not sent again. */
static void end_waiting(occ_session *self, double number, occ_text header) {
  if (self->waiting_for == number && number != 0) {
    self->waiting_for = 0;
    occ_host_renewed(header.at, header.length);
  }
}

/* The same, and other tabs are no longer asked. */
static void end_asking(occ_session *self, double number, occ_text header) {
  self->asked_until = 0;
  self->is_answered = false;
  end_waiting(self, number, header);
}

static void new_tokens_came(occ_session *self, const occ_grant *grant) {
  if (grant->slot == OCC_SLOT_ACTIVE) {
    end_asking(self, grant->number, occ_grant_authorization(grant));
  }
}

/* ---- The table ---------------------------------------------------------------------------------
 */

static void end_sign_in(occ_session *self, occ_status status) {
  occ_host_signed_in(self->sign_in.attempt, status);
  occ_wipe(&self->sign_in, sizeof self->sign_in);
}

static bool holds(occ_session *self, occ_guard guard, occ_text id) {
  switch (guard) {
  case OCC_GUARD_CUSTOMER_KNOWN:
    return id.length > 0;
  case OCC_GUARD_SAME_CUSTOMER:
    return occ_text_equal(id, emulated(self));
  case OCC_GUARD_PARKED:
    return occ_grants_in(&self->grants, OCC_SLOT_PARKED) != NULL;
  default:
    return false;
  }
}

static void apply(occ_session *self, unsigned effects, occ_grant *granted) {
  if (effects & OCC_EFFECT_CANCEL) {
    end_sign_in(self, OCC_STATUS_CANCELLED);
  }
  if (effects & OCC_EFFECT_REVOKE) {
    /* Before the active one, so that no tab that hears of that one revokes this one too. */
    revoke(self, occ_grants_in(&self->grants, OCC_SLOT_RETIRED));
  }
  if (effects & OCC_EFFECT_DROP) {
    drop(active(self));
  }
  if (effects & OCC_EFFECT_REVOKE) {
    revoke(self, active(self));
  }
  if (effects & OCC_EFFECT_RESTORE) {
    move(occ_grants_in(&self->grants, OCC_SLOT_PARKED), OCC_SLOT_ACTIVE);
  }
  if (effects & OCC_EFFECT_PARK) {
    move(active(self), OCC_SLOT_PARKED);
  }
  if (effects & OCC_EFFECT_RETIRE) {
    move(occ_grants_in(&self->grants, OCC_SLOT_PARKED), OCC_SLOT_RETIRED);
  }
  if (effects & OCC_EFFECT_ADMIT) {
    move(granted, OCC_SLOT_ACTIVE);
  }
  if (effects & OCC_EFFECTS_ON_ACTIVE) {
    end_asking(self, self->waiting_for, OCC_TEXT(""));
  }
}

static void end_if_over(occ_session *self);

/* The one place where a state changes. id: the customer whom the event is about, if it is about
 * one; granted: the grant that has arrived with OCC_EVENT_GRANTED. */
static occ_status step(occ_session *self, occ_event event, occ_text id, occ_grant *granted) {
  const occ_cell *cell = &occ_table[self->state][event];
  if (cell->rule != OCC_STATUS_OK) {
    return (occ_status)cell->rule;
  }
  const occ_move *to = holds(self, (occ_guard)cell->guard, id) ? &cell->given : &cell->move;
  const occ_state from = self->state;
  self->state = (occ_state)to->next;
  if (to->next != OCC_STATE_EMULATING) {
    id = OCC_TEXT("");
  }
  const bool other_customer =
    (event == OCC_EVENT_EMULATE || to->next != from) && !occ_text_equal(id, emulated(self));
  if (other_customer) {
    set_customer_id(self, id);
  }
  apply(self, to->effects, granted);
  if (other_customer || (to->effects & OCC_EFFECTS_ON_ACTIVE)) {
    self->grants_changed = true;
  }
  if (to->next != from) {
    self->state_changed = true;
  }
  if (to->effects & OCC_EFFECT_RESTORE) {
    end_if_over(self);
  }
  return OCC_STATUS_OK;
}

static occ_status step_simply(occ_session *self, occ_event event) {
  return step(self, event, OCC_TEXT(""), NULL);
}

/* ---- The end of a call: what the host is told, and what it is to send --------------------------
 */

static double if_later(const occ_session *self, double time) {
  return time > self->now || self->is_leaving ? time : 0;
}

static void save(occ_session *self) {
  if (!self->grants_changed) {
    return;
  }
  occ_writer *writer = occ_session_output(self);
  self->epoch++;
  if (active(self) != NULL || (self->options.flags & OCC_FLAG_SHARED)) {
    const bool is_revoking = occ_grants_in(&self->grants, OCC_SLOT_REVOKING) != NULL;
    occ_snapshot_write(writer, &self->grants, occ_options_text(&self->options, OCC_OPTION_IDENTITY),
                       &(occ_snapshot){.line = self->line,
                                       .epoch = self->epoch,
                                       .revoking_until = is_revoking
                                                           ? self->now + SIGN_IN_DELAY
                                                           : if_later(self, self->revoking_until),
                                       .customer_id = emulated(self)},
                       self->options.flags & OCC_FLAG_PERSIST);
  }
  /* One that does not fit is not kept, and the session lives as long as its page. */
  occ_host_save(self->output_bytes, writer->overflow ? 0 : writer->used);
  wipe_output(self);
}

static void tell_state(occ_session *self) {
  if (!self->state_changed && !self->grants_changed && self->revoking == self->told_revoking) {
    return;
  }
  self->told_revoking = self->revoking;
  const occ_grant *grant = active(self);
  const occ_text id = user_id(self);
  occ_host_state(self->state, grant != NULL ? grant->expires_at : 0, self->revoking, id.at,
                 id.length);
}

/* RFC 6749 section 6. */
static void send_refresh(occ_session *self, occ_grant *place) {
  const occ_grant *grant = occ_grants_held(&self->grants, place->refreshes);
  if (grant == NULL) {
    grant = occ_grants_revoking(&self->grants, place->refreshes);
  }
  occ_writer *body = occ_session_output(self);
  occ_form_add(body, "grant_type", OCC_TEXT("refresh_token"));
  occ_form_add(body, "refresh_token", occ_grant_refresh(grant));
  place->request = occ_session_send(self, OCC_REQUEST_REFRESH, place->owner, OCC_TEXT(""));
}

/* RFC 6749 section 4.4.2. */
static void send_client_credentials(occ_session *self, occ_grant *place) {
  occ_form_add(occ_session_output(self), "grant_type", OCC_TEXT("client_credentials"));
  place->request = occ_session_send(self, OCC_REQUEST_TOKEN, place->owner, OCC_TEXT(""));
}

/* RFC 6749 section 4.3.2. */
static void send_sign_in(occ_session *self) {
  occ_sign_in *sign_in = &self->sign_in;
  if (!sign_in->is_pending || sign_in->request != 0 || self->is_leaving) {
    return;
  }
  if (self->now < sign_in->due && (self->now < self->revoking_until ||
                                   occ_grants_in(&self->grants, OCC_SLOT_REVOKING) != NULL)) {
    return;
  }
  occ_grant *place = reserve(self, sign_in->owner);
  if (place == NULL) {
    return;
  }
  occ_writer *body = occ_session_output(self);
  occ_form_add(body, "grant_type", OCC_TEXT("password"));
  occ_form_add(body, "username", (occ_text){sign_in->username, sign_in->username_length});
  occ_form_add(body, "password", (occ_text){sign_in->password, sign_in->password_length});
  occ_form_add_if_any(body, "scope", occ_options_text(&self->options, OCC_OPTION_SCOPE));
  place->request = occ_session_send(self, OCC_REQUEST_TOKEN, place->owner, OCC_TEXT(""));
  sign_in->request = place->request;
  occ_wipe(sign_in->username, sizeof sign_in->username);
  occ_wipe(sign_in->password, sizeof sign_in->password);
}

static void send_token_requests(occ_session *self) {
  for (size_t i = 0; i < OCC_PLACES; i++) {
    occ_grant *place = &self->grants.at[i];
    if (place->slot != OCC_SLOT_AWAITED || place->request != 0) {
      continue;
    }
    if (place->refreshes == CLIENT_TOKEN) {
      send_client_credentials(self, place);
      continue;
    }
    send_refresh(self, place);
  }
}

static void set_alarm(occ_session *self) {
  const occ_grant *grant = active(self);
  double at = occ_number_earlier(occ_revocation_due(self), self->asked_until);
  if (self->sign_in.is_pending && self->sign_in.request == 0) {
    at = occ_number_earlier(at, if_later(self, self->sign_in.due));
    at = occ_number_earlier(at, if_later(self, self->revoking_until));
  }
  if (grant != NULL && grant->refresh_length > 0) {
    at = occ_number_earlier(at, grant->renew_at);
  }
  if (at != self->alarm) {
    self->alarm = at;
    occ_host_alarm(at);
  }
}

/* ---- Entering and leaving the core -------------------------------------------------------------
 */

static void wipe_input(occ_session *self) {
  occ_wipe(self->input, sizeof self->input);
}

static occ_status may_enter(const occ_session *self, double now, size_t length) {
  static const uint8_t status[] = {[OCC_LIFE_NEW] = OCC_STATUS_NOT_OPEN,
                                   [OCC_LIFE_OPEN] = OCC_STATUS_OK,
                                   [OCC_LIFE_ENTERED] = OCC_STATUS_REENTERED,
                                   [OCC_LIFE_CLOSED] = OCC_STATUS_CLOSED};
  if (length > OCC_INPUT_MAX) {
    return OCC_STATUS_BAD_LENGTH;
  }
  if (!(now >= 0 && now <= TIME_MAX)) {
    return OCC_STATUS_BAD_TIME;
  }
  return (occ_status)status[self->life];
}

static occ_status enter(occ_session *self, double now, size_t length) {
  const occ_status status = may_enter(self, now, length);
  if (status == OCC_STATUS_OK) {
    self->life = OCC_LIFE_ENTERED;
    self->now = now;
    return status;
  }
  wipe_input(self);
  return status;
}

/* The session is whole again: the host is told, before anything is sent (R14). */
static occ_status conclude(occ_session *self, occ_status status) {
  release_strays(self);
  save(self);
  tell_state(self);
  if (self->expired != OCC_OWNER_INVALID) {
    occ_host_expired(self->expired);
  }
  occ_revocation_send(self);
  send_sign_in(self);
  send_token_requests(self);
  set_alarm(self);
  self->grants_changed = false;
  self->state_changed = false;
  self->expired = OCC_OWNER_INVALID;
  self->is_leaving = false;
  self->life = OCC_LIFE_OPEN;
  return status;
}

/* As conclude(), for a call that came with texts. The others leave the input alone: to wipe its 72
 * KiB takes longer than to hand out a header, which every request of the storefront asks for. */
static occ_status conclude_texts(occ_session *self, occ_status status) {
  wipe_input(self);
  return conclude(self, status);
}

/* ---- Life --------------------------------------------------------------------------------------
 */

char *occ_session_input(occ_session *self) {
  return self->input;
}

occ_status occ_session_open(occ_session *self, double now, uint32_t nonce, uint32_t flags,
                            uint32_t retries, const uint32_t lengths[OCC_OPTION_END]) {
  occ_status status = may_enter(self, now, 0);
  if (status == OCC_STATUS_NOT_OPEN) {
    status = occ_options_read(&self->options, self->input, lengths);
    self->life = status == OCC_STATUS_OK ? OCC_LIFE_OPEN : OCC_LIFE_NEW;
    self->options.flags = flags;
    self->options.retries = retries;
    self->nonce = nonce;
    self->line = (double)nonce;
    self->state = OCC_STATE_ANONYMOUS;
  }
  wipe_input(self);
  return status;
}

occ_status occ_session_close(occ_session *self) {
  if (self->life == OCC_LIFE_ENTERED) {
    return OCC_STATUS_REENTERED;
  }
  occ_wipe(self, sizeof *self);
  self->life = OCC_LIFE_CLOSED;
  return OCC_STATUS_OK;
}

/* ---- Who is there ------------------------------------------------------------------------------
 */

/* Takes `length` bytes of the input into a fixed field. */
static size_t take(char *field, const char **from, size_t length) {
  memcpy(field, *from, length);
  *from += length;
  return length;
}

static void begin_sign_in(occ_session *self, occ_owner owner, uint32_t attempt, size_t username,
                          size_t password, size_t customer_id) {
  occ_sign_in *sign_in = &self->sign_in;
  const char *from = self->input;
  sign_in->is_pending = true;
  sign_in->owner = owner;
  sign_in->attempt = attempt;
  sign_in->due = self->now + SIGN_IN_DELAY;
  sign_in->username_length = take(sign_in->username, &from, username);
  sign_in->password_length = take(sign_in->password, &from, password);
  sign_in->customer_id_length = take(sign_in->customer_id, &from, customer_id);
}

occ_status occ_session_sign_in(occ_session *self, double now, occ_owner owner, uint32_t attempt,
                               size_t username, size_t password, size_t customer_id) {
  const bool fits = username <= OCC_CREDENTIAL_MAX && password <= OCC_CREDENTIAL_MAX &&
                    customer_id <= OCC_CUSTOMER_ID_MAX;
  const size_t length = fits ? username + password + customer_id : OCC_INPUT_MAX + 1;
  occ_status status = enter(self, now, length);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  status = OCC_STATUS_UNKNOWN_OWNER;
  if (owner == OCC_OWNER_CUSTOMER || owner == OCC_OWNER_AGENT) {
    status =
      step_simply(self, owner == OCC_OWNER_AGENT ? OCC_EVENT_SIGN_IN_AGENT : OCC_EVENT_SIGN_IN);
  }
  if (status == OCC_STATUS_OK) {
    begin_sign_in(self, owner, attempt, username, password, customer_id);
  }
  return conclude_texts(self, status);
}

occ_status occ_session_cancel(occ_session *self, double now, uint32_t attempt) {
  const occ_status status = enter(self, now, 0);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  if (self->sign_in.is_pending && self->sign_in.attempt == attempt) {
    end_sign_in(self, OCC_STATUS_CANCELLED);
    (void)step_simply(self, OCC_EVENT_REFUSED);
  }
  return conclude(self, OCC_STATUS_OK);
}

occ_status occ_session_emulate(occ_session *self, double now, size_t length) {
  const bool fits = length > 0 && length <= OCC_CUSTOMER_ID_MAX;
  occ_status status = enter(self, now, fits ? length : OCC_INPUT_MAX + 1);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  status = step(self, OCC_EVENT_EMULATE, (occ_text){self->input, length}, NULL);
  return conclude_texts(self, status);
}

static occ_status simple_event(occ_session *self, double now, occ_event event) {
  occ_status status = enter(self, now, 0);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  status = step_simply(self, event);
  return conclude(self, status);
}

occ_status occ_session_sign_out(occ_session *self, double now) {
  return simple_event(self, now, OCC_EVENT_SIGN_OUT);
}

occ_status occ_session_sign_out_agent(occ_session *self, double now) {
  return simple_event(self, now, OCC_EVENT_SIGN_OUT_AGENT);
}

/* ---- Requests of the storefront ----------------------------------------------------------------
 */

static void hand_authorization(const occ_grant *grant) {
  const occ_text header = occ_grant_authorization(grant);
  occ_host_authorization(header.at, header.length);
}

occ_status occ_session_authorization(occ_session *self, double now) {
  occ_status status = enter(self, now, 0);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  const occ_grant *grant = active(self);
  status = OCC_STATUS_NOTHING;
  /* R32: one that is known to be dead is not put on requests. */
  if (grant != NULL && self->asked_until == 0) {
    hand_authorization(grant);
    status = OCC_STATUS_OK;
  }
  return conclude(self, status);
}

/* The server no longer takes the active grant (R9, R20). */
static void expire(occ_session *self) {
  const occ_grant *grant = active(self);
  self->expired = grant->owner;
  self->expired_header = occ_text_fingerprint(occ_grant_authorization(grant));
  (void)step_simply(self, OCC_EVENT_EXPIRED);
}

static occ_status wait_for(occ_session *self, double number, bool begun) {
  if (!begun) {
    return OCC_STATUS_FULL;
  }
  self->waiting_for = number;
  return OCC_STATUS_WAIT;
}

/* The active grant's access token is dead, and there is no refresh token here. A tab decides by
 * what the session has, not by what this tab lacks (R31). */
static occ_status ask_tabs(occ_session *self, const occ_grant *grant) {
  if (!(self->options.flags & OCC_FLAG_SHARED)) {
    expire(self);
    return OCC_STATUS_EXPIRED;
  }
  self->asked_until = self->now + ANSWER_DELAY;
  occ_host_wanted(grant->number, grant->issued);
  return wait_for(self, grant->number, true);
}

/* R32: of a session that comes back, and that is known to be dead. */
static void end_if_over(occ_session *self) {
  const occ_grant *grant = active(self);
  if (grant != NULL && grant->refresh_length == 0 && self->asked_until == 0 &&
      occ_grant_is_over(grant, self->now)) {
    (void)ask_tabs(self, grant);
  }
}

/* Nobody is signed in: a request that may not go without a token is sent with the application's own
 * (RFC 6749 section 4.4). */
static occ_status renew_client_token(occ_session *self, bool certain, occ_text rejected) {
  occ_grant *grant = occ_grants_in(&self->grants, OCC_SLOT_CLIENT);
  const bool is_rejected =
    grant != NULL && occ_text_equal(rejected, occ_grant_authorization(grant));
  if (rejected.length > 0 && !is_rejected) {
    return OCC_STATUS_NOTHING;
  }
  if (grant != NULL && !occ_grant_is_over(grant, self->now)) {
    if (!is_rejected && !grant->is_refused) {
      hand_authorization(grant);
      return OCC_STATUS_RESEND;
    }
    if ((is_rejected && !certain) || !occ_grant_may_be_refreshed(grant, self->now)) {
      return OCC_STATUS_NOTHING;
    }
    grant->is_refused = true;
  }
  return wait_for(self, CLIENT_TOKEN, begin_client_token(self));
}

/* The header is not what the session hands out. */
static occ_status renew_other(occ_session *self, bool certain, occ_text rejected) {
  if (occ_text_fingerprint(rejected) == self->expired_header) {
    return OCC_STATUS_EXPIRED;
  }
  return active(self) == NULL ? renew_client_token(self, certain, rejected) : OCC_STATUS_NOTHING;
}

static occ_status renew(occ_session *self, bool certain, occ_text rejected) {
  occ_grant *grant = active(self);
  const bool is_current = grant != NULL && occ_text_equal(rejected, occ_grant_authorization(grant));
  const bool is_earlier =
    grant != NULL && occ_text_fingerprint(rejected) == grant->earlier && !is_current;
  if (self->asked_until != 0 && (is_current || is_earlier || rejected.length == 0)) {
    return OCC_STATUS_WAIT;
  }
  if (is_earlier) {
    hand_authorization(grant);
    return OCC_STATUS_RESEND;
  }
  if (!is_current) {
    return renew_other(self, certain, rejected);
  }
  if (!(certain || occ_grant_is_over(grant, self->now)) ||
      !occ_grant_may_be_refreshed(grant, self->now)) {
    return OCC_STATUS_NOTHING;
  }
  if (grant->refresh_length == 0) {
    return ask_tabs(self, grant);
  }
  return wait_for(self, grant->number, occ_session_refresh(self, grant));
}

occ_status occ_session_renew(occ_session *self, double now, bool certain, size_t length) {
  occ_status status = enter(self, now, length);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  status = renew(self, certain, (occ_text){self->input, length});
  return conclude_texts(self, status);
}

/* ---- Answers -----------------------------------------------------------------------------------
 */

/* A token that nobody may use waits to be revoked (R7); no token, no grant. */
static void set_aside(occ_grant *place, occ_status status) {
  if (status != OCC_STATUS_OK) {
    occ_grant_settle(place);
    return;
  }
  place->slot = OCC_SLOT_STRAY;
}

static bool is_refused_for_good(occ_status status) {
  return status == OCC_STATUS_INVALID_CREDENTIALS || status == OCC_STATUS_CLIENT_REFUSED;
}

/* The server has declared a grant dead by refusing its refresh token (R9, R20). */
static void grant_is_dead(occ_session *self, occ_grant *grant) {
  if (grant->slot == OCC_SLOT_ACTIVE) {
    expire(self);
    return;
  }
  drop(grant);
  self->grants_changed = true;
}

/* The server refuses the refresh token of a grant. Where refresh tokens are shared, another tab may
 * have a newer one: a refused predecessor says nothing about the grant (R41). */
static void refresh_token_is_dead(occ_session *self, occ_grant *grant) {
  const uint32_t persist = OCC_FLAG_PERSIST | OCC_FLAG_SHARED;
  if (grant->slot != OCC_SLOT_ACTIVE || (self->options.flags & persist) != persist) {
    end_waiting(self, grant->number, OCC_TEXT(""));
    grant_is_dead(self, grant);
    return;
  }
  occ_wipe(grant->refresh, grant->refresh_length);
  grant->refresh_length = 0;
  self->grants_changed = true;
  (void)ask_tabs(self, grant);
}

static void refresh_completed(occ_session *self, occ_grant *place, occ_status status) {
  const double number = place->refreshes;
  const uint64_t refreshed = place->earlier;
  occ_grant *grant = occ_grants_held(&self->grants, number);
  if (grant != NULL && status == OCC_STATUS_OK && place->authorization_length > 0) {
    occ_grant_renew(grant, place, self->now);
    self->grants_changed = true;
    new_tokens_came(self, grant);
    return;
  }
  occ_grant *revoking = occ_grants_revoking(&self->grants, number);
  if (revoking != NULL && status == OCC_STATUS_OK &&
      refreshed == occ_text_fingerprint(occ_grant_authorization(revoking))) {
    /* Its refresh token was good for this one, which is revoked in its place (R30). */
    revoking->is_final = true;
  }
  set_aside(place, status);
  if (grant != NULL && refreshed != occ_text_fingerprint(occ_grant_authorization(grant))) {
    /* Another tab has refreshed it meanwhile: what was refused is not what the session holds. */
    end_waiting(self, number, occ_grant_authorization(grant));
    return;
  }
  if (grant != NULL && is_refused_for_good(status)) {
    refresh_token_is_dead(self, grant);
    return;
  }
  end_waiting(self, number, OCC_TEXT(""));
}

static void client_token_completed(occ_session *self, occ_grant *place, occ_status status) {
  if (status != OCC_STATUS_OK || place->authorization_length == 0) {
    occ_grant_settle(place);
    end_waiting(self, CLIENT_TOKEN, OCC_TEXT(""));
    return;
  }
  occ_grant *grant = occ_grants_in(&self->grants, OCC_SLOT_CLIENT);
  if (grant != NULL) {
    occ_grant_renew(grant, place, self->now);
  } else {
    grant = place;
    grant->slot = OCC_SLOT_CLIENT;
  }
  end_waiting(self, CLIENT_TOKEN, occ_grant_authorization(grant));
}

static void sign_in_completed(occ_session *self, occ_grant *place, occ_status status) {
  const bool is_pending = self->sign_in.is_pending && self->sign_in.request == place->request;
  if (!is_pending) {
    set_aside(place, status);
    return;
  }
  if (status != OCC_STATUS_OK || place->authorization_length == 0) {
    set_aside(place, status);
    end_sign_in(self, status != OCC_STATUS_OK ? status : OCC_STATUS_UNEXPECTED_RESPONSE);
    (void)step_simply(self, OCC_EVENT_REFUSED);
    return;
  }
  (void)step(self, OCC_EVENT_GRANTED,
             (occ_text){self->sign_in.customer_id, self->sign_in.customer_id_length}, place);
  end_sign_in(self, OCC_STATUS_OK);
}

static occ_grant *awaited_by(occ_session *self, uint32_t request) {
  for (size_t i = 0; i < OCC_PLACES; i++) {
    occ_grant *grant = &self->grants.at[i];
    if (grant->slot == OCC_SLOT_AWAITED && grant->request == request) {
      return grant;
    }
  }
  return NULL;
}

static occ_status token_response(occ_session *self, uint32_t request, occ_delivery delivery,
                                 uint32_t http_status, occ_text body) {
  occ_grant *place = awaited_by(self, request);
  if (place == NULL) {
    return OCC_STATUS_UNKNOWN_REQUEST;
  }
  const occ_status status = occ_token_response_read(place, self->now, delivery, http_status, body);
  if (place->refreshes == CLIENT_TOKEN) {
    client_token_completed(self, place, status);
    return OCC_STATUS_OK;
  }
  if (place->refreshes != 0) {
    if (!occ_revocation_refreshed(self, place, status, http_status)) {
      refresh_completed(self, place, status);
    }
    return OCC_STATUS_OK;
  }
  sign_in_completed(self, place, status);
  return OCC_STATUS_OK;
}

static occ_status completed(occ_session *self, uint32_t request, occ_delivery delivery,
                            uint32_t http_status, double retry_after, occ_text body) {
  if (request == 0) {
    return OCC_STATUS_UNKNOWN_REQUEST;
  }
  if (delivery < OCC_DELIVERY_ANSWERED || delivery >= OCC_DELIVERY_END) {
    return OCC_STATUS_UNKNOWN_DELIVERY;
  }
  if (occ_revocation_completed(self, request, delivery, http_status, retry_after)) {
    return OCC_STATUS_OK;
  }
  return token_response(self, request, delivery, http_status, body);
}

occ_status occ_session_completed(occ_session *self, double now, uint32_t request,
                                 occ_delivery delivery, uint32_t http_status, double retry_after,
                                 size_t length) {
  occ_status status = enter(self, now, length);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  status =
    completed(self, request, delivery, http_status, retry_after, (occ_text){self->input, length});
  return conclude_texts(self, status);
}

occ_status occ_session_alarm(occ_session *self, double now) {
  const occ_status status = enter(self, now, 0);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  self->alarm = 0;
  if (self->asked_until != 0 && self->now >= self->asked_until) {
    if (self->is_answered) {
      end_asking(self, self->waiting_for, OCC_TEXT(""));
    } else {
      expire(self);
    }
  }
  occ_grant *grant = active(self);
  if (grant != NULL && grant->refresh_length > 0 && grant->renew_at > 0 &&
      self->now >= grant->renew_at) {
    grant->renew_at = 0;
    (void)occ_session_refresh(self, grant);
  }
  return conclude(self, OCC_STATUS_OK);
}

occ_status occ_session_leave(occ_session *self, double now) {
  const occ_status status = enter(self, now, 0);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  self->is_leaving = true;
  return conclude(self, OCC_STATUS_OK);
}

/* ---- Other tabs and earlier pages --------------------------------------------------------------
 */

static bool is_in_snapshot(const occ_snapshot *snapshot, const occ_grant *grant) {
  for (size_t i = 0; i < OCC_SNAPSHOT_GRANTS; i++) {
    if (snapshot->grants[i].number == grant->number) {
      return true;
    }
  }
  return false;
}

/* Whether there is a free place for each grant that is not held yet. */
static bool has_places_for(occ_session *self, const occ_snapshot *snapshot) {
  size_t wanted = 0;
  for (size_t i = 0; i < OCC_SNAPSHOT_GRANTS; i++) {
    const double number = snapshot->grants[i].number;
    wanted += number > 0 && occ_grants_held(&self->grants, number) == NULL;
  }
  for (size_t i = 0; i < OCC_PLACES && wanted > 0; i++) {
    wanted -= self->grants.at[i].slot == OCC_SLOT_FREE;
  }
  return wanted == 0;
}

/* The tokens that another tab has got for a grant. A refresh token that is left out is kept by the
 * tab that has it. */
static void take_tokens(occ_session *self, occ_grant *grant, const occ_snapshot_grant *from) {
  (void)occ_grant_put(grant, from->access, from->refresh);
  occ_grant_date(grant, from->issued, self->now);
  grant->expires_at = from->expires_at;
  /* Whoever was given the tokens refreshes them in time; the others when a request needs it. */
  grant->renew_at = 0;
  new_tokens_came(self, grant);
}

static void adopt_grant(occ_session *self, const occ_snapshot_grant *from) {
  occ_grant *grant = occ_grants_held(&self->grants, from->number);
  if (grant == NULL) {
    grant = occ_grants_in(&self->grants, OCC_SLOT_FREE);
    grant->number = from->number;
  }
  grant->owner = from->owner;
  grant->slot = from->slot;
  if (from->issued < grant->issued) {
    /* Another tab has written before it heard of newer tokens: they are stored again. */
    self->grants_changed = true;
  } else if (from->issued > grant->issued ||
             !occ_text_equal(occ_grant_access(grant), from->access)) {
    take_tokens(self, grant, from);
  }
}

/* A grant that another tab has signed out of, with the tokens of that time. It revokes them (R24);
 * what only this tab has is left to it: a newer pair, or the one refresh token that there is where
 * they are not stored (R31). */
static void leave_to_others(occ_session *self, occ_grant *grant, double issued) {
  if (occ_grants_revoking(&self->grants, grant->number) != NULL) {
    /* This tab has signed out of it too, with the tokens of that time: two of one number would
     * share a refresh (R30). */
    grant->number = next_number(self);
  }
  if (grant->issued > issued) {
    revoke_unless_shared(self, grant);
    return;
  }
  if (grant->refresh_length > 0 && !(self->options.flags & OCC_FLAG_PERSIST)) {
    occ_revocation_begin_refresh(self, grant);
    return;
  }
  occ_grant_settle(grant);
}

/* A grant that the snapshot does not have was ended by another tab of this line. Of another line
 * nobody knew it, and so it is a stray. */
static void adopt_grants(occ_session *self, const occ_snapshot *snapshot, bool is_of_line) {
  for (size_t i = 0; i < OCC_PLACES; i++) {
    occ_grant *grant = &self->grants.at[i];
    if (!occ_grant_is_held(grant) || is_in_snapshot(snapshot, grant)) {
      continue;
    }
    if (is_of_line) {
      leave_to_others(self, grant, grant->issued);
      continue;
    }
    occ_host_ended(grant->number, grant->issued);
    grant->slot = OCC_SLOT_STRAY;
  }
  for (size_t i = 0; i < OCC_SNAPSHOT_GRANTS; i++) {
    if (snapshot->grants[i].number > 0) {
      adopt_grant(self, &snapshot->grants[i]);
    }
  }
}

/* Moves through the table without its effects, since the grants are where they belong already.
 * False if the table has no such move. */
static bool replay(occ_session *self, occ_event event) {
  const occ_cell *cell = &occ_table[self->state][event];
  if (cell->rule == OCC_STATUS_OK) {
    self->state = (occ_state)cell->move.next;
  }
  return cell->rule == OCC_STATUS_OK;
}

/* The events that have led to these grants, and then the sign-in of this tab that is pending. */
static void replay_all(occ_session *self, const occ_snapshot *snapshot) {
  self->state = OCC_STATE_ANONYMOUS;
  set_customer_id(self, snapshot->customer_id);
  if (snapshot->grants[0].number > 0) {
    const bool is_agent = snapshot->grants[0].owner == OCC_OWNER_AGENT;
    (void)replay(self, is_agent ? OCC_EVENT_SIGN_IN_AGENT : OCC_EVENT_SIGN_IN);
    (void)replay(self, OCC_EVENT_GRANTED);
    if (is_agent && snapshot->customer_id.length > 0) {
      (void)replay(self, OCC_EVENT_EMULATE);
    }
  }
  const bool pending_agent = self->sign_in.owner == OCC_OWNER_AGENT;
  if (self->sign_in.is_pending &&
      !replay(self, pending_agent ? OCC_EVENT_SIGN_IN_AGENT : OCC_EVENT_SIGN_IN)) {
    end_sign_in(self, OCC_STATUS_CANCELLED);
  }
}

/* The grant with this number was ended when its tokens were issued at that time, by another tab or
 * before another tab has written it again. */
static occ_status end(occ_session *self, double number, double issued, bool is_elsewhere) {
  occ_grant *grant = occ_grants_held(&self->grants, number);
  if (grant == NULL) {
    return OCC_STATUS_DONE;
  }
  const bool was_active = grant->slot == OCC_SLOT_ACTIVE;
  leave_to_others(self, grant, issued);
  self->grants_changed = true;
  if (was_active) {
    if (is_elsewhere) {
      /* A customer who was retired over an agent is restored or revoked by the tab in which the
       * agent signed out, so that nothing of it is left for the table to revoke here. */
      drop(occ_grants_in(&self->grants, OCC_SLOT_RETIRED));
    }
    (void)step_simply(self, OCC_EVENT_EXPIRED);
  }
  return OCC_STATUS_OK;
}

/* R24: a tab that has not heard of a sign-out of this one may have written since. */
static void end_revoking(occ_session *self) {
  for (size_t i = 0; i < OCC_PLACES; i++) {
    const occ_grant *grant = &self->grants.at[i];
    if (grant->slot == OCC_SLOT_REVOKING || grant->slot == OCC_SLOT_STRAY) {
      (void)end(self, grant->number, grant->issued, false);
    }
  }
  (void)end(self, self->left, self->left_issued, false);
}

static occ_status adopt(occ_session *self, occ_text json) {
  occ_snapshot snapshot;
  const occ_status status =
    occ_snapshot_read(&snapshot, json, occ_options_text(&self->options, OCC_OPTION_IDENTITY));
  if (status != OCC_STATUS_OK) {
    return status;
  }
  const occ_grant *before = active(self);
  const double number = before != NULL ? before->number : 0;
  const bool is_other = snapshot.grants[0].number != number;
  /* Two tabs that have each written the same epoch have parted there. */
  const bool is_of_line =
    snapshot.line == self->line && !(snapshot.epoch == self->epoch && is_other);
  if (is_of_line && snapshot.epoch <= self->epoch) {
    /* A tab that had not heard of this epoch has written over it. */
    self->grants_changed = snapshot.epoch < self->epoch;
    return OCC_STATUS_STALE;
  }
  if (!has_places_for(self, &snapshot)) {
    return OCC_STATUS_FULL;
  }
  self->line = snapshot.line;
  self->epoch = snapshot.epoch;
  /* Nothing that is later than it can be is believed: the clock was set back meanwhile. */
  self->revoking_until =
    snapshot.revoking_until <= self->now + SIGN_IN_DELAY ? snapshot.revoking_until : 0;
  adopt_grants(self, &snapshot, is_of_line);
  if (is_other) {
    /* What this tab has begun for whoever stood before the shop no longer holds. */
    self->sign_in.customer_id_length = 0;
    end_asking(self, self->waiting_for, OCC_TEXT(""));
  }
  replay_all(self, &snapshot);
  self->state_changed = true;
  end_revoking(self);
  end_if_over(self);
  return OCC_STATUS_OK;
}

occ_status occ_session_adopt(occ_session *self, double now, size_t length) {
  occ_status status = enter(self, now, length);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  if (length == 0) {
    /* Another tab may have been at a later epoch of the line that is gone. */
    self->line = next_number(self);
    self->grants_changed = active(self) != NULL;
    return conclude_texts(self, OCC_STATUS_OK);
  }
  status = adopt(self, (occ_text){self->input, length});
  occ_json_release();
  return conclude_texts(self, status);
}

static occ_status hear(occ_session *self, bool is_answer, occ_text json) {
  occ_snapshot snapshot;
  const occ_status status =
    occ_snapshot_read(&snapshot, json, occ_options_text(&self->options, OCC_OPTION_IDENTITY));
  for (size_t i = 0; i < OCC_SNAPSHOT_GRANTS && status == OCC_STATUS_OK; i++) {
    const occ_snapshot_grant *from = &snapshot.grants[i];
    occ_grant *grant = occ_grants_held(&self->grants, from->number);
    if (grant == NULL) {
      continue;
    }
    if (from->issued > grant->issued) {
      take_tokens(self, grant, from);
      self->grants_changed = true;
    } else if (is_answer && grant->slot == OCC_SLOT_ACTIVE && self->asked_until != 0) {
      self->is_answered = true;
      self->asked_until = self->now + REFRESH_DELAY;
    }
  }
  return status;
}

occ_status occ_session_heard(occ_session *self, double now, bool is_answer, size_t length) {
  occ_status status = enter(self, now, length);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  status = hear(self, is_answer, (occ_text){self->input, length});
  occ_json_release();
  return conclude_texts(self, status);
}

occ_status occ_session_wanted(occ_session *self, double now, double number, double issued) {
  occ_status status = enter(self, now, 0);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  const occ_grant *grant = occ_grants_held(&self->grants, number);
  const bool can_help =
    grant != NULL &&
    (grant->issued > issued || (grant->refresh_length > 0 && occ_session_refresh(self, grant)));
  return conclude(self, can_help ? OCC_STATUS_OK : OCC_STATUS_NOTHING);
}

occ_status occ_session_ended(occ_session *self, double now, double number, double issued) {
  occ_status status = enter(self, now, 0);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  status = end(self, number, issued, true);
  if (status == OCC_STATUS_OK) {
    /* What is stored here may be the first that a sign-in reads elsewhere (R29). */
    self->revoking_until = self->now + SIGN_IN_DELAY;
  }
  return conclude(self, status);
}
