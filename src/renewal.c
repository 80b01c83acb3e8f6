#include "renewal.h"

#include "form.h"
#include "occ_host.h"
#include "output.h"
#include "transition.h"

/* R31, in milliseconds: the time limit for the refresh of another tab that has answered. */
#define REFRESH_DELAY 12000.0

/* ---- Requests of the storefront ----------------------------------------------------------------
 */

static void hand_authorization(const occ_grant *grant) {
  const occ_text header = occ_grant_authorization(grant);
  occ_host_authorization(header.at, header.length);
}

occ_status occ_renewal_hand_out(occ_session *self) {
  const occ_grant *grant = occ_session_active(self);
  /* R32: a token that is known to be dead is not put on requests. */
  if (grant == NULL || self->asked_until != 0) {
    return OCC_STATUS_NOTHING;
  }
  hand_authorization(grant);
  return OCC_STATUS_OK;
}

static occ_status wait_for(occ_session *self, double number) {
  self->waiting_for = number;
  return OCC_STATUS_WAIT;
}

/* Nobody is signed in: a request that needs a token is sent with the application's own (RFC 6749
 * section 4.4). */
static occ_status renew_client_token(occ_session *self, bool certain, occ_text rejected) {
  occ_grant *grant = occ_grants_in(&self->grants, OCC_ROLE_CLIENT);
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
  const occ_grant *place = occ_grants_await_client(&self->grants);
  return place != NULL ? wait_for(self, place->number) : OCC_STATUS_FULL;
}

/* The header is not the one that the session hands out. */
static occ_status renew_other(occ_session *self, bool certain, occ_text rejected) {
  if (occ_text_fingerprint(rejected) == self->expired_header) {
    return OCC_STATUS_EXPIRED;
  }
  return occ_session_active(self) == NULL ? renew_client_token(self, certain, rejected)
                                          : OCC_STATUS_NOTHING;
}

occ_status occ_renewal_ask(occ_session *self, bool certain, occ_text rejected) {
  occ_grant *grant = occ_session_active(self);
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
    return occ_transition_no_way_on(self);
  }
  return occ_grants_refresh(&self->grants, grant) ? wait_for(self, grant->number) : OCC_STATUS_FULL;
}

/* ---- Token requests ----------------------------------------------------------------------------
 */

/* RFC 6749 section 6. */
static void send_refresh(occ_session *self, occ_grant *place) {
  const occ_grant *grant = occ_grants_held(&self->grants, place->refreshes);
  if (grant == NULL) {
    grant = occ_grants_revoking(&self->grants, place->refreshes);
  }
  occ_writer *body = occ_output_begin(self);
  occ_form_add(body, "grant_type", OCC_TEXT("refresh_token"));
  occ_form_add(body, "refresh_token", occ_grant_refresh(grant));
  place->request = occ_output_send(self, OCC_REQUEST_REFRESH, place->owner, OCC_TEXT(""));
}

/* RFC 6749 section 4.4.2. */
static void send_client_credentials(occ_session *self, occ_grant *place) {
  occ_form_add(occ_output_begin(self), "grant_type", OCC_TEXT("client_credentials"));
  place->request = occ_output_send(self, OCC_REQUEST_TOKEN, place->owner, OCC_TEXT(""));
}

void occ_renewal_send(occ_session *self) {
  for (size_t i = 0; i < OCC_PLACES; i++) {
    occ_grant *place = &self->grants.at[i];
    if (place->role != OCC_ROLE_AWAITED || place->request != 0) {
      continue;
    }
    if (place->owner == OCC_OWNER_CLIENT) {
      send_client_credentials(self, place);
      continue;
    }
    send_refresh(self, place);
  }
}

/* ---- Responses ---------------------------------------------------------------------------------
 */

void occ_renewal_tokens_came(occ_session *self, const occ_grant *grant) {
  if (grant->role == OCC_ROLE_ACTIVE) {
    occ_transition_end_asking(self, grant->number, occ_grant_authorization(grant));
  }
}

static bool is_refused_for_good(occ_status status) {
  return status == OCC_STATUS_INVALID_CREDENTIALS || status == OCC_STATUS_CLIENT_REFUSED;
}

