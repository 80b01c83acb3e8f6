/*
 * occ_session: the session of a SAP Commerce storefront.
 *
 * One occ_session owns the OAuth tokens of one storefront page and decides who is signed in, whose
 * token goes on a request, and which tokens are revoked when somebody signs out.
 *
 * The core does no input or output. Every call is an event that carries the time; the core names
 * its effects through the host functions (occ_host.h), and the host carries them out when the call
 * has returned. Every request that the host begins for the core ends in a later call.
 *
 * Memory is fixed: a session is one struct, nothing is allocated, and memory that may hold a token
 * or a password is wiped as soon as it is no longer needed. Text is a pointer and a length, never
 * terminated by a zero.
 *
 * Text goes in by name: write it into occ_session_input(), and name it with occ_session_text(); the
 * next call is about it. If a text was named, the buffer is wiped before that call returns,
 * whatever its status.
 *
 * Every function returns an occ_status and none traps. Besides those it names, each may return
 *   OCC_STATUS_NOT_OPEN      the session was never opened, or its options were refused
 *   OCC_STATUS_CLOSED        the session is closed
 *   OCC_STATUS_REENTERED     called from within a host function
 *   OCC_STATUS_BAD_TIME      the time is not a number of milliseconds from 0 to 1e15
 *   OCC_STATUS_BAD_LENGTH    a text was too long, or had no name
 * and then nothing has changed.
 */
#ifndef OCC_SESSION_H
#define OCC_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest accepted token, in bytes. */
#ifndef OCC_TOKEN_MAX
#define OCC_TOKEN_MAX 8192
#endif

/* Bytes of the input buffer: a token response of 64 KiB, or the largest snapshot. */
#ifndef OCC_INPUT_MAX
#define OCC_INPUT_MAX 73728
#endif

/* The longest user name, password, option and customer id, in bytes of UTF-8. */
#define OCC_CREDENTIAL_MAX 1024
#define OCC_OPTION_MAX 1024
#define OCC_CUSTOMER_ID_MAX 256

/* The latest accepted time, in epoch milliseconds: the year 33658. */
#define OCC_TIME_MAX 1e15

/* ---- Numbers -----------------------------------------------------------------------------------
 * Each list makes the enum here, and its part of js/numbers.js; 0 is never a valid state or event.
 */

#define OCC_STATES(X)                                                                              \
  X(ANONYMOUS, 1, "anonymous")                                                                     \
  X(CUSTOMER_SIGNING_IN, 2, "customer-signing-in")                                                 \
  X(CUSTOMER, 3, "customer")                                                                       \
  X(AGENT_SIGNING_IN, 4, "agent-signing-in")                                                       \
  X(AGENT_TAKING_OVER, 5, "agent-taking-over")                                                     \
  X(AGENT, 6, "agent")                                                                             \
  X(EMULATING, 7, "emulating")

#define OCC_EVENTS(X)                                                                              \
  X(SIGN_IN, 1, "signIn")                                                                          \
  X(SIGN_IN_AGENT, 2, "signInAgent")                                                               \
  X(GRANTED, 3, "granted")                                                                         \
  X(REFUSED, 4, "refused")                                                                         \
  X(EMULATE, 5, "emulate")                                                                         \
  X(SIGN_OUT, 6, "signOut")                                                                        \
  X(SIGN_OUT_AGENT, 7, "signOutAgent")                                                             \
  X(EXPIRED, 8, "expired")

/* The conditions in a cell of the table: see occ_table. */
#define OCC_GUARDS(X)                                                                              \
  X(NONE, 0, "none")                                                                               \
  X(CUSTOMER_KNOWN, 1, "customer known")                                                           \
  X(SAME_CUSTOMER, 2, "same customer")                                                             \
  X(PARKED, 3, "customer parked")

