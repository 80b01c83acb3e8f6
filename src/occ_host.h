/*
 * The host functions: the effects of the core. The wasm build imports them under these names, the C
 * tests define them.
 *
 * They are called while the core is at work, and only take note: the host carries the effects out
 * when the call into the core has returned, in the order in which they came, since by then the
 * session is consistent. Effects on the storage and the state come before requests. None may call
 * the core (it would get OCC_STATUS_REENTERED), and none may wait.
 *
 * Every pointer belongs to the core and is valid until the function returns; the core then wipes
 * the text. Texts are not terminated by a zero.
 */
#ifndef OCC_HOST_H
#define OCC_HOST_H

#include <stddef.h>
#include <stdint.h>

/* Store this snapshot in place of the one before; length 0: store none. The host is free to fail.
 * renewed: not 0 if a refresh has given new tokens, which other tabs that hold the grant want
 * (R31).
 */
void occ_host_save(uint32_t renewed, const char *snapshot, size_t length);

/* The grant with this number is being revoked, with tokens that a refresh issued at that time (0: a
 * sign-in). Tell the tabs that may hold the same one, in the order in which grants end. */
void occ_host_ended(double number, double issued);

/* The access token of the grant with this number is dead, and no way is known here to refresh it.
 * Ask the other tabs for newer tokens than those that were issued at that time (R31). */
void occ_host_wanted(double number, double issued);

/* The state has changed. If another tab has signed in another user in place of the last one, the
 * anonymous state in between is announced too, since the two may look alike. state: occ_state.
 * expires_at: epoch milliseconds of the active access token, 0 if there is none or it is not known.
 * revoking: tokens whose revocation is not settled. user_id: the user's id in OCC URLs.
 */
void occ_host_state(uint32_t state, double expires_at, uint32_t revoking, const char *user_id,
                    size_t length);

/* A sign-in has ended. status: OCC_STATUS_OK, or why not. */
void occ_host_signed_in(uint32_t attempt, uint32_t status);

/* Every request that waits since OCC_STATUS_WAIT may be retried with this Authorization header;
 * length 0: it must not be retried. */
void occ_host_renewed(const char *authorization, size_t length);

/* The session of this owner (occ_owner) has ended, since the server no longer accepts its token. */
void occ_host_expired(uint32_t owner);

/* A revocation has settled. owner: occ_owner, token: occ_token, outcome: occ_outcome. */
void occ_host_revoked(uint32_t owner, uint32_t token, uint32_t outcome, uint32_t http_status);

/* Begin a POST with this form-encoded body. purpose: occ_request. authorization: the value of that
 * header, length 0: none. request is a number for occ_session_completed, which must be called once
 * for it, and later. */
void occ_host_request(uint32_t request, uint32_t purpose, const char *authorization,
                      size_t authorization_length, const char *body, size_t body_length);

/* Call occ_session_alarm at this time (epoch milliseconds), and forget the time given before;
 * 0: none. */
void occ_host_alarm(double at);

/* The answer to occ_session_authorization and to OCC_STATUS_RESEND. */
void occ_host_authorization(const char *authorization, size_t length);

#endif