/* The server refuses the refresh token of a grant. If tabs share refresh tokens, another may have a
 * newer one: a refused predecessor says nothing about the grant (R41). Otherwise the grant is dead
 * (R9, R20). */
static void refresh_token_is_dead(occ_session *self, occ_grant *grant) {
  const uint32_t persist = OCC_FLAG_PERSIST | OCC_FLAG_SHARED;
  const bool is_active = grant->role == OCC_ROLE_ACTIVE;
  if (is_active && (self->options.flags & persist) == persist) {
    occ_wipe(grant->refresh, grant->refresh_length);
    grant->refresh_length = 0;
    self->grants_changed = true;
    (void)occ_transition_no_way_on(self);
    return;
  }
  occ_transition_end_waiting(self, grant->number, OCC_TEXT(""));
  if (is_active) {
    occ_transition_expire(self);
    return;
  }
  occ_grant_settle(grant);
  self->grants_changed = true;
}

void occ_renewal_refreshed(occ_session *self, occ_grant *place, occ_status status) {
  const double number = place->refreshes;
  const uint64_t refreshed = place->earlier;
  occ_grant *grant = occ_grants_held(&self->grants, number);
  if (grant != NULL && status == OCC_STATUS_OK && place->authorization_length > 0) {
    occ_grant_renew(grant, place, self->now);
    self->grants_changed = true;
    self->is_renewed = true;
    occ_renewal_tokens_came(self, grant);
    return;
  }
  occ_grant *revoking = occ_grants_revoking(&self->grants, number);
  if (revoking != NULL && status == OCC_STATUS_OK && refreshed == occ_grant_fingerprint(revoking)) {
    /* Its refresh token was good for this one, which is revoked in its place (R30). */
    revoking->is_final = true;
  }
  occ_grant_set_aside(place, status);
  if (grant != NULL && refreshed != occ_grant_fingerprint(grant)) {
    /* Another tab has refreshed it meanwhile: the refused token is no longer the session's. */
    occ_transition_end_waiting(self, number, occ_grant_authorization(grant));
    return;
  }
  if (grant != NULL && is_refused_for_good(status)) {
    refresh_token_is_dead(self, grant);
    return;
  }
  occ_transition_end_waiting(self, number, OCC_TEXT(""));
}

void occ_renewal_client_token(occ_session *self, occ_grant *place, occ_status status) {
  const double number = place->number;
  if (status != OCC_STATUS_OK || place->authorization_length == 0) {
    occ_grant_settle(place);
    occ_transition_end_waiting(self, number, OCC_TEXT(""));
    return;
  }
  occ_grant *grant = occ_grants_in(&self->grants, OCC_ROLE_CLIENT);
  if (grant != NULL) {
    occ_grant_renew(grant, place, self->now);
  } else {
    grant = place;
    grant->role = OCC_ROLE_CLIENT;
  }
  occ_transition_end_waiting(self, number, occ_grant_authorization(grant));
}

void occ_renewal_answered(occ_session *self) {
  self->is_answered = true;
  self->asked_until = self->now + REFRESH_DELAY;
}

/* ---- Times -------------------------------------------------------------------------------------
 */

void occ_renewal_alarm(occ_session *self) {
  if (self->asked_until != 0 && self->now >= self->asked_until) {
    if (self->is_answered) {
      occ_transition_end_asking(self, self->waiting_for, OCC_TEXT(""));
    } else {
      occ_transition_expire(self);
    }
  }
  occ_grant *grant = occ_session_active(self);
  if (grant != NULL && grant->refresh_length > 0 && grant->renew_at > 0 &&
      self->now >= grant->renew_at) {
    grant->renew_at = 0;
    (void)occ_grants_refresh(&self->grants, grant);
  }
}

double occ_renewal_due(occ_session *self) {
  const occ_grant *grant = occ_session_active(self);
  const double renew_at = grant != NULL && grant->refresh_length > 0 ? grant->renew_at : 0;
  return occ_grant_earlier(self->asked_until, renew_at);
}
