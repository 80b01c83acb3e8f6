/*
 * Opens a session with any lengths of the options and any input: it opens, or is refused and can
 * still be opened. The options that it keeps are those that a sign-in sends.
 */
#include "fuzz.h"
#include "host.h"

/* Decodes a byte of a form, and moves to the next one. */
static char decoded(const char **at) {
  static const char hex[] = "0123456789ABCDEF";
  const char byte = *(*at)++;
  if (byte == '+') {
    return ' ';
  }
  if (byte != '%') {
    return byte;
  }
  const char *high = strchr(hex, *(*at)++);
  const char *low = strchr(hex, *(*at)++);
  MUST(high != NULL && low != NULL);
  return (char)((high - hex) << 4 | (low - hex));
}

/* True if a form has this name with this value; for an empty value, if it does not have the name.
 */
static bool sends(const char *form, const char *name, occ_text value) {
  const char *at = strstr(form, name);
  if (at == NULL) {
    return value.length == 0;
  }
  at += strlen(name);
  for (size_t i = 0; i < value.length; i++) {
    if (*at == '\0' || *at == '&' || decoded(&at) != value.at[i]) {
      return false;
    }
  }
  return value.length > 0 && (*at == '\0' || *at == '&');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static char input[OCC_INPUT_MAX];
  fuzz_bytes bytes = {data, size};
  uint32_t lengths[OCC_OPTION_END];
  occ_text texts[OCC_OPTION_END];
  const double now = fuzz_double(&bytes);
  const uint32_t flags = fuzz_number(&bytes);
  const uint32_t retries = fuzz_number(&bytes);
  fuzz_copy(&bytes, lengths, sizeof lengths);
  fuzz_copy(&bytes, input, sizeof input);
  memset(&session, 0, sizeof session);
  host_forget();
  memcpy(occ_session_input(&session), input, sizeof input);
  bool fits = true;
  bool has_text = false;
  size_t used = 0;
  for (size_t i = 0; i < OCC_OPTION_END; i++) {
    fits = fits && lengths[i] <= OCC_OPTION_MAX;
    has_text = has_text || lengths[i] > 0;
    texts[i] = (occ_text){input + used, fits ? lengths[i] : 0};
    used += texts[i].length;
    occ_session_text(&session, (occ_parameter)i, lengths[i]);
  }
  const occ_status status = occ_session_open(&session, now, 1, flags, retries);
  if (!has_text) {
    /* What has no name is left in the input. */
    memset(session.input, 0, sizeof session.input);
  }
  MUST(fuzz_is_zero(session.input, sizeof session.input));
  MUST(host.order[0] == '\0');
  if (!fits) {
    MUST(status == OCC_STATUS_BAD_LENGTH);
    MUST(fuzz_is_zero(&session, sizeof session));
    return 0;
  }
  if (!(now >= 0 && now <= 1e15)) {
    MUST(status == OCC_STATUS_BAD_TIME);
    MUST(fuzz_is_zero(&session, sizeof session));
    return 0;
  }
  if (lengths[OCC_OPTION_CLIENT_ID] == 0 || lengths[OCC_OPTION_AGENT_CLIENT_ID] == 0) {
    MUST(status == OCC_STATUS_INVALID_OPTIONS);
    MUST(occ_session_sign_out(&session, now) == OCC_STATUS_NOT_OPEN);
    MUST(host_open(&(host_options){.client_id = "shop", .agent_client_id = "desk"}) ==
         OCC_STATUS_OK);
    return 0;
  }
  MUST(status == OCC_STATUS_OK);

  const bool is_agent = flags & 1;
  const size_t client = is_agent ? OCC_OPTION_AGENT_CLIENT_ID : OCC_OPTION_CLIENT_ID;
  MUST(host_sign_in(now, is_agent ? OCC_OWNER_AGENT : OCC_OWNER_CUSTOMER, 1, "user", "password",
                    "") == OCC_STATUS_OK);
  MUST(host.request_count == 1);
  const char *form = host.requests[0].body.at;
  MUST(sends(form, "&client_id=", texts[client]));
  MUST(sends(form, "&client_secret=", texts[client + 1]));
  MUST(sends(form, "&scope=", texts[OCC_OPTION_SCOPE]));

  /* A session that is already open stays as it is. */
  const occ_session before = session;
  MUST(host_open(&(host_options){.client_id = "other", .agent_client_id = "other"}) ==
       OCC_STATUS_OK);
  MUST(fuzz_is_same(&before, &session, sizeof session));
  MUST(occ_session_close(&session) == OCC_STATUS_OK);
  return 0;
}
