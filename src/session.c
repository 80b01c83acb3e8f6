/*
 * The session: each public function enters with an event, hands it to what it is about, and
 * concludes: by then the session is whole, and the host is told what has come of it.
 */
#include "json.h"
#include "number.h"
#include "occ_host.h"
#include "output.h"
#include "renewal.h"
#include "revocation.h"
#include "sign_in.h"
#include "tabs.h"
#include "token_response.h"
#include "transition.h"

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
  if (!(now >= 0 && now <= OCC_TIME_MAX)) {
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

/* Returns the earliest time at which something is due without a call. */
static void set_alarm(occ_session *self) {
  double at = occ_number_earlier(occ_revocation_due(self), occ_renewal_due(self));
  at = occ_number_earlier(at, occ_sign_in_due(self));
  if (at != self->alarm) {
    self->alarm = at;
    occ_host_alarm(at);
  }
}

/* The session is consistent again: its state is announced before any request is sent (R14). */
static occ_status conclude(occ_session *self, occ_status status) {
  occ_revocation_begin_strays(self);
  occ_output_save(self);
  occ_output_state(self);
  if (self->expired != OCC_OWNER_INVALID) {
    occ_host_expired(self->expired);
  }
  occ_revocation_send(self);
  occ_sign_in_send(self);
  occ_renewal_send(self);
  set_alarm(self);
  self->grants_changed = false;
  self->state_changed = false;
  self->is_renewed = false;
  self->is_succeeded = false;
  self->expired = OCC_OWNER_INVALID;
  self->is_leaving = false;
  self->life = OCC_LIFE_OPEN;
  return status;
}

/* Concludes a call with texts. Other calls leave the input alone: wiping its 72 KiB takes longer
 * than handing out a header, which every request of the storefront needs. */
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
    self->grants.nonce = nonce;
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

/* ---- Signing in and out ------------------------------------------------------------------------
 */

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
    status = occ_transition_simply(self, owner == OCC_OWNER_AGENT ? OCC_EVENT_SIGN_IN_AGENT
                                                                  : OCC_EVENT_SIGN_IN);
  }
  if (status == OCC_STATUS_OK) {
    occ_sign_in_begin(self, owner, attempt, username, password, customer_id);
  }
  return conclude_texts(self, status);
}

occ_status occ_session_cancel(occ_session *self, double now, uint32_t attempt) {
  const occ_status status = enter(self, now, 0);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  occ_sign_in_cancel(self, attempt);
  return conclude(self, OCC_STATUS_OK);
}

occ_status occ_session_emulate(occ_session *self, double now, size_t length) {
  const bool fits = length > 0 && length <= OCC_CUSTOMER_ID_MAX;
  occ_status status = enter(self, now, fits ? length : OCC_INPUT_MAX + 1);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  status = occ_transition(self, OCC_EVENT_EMULATE, (occ_text){self->input, length}, NULL);
  return conclude_texts(self, status);
}

static occ_status simple_event(occ_session *self, double now, occ_event event) {
  occ_status status = enter(self, now, 0);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  status = occ_transition_simply(self, event);
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

occ_status occ_session_authorization(occ_session *self, double now) {
  occ_status status = enter(self, now, 0);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  status = occ_renewal_hand_out(self);
  return conclude(self, status);
}

occ_status occ_session_renew(occ_session *self, double now, bool certain, size_t length) {
  occ_status status = enter(self, now, length);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  status = occ_renewal_ask(self, certain, (occ_text){self->input, length});
  return conclude_texts(self, status);
}

/* ---- Events of the host ------------------------------------------------------------------------
 */

static occ_status token_response(occ_session *self, uint32_t request, occ_delivery delivery,
                                 uint32_t http_status, occ_text body) {
  occ_grant *place = occ_grants_awaited_by(&self->grants, request);
  if (place == NULL) {
    return OCC_STATUS_UNKNOWN_REQUEST;
  }
  const occ_status status = occ_token_response_read(place, self->now, delivery, http_status, body);
  if (place->owner == OCC_OWNER_CLIENT) {
    occ_renewal_client_token(self, place, status);
  } else if (place->refreshes == 0) {
    occ_sign_in_completed(self, place, status);
  } else if (!occ_revocation_refreshed(self, place, status, http_status)) {
    occ_renewal_refreshed(self, place, status);
  }
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

occ_status occ_session_alarm(occ_session *self, double now, double at) {
  const occ_status status = enter(self, now < at ? at : now, 0);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  self->alarm = 0;
  occ_renewal_alarm(self);
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

occ_status occ_session_adopt(occ_session *self, double now, size_t length) {
  occ_status status = enter(self, now, length);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  if (length == 0) {
    occ_tabs_emptied(self);
    return conclude_texts(self, OCC_STATUS_OK);
  }
  status = occ_tabs_adopt(self, (occ_text){self->input, length});
  occ_json_release();
  return conclude_texts(self, status);
}

occ_status occ_session_heard(occ_session *self, double now, bool is_answer, size_t length) {
  occ_status status = enter(self, now, length);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  status = occ_tabs_heard(self, is_answer, (occ_text){self->input, length});
  occ_json_release();
  return conclude_texts(self, status);
}

occ_status occ_session_wanted(occ_session *self, double now, double number, double issued) {
  occ_status status = enter(self, now, 0);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  status = occ_tabs_wanted(self, number, issued);
  return conclude(self, status);
}

occ_status occ_session_ended(occ_session *self, double now, double number, double issued) {
  occ_status status = enter(self, now, 0);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  status = occ_tabs_ended(self, number, issued);
  return conclude(self, status);
}
