/* Other tabs: the grants that are adopted from them, and those that are left to them. */
#include "moves.h"
#include "snapshot.h"

/* clang-format takes the ==> of the contracts apart. */
// clang-format off

/* A grant of another tab that the reader of snapshots accepts. */
#define IS_READ                                                                                    \
  (0 < from->access.length <= OCC_TOKEN_MAX && from->refresh.length <= OCC_TOKEN_MAX &&            \
   \valid_read(from->access.at + (0 .. from->access.length - 1)) &&                                \
   \valid_read(from->refresh.at + (0 .. from->refresh.length - 1)) && IS_VISIBLE(from->access) &&  \
   \separated(self, from) &&                                                                       \
   \separated(self, from->access.at + (0 .. from->access.length - 1)) &&                           \
   \separated(self, from->refresh.at + (0 .. from->refresh.length - 1)) &&                         \
   from->issued >= 0 && from->number > 0 &&                                                        \
   (from->role == OCC_ROLE_ACTIVE || from->role == OCC_ROLE_PARKED ||                              \
    from->role == OCC_ROLE_RETIRED))

/* The access token is another tab's; a refresh token is kept if the other tab sends none. */
#define IS_GIVEN(grant)                                                                            \
  ((grant).access_length == from->access.length &&                                                 \
   (grant).authorization[OCC_BEARER_LENGTH] == from->access.at[0] &&                               \
   (grant).issued == from->issued &&                                                               \
   (from->refresh.length > 0 ? (grant).refresh_length == from->refresh.length &&                   \
                                 (grant).refresh[0] == from->refresh.at[0]                         \
                             : WAS_SAME((grant).refresh_length) && WAS_SAME((grant).refresh[0])))
#define TAKEN_MEMBERS(grant)                                                                       \
  RANGES(grant), (grant).earlier, (grant).authorization_length,                                    \
    (grant).access_length, (grant).refresh_length, (grant).issued, (grant).rest_until,             \
    (grant).is_refused, (grant).expires_at, (grant).renew_at
/*@ requires \valid(self) && \valid_read(from) && IS_READ;
    requires ONE(IS_GRANT) && FITS(*grant) && HEADER_FITS_IN(*grant);
    assigns TAKEN_MEMBERS(*grant), self->waiting_for, self->asked_until, self->is_answered;
    ensures IS_GIVEN(*grant);
*/
static void take_tokens(occ_session *self, occ_grant *grant, const occ_snapshot_grant *from);

#define IS_HELD_AS_TOLD(i) (IS_HELD(PLACE(i)) && PLACE(i).number == from->number)
#define IS_NEW_HERE(i) (PLACE(i).role == OCC_ROLE_FREE && PLACE(i).issued == 0 &&                  \
                        PLACE(i).access_length == 0)
#define IS_WIPED(i) (PLACE(i).role == OCC_ROLE_FREE ==> IS_NEW_HERE(i))
#define HAS_TOKEN_TOLD(i)                                                                          \
  (PLACE(i).access_length == from->access.length &&                                                \
   PLACE(i).authorization[OCC_BEARER_LENGTH] == from->access.at[0])
/* The place has the adopted grant, with the newer tokens of the two; everything else stays. */
#define IS_ADOPTED(i)                                                                              \
  ((\old(IS_HELD_AS_TOLD(i)) || \old(IS_NEW_HERE(i))) && PLACE(i).role == from->role &&            \
   PLACE(i).number == from->number && PLACE(i).owner == from->owner &&                             \
   (from->issued < \old(PLACE(i).issued)                                                           \
      ? self->grants_changed && WAS_SAME(PLACE(i).access_length) &&                                \
          WAS_SAME(PLACE(i).authorization[OCC_BEARER_LENGTH]) &&                                   \
          WAS_SAME(PLACE(i).refresh_length) && WAS_SAME(PLACE(i).refresh[0]) &&                    \
          WAS_SAME(PLACE(i).issued)                                                                \
      : HAS_TOKEN_TOLD(i) && PLACE(i).issued == from->issued &&                                    \
          (IS_GIVEN(PLACE(i)) ||                                                                   \
           WAS_SAME(PLACE(i).refresh_length) && WAS_SAME(PLACE(i).refresh[0]))))
#define IS_ADOPTED_ALONE(i)                                                                        \
  (IS_ADOPTED(i) && (i == 0 || IS_UNCHANGED(0)) && (i == 1 || IS_UNCHANGED(1)) &&                  \
   (i == 2 || IS_UNCHANGED(2)))
