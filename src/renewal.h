/*
 * Renewal: new tokens for those that are dead or due, by refresh (RFC 6749 section 6) or, if nobody
 * is signed in, by client credentials (section 4.4); the requests that wait for them; and the wait
 * for a refresh of another tab (R31).
 */
#ifndef OCC_RENEWAL_H
#define OCC_RENEWAL_H

#include "session_struct.h"

/* Hands out the Authorization header of the active grant. OCC_STATUS_NOTHING: requests carry none.
 */
occ_status occ_renewal_hand_out(occ_session *self);

/* A request with this header was answered with 401: see occ_session_renew. */
occ_status occ_renewal_ask(occ_session *self, bool certain, occ_text rejected);

/* Sends the refreshes and client token requests that have a place and are not sent yet. */
void occ_renewal_send(occ_session *self);

/* The response to a refresh, or to the request for the application's own token, is in the place,
 * with its status. */
void occ_renewal_refreshed(occ_session *self, occ_grant *place, occ_status status);
void occ_renewal_client_token(occ_session *self, occ_grant *place, occ_status status);

/* Newer tokens have come for this grant: answers the requests that wait for them. */
void occ_renewal_tokens_came(occ_session *self, const occ_grant *grant);

/* Another tab has answered that it refreshes: it gets more time. */
void occ_renewal_answered(occ_session *self);

/* A time has come: other tabs have not answered, or the active grant is refreshed ahead of its
 * expiry. */
void occ_renewal_alarm(occ_session *self);

/* Returns the next such time, 0: never. */
double occ_renewal_due(occ_session *self);

#endif
