/*
 * The one file that knows WebAssembly: the exports of the module, each the core's function of the
 * same name for the one session of this instance. The host functions (occ_host.h) are its imports.
 */
#include "session_struct.h"

#define EXPORT(type, name, ...)                                                                    \
  __attribute__((export_name(#name))) type export_##name(__VA_ARGS__);                             \
  type export_##name(__VA_ARGS__)

static occ_session session;

EXPORT(char *, occ_input, void) {
  return occ_session_input(&session);
}

EXPORT(uint32_t, occ_open, double now, uint32_t nonce, uint32_t flags, uint32_t retries,
       uint32_t identity, uint32_t client_id, uint32_t client_secret, uint32_t agent_client_id,
       uint32_t agent_client_secret, uint32_t scope) {
  const uint32_t lengths[OCC_OPTION_END] = {
    identity, client_id, client_secret, agent_client_id, agent_client_secret, scope,
  };
  return occ_session_open(&session, now, nonce, flags, retries, lengths);
}

EXPORT(uint32_t, occ_close, void) {
  return occ_session_close(&session);
}

EXPORT(uint32_t, occ_sign_in, double now, uint32_t owner, uint32_t attempt, uint32_t username,
       uint32_t password, uint32_t customer_id) {
  return occ_session_sign_in(&session, now, (occ_owner)owner, attempt, username, password,
                             customer_id);
}

EXPORT(uint32_t, occ_cancel, double now, uint32_t attempt) {
  return occ_session_cancel(&session, now, attempt);
}

EXPORT(uint32_t, occ_emulate, double now, uint32_t length) {
  return occ_session_emulate(&session, now, length);
}

EXPORT(uint32_t, occ_sign_out, double now) {
  return occ_session_sign_out(&session, now);
}

EXPORT(uint32_t, occ_sign_out_agent, double now) {
  return occ_session_sign_out_agent(&session, now);
}

EXPORT(uint32_t, occ_authorization, double now) {
  return occ_session_authorization(&session, now);
}

EXPORT(uint32_t, occ_renew, double now, uint32_t certain, uint32_t length) {
  return occ_session_renew(&session, now, certain != 0, length);
}

EXPORT(uint32_t, occ_completed, double now, uint32_t request, uint32_t delivery,
       uint32_t http_status, double retry_after, uint32_t length) {
  return occ_session_completed(&session, now, request, (occ_delivery)delivery, http_status,
                               retry_after, length);
}

EXPORT(uint32_t, occ_alarm, double now, double at) {
  return occ_session_alarm(&session, now, at);
}

EXPORT(uint32_t, occ_leave, double now) {
  return occ_session_leave(&session, now);
}

EXPORT(uint32_t, occ_adopt, double now, uint32_t length) {
  return occ_session_adopt(&session, now, length);
}

EXPORT(uint32_t, occ_ended, double now, double number, double issued) {
  return occ_session_ended(&session, now, number, issued);
}

EXPORT(uint32_t, occ_wanted, double now, double number, double issued) {
  return occ_session_wanted(&session, now, number, issued);
}

EXPORT(uint32_t, occ_heard, double now, uint32_t is_answer, uint32_t length) {
  return occ_session_heard(&session, now, is_answer != 0, length);
}
