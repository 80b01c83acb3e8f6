#include "token_response.h"

#include <string.h>

#include "json.h"

/* A life time above this many seconds (three centuries) counts as none. */
#define LIFETIME_MAX 1e10

/* A token with a shorter life time, in seconds, is refreshed only when a request needs it: an idle
 * page must not keep the server busy. */
#define RENEWED_LIFETIME_MIN 60.0

/* RFC 6749 section 5.1: the value is case-insensitive. */
static bool is_bearer(const char *token_type) {
  static const char bearer[] = "bearer";
  for (size_t i = 0; i < sizeof bearer; i++) {
    const char byte = token_type[i];
    const char lower = (char)(byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte);
    if (lower != bearer[i]) {
      return false;
    }
  }
  return true;
}

static occ_status read_tokens(occ_grant *grant, double now, const cJSON *response) {
  const occ_status status = occ_grant_put(grant, occ_json_text(response, "access_token"),
                                          occ_json_text(response, "refresh_token"));
  if (status != OCC_STATUS_OK) {
    return status;
  }
  if (!is_bearer(occ_json_string(response, "token_type"))) {
    grant->authorization_length = 0;
  }
  const double lifetime = occ_json_count(response, "expires_in");
  if (lifetime >= 0 && lifetime <= LIFETIME_MAX) {
    grant->expires_at = now + lifetime * 1000;
  }
  if (lifetime >= RENEWED_LIFETIME_MIN) {
    grant->renew_at = grant->expires_at;
  }
  return OCC_STATUS_OK;
}

/* RFC 6749 section 5.2. A body without an error counts as wrong credentials: SAP Commerce
 * also answers with empty bodies and with HTML. Every other error is about the client. */
static occ_status read_error(const cJSON *response) {
  const char *error = occ_json_string(response, "error");
  if (*error == '\0' || strcmp(error, "invalid_grant") == 0 ||
      strcmp(error, "invalid_token") == 0) {
    return OCC_STATUS_INVALID_CREDENTIALS;
  }
  return OCC_STATUS_CLIENT_REFUSED;
}

static occ_status read_answer(occ_grant *grant, double now, uint32_t http_status, occ_text body) {
  const cJSON *response = occ_json_parse(body);
  occ_status status = OCC_STATUS_UNEXPECTED_RESPONSE;
  if (http_status == 400 || http_status == 401) {
    status = read_error(response);
  }
  if (http_status / 100 == 2 && response != NULL) {
    status = read_tokens(grant, now, response);
  }
  occ_json_release();
  return status;
}

occ_status occ_token_response_read(occ_grant *grant, double now, occ_delivery delivery,
                                   uint32_t http_status, occ_text body) {
  if (delivery == OCC_DELIVERY_UNREACHABLE || delivery == OCC_DELIVERY_TIMED_OUT) {
    return OCC_STATUS_UNREACHABLE;
  }
  if (delivery == OCC_DELIVERY_TOO_LARGE) {
    return OCC_STATUS_TOKEN_TOO_LARGE;
  }
  if (delivery == OCC_DELIVERY_REDIRECTED) {
    return OCC_STATUS_UNEXPECTED_RESPONSE;
  }
  if (http_status == 429 || http_status >= 500) {
    return OCC_STATUS_SERVER_ERROR;
  }
  return read_answer(grant, now, http_status, body);
}
