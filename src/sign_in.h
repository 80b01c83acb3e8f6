/* The pending sign-in, and the ways in which one signs in. */
#ifndef OCC_SIGN_IN_H
#define OCC_SIGN_IN_H

#include "session_struct.h"

/* A sign-in is pending, with the texts of the input: user name, password, and the id of the
 * customer who is known, one after the other. */
void occ_sign_in_begin(occ_session *self, occ_owner owner, uint32_t attempt, size_t username,
                       size_t password, size_t customer_id);

/* Gives up the sign-in with that number, if it is the one that is pending. */
void occ_sign_in_cancel(occ_session *self, uint32_t attempt);

/* Sends it, unless it has to wait for a revocation (R29) or for a place. */
void occ_sign_in_send(occ_session *self);

/* The token response of a sign-in is in the place, with its status. */
void occ_sign_in_completed(occ_session *self, occ_grant *place, occ_status status);

/* When the sign-in that waits is sent at the latest, 0 if none waits. */
double occ_sign_in_due(const occ_session *self);

#endif
