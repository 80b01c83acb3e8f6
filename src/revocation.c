#include "revocation.h"

#include <math.h>

#include "form.h"
#include "occ_host.h"
#include "output.h"

/* R18: the wait before another try, in milliseconds. */
#define RETRY_AFTER 2000.0
#define RETRY_AFTER_MAX 30000.0

static void queue(occ_session *self, occ_revocation *revocation) {
  revocation->stage = OCC_REVOCATION_QUEUED;
  revocation->tries_left = self->options.retries;
  self->revoking++;
}

static void begin(occ_session *self, occ_grant *grant, bool with_access) {
  if (!(self->options.flags & OCC_FLAG_REVOKE)) {
    occ_grant_settle(grant);
    return;
  }
  grant->role = OCC_ROLE_REVOKING;
  if (with_access) {
    queue(self, &grant->revocation[OCC_TOKEN_ACCESS]);
  }
  if (grant->refresh_length > 0) {
    queue(self, &grant->revocation[OCC_TOKEN_REFRESH]);
  }
}

static bool is_copy(const occ_grant *grant, const occ_grant *other) {
  return other != grant && (occ_grant_is_held(other) || other->role == OCC_ROLE_REVOKING) &&
         occ_grant_same_token(grant, other);
}

void occ_revocation_begin(occ_session *self, occ_grant *grant) {
  for (size_t i = 0; i < OCC_PLACES; i++) {
    if (is_copy(grant, &self->grants.at[i])) {
      occ_grant_settle(grant);
      return;
    }
  }
  begin(self, grant, true);
}

void occ_revocation_begin_strays(occ_session *self) {
  if (self->sign_in.request != 0 && !self->is_leaving) {
    return;
  }
  for (size_t i = 0; i < OCC_PLACES; i++) {
    occ_grant *grant = &self->grants.at[i];
    if (grant->role == OCC_ROLE_STRAY) {
      occ_revocation_begin(self, grant);
    }
  }
}

void occ_revocation_begin_refresh(occ_session *self, occ_grant *grant) {
  /* Its bearer is dead: the other tab has revoked it (R30). */
  grant->expires_at = self->now;
  begin(self, grant, false);
}

/* R30: true if the refresh token's revocation waits for a living bearer from now on. */
static bool wait_for_bearer(occ_session *self, occ_grant *grant) {
  if (grant->is_final || !(self->options.flags & OCC_FLAG_BEARER) || self->is_leaving ||
      !occ_grants_refresh(&self->grants, grant)) {
    return false;
  }
  grant->is_final = true;
  grant->revocation[OCC_TOKEN_REFRESH].stage = OCC_REVOCATION_REFRESHING;
  return true;
}

/* RFC 7009 section 2.1. */
static void send(occ_session *self, occ_grant *grant, occ_revocation *revocation, occ_text token,
                 occ_text hint) {
  occ_writer *form = occ_output_begin(self);
  occ_form_add(form, "token", token);
  occ_form_add(form, "token_type_hint", hint);
  revocation->stage = OCC_REVOCATION_SENT;
  revocation->request = occ_output_send(
    self, OCC_REQUEST_REVOKE, grant->owner,
    self->options.flags & OCC_FLAG_BEARER ? occ_grant_authorization(grant) : OCC_TEXT(""));
}

void occ_revocation_send(occ_session *self) {
  const double now = self->is_leaving ? INFINITY : self->now;
  for (size_t i = 0; i < OCC_PLACES; i++) {
    occ_grant *grant = &self->grants.at[i];
    occ_revocation *refresh = &grant->revocation[OCC_TOKEN_REFRESH];
    occ_revocation *access = &grant->revocation[OCC_TOKEN_ACCESS];
    if (refresh->stage == OCC_REVOCATION_REFRESHING && self->is_leaving) {
      refresh->stage = OCC_REVOCATION_QUEUED;
    }
    if (refresh->stage == OCC_REVOCATION_QUEUED && now >= refresh->not_before &&
        !(occ_grant_is_over(grant, now) && wait_for_bearer(self, grant))) {
      send(self, grant, refresh, occ_grant_refresh(grant), OCC_TEXT("refresh_token"));
    }
    if (access->stage == OCC_REVOCATION_QUEUED && now >= access->not_before &&
        (self->is_leaving || refresh->stage == OCC_REVOCATION_SETTLED)) {
      send(self, grant, access, occ_grant_access(grant), OCC_TEXT("access_token"));
    }
  }
}

/* R17. A 401 says that the bearer is dead, and nothing of the token unless it is its own bearer. */
static occ_outcome outcome_of(occ_delivery delivery, uint32_t http_status, bool is_own_bearer) {
  if (delivery == OCC_DELIVERY_TIMED_OUT) {
    return OCC_OUTCOME_TIMED_OUT;
  }
  if (delivery == OCC_DELIVERY_UNREACHABLE) {
    return OCC_OUTCOME_UNREACHABLE;
  }
  if (delivery == OCC_DELIVERY_REDIRECTED || http_status == 404 || http_status / 100 == 3) {
    return OCC_OUTCOME_UNSUPPORTED;
  }
  if (http_status == 401 && is_own_bearer) {
    return OCC_OUTCOME_ALREADY_INVALID;
  }
  if (http_status / 100 == 2) {
    return OCC_OUTCOME_REVOKED;
  }
  return http_status >= 500 ? OCC_OUTCOME_SERVER_ERROR : OCC_OUTCOME_REJECTED;
}