/* The application itself owns the client-credentials token of anonymous requests. */
#define OCC_OWNERS(X)                                                                              \
  X(CUSTOMER, 1, "customer")                                                                       \
  X(AGENT, 2, "agent")                                                                             \
  X(CLIENT, 3, "client")

/* RFC 7009 section 2.1, token_type_hint. */
#define OCC_TOKENS(X)                                                                              \
  X(ACCESS, 1, "access_token")                                                                     \
  X(REFRESH, 2, "refresh_token")

/* The purpose of a host request. */
#define OCC_REQUESTS(X)                                                                            \
  X(TOKEN, 1, "token")                                                                             \
  X(REFRESH, 2, "refresh")                                                                         \
  X(REVOKE, 3, "revoke")

/* The end of a request, as far as the host can tell; the HTTP status comes beside it. */
#define OCC_DELIVERIES(X)                                                                          \
  X(ANSWERED, 1, "answered")                                                                       \
  X(REDIRECTED, 2, "redirected")                                                                   \
  X(UNREACHABLE, 3, "unreachable")                                                                 \
  X(TIMED_OUT, 4, "timed-out")                                                                     \
  X(TOO_LARGE, 5, "too-large")

/* The outcome of a revocation. Each of them is success (R16). */
#define OCC_OUTCOMES(X)                                                                            \
  X(REVOKED, 1, "revoked")                                                                         \
  X(ALREADY_INVALID, 2, "already-invalid")                                                         \
  X(UNSUPPORTED, 3, "unsupported")                                                                 \
  X(REJECTED, 4, "rejected")                                                                       \
  X(SERVER_ERROR, 5, "server-error")                                                               \
  X(UNREACHABLE, 6, "unreachable")                                                                 \
  X(TIMED_OUT, 7, "timed-out")

/* The flags among the options of a session. */
#define OCC_FLAGS(X)                                                                               \
  X(REVOKE, 1, "revoke")   /* there is a revocation endpoint (R13) */                              \
  X(BEARER, 2, "bearer")   /* a revocation carries the grant's bearer (R10) */                     \
  X(PERSIST, 4, "persist") /* snapshots hold refresh tokens (R25) */                               \
  X(SHARED, 8, "shared")   /* other tabs may hold the same grants: they can be asked (R31), and a  \
                              session that is signed out leaves a snapshot that says so (R24) */

/* The texts that go in, each with its greatest length in bytes. Those of a session's options come
 * first: a secret or a scope that is empty is left out of requests. */
#define OCC_OPTIONS(X)                                                                             \
  X(IDENTITY, 0, OCC_OPTION_MAX)  /* must be in an adopted snapshot (R26) */                       \
  X(CLIENT_ID, 1, OCC_OPTION_MAX) /* OAuth client of the storefront, at least one byte */          \
  X(CLIENT_SECRET, 2, OCC_OPTION_MAX)                                                              \
  X(AGENT_CLIENT_ID, 3, OCC_OPTION_MAX)     /* of the agent's sign-in, at least one byte */        \
  X(AGENT_CLIENT_SECRET, 4, OCC_OPTION_MAX) /* behind its client, as above */                      \
  X(SCOPE, 5, OCC_OPTION_MAX)
#define OCC_PARAMETERS(X)                                                                          \
  OCC_OPTIONS(X)                                                                                   \
  X(USERNAME, 6, OCC_CREDENTIAL_MAX)                                                               \
  X(PASSWORD, 7, OCC_CREDENTIAL_MAX)                                                               \
  X(CUSTOMER_ID, 8, OCC_CUSTOMER_ID_MAX) /* the id of a customer in OCC URLs */                    \
  X(AUTHORIZATION, 9, OCC_INPUT_MAX)     /* that header of a request */                            \
  X(BODY, 10, OCC_INPUT_MAX)             /* of a response */                                       \
  X(SNAPSHOT, 11, OCC_INPUT_MAX)         /* of another page or tab */

