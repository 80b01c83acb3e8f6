/*
 * The session as the rules of the design describe it, seen from a server that issues every token
 * and receives every request: a model that runs beside the real session (host.h). Both take each
 * step, and then they are compared in everything that can be observed, and place by place.
 *
 * The rules that are compared after every step, each with its function:
 *
 * - R1 R2 R3: every revocation sent is of a grant outside the model's session, and every such grant
 *   is revoked at once: check_requests
 * - R4 R5 R6: each grant is in the model's role: check_places
 * - R7: every token that the server has given is in exactly one place until it has settled, and no
 *   place holds anything else; a grant keeps its number: check_places
 * - R8: no revocation is sent twice, except to be retried: check_revocation
 * - R9: a token that the server has declared dead is sent with no request: check_requests
 * - R10: the client and the bearer of a revocation: is_revocation_of
 * - R11: refresh token first, access token when that has settled, both at once when the page goes
 *   away: is_due, check_revocation
 * - R13: without an endpoint a revocation settles at once: revoke
 * - R14: the session is stored and reported before a request is sent: check_order
 * - R16 R17: any end of a revocation settles it, is reported once and changes nothing else:
 *   answer_revocation, check_told, check_state
 * - R18: only passing failures are retried, as often as configured, in time: answer_revocation
 * - R19: all waiting requests share one refresh, and its result: call_renew, check_told
 * - R20: a failed refresh: refresh_failed, check_told
 * - R21: no refresh is sent unless one is asked for, and a request of an older session changes
 *   nothing and reports nothing: check_refresh, check_nothing
 * - R23: a change of grants raises the epoch by one, is saved once and reported once, and the
 *   snapshot holds all of it: check_changes, check_saved
 * - R24: a revocation is announced to the tabs once, and nothing before it: check_told; the
 *   snapshot of another tab is adopted whole, and grants unknown to another line are revoked:
 *   call_adopt; a grant that another tab still has ends there, too: call_adopt_unaware; emptied
 *   storage is written again: call_emptied
 * - R25: a reloaded page has the same session: call_reload
 * - R27: no settled token and no sent password stays in memory: check_memory, check_close
 * - R29: the order of sign-ins and revocations, copies of a token, and the revocations of other
 *   pages: release_strays, revoke, is_sign_in_due
 * - R30: a refresh token is revoked under a living bearer, if one can be had: wants_bearer,
 *   bearer_comes, bearer_fails; and only known outcomes are reported: outcome_of
 * - R31: other tabs are asked, answered and heard: ask_tabs, call_wanted, call_heard; tokens that
 *   only this tab has are revoked here: leave_to_others
 * - R32: a token known to be dead is not on requests: ask_if_over, check_header
 * - R41: a refused predecessor says nothing of the grant: refresh_token_is_dead
 * - R42: a 401 that says nothing counts only for an expired token: renew_active
 * - R49: a new token is not refreshed: refusal_counts
 */
#ifndef OCC_TEST_REFERENCE_H
#define OCC_TEST_REFERENCE_H

#include "grant.h"

typedef struct {
  uint32_t flags; /* of OCC_FLAGS */
  uint32_t retries;
  uint32_t taken;     /* places of token requests that are never answered */
  bool every_way;     /* answers fail in every way, not only in one of each kind */
  bool late;          /* time passes also without an alarm */
  bool hours;         /* and so does an hour, when no alarm is set for it */
  bool same_token;    /* a user's second sign-in is given the token of the first */
  bool client_tokens; /* anonymous requests ask for one */
  bool tabs;          /* other tabs hold the session too, and change it */
  bool pages;         /* and a page opens during revocations of another */
  bool lines;         /* and their lines diverge and meet */
  bool meets;         /* only that: revocations of diverged lines meet, each with a refresh */
  bool asks;          /* and they ask each other for tokens */
  bool rests;         /* tokens are rejected while they are new */
} reference_options;

/* An event: its kind, its grant or request, and its variant. */
typedef struct {
  uint8_t kind;
  uint8_t at;
  uint8_t way;
} reference_event;

enum { REFERENCE_EVENTS_MAX = 90 + 40 * OCC_PLACES };

/* Opens a session, and the model beside it. */
void reference_open(const reference_options *with);

/* Lists the events that are possible now; returns their number. */
size_t reference_events(reference_event *events);

/* Applies an event to both; returns NULL, or the sentence that does not hold. */
const char *reference_step(reference_event event);

const char *reference_name(reference_event event);

/* True if the last step must change nothing at all. */
bool reference_changes_nothing(void);

/* Classifies a time: 0 never, 1 it has come, 2 the host will call at it next, 3 it comes later. */
unsigned reference_time(double time);

/* True if a time is still to come. */
bool reference_is_to_come(double time);

/* True if the saved snapshot holds back a sign-in of the page that reads it. */
bool reference_is_saved_revoking(void);

/* True if requests wait for the application's own token. */
bool reference_waits_for_client(void);

/* Classifies the time that the host was given, as above. */
unsigned reference_alarm(void);

/* The model as bytes, at most reference_size(), and back. */
size_t reference_size(void);
size_t reference_keep(void *to);
void reference_take_back(const void *from);

#endif
