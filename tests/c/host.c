#include "host.h"

#include <stdio.h>
#include <string.h>

#include "occ_host.h"

host_record host;
occ_session session;
void (*host_inside)(void);

static void note(const char *call) {
  const size_t used = strlen(host.order);
  const size_t length = strlen(call);
  if (used + length + 2 <= sizeof host.order) {
    memcpy(host.order + used, call, length);
    memcpy(host.order + used + length, " ", 2);
  }
  if (host_inside != NULL) {
    host_inside();
  }
}

/* Appends to the outcomes, as far as there is room. */
static void note_outcome(uint32_t token, uint32_t outcome, uint32_t http_status) {
#define NAME(name, number, text) [number] = text,
  static const char *const tokens[] = {OCC_TOKENS(NAME)};
  static const char *const outcomes[] = {OCC_OUTCOMES(NAME)};
#undef NAME
  const size_t used = strlen(host.outcomes);
  (void)snprintf(host.outcomes + used, sizeof host.outcomes - used, "%s %s %u, ", tokens[token],
                 outcomes[outcome], http_status);
}

static void keep(host_text *text, const char *from, size_t length) {
  text->length = length < sizeof text->at ? length : sizeof text->at - 1;
  if (length > 0) {
    memcpy(text->at, from, text->length);
  }
  text->at[text->length] = '\0';
}

void occ_host_save(uint32_t renewed, const char *snapshot, size_t length) {
  host.saves++;
  host.saved_renewed = renewed;
  keep(&host.saved, snapshot, length);
  note("save");
}

void occ_host_wanted(double number, double issued) {
  host.wanted++;
  host.wanted_number = number;
  host.wanted_issued = issued;
  note("wanted");
}

void occ_host_ended(double number, double issued) {
  if (host.endings < HOST_ENDED_MAX) {
    host.ended[host.endings] = number;
    host.ended_issued[host.endings] = issued;
  }
  host.endings++;
  note("ended");
}

void occ_host_state(uint32_t state, double expires_at, uint32_t revoking, const char *user_id,
                    size_t length) {
  host.states++;
  host.state_before = host.state;
  host.state = state;
  host.expires_before = host.expires_at;
  host.expires_at = expires_at;
  host.revoking = revoking;
  keep(&host.user_id, user_id, length);
  note("state");
}

void occ_host_signed_in(uint32_t attempt, uint32_t status) {
  host.sign_ins++;
  host.attempt = attempt;
  host.sign_in_status = status;
  note("signed_in");
}

void occ_host_renewed(const char *authorization, size_t length) {
  host.renewals++;
  keep(&host.renewed, authorization, length);
  note("renewed");
}

void occ_host_expired(uint32_t owner) {
  host.expiries++;
  host.expired = owner;
  note("expired");
}

void occ_host_revoked(uint32_t owner, uint32_t token, uint32_t outcome, uint32_t http_status) {
  host.revocations++;
  host.revoked_owner = owner;
  host.revoked_token = token;
  host.outcome = outcome;
  host.outcome_status = http_status;
  note_outcome(token, outcome, http_status);
  note("revoked");
}

void occ_host_request(uint32_t request, uint32_t purpose, const char *authorization,
                      size_t authorization_length, const char *body, size_t body_length) {
  if (host.request_count < HOST_REQUESTS_MAX) {
    host_request *kept = &host.requests[host.request_count];
    kept->number = request;
    kept->purpose = purpose;
    keep(&kept->authorization, authorization, authorization_length);
    keep(&kept->body, body, body_length);
  }
  host.request_count++;
  note("request");
}

void occ_host_alarm(double at) {
  host.alarms++;
  host.alarm = at;
  note("alarm");
}

void occ_host_authorization(const char *authorization, size_t length) {
  host.headers++;
  keep(&host.header, authorization, length);
  note("authorization");
}

void host_forget(void) {
  host.saves = 0;
  host.endings = 0;
  memset(host.ended, 0, sizeof host.ended);
  host.wanted = 0;
  host.states = 0;
  host.sign_ins = 0;
  host.attempt = 0;
  host.sign_in_status = 0;
  host.renewals = 0;
  keep(&host.renewed, "", 0);
  host.expiries = 0;
  host.expired = 0;
  host.revocations = 0;
  host.outcome = 0;
  host.alarms = 0;
  host.headers = 0;
  keep(&host.header, "", 0);
  host.request_count = 0;
  host.order[0] = '\0';
}

