/* The pending sign-in, and the ways to sign in. */
#ifndef OCC_SIGN_IN_H
#define OCC_SIGN_IN_H

#include "session_struct.h"

/* A sign-in is pending, with the texts USERNAME, PASSWORD and CUSTOMER_ID of this call. */
void occ_sign_in_begin(occ_session *self, occ_owner owner, uint32_t attempt);

/* Cancels the sign-in with that number, if it is the pending one. */
void occ_sign_in_cancel(occ_session *self, uint32_t attempt);

/* Sends the pending sign-in, unless it has to wait for a revocation (R29) or for a place. */
void occ_sign_in_send(occ_session *self);

/* The token response of a sign-in is in the place, with its status. */
void occ_sign_in_completed(occ_session *self, occ_grant *place, occ_status status);

/* Returns the latest time at which the waiting sign-in is sent, 0: none waits. */
double occ_sign_in_due(const occ_session *self);

#endif
