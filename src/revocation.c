#include "revocation.h"

#include "form.h"
#include "occ_host.h"

/* R18: how long to wait before another try, in milliseconds. */
#define RETRY_AFTER 2000.0
#define RETRY_AFTER_MAX 30000.0

/* R11: the order in which the tokens of a grant are revoked. */
static const occ_token order[] = {OCC_TOKEN_REFRESH, OCC_TOKEN_ACCESS};
enum { ORDER_LENGTH = 2 };

static void queue(occ_grant *grant, occ_token token, uint32_t retries) {
  grant->revocation[token] = OCC_REVOCATION_QUEUED;
  grant->tries_left[token] = retries;
}

void occ_revocation_begin(occ_session *self, occ_grant *grant) {
  if (!self->options.revoke) {
    occ_grant_settle(grant);
    return;
  }
  grant->slot = OCC_SLOT_REVOKING;
  queue(grant, OCC_TOKEN_ACCESS, self->options.retries);
  if (grant->refresh_length > 0) {
    queue(grant, OCC_TOKEN_REFRESH, self->options.retries);
  }
}

static bool is_due(const occ_session *self, const occ_grant *grant, occ_token token, double now) {
  if (grant->revocation[token] != OCC_REVOCATION_QUEUED) {
    return false;
  }
  const bool in_turn = token == OCC_TOKEN_REFRESH ||
                       grant->revocation[OCC_TOKEN_REFRESH] == OCC_REVOCATION_SETTLED;
  return self->is_leaving || (in_turn && now >= grant->not_before[token]);
}

/* RFC 7009 section 2.1. */
static void send(occ_session *self, occ_grant *grant, occ_token token) {
  const bool is_refresh = token == OCC_TOKEN_REFRESH;
  occ_writer body = {.at = self->output, .size = sizeof self->output};
  occ_form_add(&body, OCC_TEXT("token"),
               is_refresh ? occ_grant_refresh(grant) : occ_grant_access(grant));
  occ_form_add(&body, OCC_TEXT("token_type_hint"),
               is_refresh ? OCC_TEXT("refresh_token") : OCC_TEXT("access_token"));
  occ_form_add(&body, OCC_TEXT("client_id"),
               occ_option_text(occ_options_client_id(&self->options, grant->owner)));
  occ_form_add_if_any(&body, OCC_TEXT("client_secret"),
                      occ_option_text(occ_options_client_secret(&self->options, grant->owner)));
  const occ_text authorization =
    self->options.bearer ? occ_grant_authorization(grant) : OCC_TEXT("");

  grant->revocation[token] = OCC_REVOCATION_SENT;
  grant->revoked_by[token] = ++self->requests;
  occ_host_request(self->requests, OCC_REQUEST_REVOKE, authorization.at, authorization.length,
                   body.at, body.used);
  occ_wipe(body.at, body.used);
}

void occ_revocation_send(occ_session *self, double now) {
  for (size_t i = 0; i < OCC_PLACES; i++) {
    occ_grant *grant = &self->grants.at[i];
    for (size_t k = 0; k < ORDER_LENGTH; k++) {
      if (is_due(self, grant, order[k], now)) {
        send(self, grant, order[k]);
      }
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
  self->notices.outcome = outcome;
  self->notices.outcome_owner = grant->owner;
  self->notices.outcome_token = token;
  self->notices.outcome_status = http_status;
  grant->revocation[token] = OCC_REVOCATION_SETTLED;
  grant->revoked_by[token] = 0;
  if (token == OCC_TOKEN_REFRESH) {
    occ_wipe(grant->refresh, grant->refresh_length);
    grant->refresh_length = 0;
  }
  if (grant->revocation[OCC_TOKEN_ACCESS] == OCC_REVOCATION_SETTLED &&
      grant->revocation[OCC_TOKEN_REFRESH] == OCC_REVOCATION_SETTLED) {
    occ_grant_settle(grant);
  }
}

static bool find(occ_session *self, uint32_t request, occ_grant **grant, occ_token *token) {
  for (size_t i = 0; i < OCC_PLACES; i++) {
    for (size_t k = 0; k < ORDER_LENGTH; k++) {
      if (self->grants.at[i].revoked_by[order[k]] == request) {
        *grant = &self->grants.at[i];
        *token = order[k];
        return true;
      }
    }
  }
  return false;
}

bool occ_revocation_completed(occ_session *self, double now, uint32_t request,
                              occ_delivery delivery, uint32_t http_status, double retry_after) {
  occ_grant *grant = NULL;
  occ_token token = OCC_TOKEN_ACCESS;
  if (!find(self, request, &grant, &token)) {
    return false;
  }
  const occ_outcome outcome = outcome_of(delivery, http_status);
  if (may_pass(outcome, http_status) && grant->tries_left[token] > 0) {
    grant->revoked_by[token] = 0;
    try_again(grant, token, now, retry_after);
    return true;
  }
  settle(self, grant, token, outcome, http_status);
  return true;
}

uint32_t occ_revocation_count(const occ_session *self) {
  uint32_t count = 0;
  for (size_t i = 0; i < OCC_PLACES; i++) {
    for (size_t k = 0; k < ORDER_LENGTH; k++) {
      count += self->grants.at[i].revocation[order[k]] != OCC_REVOCATION_SETTLED;
    }
  }
  return count;
}

double occ_revocation_due(const occ_session *self, double now) {
  double due = 0;
  for (size_t i = 0; i < OCC_PLACES; i++) {
    const occ_grant *grant = &self->grants.at[i];
    for (size_t k = 0; k < ORDER_LENGTH; k++) {
      const double at = grant->not_before[order[k]];
      if (grant->revocation[order[k]] == OCC_REVOCATION_QUEUED && at > now &&
          (due == 0 || at < due)) {
        due = at;
      }
    }
  }
  return due;
}
