/* The revocation of grants: its order, its requests, and the meaning of their responses. */
#ifndef OCC_REVOCATION_H
#define OCC_REVOCATION_H

#include "session_struct.h"

/* Takes the grant out of the session and queues its tokens: the refresh token first, the access
 * token when that has settled (R11). Without a revocation endpoint the grant settles at once (R13),
 * as it does if the server has issued the same token twice and the other grant is held or is being
 * revoked (R29). */
void occ_revocation_begin(occ_session *self, occ_grant *grant);

/* Begins the revocation of strays (R7). They wait while a sign-in is on the wire, which may get the
 * same token (R29); a sign-in that is not sent yet waits until they are revoked. */
void occ_revocation_begin_strays(occ_session *self);

/* The same for the refresh token alone, of a grant whose access token another tab has revoked. */
void occ_revocation_begin_refresh(occ_session *self, occ_grant *grant);

/* Sends the revocations that are due; all of them if the page is going away. */
void occ_revocation_send(occ_session *self);

/* A request has ended. Returns false if it was no revocation. */
bool occ_revocation_completed(occ_session *self, uint32_t request, occ_delivery delivery,
                              uint32_t http_status, double retry_after);

/* R30: the refresh of a grant in role REVOKING has ended with this status, and `http_status` if it
 * was answered; `place` has its tokens. Returns false if the revocation does not wait for it. */
bool occ_revocation_refreshed(occ_session *self, occ_grant *place, occ_status status,
                              uint32_t http_status);

/* Returns the next time after now at which a revocation is due, 0: none waits for a time. */
double occ_revocation_due(const occ_session *self);

#endif
