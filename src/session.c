/*
 * The session: each public function enters with an event, hands it to what it is about, and
 * concludes: by then the session is whole, and the host is told what has come of it.
 */
#include "json.h"
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

/* Calls without texts leave the input alone: wiping its 72 KiB takes longer than handing out a
 * header, which every request of the storefront needs. */
static void wipe_input(occ_session *self) {
  if (self->input_used > 0 && self->life != OCC_LIFE_ENTERED) {
    occ_wipe(self->input, sizeof self->input);
    occ_wipe(self->given, sizeof self->given);
    self->input_used = 0;
  }
}

static occ_status may_enter(const occ_session *self, double now) {
  static const uint8_t status[] = {[OCC_LIFE_NEW] = OCC_STATUS_NOT_OPEN,
                                   [OCC_LIFE_OPEN] = OCC_STATUS_OK,
                                   [OCC_LIFE_ENTERED] = OCC_STATUS_REENTERED,
                                   [OCC_LIFE_CLOSED] = OCC_STATUS_CLOSED};
  if (self->input_used > OCC_INPUT_MAX && self->life != OCC_LIFE_ENTERED) {
    return OCC_STATUS_BAD_LENGTH;
  }
  if (!(now >= 0 && now <= OCC_TIME_MAX)) {
    return OCC_STATUS_BAD_TIME;
  }
  return (occ_status)status[self->life];
}

static occ_status enter(occ_session *self, double now) {
  const occ_status status = may_enter(self, now);
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
  double at = occ_grant_earlier(occ_revocation_due(self), occ_renewal_due(self));
  at = occ_grant_earlier(at, occ_sign_in_due(self));
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
  wipe_input(self);
  return status;
}

/* ---- Life --------------------------------------------------------------------------------------
 */

char *occ_session_input(occ_session *self) {
  return self->input;
}

void occ_session_text(occ_session *self, occ_parameter parameter, size_t length) {
#define MOST(name, number, most) [number] = (most),
  static const uint32_t most[OCC_PARAMETER_END] = {OCC_PARAMETERS(MOST)};
#undef MOST
  if (self->life == OCC_LIFE_ENTERED || self->input_used > OCC_INPUT_MAX ||
      parameter >= OCC_PARAMETER_END || length > most[parameter] ||
      length > OCC_INPUT_MAX - self->input_used) {
    /* Whatever the host has written is wiped with the rest. */
    self->input_used = OCC_INPUT_MAX + 1;
    return;
  }
  self->given[parameter] = (occ_given){self->input_used, (uint32_t)length};
  self->input_used += (uint32_t)length;
}

occ_status occ_session_open(occ_session *self, double now, uint32_t nonce, uint32_t flags,
                            uint32_t retries) {
  occ_status status = may_enter(self, now);
  if (status == OCC_STATUS_NOT_OPEN) {
    for (size_t i = 0; i < OCC_OPTION_END; i++) {
      occ_options_set(&self->options, i, occ_session_given(self, (occ_parameter)i));
    }
    status = occ_options_status(&self->options);
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

occ_status occ_session_sign_in(occ_session *self, double now, occ_owner owner, uint32_t attempt) {
  occ_status status = enter(self, now);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  status = OCC_STATUS_UNKNOWN_OWNER;
  if (owner == OCC_OWNER_CUSTOMER || owner == OCC_OWNER_AGENT) {
    status = occ_transition_simply(self, owner == OCC_OWNER_AGENT ? OCC_EVENT_SIGN_IN_AGENT
                                                                  : OCC_EVENT_SIGN_IN);
  }
  if (status == OCC_STATUS_OK) {
    occ_sign_in_begin(self, owner, attempt);
  }
  return conclude(self, status);
}

occ_status occ_session_cancel(occ_session *self, double now, uint32_t attempt) {
  const occ_status status = enter(self, now);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  occ_sign_in_cancel(self, attempt);
  return conclude(self, OCC_STATUS_OK);
}

occ_status occ_session_emulate(occ_session *self, double now) {
  const occ_text customer_id = occ_session_given(self, OCC_PARAMETER_CUSTOMER_ID);
  if (customer_id.length == 0) {
    /* It is refused like one that is too long. */
    occ_session_text(self, OCC_PARAMETER_CUSTOMER_ID, OCC_INPUT_MAX);
  }
  occ_status status = enter(self, now);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  status = occ_transition(self, OCC_EVENT_EMULATE, customer_id, NULL);
  return conclude(self, status);
}

static occ_status simple_event(occ_session *self, double now, occ_event event) {
  occ_status status = enter(self, now);
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
  occ_status status = enter(self, now);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  status = occ_renewal_hand_out(self);
  return conclude(self, status);
}

occ_status occ_session_renew(occ_session *self, double now, bool certain) {
  occ_status status = enter(self, now);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  status = occ_renewal_ask(self, certain, occ_session_given(self, OCC_PARAMETER_AUTHORIZATION));
  return conclude(self, status);
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
                                 occ_delivery delivery, uint32_t http_status, double retry_after) {
  occ_status status = enter(self, now);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  status = completed(self, request, delivery, http_status, retry_after,
                     occ_session_given(self, OCC_PARAMETER_BODY));
  return conclude(self, status);
}

occ_status occ_session_alarm(occ_session *self, double now, double at) {
  const occ_status status = enter(self, now < at ? at : now);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  self->alarm = 0;
  occ_renewal_alarm(self);
  return conclude(self, OCC_STATUS_OK);
}

occ_status occ_session_leave(occ_session *self, double now) {
  const occ_status status = enter(self, now);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  self->is_leaving = true;
  return conclude(self, OCC_STATUS_OK);
}

/* ---- Other tabs and earlier pages --------------------------------------------------------------
 */

occ_status occ_session_adopt(occ_session *self, double now) {
  occ_status status = enter(self, now);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  const occ_text snapshot = occ_session_given(self, OCC_PARAMETER_SNAPSHOT);
  if (snapshot.length == 0) {
    occ_tabs_emptied(self);
    return conclude(self, OCC_STATUS_OK);
  }
  status = occ_tabs_adopt(self, snapshot);
  occ_json_release();
  return conclude(self, status);
}

occ_status occ_session_heard(occ_session *self, double now, bool is_answer) {
  occ_status status = enter(self, now);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  status = occ_tabs_heard(self, is_answer, occ_session_given(self, OCC_PARAMETER_SNAPSHOT));
  occ_json_release();
  return conclude(self, status);
}

occ_status occ_session_wanted(occ_session *self, double now, double number, double issued) {
  occ_status status = enter(self, now);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  status = occ_tabs_wanted(self, number, issued);
  return conclude(self, status);
}

occ_status occ_session_ended(occ_session *self, double now, double number, double issued) {
  occ_status status = enter(self, now);
  if (status != OCC_STATUS_OK) {
    return status;
  }
  status = occ_tabs_ended(self, number, issued);
  return conclude(self, status);
}
