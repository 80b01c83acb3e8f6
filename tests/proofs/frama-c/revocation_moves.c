/* Revocation: a grant that is out of the session stays until both its tokens have settled. */
#include "moves.h"

static void queue(occ_session *self, occ_revocation *revocation);

/*@ requires \valid(self) && ONE(IS_GRANT) && FITS(*grant) && grant->slot == OCC_SLOT_REVOKING;
    requires token == OCC_TOKEN_ACCESS || token == OCC_TOKEN_REFRESH;
    assigns MEMBERS(*grant), self->revoking;
    ensures self->revoking == (uint32_t)(\old(self->revoking) - 1);
    behavior last:
      assumes token == OCC_TOKEN_ACCESS ?
        grant->revocation[OCC_TOKEN_REFRESH].stage == OCC_REVOCATION_SETTLED :
        grant->revocation[OCC_TOKEN_ACCESS].stage == OCC_REVOCATION_SETTLED;
      ensures IS_FREE(*grant);
    behavior refresh_is_left:
      assumes token == OCC_TOKEN_ACCESS;
      assumes grant->revocation[OCC_TOKEN_REFRESH].stage != OCC_REVOCATION_SETTLED;
      assigns self->revoking, grant->revocation[OCC_TOKEN_ACCESS].stage;
      ensures grant->revocation[OCC_TOKEN_ACCESS].stage == OCC_REVOCATION_SETTLED;
    behavior access_is_left:
      assumes token == OCC_TOKEN_REFRESH;
      assumes grant->revocation[OCC_TOKEN_ACCESS].stage != OCC_REVOCATION_SETTLED;
      assigns self->revoking, grant->revocation[OCC_TOKEN_REFRESH].stage, grant->refresh_length,
        grant->refresh[0];
      ensures grant->revocation[OCC_TOKEN_REFRESH].stage == OCC_REVOCATION_SETTLED;
      ensures grant->refresh_length == 0;
    complete behaviors;
    disjoint behaviors;
*/
static void settle(occ_session *self, occ_grant *grant, occ_token token);

#include "revocation.c"