/* The results of the functions. The errors have the names in the public API. */
#define OCC_ERRORS(X)                                                                              \
  X(INVALID_OPTIONS, 1, "invalid-options")                                                         \
  X(INVALID_CREDENTIALS, 2, "invalid-credentials")                                                 \
  X(ALREADY_SIGNED_IN, 3, "already-signed-in")                                                     \
  X(AGENT_SIGNED_IN, 4, "agent-signed-in")                                                         \
  X(NO_AGENT, 5, "no-agent")                                                                       \
  X(UNREACHABLE, 6, "unreachable")                                                                 \
  X(SERVER_ERROR, 7, "server-error")                                                               \
  X(UNEXPECTED_RESPONSE, 8, "unexpected-response")                                                 \
  X(TOKEN_TOO_LARGE, 9, "token-too-large")                                                         \
  X(CANCELLED, 10, "cancelled")                                                                    \
  X(CLOSED, 11, "closed")
#define OCC_STATUSES(X)                                                                            \
  OCC_ERRORS(X)                                                                                    \
  X(OK, 0, "ok")                                                                                   \
  X(CLIENT_REFUSED, 12, "client-refused")                                                          \
  X(DONE, 20, "done")                                                                              \
  X(STALE, 21, "stale")                                                                            \
  X(RESEND, 22, "resend")                                                                          \
  X(WAIT, 23, "wait")                                                                              \
  X(NOTHING, 24, "nothing")                                                                        \
  X(EXPIRED, 25, "expired")                                                                        \
  X(NOT_OPEN, 30, "not-open")                                                                      \
  X(REENTERED, 31, "reentered")                                                                    \
  X(BAD_TIME, 32, "bad-time")                                                                      \
  X(BAD_LENGTH, 33, "bad-length")                                                                  \
  X(UNKNOWN_REQUEST, 34, "unknown-request")                                                        \
  X(UNKNOWN_OWNER, 35, "unknown-owner")                                                            \
  X(UNKNOWN_DELIVERY, 36, "unknown-delivery")                                                      \
  X(UNKNOWN_CELL, 37, "unknown-cell")                                                              \
  X(BAD_SNAPSHOT, 38, "bad-snapshot")                                                              \
  X(FULL, 39, "full")

#define OCC_ENUMERATE_STATE(name, number, text) OCC_STATE_##name = (number),
#define OCC_ENUMERATE_EVENT(name, number, text) OCC_EVENT_##name = (number),
#define OCC_ENUMERATE_GUARD(name, number, text) OCC_GUARD_##name = (number),
#define OCC_ENUMERATE_OWNER(name, number, text) OCC_OWNER_##name = (number),
#define OCC_ENUMERATE_TOKEN(name, number, text) OCC_TOKEN_##name = (number),
#define OCC_ENUMERATE_REQUEST(name, number, text) OCC_REQUEST_##name = (number),
#define OCC_ENUMERATE_DELIVERY(name, number, text) OCC_DELIVERY_##name = (number),
#define OCC_ENUMERATE_OUTCOME(name, number, text) OCC_OUTCOME_##name = (number),
#define OCC_ENUMERATE_FLAG(name, number, text) OCC_FLAG_##name = (number),
#define OCC_ENUMERATE_OPTION(name, number, most) OCC_OPTION_##name = (number),
#define OCC_ENUMERATE_PARAMETER(name, number, most) OCC_PARAMETER_##name = (number),
#define OCC_ENUMERATE_STATUS(name, number, text) OCC_STATUS_##name = (number),

