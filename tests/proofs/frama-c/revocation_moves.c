/* Revocation: a grant that is out of the session stays until both its tokens have settled. */
#include "moves.h"

/* clang-format takes the ==> of the contracts apart. */
// clang-format off

static void queue(occ_session *self, occ_revocation *revocation);

/* R13: a grant to be revoked is settled only without an endpoint. */
/*@ requires \valid(self) && ONE(IS_GRANT) && FITS(*grant);
    requires with_access || grant->refresh_length > 0;
    assigns MEMBERS(*grant), self->revoking;
    behavior both:
      assumes HAS_ENDPOINT && with_access;
      assigns grant->role, grant->revocation[OCC_TOKEN_ACCESS].stage,
        grant->revocation[OCC_TOKEN_ACCESS].tries_left, grant->revocation[OCC_TOKEN_REFRESH].stage,
        grant->revocation[OCC_TOKEN_REFRESH].tries_left, self->revoking;
      ensures IS_QUEUED(*grant);
    behavior refresh:
      assumes HAS_ENDPOINT && !with_access;
      assigns grant->role, grant->revocation[OCC_TOKEN_REFRESH].stage,
        grant->revocation[OCC_TOKEN_REFRESH].tries_left, self->revoking;
      ensures IS_REFRESH_QUEUED(*grant);
    behavior none:
      assumes !HAS_ENDPOINT;
      assigns MEMBERS(*grant);
      ensures IS_FREE(*grant);
    complete behaviors;
    disjoint behaviors;
*/
static void begin(occ_session *self, occ_grant *grant, bool with_access);

/*@ requires \valid_read(grant) && \valid_read(other) && FITS(*grant) && FITS(*other);
    assigns \result \from grant, other, *grant, *other;
    ensures \result <==> other != grant && IS_COPY_OF(*grant, *other); */
static bool is_copy(const occ_grant *grant, const occ_grant *other);

/* Each stray is to be revoked, or there was nothing to revoke; nothing else moves. */
#define STRAY_IS_OUT(i) (WAS(i, STRAY) ? IS(i, REVOKING) || IS(i, FREE) : IS_WHERE_IT_WAS(i))
#define STRAY_IS_SAME(i) (!IS(i, FREE) ==> IS_SAME(PLACE(i)))
#define STRAY_IS_SETTLED(i) (WAS(i, STRAY) && IS(i, FREE) ==> !HAS_ENDPOINT || STAYS(i))
#define STRAY_IS_RELEASED(i) (STRAY_IS_OUT(i) && STRAY_IS_SAME(i) && STRAY_IS_SETTLED(i))
/*@ requires \valid(self) && ALL_FIT;
    assigns self->revoking, PLACES;
    behavior wait:
      assumes self->sign_in.request != 0 && !self->is_leaving;
      assigns \nothing;
    behavior release:
      assumes !(self->sign_in.request != 0 && !self->is_leaving);
      ensures strays_000: !WAS(0, STRAY) && !WAS(1, STRAY) && !WAS(2, STRAY) ==>
        EACH(STRAY_IS_RELEASED);
      ensures strays_001: !WAS(0, STRAY) && !WAS(1, STRAY) && WAS(2, STRAY) ==>
        EACH(STRAY_IS_RELEASED);
      ensures strays_010: !WAS(0, STRAY) && WAS(1, STRAY) && !WAS(2, STRAY) ==>
        EACH(STRAY_IS_RELEASED);
      ensures strays_011: !WAS(0, STRAY) && WAS(1, STRAY) && WAS(2, STRAY) ==>
        EACH(STRAY_IS_RELEASED);
      ensures strays_100: WAS(0, STRAY) && !WAS(1, STRAY) && !WAS(2, STRAY) ==>
        EACH(STRAY_IS_RELEASED);
      ensures strays_101: WAS(0, STRAY) && !WAS(1, STRAY) && WAS(2, STRAY) ==>
        EACH(STRAY_IS_RELEASED);
      ensures strays_110: WAS(0, STRAY) && WAS(1, STRAY) && !WAS(2, STRAY) ==>
        EACH(STRAY_IS_RELEASED);
      ensures strays_111: WAS(0, STRAY) && WAS(1, STRAY) && WAS(2, STRAY) ==>
        EACH(STRAY_IS_RELEASED);
    complete behaviors;
    disjoint behaviors;
*/
void occ_revocation_begin_strays(occ_session *self);

/*@ requires \valid(self) && ONE(IS_GRANT) && FITS(*grant) && grant->role == OCC_ROLE_REVOKING;
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

/* R30: a refresh token's revocation waits only for a refresh under way, and only once. */
/*@ requires \valid(self) && ONE(IS_GRANT) && FITS(*grant) && HEADER_FITS_IN(*grant);
    requires grant->role == OCC_ROLE_REVOKING;
    assigns \result, self->grants.numbered, REFRESHED(PLACE(0)), REFRESHED(PLACE(1)), REFRESHED(PLACE(2)),
      grant->is_final, grant->revocation[OCC_TOKEN_REFRESH].stage;
    ensures IS_TAKEN_OR_UNTOUCHED(PLACE(0)) && IS_TAKEN_OR_UNTOUCHED(PLACE(1)) &&
      IS_TAKEN_OR_UNTOUCHED(PLACE(2));
    ensures \result ==> !\old(grant->is_final) && grant->is_final &&
      (IS_REFRESH_OF(PLACE(0)) || IS_REFRESH_OF(PLACE(1)) || IS_REFRESH_OF(PLACE(2))) &&
      grant->revocation[OCC_TOKEN_REFRESH].stage == OCC_REVOCATION_REFRESHING;
    ensures !\result ==> WAS_SAME(grant->is_final) &&
      WAS_SAME(grant->revocation[OCC_TOKEN_REFRESH].stage);
*/
static bool wait_for_bearer(occ_session *self, occ_grant *grant);

