/*
 * Reads any answer of a token endpoint. The first bytes give its delivery, its status, its time,
 * and whether the place has tokens already (a refresh that the server answers twice); the rest is
 * the body.
 */
#include "fuzz.h"
#include "token_response.h"

enum { HAS_TOKENS = 1 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const uint32_t statuses[] = {200, 201, 299, 300, 302, 400, 401, 404, 429, 500, 503, 0};
  fuzz_bytes bytes = {data, size};
  const occ_delivery delivery = (occ_delivery)fuzz_byte(&bytes);
  const uint8_t status = fuzz_byte(&bytes);
  const uint8_t flags = fuzz_byte(&bytes);
  const double now = 1e9 * fuzz_byte(&bytes);
  const uint32_t http_status =
    status < sizeof statuses / sizeof *statuses ? statuses[status] : 2U * status;

  occ_grant grant = {.role = OCC_ROLE_AWAITED, .owner = OCC_OWNER_CUSTOMER, .number = 7};
  if (flags & HAS_TOKENS) {
    MUST(occ_grant_put(&grant, OCC_TEXT("old-access"), OCC_TEXT("old-refresh")) == OCC_STATUS_OK);
  }
  const occ_grant before = grant;

  /* The copy is allocated, so a read beyond the zero behind it is detected. */
  const size_t length = bytes.left;
  char *body = calloc(length + 1, 1);
  fuzz_copy(&bytes, body, length);
  const occ_status result =
    occ_token_response_read(&grant, now, delivery, http_status, (occ_text){body, length});
  free(body);

  MUST(fuzz_arena_is_wiped());
  switch (result) {
  case OCC_STATUS_OK:
    MUST(delivery != OCC_DELIVERY_REDIRECTED && delivery != OCC_DELIVERY_UNREACHABLE);
    MUST(delivery != OCC_DELIVERY_TIMED_OUT && delivery != OCC_DELIVERY_TOO_LARGE);
    MUST(http_status >= 200 && http_status <= 299);
    break;
  case OCC_STATUS_INVALID_CREDENTIALS:
  case OCC_STATUS_CLIENT_REFUSED:
    MUST(http_status == 400 || http_status == 401);
    break;
  case OCC_STATUS_UNREACHABLE:
    MUST(delivery == OCC_DELIVERY_UNREACHABLE || delivery == OCC_DELIVERY_TIMED_OUT);
    break;
  case OCC_STATUS_SERVER_ERROR:
    MUST(http_status == 429 || http_status >= 500);
    break;
  default:
    MUST(result == OCC_STATUS_TOKEN_TOO_LARGE || result == OCC_STATUS_UNEXPECTED_RESPONSE);
  }
  if (result != OCC_STATUS_OK) {
    MUST(fuzz_is_same(&grant, &before, sizeof grant));
    return 0;
  }
  const occ_text access = occ_grant_access(&grant);
  MUST(grant.role == before.role && grant.owner == before.owner && grant.number == before.number);
  MUST(access.length > 0 && access.length <= OCC_TOKEN_MAX && occ_text_is_visible(access));
  MUST(memcmp(grant.authorization, "Bearer ", OCC_BEARER_LENGTH) == 0);
  MUST(grant.authorization_length == 0 ||
       grant.authorization_length == OCC_BEARER_LENGTH + access.length);
  MUST(fuzz_is_zero(access.at + access.length, OCC_TOKEN_MAX - access.length));
  MUST(grant.refresh_length <= OCC_TOKEN_MAX);
  MUST(fuzz_is_zero(grant.refresh + grant.refresh_length, OCC_TOKEN_MAX - grant.refresh_length));
  MUST(grant.expires_at == 0 || (grant.expires_at >= now && grant.expires_at <= now + 1e13));
  MUST(grant.renew_at == 0 || grant.renew_at == grant.expires_at);
  return 0;
}
