#include "token_response.h"

#include "json.h"

/* A life time above this many seconds (three centuries) is as good as none. */
#define LIFETIME_MAX 1e10

/* A token that lives shorter than this many seconds is not refreshed of its own accord, but only
 * when a request needs it: an idle page must not keep the server busy. */
#define RENEWED_LIFETIME_MIN 60.0

static bool equal_ignoring_case(occ_text text, occ_text lower_case) {
  if (text.length != lower_case.length) {
    return false;
  }
  for (size_t i = 0; i < text.length; i++) {
    const char byte = text.at[i];
    const char lower = (char)(byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte);
    if (lower != lower_case.at[i]) {
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
  grant->is_bearer = equal_ignoring_case(occ_json_text(response, "token_type"), OCC_TEXT("bearer"));
  const double lifetime = occ_json_number(response, "expires_in");
  if (lifetime > 0 && lifetime <= LIFETIME_MAX) {
    grant->expires_at = now + lifetime * 1000;
  }
  if (lifetime >= RENEWED_LIFETIME_MIN) {
    grant->renew_at = grant->expires_at;
  }
  return OCC_STATUS_OK;
}

/* RFC 6749 section 5.2. A body that is no such error is taken for wrong credentials: SAP Commerce
 * also answers with empty bodies and with HTML. */
static occ_status read_error(const cJSON *response) {
  static const char *const of_the_client[] = {
    "invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
    "invalid_request"};
  const occ_text error = occ_json_text(response, "error");
  for (size_t i = 0; i < sizeof of_the_client / sizeof of_the_client[0]; i++) {
    if (occ_text_equal(error, occ_text_of(of_the_client[i]))) {
      return OCC_STATUS_CLIENT_REFUSED;
    }
  }
  return OCC_STATUS_INVALID_CREDENTIALS;
}

static occ_status read_answer(occ_grant *grant, double now, uint32_t http_status, occ_text body) {
  const cJSON *response = occ_json_parse(body);
  occ_status status = OCC_STATUS_UNEXPECTED_RESPONSE;
  if (http_status == 400 || http_status == 401) {
    status = read_error(response);
  }
  if (http_status >= 200 && http_status <= 299 && response != NULL) {
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
