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

EXPORT(void, occ_text, uint32_t parameter, uint32_t length) {
  occ_session_text(&session, (occ_parameter)parameter, length);
}

EXPORT(uint32_t, occ_open, double now, uint32_t nonce, uint32_t flags, uint32_t retries) {
  return occ_session_open(&session, now, nonce, flags, retries);
}

EXPORT(uint32_t, occ_close, void) {
  return occ_session_close(&session);
}

EXPORT(uint32_t, occ_sign_in, double now, uint32_t owner, uint32_t attempt) {
  return occ_session_sign_in(&session, now, (occ_owner)owner, attempt);
}

EXPORT(uint32_t, occ_cancel, double now, uint32_t attempt) {
  return occ_session_cancel(&session, now, attempt);
}

EXPORT(uint32_t, occ_emulate, double now) {
  return occ_session_emulate(&session, now);
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

EXPORT(uint32_t, occ_renew, double now, uint32_t certain) {
  return occ_session_renew(&session, now, certain != 0);
}

EXPORT(uint32_t, occ_completed, double now, uint32_t request, uint32_t delivery,
       uint32_t http_status, double retry_after) {
  return occ_session_completed(&session, now, request, (occ_delivery)delivery, http_status,
                               retry_after);
}

EXPORT(uint32_t, occ_alarm, double now, double at) {
  return occ_session_alarm(&session, now, at);
}

EXPORT(uint32_t, occ_leave, double now) {
  return occ_session_leave(&session, now);
}

EXPORT(uint32_t, occ_adopt, double now) {
  return occ_session_adopt(&session, now);
}

EXPORT(uint32_t, occ_ended, double now, double number, double issued) {
  return occ_session_ended(&session, now, number, issued);
}

EXPORT(uint32_t, occ_wanted, double now, double number, double issued) {
  return occ_session_wanted(&session, now, number, issued);
}

EXPORT(uint32_t, occ_heard, double now, uint32_t is_answer) {
  return occ_session_heard(&session, now, is_answer != 0);
}