typedef enum { OCC_STATE_INVALID = 0, OCC_STATES(OCC_ENUMERATE_STATE) OCC_STATE_END } occ_state;
typedef enum { OCC_EVENT_INVALID = 0, OCC_EVENTS(OCC_ENUMERATE_EVENT) OCC_EVENT_END } occ_event;
typedef enum { OCC_GUARDS(OCC_ENUMERATE_GUARD) OCC_GUARD_END } occ_guard;
typedef enum { OCC_OWNER_INVALID = 0, OCC_OWNERS(OCC_ENUMERATE_OWNER) OCC_OWNER_END } occ_owner;
typedef enum { OCC_TOKENS(OCC_ENUMERATE_TOKEN) OCC_TOKEN_END } occ_token;
typedef enum { OCC_REQUESTS(OCC_ENUMERATE_REQUEST) OCC_REQUEST_END } occ_request;
typedef enum { OCC_DELIVERIES(OCC_ENUMERATE_DELIVERY) OCC_DELIVERY_END } occ_delivery;
typedef enum { OCC_OUTCOMES(OCC_ENUMERATE_OUTCOME) OCC_OUTCOME_END } occ_outcome;
typedef enum { OCC_FLAGS(OCC_ENUMERATE_FLAG) OCC_FLAG_END } occ_flag;
typedef enum { OCC_OPTIONS(OCC_ENUMERATE_OPTION) OCC_OPTION_END } occ_option;
typedef enum { OCC_PARAMETERS(OCC_ENUMERATE_PARAMETER) OCC_PARAMETER_END } occ_parameter;
typedef enum { OCC_STATUSES(OCC_ENUMERATE_STATUS) OCC_STATUS_END } occ_status;

/* The caller owns the memory of a session (sizeof is in session_struct.h) and keeps it until after
 * occ_session_close. It must be all zero before the first call. */
typedef struct occ_session occ_session;

/* ---- Life --------------------------------------------------------------------------------------
 */

/* The input buffer, OCC_INPUT_MAX bytes, valid as long as the session's memory. */
char *occ_session_input(occ_session *self);

/* The next `length` bytes of the input are this text of the next call. A text that is not given is
 * empty. BODY and SNAPSHOT are given last, since a zero must stand behind them. If a text is longer
 * than it may be or than what is left of the buffer, or if there is no such parameter, the next
 * call gives OCC_STATUS_BAD_LENGTH. From within a host function nothing is taken, and
 * the outer call wipes it. */
void occ_session_text(occ_session *self, occ_parameter parameter, size_t length);

/* Opens the session, anonymous and without grants. The texts are those of OCC_OPTIONS. flags are of
 * OCC_FLAGS, retries is the number of retries of a revocation (R18). nonce, at random, keeps the
 * numbers of this session's grants apart from another tab's. OCC_STATUS_INVALID_OPTIONS: a client
 * id is missing. A session that is open already is left unchanged. */
occ_status occ_session_open(occ_session *self, double now, uint32_t nonce, uint32_t flags,
                            uint32_t retries);

/* Wipes the whole session. Nothing is revoked and no host function is called; every later call
 * gives OCC_STATUS_CLOSED. */
occ_status occ_session_close(occ_session *self);

/* ---- Signing in and out ------------------------------------------------------------------------
 */

/* Signs in with the password grant (RFC 6749 section 4.3). Texts: USERNAME, PASSWORD and, for an
 * agent, the CUSTOMER_ID of the customer who is signed in if it is known (R4). attempt is the
 * host's number for this sign-in; occ_host_signed_in answers it exactly once if this call gives
 * OCC_STATUS_OK. Also: OCC_STATUS_ALREADY_SIGNED_IN, OCC_STATUS_AGENT_SIGNED_IN,
 * OCC_STATUS_UNKNOWN_OWNER. */
occ_status occ_session_sign_in(occ_session *self, double now, occ_owner owner, uint32_t attempt);

/* Cancels a sign-in; nothing happens if it is not the pending one. */
occ_status occ_session_cancel(occ_session *self, double now, uint32_t attempt);

/* The agent starts to emulate the customer with the id CUSTOMER_ID, which may not be empty.
 * OCC_STATUS_NO_AGENT. */
occ_status occ_session_emulate(occ_session *self, double now);

/* Signs out the customer; or the emulated customer, and the agent stays; or the agent. */
occ_status occ_session_sign_out(occ_session *self, double now);