static bool may_pass(occ_outcome outcome, uint32_t http_status) {
  return outcome == OCC_OUTCOME_UNREACHABLE || http_status == 429 || http_status == 503;
}

static void try_again(occ_revocation *self, double now, double retry_after) {
  const double wanted = retry_after > 0 ? retry_after : RETRY_AFTER;
  self->tries_left--;
  self->stage = OCC_REVOCATION_QUEUED;
  self->not_before = now + (wanted < RETRY_AFTER_MAX ? wanted : RETRY_AFTER_MAX);
}

static void settle(occ_session *self, occ_grant *grant, occ_token token) {
  self->revoking--;
  grant->revocation[token].stage = OCC_REVOCATION_SETTLED;
  if (token == OCC_TOKEN_REFRESH) {
    occ_wipe(grant->refresh, grant->refresh_length);
    grant->refresh_length = 0;
  }
  if (grant->revocation[OCC_TOKEN_ACCESS].stage == OCC_REVOCATION_SETTLED &&
      grant->revocation[OCC_TOKEN_REFRESH].stage == OCC_REVOCATION_SETTLED) {
    occ_grant_settle(grant);
  }
}

static void completed(occ_session *self, occ_grant *grant, occ_token token, occ_delivery delivery,
                      uint32_t http_status, double retry_after) {
  occ_revocation *revocation = &grant->revocation[token];
  const bool is_own_bearer = token == OCC_TOKEN_ACCESS &&
                             (self->options.flags & OCC_FLAG_BEARER) != 0 &&
                             grant->authorization_length > 0;
  const occ_outcome outcome = outcome_of(delivery, http_status, is_own_bearer);
  if (http_status == 401 && token == OCC_TOKEN_REFRESH && wait_for_bearer(self, grant)) {
    return;
  }
  if (may_pass(outcome, http_status) && revocation->tries_left > 0) {
    try_again(revocation, self->now, retry_after);
    return;
  }
  occ_host_revoked(grant->owner, token, outcome, http_status);
  settle(self, grant, token);
}

static bool was_sent_with(const occ_revocation *self, uint32_t request) {
  return self->stage == OCC_REVOCATION_SENT && self->request == request;
}

bool occ_revocation_completed(occ_session *self, uint32_t request, occ_delivery delivery,
                              uint32_t http_status, double retry_after) {
  for (size_t i = 0; i < OCC_PLACES; i++) {
    occ_grant *grant = &self->grants.at[i];
    for (uint32_t token = OCC_TOKEN_ACCESS; token <= OCC_TOKEN_REFRESH; token++) {
      if (was_sent_with(&grant->revocation[token], request)) {
        completed(self, grant, (occ_token)token, delivery, http_status, retry_after);
        return true;
      }
    }
  }
  return false;
}

static bool is_waiting(const occ_revocation *self) {
  return self->stage == OCC_REVOCATION_QUEUED || self->stage == OCC_REVOCATION_REFRESHING;
}

bool occ_revocation_refreshed(occ_session *self, occ_grant *place, occ_status status,
                              uint32_t http_status) {
  occ_grant *grant = occ_grants_revoking(&self->grants, place->refreshes);
  if (grant == NULL || grant->revocation[OCC_TOKEN_REFRESH].stage != OCC_REVOCATION_REFRESHING ||
      place->earlier != occ_grant_fingerprint(grant)) {
    return false;
  }
  const bool is_refused = status == OCC_STATUS_INVALID_CREDENTIALS;
  if (status != OCC_STATUS_OK && !is_refused) {
    /* There is no other bearer: the revocation is sent with the one that the grant has. */
    grant->revocation[OCC_TOKEN_REFRESH].stage = OCC_REVOCATION_QUEUED;
    occ_grant_settle(place);
    return true;
  }
  if (is_refused) {
    occ_grant_settle(place);
  } else {
    occ_grant_inherit(place, grant);
    place->role = OCC_ROLE_STRAY;
    place->is_final = true;
  }
  for (uint32_t token = OCC_TOKEN_REFRESH; token >= OCC_TOKEN_ACCESS; token--) {
    if (is_waiting(&grant->revocation[token])) {
      if (is_refused) {
        occ_host_revoked(grant->owner, token, OCC_OUTCOME_ALREADY_INVALID, http_status);
      }
      settle(self, grant, (occ_token)token);
    }
  }
  return true;
}

static double due(const occ_revocation *self, double now) {
  return self->stage == OCC_REVOCATION_QUEUED && self->not_before > now ? self->not_before : 0;
}

double occ_revocation_due(const occ_session *self) {
  double first = 0;
  for (size_t i = 0; i < OCC_PLACES; i++) {
    const occ_grant *grant = &self->grants.at[i];
    first = occ_grant_earlier(first, due(&grant->revocation[OCC_TOKEN_REFRESH], self->now));
    first = occ_grant_earlier(first, due(&grant->revocation[OCC_TOKEN_ACCESS], self->now));
  }
  return first;
}
