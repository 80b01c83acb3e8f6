/* The revocation of grants: which token, when, with which request, and what the answer means. */
#ifndef OCC_REVOCATION_H
#define OCC_REVOCATION_H

#include "session_struct.h"

/* The grant is out of the session and its tokens are queued: the refresh token first, the access
 * token when that has settled (R11). With no revocation endpoint it settles at once (R13), and so
 * it does where a server has handed out the same token twice, to somebody who stays or whose
 * revocation is under way (R29). */
void occ_revocation_begin(occ_session *self, occ_grant *grant);

/* The strays are revoked (R7). They wait while a sign-in is on the wire, which may yet be given the
 * same token (R29); one that is not sent yet waits in its turn until they are revoked. */
void occ_revocation_begin_strays(occ_session *self);

/* The same for the refresh token alone, of a grant whose access token another tab has revoked. */
void occ_revocation_begin_refresh(occ_session *self, occ_grant *grant);

/* Sends what is due; all of it if the page is going away. */
void occ_revocation_send(occ_session *self);

/* A request has ended. False if it was no revocation. */
bool occ_revocation_completed(occ_session *self, uint32_t request, occ_delivery delivery,
                              uint32_t http_status, double retry_after);

/* R30: the refresh of a grant in slot REVOKING has ended with this status, and `http_status` if it
 * was answered; `place` has what came. False if the revocation does not wait for it. */
bool occ_revocation_refreshed(occ_session *self, occ_grant *place, occ_status status,
                              uint32_t http_status);

/* The next time after now at which something is due, 0 if nothing waits for a time. */
double occ_revocation_due(const occ_session *self);

#endif