/* Signs out the agent. */
occ_status occ_session_sign_out_agent(occ_session *self, double now);

/* ---- Requests of the storefront ----------------------------------------------------------------
 */

/* Hands the value of the Authorization header to occ_host_authorization; OCC_STATUS_NOTHING if
 * requests carry none. */
occ_status occ_session_authorization(occ_session *self, double now);

/* A request was answered with 401. AUTHORIZATION is that header of it, empty if
 * it carried none. certain: the response says that the token is dead (R42); otherwise it was
 * unreadable, and only a token that has expired by the clock counts as dead.
 *   OCC_STATUS_RESEND   there is a newer token: it was handed to occ_host_authorization
 *   OCC_STATUS_WAIT     a token was requested: occ_host_renewed follows
 *   OCC_STATUS_EXPIRED  the session of that token has ended, now or before, because the token is
 *                       dead and there is no way on (R32)
 *   OCC_STATUS_NOTHING  no retry: the token is not dead, or its session was signed out of
 *   OCC_STATUS_FULL     too many requests for tokens are under way */
occ_status occ_session_renew(occ_session *self, double now, bool certain);

/* ---- Events of the host ------------------------------------------------------------------------
 */

/* A request that occ_host_request began has ended. BODY is that of a token response that
 * was answered, otherwise empty. retry_after is in milliseconds; the answer had none if it
 * is not more than 0.
 * OCC_STATUS_UNKNOWN_REQUEST: no such request, or it was answered before.
 * OCC_STATUS_UNKNOWN_DELIVERY. */
occ_status occ_session_completed(occ_session *self, double now, uint32_t request,
                                 occ_delivery delivery, uint32_t http_status, double retry_after);

/* The time of occ_host_alarm has come: `at`, or 0 if the host has not kept it. It counts as come
 * even if the clock was set back meanwhile. */
occ_status occ_session_alarm(occ_session *self, double now, double at);

/* The page is going away: queued revocations are sent now (R11). */
occ_status occ_session_leave(occ_session *self, double now);

/* SNAPSHOT was saved by an earlier page or another tab. It is adopted as a whole
 * if it is newer than the session or of another line (R24), else not at all. Empty: the storage
 * was emptied, so the session is saved again.
 * Also: OCC_STATUS_BAD_SNAPSHOT (R26); OCC_STATUS_STALE: not newer; OCC_STATUS_FULL: no place. */
occ_status occ_session_adopt(occ_session *self, double now);

/* Another tab's occ_host_ended: the grant has ended, and that tab revokes it (R24); tokens that it
 * did not have are revoked here (R31).
 * OCC_STATUS_DONE: it is not held here. */
occ_status occ_session_ended(occ_session *self, double now, double number, double issued);

/* Another tab's occ_host_wanted. OCC_STATUS_OK: answer with the snapshot that was saved last, as
 * newer tokens are in it or will be in the next. OCC_STATUS_NOTHING: be silent. */
occ_status occ_session_wanted(occ_session *self, double now, double number, double issued);

/* SNAPSHOT was saved by another tab: newer tokens of a grant that is held here as
 * well are adopted (R31). is_answer: it was sent because of occ_host_wanted.
 * OCC_STATUS_BAD_SNAPSHOT (R26). */
occ_status occ_session_heard(occ_session *self, double now, bool is_answer);

/* ---- The state table ---------------------------------------------------------------------------
 */

/* One cell of the table: bits 0 to 7 the next state; bits 8 to 15 the next state when the guard
 * holds; bits 16 to 23 the guard; bits 24 to 31 OCC_STATUS_OK for a transition, else the status
 * of the event: OCC_STATUS_DONE, OCC_STATUS_STALE or an error. OCC_STATUS_UNKNOWN_CELL in bits 24
 * to 31 if there is no such state or event. */
uint32_t occ_table_cell(uint32_t state, uint32_t event);

#endif
