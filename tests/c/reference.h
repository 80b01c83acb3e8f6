/*
 * The session as the rules of the design say it, and as somebody can tell who hands out every token
 * and receives every request: a model that goes beside the real session (host.h). Each step is
 * taken by both, and then the two are compared in everything that can be seen, and place by place.
 *
 * What is compared after every step, and which rule it is:
 *   R1 R2 R3   a revocation that is sent is one that the model has out of the session, and what it
 *              has out is sent at once: check_requests
 *   R4 R5 R6   each grant is in the slot where the model has it: check_places
 *   R7         every token that the server has given is in exactly one place until it has settled,
 *              and nothing else is in any; a grant keeps its number: check_places
 *   R8         no token is sent to be revoked a second time, but to be tried again:
 *              check_revocation
 *   R9         what the server has declared dead goes with no request: check_requests
 *   R10        with which client and under which bearer: is_revocation_of
 *   R11        refresh token first, access token when that has settled, both at once when the page
 *              goes away: is_due, check_revocation
 *   R13        with no endpoint a revocation settles at once: revoke
 *   R14        what is stored and told comes before what is sent: check_order
 *   R16 R17    any end of a revocation settles it, is told once and changes nothing else:
 *              answer_revocation, check_told, check_state
 *   R18        only what passes is tried again, as often as asked, in its time: answer_revocation
 *   R19        one refresh for those that wait, and what becomes of them: call_renew, check_told
 *   R20        a refresh that fails: refresh_failed, check_told
 *   R21        no refresh but one that is asked for, and what is of an older session changes
 *              nothing and tells nothing: check_refresh, check_nothing
 *   R23        a change of grants raises the epoch by one, is saved once and told once, and the
 *              snapshot has the whole of it: check_changes, check_saved
 *   R24        what is revoked is told to the tabs once, before that nobody: check_told; what
 *              another tab has saved is taken whole, and what no tab of another line knew is
 *              revoked: call_adopt; what another tab still has is over there, too:
 *              call_adopt_unaware; emptied storage is written again: call_emptied
 *   R25        a page that is loaded again has the same session: call_reload
 *   R27        no token that has settled, no password that was sent: check_memory, check_close
 *   R29        who waits for whom, copies of a token, and what other pages revoke: release_strays,
 *              revoke, is_sign_in_due
 *   R30        a refresh token is revoked under a living bearer, if one can be had:
 *              wants_bearer, bearer_comes, bearer_fails; and nothing is told but what is known:
 *              outcome_of
 *   R31        other tabs are asked, answered and heard: ask_tabs, call_wanted, call_heard; what
 *              only this tab has is revoked here: leave_to_others
 *   R32        what is known to be dead is not on requests: ask_if_over, check_header
 *   R41        a refused predecessor says nothing of the grant: refresh_token_is_dead
 *   R42        a 401 that says nothing counts only for a token that is over: renew_active
 *   R49        a new token is not refreshed: refusal_counts
 */
#ifndef OCC_TEST_REFERENCE_H
#define OCC_TEST_REFERENCE_H

#include "grant.h"

typedef struct {
  uint32_t flags; /* of OCC_FLAGS */
  uint32_t retries;
  uint32_t taken;     /* places that token requests have which are never answered */
  bool every_way;     /* answers fail in every way, not only in one of each kind */
  bool late;          /* time passes also without an alarm */
  bool hours;         /* an hour does, when no alarm is set for it */
  bool same_token;    /* a user's second sign-in is given the token of the first */
  bool client_tokens; /* anonymous requests ask for one */
  bool tabs;          /* other tabs hold the session too, and change it */
  bool pages;         /* and a page begins while revocations of another are under way */
  bool lines;         /* and their lines part and meet */
  bool asks;          /* and they ask each other for tokens */
  bool rests;         /* tokens are rejected while they are new */
} reference_options;

/* Something that happens: which, to which grant or request, and in which way. */
typedef struct {
  uint8_t kind;
  uint8_t at;
  uint8_t way;
} reference_event;

enum { REFERENCE_EVENTS_MAX = 90 + 40 * OCC_PLACES };

/* Opens a session, and the model beside it. */
void reference_open(const reference_options *with);

/* What can happen now; gives how many. */
size_t reference_events(reference_event *events);

/* It happens to both. NULL, or the sentence that does not hold. */
const char *reference_step(reference_event event);

const char *reference_name(reference_event event);

/* Whether the last step was one that must change nothing at all. */
bool reference_changes_nothing(void);

/* Where a time stands: 0 never, 1 it has come, 2 it is the next that the host will call at, 3 it
 * comes later. */
unsigned reference_time(double time);

/* Whether a time is still to come. */
bool reference_is_to_come(double time);

/* Whether what is saved holds back a sign-in of the page that reads it. */
bool reference_is_saved_revoking(void);

/* Whether requests wait for the application's own token. */
bool reference_waits_for_client(void);

/* Whether the host has been given a time, as above. */
unsigned reference_alarm(void);

/* The model as bytes, at most reference_size(), and back. */
size_t reference_size(void);
size_t reference_keep(void *to);
void reference_take_back(const void *from);

#endif