#define IS_PLACE(i) (place == &self->grants.at[i])
#define STAGE(i, token) (PLACE(i).revocation[OCC_TOKEN_##token].stage)
#define IS_REFRESHING(i)                                                                           \
  (PLACE(i).role == OCC_ROLE_REVOKING && PLACE(i).number == place->refreshes &&                    \
   STAGE(i, REFRESH) == OCC_REVOCATION_REFRESHING)
/* The new grant is a stray, with the old refresh token if it has none of its own, and is not
 * refreshed for its own revocation. */
#define IS_STRAY_OF(j, i)                                                                          \
  (PLACE(j).role == OCC_ROLE_STRAY && PLACE(j).is_final && WAS_SAME(PLACE(j).owner) &&             \
   WAS_SAME(PLACE(j).access_length) && WAS_SAME(PLACE(j).authorization[OCC_BEARER_LENGTH]) &&      \
   PLACE(j).refresh_length == (\old(PLACE(j).refresh_length) > 0                                   \
                                 ? \old(PLACE(j).refresh_length)                                   \
                                 : \old(PLACE(i).refresh_length)) &&                               \
   (\old(PLACE(j).refresh_length) > 0 ==> WAS_SAME(PLACE(j).refresh[0])) &&                        \
   (\old(PLACE(j).refresh_length) == 0 && \old(PLACE(i).refresh_length) > 0 ==>                    \
    PLACE(j).refresh[0] == \old(PLACE(i).refresh[0])))
/* The refresh token has settled, and the access token unless its revocation is on the wire. */
#define HAS_SETTLED(i)                                                                             \
  (\old(STAGE(i, ACCESS)) == OCC_REVOCATION_SENT                                                   \
     ? PLACE(i).role == OCC_ROLE_REVOKING && STAGE(i, ACCESS) == OCC_REVOCATION_SENT &&            \
         STAGE(i, REFRESH) == OCC_REVOCATION_SETTLED && PLACE(i).refresh_length == 0 &&            \
         WAS_SAME(PLACE(i).number) && WAS_SAME(PLACE(i).access_length) &&                          \
         WAS_SAME(PLACE(i).authorization[OCC_BEARER_LENGTH])                                       \
     : IS_FREE(PLACE(i)))
#define GOES_ON(i)                                                                                 \
  (WAS_SAME(PLACE(i).role) && IS_SAME(PLACE(i)) && WAS_SAME(STAGE(i, ACCESS)) &&                   \
   STAGE(i, REFRESH) == OCC_REVOCATION_QUEUED)
/* The result of the refresh of the grant at i is at j, and nothing else has moved. */
#define HAS_COME(j, i)                                                                             \
  (i != j && \old(IS_REFRESHING(i)) &&                                                             \
   (status == OCC_STATUS_OK                    ? IS_STRAY_OF(j, i) && HAS_SETTLED(i)               \
    : status == OCC_STATUS_INVALID_CREDENTIALS ? IS_FREE(PLACE(j)) && HAS_SETTLED(i)               \
                                               : IS_FREE(PLACE(j)) && GOES_ON(i)) &&               \
   IS_ELSEWHERE_UNCHANGED(3 - i - j))
#define IS_ELSEWHERE_UNCHANGED(i)                                                                  \
  (IS_UNCHANGED(i) && WAS_SAME(STAGE(i, ACCESS)) && WAS_SAME(STAGE(i, REFRESH)))
#define NOTHING_HAS_COME(i) (IS_ELSEWHERE_UNCHANGED(i) && WAS_SAME(PLACE(i).is_final))
/* R30: a refresh token to be revoked is in the result of its refresh, or refused by the server, or
 * still to be revoked. */
/*@ requires \valid(self) && ONE(IS_PLACE) && place->role == OCC_ROLE_AWAITED;
    requires FITS(PLACE(0)) && FITS(PLACE(1)) && FITS(PLACE(2));
    requires HEADER_FITS_IN(PLACE(0)) && HEADER_FITS_IN(PLACE(1)) && HEADER_FITS_IN(PLACE(2));
    requires status == OCC_STATUS_OK ? place->access_length > 0 : place->access_length == 0;
    assigns \result, self->revoking, PLACES;
    ensures come_0: IS_PLACE(0) && \result ==> HAS_COME(0, 1) || HAS_COME(0, 2);
    ensures come_1: IS_PLACE(1) && \result ==> HAS_COME(1, 0) || HAS_COME(1, 2);
    ensures come_2: IS_PLACE(2) && \result ==> HAS_COME(2, 0) || HAS_COME(2, 1);
    ensures not_come: !\result ==> EACH(NOTHING_HAS_COME);
*/
bool occ_revocation_refreshed(occ_session *self, occ_grant *place, occ_status status,
                              uint32_t http_status);

// clang-format on
#include "revocation.c"