/* The grant of another tab has one place, its own or a free one; no other is touched. */
/*@ requires \valid(self) && \valid_read(from) && IS_READ && ALL_FIT && EACH(IS_WIPED);
    requires HEADER_FITS_IN(PLACE(0)) && HEADER_FITS_IN(PLACE(1)) && HEADER_FITS_IN(PLACE(2));
    requires ONE(IS_HELD_AS_TOLD) || IN_ROLE(self->grants, OCC_ROLE_FREE) > 0;
    assigns self->grants_changed, self->waiting_for, self->asked_until, self->is_answered, PLACES,
      RANGES(PLACE(0)), RANGES(PLACE(1)), RANGES(PLACE(2));
    ensures ONE(IS_ADOPTED_ALONE);
*/
static void adopt_grant(occ_session *self, const occ_snapshot_grant *from);

/* The place has a grant of that number that is being revoked already, or will be. */
#define IS_OUT_AS(j, n)                                                                            \
  ((PLACE(j).role == OCC_ROLE_REVOKING || PLACE(j).role == OCC_ROLE_STRAY) &&                      \
   PLACE(j).number == (n))
/*@ requires \valid_read(self);
    assigns \result \from self->grants, number;
    ensures \result <==> (IS_OUT_AS(0, number) || IS_OUT_AS(1, number) || IS_OUT_AS(2, number));
*/
static bool is_on_its_way(const occ_session *self, double number);

#define IS_NEWER(i) (PLACE(i).issued > issued)
#define IS_ONLY_HERE(i)                                                                            \
  (HAS_ENDPOINT && PLACE(i).refresh_length > 0 && (self->options.flags & OCC_FLAG_PERSIST) == 0)
/* A grant of the same number is at another place. */
#define IS_TWIN(i, j) (i != j && IS_OUT_AS(j, PLACE(i).number))
#define HAS_TWIN(i) (IS_TWIN(i, 0) || IS_TWIN(i, 1) || IS_TWIN(i, 2))
/* No place has the next number. */
#define IS_NOT_NEXT(i) (PLACE(i).number != NEXT_NUMBER(self->grants, self->grants.numbered))
#define IS_NUMBERED_ANEW(i)                                                                        \
  (PLACE(i).number ==                                                                              \
   (\old(HAS_TWIN(i)) ? NEXT_NUMBER(self->grants, \old(self->grants.numbered)) : \old(PLACE(i).number)))
#define IS_LEFT_TO_OTHERS(i)                                                                       \
  (\old(IS_NEWER(i)) && HAS_ENDPOINT && !\old(IS_SHARED(i))                                        \
     ? TOKENS_ARE_QUEUED(PLACE(i)) && IS_NUMBERED_ANEW(i)                                          \
   : !\old(IS_NEWER(i)) && \old(IS_ONLY_HERE(i))                                                   \
     ? REFRESH_TOKEN_IS_QUEUED(PLACE(i)) && IS_NUMBERED_ANEW(i)                                    \
     : IS_FREE(PLACE(i)))
/* R24, R31: a grant that another tab revokes is gone here, and tokens that only this one has are
 * revoked: a newer pair, unless another grant here has the same (R29), or a refresh token alone.
 * R30: a grant that is revoked here has a number of its own. */
/*@ requires \valid(self) && ONE(IS_GRANT) && ALL_FIT && IS_HELD(*grant);
    requires EACH(IS_NOT_NEXT);
    assigns self->grants.numbered, self->revoking, MEMBERS(*grant);
    ensures left_0: IS_GRANT(0) ==> IS_LEFT_TO_OTHERS(0);
    ensures left_1: IS_GRANT(1) ==> IS_LEFT_TO_OTHERS(1);
    ensures left_2: IS_GRANT(2) ==> IS_LEFT_TO_OTHERS(2);
    ensures one_of_a_number_0: IS_GRANT(0) && IS(0, REVOKING) ==> !HAS_TWIN(0);
    ensures one_of_a_number_1: IS_GRANT(1) && IS(1, REVOKING) ==> !HAS_TWIN(1);
    ensures one_of_a_number_2: IS_GRANT(2) && IS(2, REVOKING) ==> !HAS_TWIN(2);
*/
static void leave_to_others(occ_session *self, occ_grant *grant, double issued);

// clang-format on
#include "tabs.c"