void host_give(occ_parameter parameter, const char *text) {
  const size_t length = strlen(text);
  if (length <= OCC_INPUT_MAX - session.input_used) {
    memcpy(occ_session_input(&session) + session.input_used, text, length);
  }
  occ_session_text(&session, parameter, length);
}

occ_status host_open(const host_options *options) {
  const char *texts[OCC_OPTION_END] = {
    [OCC_OPTION_IDENTITY] = options->identity,
    [OCC_OPTION_CLIENT_ID] = options->client_id,
    [OCC_OPTION_CLIENT_SECRET] = options->client_secret,
    [OCC_OPTION_AGENT_CLIENT_ID] = options->agent_client_id,
    [OCC_OPTION_AGENT_CLIENT_SECRET] = options->agent_client_secret,
    [OCC_OPTION_SCOPE] = options->scope,
  };
  for (size_t i = 0; i < OCC_OPTION_END; i++) {
    host_give((occ_parameter)i, texts[i] != NULL ? texts[i] : "");
  }
  return occ_session_open(&session, 0, options->nonce, options->flags, options->retries);
}

occ_status host_open_new(const host_options *options) {
  memset(&session, 0, sizeof session);
  host_forget();
  host.state = OCC_STATE_ANONYMOUS;
  host.expires_at = 0;
  host.revoking = 0;
  host.alarm = 0;
  host.outcomes[0] = '\0';
  keep(&host.saved, "", 0);
  keep(&host.user_id, "anonymous", 9);
  return host_open(options);
}

occ_status host_sign_in(double now, occ_owner owner, uint32_t attempt, const char *username,
                        const char *password, const char *customer_id) {
  host_give(OCC_PARAMETER_USERNAME, username);
  host_give(OCC_PARAMETER_PASSWORD, password);
  host_give(OCC_PARAMETER_CUSTOMER_ID, customer_id);
  return occ_session_sign_in(&session, now, owner, attempt);
}

occ_status host_emulate(double now, const char *customer_id) {
  host_give(OCC_PARAMETER_CUSTOMER_ID, customer_id);
  return occ_session_emulate(&session, now);
}

occ_status host_renew(double now, const char *header) {
  host_give(OCC_PARAMETER_AUTHORIZATION, header);
  return occ_session_renew(&session, now, true);
}

occ_status host_renew_unsure(double now, const char *header) {
  host_give(OCC_PARAMETER_AUTHORIZATION, header);
  return occ_session_renew(&session, now, false);
}

occ_status host_hear(double now, bool is_answer, const char *snapshot) {
  host_give(OCC_PARAMETER_SNAPSHOT, snapshot);
  return occ_session_heard(&session, now, is_answer);
}

occ_status host_adopt(double now, const char *snapshot) {
  host_give(OCC_PARAMETER_SNAPSHOT, snapshot);
  return occ_session_adopt(&session, now);
}

const char *host_authorization(void) {
  keep(&host.header, "", 0);
  (void)occ_session_authorization(&session, 0);
  return host.header.at;
}

occ_status host_answer(double now, uint32_t request, uint32_t http_status, const char *body) {
  host_give(OCC_PARAMETER_BODY, body);
  return occ_session_completed(&session, now, request, OCC_DELIVERY_ANSWERED, http_status, 0);
}

occ_status host_fail(double now, uint32_t request, occ_delivery delivery) {
  return occ_session_completed(&session, now, request, delivery, 0, 0);
}

const host_request *host_last_request(void) {
  static const host_request none;
  const unsigned count = host.request_count;
  return count > 0 && count <= HOST_REQUESTS_MAX ? &host.requests[count - 1] : &none;
}

bool host_remembers(const char *text) {
  const char *at = (const char *)&session;
  const char *end = at + sizeof session;
  const size_t length = strlen(text);
  while ((at = memchr(at, text[0], (size_t)(end - at))) != NULL) {
    if ((size_t)(end - at) >= length && memcmp(at, text, length) == 0) {
      return true;
    }
    at++;
  }
  return false;
}
