#include "revocation.h"

#include "form.h"
#include "number.h"
#include "occ_host.h"

/* R18: how long to wait before another try, in milliseconds. */
#define RETRY_AFTER 2000.0
#define RETRY_AFTER_MAX 30000.0

static void queue(occ_session *self, occ_grant *grant, occ_token token) {
  grant->revocation[token] = OCC_REVOCATION_QUEUED;
  grant->tries_left[token] = self->options.retries;
  self->revoking++;
}

void occ_revocation_begin(occ_session *self, occ_grant *grant) {
  if (!self->options.revoke) {
    occ_grant_settle(grant);
    return;
  }
  grant->slot = OCC_SLOT_REVOKING;
  queue(self, grant, OCC_TOKEN_ACCESS);
  if (grant->refresh_length > 0) {
    queue(self, grant, OCC_TOKEN_REFRESH);
  }
}

static bool is_due(const occ_session *self, const occ_grant *grant, occ_token token, double now) {
  if (grant->revocation[token] != OCC_REVOCATION_QUEUED) {
    return false;
  }
  const bool in_turn =
    token == OCC_TOKEN_REFRESH || grant->revocation[OCC_TOKEN_REFRESH] == OCC_REVOCATION_SETTLED;
  return self->is_leaving || (in_turn && now >= grant->not_before[token]);
}

/* RFC 7009 section 2.1. */
static void send(occ_session *self, occ_grant *grant, occ_token token) {
  const bool is_refresh = token == OCC_TOKEN_REFRESH;
  occ_writer *form = occ_session_output(self);
  occ_form_add(form, OCC_TEXT("token"),
               is_refresh ? occ_grant_refresh(grant) : occ_grant_access(grant));
  occ_form_add(form, OCC_TEXT("token_type_hint"),
               is_refresh ? OCC_TEXT("refresh_token") : OCC_TEXT("access_token"));
  grant->revocation[token] = OCC_REVOCATION_SENT;
  grant->revoked_by[token] =
    occ_session_send(self, OCC_REQUEST_REVOKE, grant->owner,
                     self->options.bearer ? occ_grant_authorization(grant) : OCC_TEXT(""));
}

void occ_revocation_send(occ_session *self, double now) {
  for (size_t i = 0; i < OCC_PLACES; i++) {
    occ_grant *grant = &self->grants.at[i];
    if (is_due(self, grant, OCC_TOKEN_REFRESH, now)) {
      send(self, grant, OCC_TOKEN_REFRESH);
    }
    if (is_due(self, grant, OCC_TOKEN_ACCESS, now)) {
      send(self, grant, OCC_TOKEN_ACCESS);
    }
  }
}

static occ_outcome outcome_of(occ_delivery delivery, uint32_t http_status) {
  if (delivery == OCC_DELIVERY_TIMED_OUT) {
    return OCC_OUTCOME_TIMED_OUT;
  }
  if (delivery == OCC_DELIVERY_UNREACHABLE) {
    return OCC_OUTCOME_UNREACHABLE;
  }
  if (delivery == OCC_DELIVERY_REDIRECTED || http_status == 404 ||
      (http_status >= 300 && http_status <= 399)) {
    return OCC_OUTCOME_UNSUPPORTED;
  }
  if (http_status == 401) {
    return OCC_OUTCOME_ALREADY_INVALID;
  }
  if (http_status >= 200 && http_status <= 299) {
    return OCC_OUTCOME_REVOKED;
  }
  return http_status >= 500 ? OCC_OUTCOME_SERVER_ERROR : OCC_OUTCOME_REJECTED;
}

static bool may_pass(occ_outcome outcome, uint32_t http_status) {
  return outcome == OCC_OUTCOME_UNREACHABLE || http_status == 429 || http_status == 503;
}

static void try_again(occ_grant *grant, occ_token token, double now, double retry_after) {
  const double wanted = retry_after > 0 ? retry_after : RETRY_AFTER;
  grant->tries_left[token]--;
  grant->revocation[token] = OCC_REVOCATION_QUEUED;
  grant->not_before[token] = now + (wanted < RETRY_AFTER_MAX ? wanted : RETRY_AFTER_MAX);
}

static void settle(occ_session *self, occ_grant *grant, occ_token token, occ_outcome outcome,
                   uint32_t http_status) {
  occ_host_revoked(grant->owner, token, outcome, http_status);
  self->revoking--;
  grant->revocation[token] = OCC_REVOCATION_SETTLED;
  if (token == OCC_TOKEN_REFRESH) {
    occ_wipe(grant->refresh, grant->refresh_length);
    grant->refresh_length = 0;
  }
  if (grant->revocation[OCC_TOKEN_ACCESS] == OCC_REVOCATION_SETTLED &&
      grant->revocation[OCC_TOKEN_REFRESH] == OCC_REVOCATION_SETTLED) {
    occ_grant_settle(grant);
  }
}

/* Which token of the grant this request was to revoke, 0 if it was none. */
static uint32_t revoked_by(const occ_grant *grant, uint32_t request) {
  if (grant->revoked_by[OCC_TOKEN_ACCESS] == request) {
    return OCC_TOKEN_ACCESS;
  }
  return grant->revoked_by[OCC_TOKEN_REFRESH] == request ? OCC_TOKEN_REFRESH : 0;
}

static void completed(occ_session *self, double now, occ_grant *grant, occ_token token,
                      occ_delivery delivery, uint32_t http_status, double retry_after) {
  const occ_outcome outcome = outcome_of(delivery, http_status);
  grant->revoked_by[token] = 0;
  if (may_pass(outcome, http_status) && grant->tries_left[token] > 0) {
    try_again(grant, token, now, retry_after);
    return;
  }
  settle(self, grant, token, outcome, http_status);
}

bool occ_revocation_completed(occ_session *self, double now, uint32_t request,
                              occ_delivery delivery, uint32_t http_status, double retry_after) {
  for (size_t i = 0; i < OCC_PLACES; i++) {
    occ_grant *grant = &self->grants.at[i];
    const uint32_t token = revoked_by(grant, request);
    if (token != 0) {
      completed(self, now, grant, (occ_token)token, delivery, http_status, retry_after);
      return true;
    }
  }
  return false;
}

static double due(const occ_grant *grant, occ_token token, double now) {
  const double at = grant->not_before[token];
  return grant->revocation[token] == OCC_REVOCATION_QUEUED && at > now ? at : 0;
}

double occ_revocation_due(const occ_session *self, double now) {
  double first = 0;
  for (size_t i = 0; i < OCC_PLACES; i++) {
    const occ_grant *grant = &self->grants.at[i];
    first = occ_number_earlier(first, due(grant, OCC_TOKEN_REFRESH, now));
    first = occ_number_earlier(first, due(grant, OCC_TOKEN_ACCESS, now));
  }
  return first;
}
