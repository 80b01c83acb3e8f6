/* The session: grants between slots, as the effects of the table want it. */
#include "moves.h"
#include "table.h"

/* clang-format takes the ==> of the contracts apart. */
// clang-format off

#define IS_RESULT(i) (\result == &self->grants.at[i])

#define ALL_FIT (FITS(PLACE(0)) && FITS(PLACE(1)) && FITS(PLACE(2)))
/* A copy of the grant stays in the session, or is itself being revoked. */
#define IS_COPY_OF(one, other)                                                                     \
  ((IS_HELD(other) || (other).slot == OCC_SLOT_REVOKING) && SAME_TOKEN(one, other))
#define IS_SHARED(i)                                                                               \
  ((i != 0 && IS_COPY_OF(PLACE(i), PLACE(0))) || (i != 1 && IS_COPY_OF(PLACE(i), PLACE(1))) ||     \
   (i != 2 && IS_COPY_OF(PLACE(i), PLACE(2))))

/*@ requires \valid(self);
    assigns \result \from self, self->grants.at[0 .. OCC_PLACES - 1].slot;
    behavior none:
      assumes IN_SLOT(self->grants, OCC_SLOT_ACTIVE) == 0;
      ensures \result == \null;
    behavior some:
      assumes IN_SLOT(self->grants, OCC_SLOT_ACTIVE) > 0;
      ensures ONE(IS_RESULT) && \result->slot == OCC_SLOT_ACTIVE;
    complete behaviors;
    disjoint behaviors;
*/
static occ_grant *active(occ_session *self);

#define IS_RESERVED(i)                                                                             \
  (\result == &self->grants.at[i] && \old(self->grants.at[i].slot) == OCC_SLOT_FREE &&             \
   self->grants.at[i].slot == OCC_SLOT_AWAITED && self->grants.at[i].owner == owner)
#define IS_UNTOUCHED(i)                                                                            \
  (\result != &self->grants.at[i] ==>                                                              \
     self->grants.at[i].slot == \old(self->grants.at[i].slot) &&                                   \
     self->grants.at[i].owner == \old(self->grants.at[i].owner) &&                                 \
     self->grants.at[i].number == \old(self->grants.at[i].number))
/* Only a free place is reserved, and it is no longer free. */
/*@ requires \valid(self);
    assigns \result, self->grants_issued, self->grants.at[0 .. OCC_PLACES - 1].slot,
      self->grants.at[0 .. OCC_PLACES - 1].owner, self->grants.at[0 .. OCC_PLACES - 1].number;
    behavior none:
      assumes IN_SLOT(self->grants, OCC_SLOT_FREE) <= OCC_PLACES_FOR_TABS;
      assigns \result;
      ensures \result == \null;
    behavior some:
      assumes IN_SLOT(self->grants, OCC_SLOT_FREE) > OCC_PLACES_FOR_TABS;
      ensures ONE(IS_RESERVED);
      ensures EACH(IS_UNTOUCHED);
      ensures IN_SLOT(self->grants, OCC_SLOT_FREE) ==
        \old(IN_SLOT(self->grants, OCC_SLOT_FREE)) - 1;
    complete behaviors;
    disjoint behaviors;
*/
static occ_grant *reserve(occ_session *self, occ_owner owner);

/*@ behavior none:
      assumes grant == \null;
      assigns \nothing;
    behavior some:
      assumes grant != \null;
      requires \valid(grant);
      assigns grant->slot;
      ensures grant->slot == slot;
    complete behaviors;
    disjoint behaviors;
*/
static void move(occ_grant *grant, occ_slot slot);

/*@ requires \valid_read(grant) && \valid_read(other) && FITS(*grant) && FITS(*other);
    assigns \result \from grant, other, *grant, *other;
    ensures \result <==> other != grant && IS_COPY_OF(*grant, *other); */
static bool is_copy(const occ_grant *grant, const occ_grant *other);

/* What has become of the grant: it is queued to be revoked; or R29: settled where the same token is
 * held or being revoked elsewhere; or R13: where there is no endpoint. */
#define IS_OUT_OF_SESSION(i)                                                                       \
  (\old(IS_SHARED(i)) || !HAS_ENDPOINT ? IS_FREE(PLACE(i)) : IS_QUEUED(PLACE(i)))
/*@ requires \valid(self) && ONE(IS_GRANT) && ALL_FIT;
    assigns self->revoking, MEMBERS(*grant);
    ensures FITS(*grant);
    ensures out_0: IS_GRANT(0) ==> IS_OUT_OF_SESSION(0);
    ensures out_1: IS_GRANT(1) ==> IS_OUT_OF_SESSION(1);
    ensures out_2: IS_GRANT(2) ==> IS_OUT_OF_SESSION(2);
*/
static void revoke_unless_shared(occ_session *self, occ_grant *grant);

/* R9. */
/*@ behavior none:
      assumes grant == \null;
      assigns \nothing;
    behavior some:
      assumes grant != \null;
      requires \valid(grant);
      assigns MEMBERS(*grant);
      ensures IS_FREE(*grant);
    complete behaviors;
    disjoint behaviors;
*/
static void drop(occ_grant *grant);

/*@ requires \valid(self) && (grant == \null || ONE(IS_GRANT)) && ALL_FIT;
    assigns self->revoking, PLACES;
    ensures out_0: IS_GRANT(0) ==> IS_OUT_OF_SESSION(0) && IS_UNCHANGED(1) && IS_UNCHANGED(2);
    ensures out_1: IS_GRANT(1) ==> IS_OUT_OF_SESSION(1) && IS_UNCHANGED(0) && IS_UNCHANGED(2);
    ensures out_2: IS_GRANT(2) ==> IS_OUT_OF_SESSION(2) && IS_UNCHANGED(0) && IS_UNCHANGED(1);
    ensures none: grant == \null ==> EACH(IS_UNCHANGED);
*/
static void revoke(occ_session *self, occ_grant *grant);

/* A place whose answer gave no token is free, since there is nothing to lose; else it is a stray. */
/*@ requires \valid(place) && (status == OCC_STATUS_OK || place->access_length == 0);
    behavior token:
      assumes status == OCC_STATUS_OK;
      assigns place->slot;
      ensures place->slot == OCC_SLOT_STRAY;
    behavior none:
      assumes status != OCC_STATUS_OK;
      assigns MEMBERS(*place);
      ensures IS_FREE(*place);
    complete behaviors;
    disjoint behaviors;
*/
static void set_aside(occ_grant *place, occ_status status);

#define WAS(i, in) (\old(self->grants.at[i].slot) == OCC_SLOT_##in)
#define IS(i, in) (self->grants.at[i].slot == OCC_SLOT_##in)
#define IS_WHERE_IT_WAS(i) (self->grants.at[i].slot == \old(self->grants.at[i].slot))
/* The same token stays in the session, or is being revoked, at another place. */
#define STAYS_AT(i, j)                                                                             \
  (i != j && \old(SAME_TOKEN(PLACE(i), PLACE(j))) && (IS_HELD(PLACE(j)) || IS(j, REVOKING)))
#define STAYS(i) (STAYS_AT(i, 0) || STAYS_AT(i, 1) || STAYS_AT(i, 2))

/* Each stray is on its way to be revoked, or there was nothing to revoke; nothing else moves. */
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
static void release_strays(occ_session *self);

/*@ requires \valid(self);
    assigns self->sign_in; */
static void end_sign_in(occ_session *self, occ_status status);

/*@ requires \valid(self);
    assigns self->waiting_for; */
static void end_waiting(occ_session *self, double number, occ_text header);

/*@ requires \valid(self);
    assigns self->waiting_for, self->asked_until, self->is_answered; */
static void end_asking(occ_session *self, double number, occ_text header);

#define IS_NEWER (grant->issued > issued)
#define IS_ONLY_HERE                                                                               \
  (grant->refresh_length > 0 && (self->options.flags & OCC_FLAG_PERSIST) == 0)
/* R24, R31: what another tab revokes is gone here, and what only this one has is revoked. */
/*@ requires \valid(self) && ONE(IS_GRANT) && FITS(*grant);
    assigns self->revoking, MEMBERS(*grant);
    behavior newer:
      assumes HAS_ENDPOINT && IS_NEWER;
      ensures IS_QUEUED(*grant);
    behavior only_here:
      assumes HAS_ENDPOINT && !IS_NEWER && IS_ONLY_HERE;
      ensures IS_REFRESH_QUEUED(*grant);
    behavior others:
      assumes !HAS_ENDPOINT || (!IS_NEWER && !IS_ONLY_HERE);
      ensures IS_FREE(*grant);
    complete behaviors;
    disjoint behaviors;
*/
static void leave_to_others(occ_session *self, occ_grant *grant, double issued);

#define HAS(effect) ((effects & OCC_EFFECT_##effect) != 0)
#define IS_GRANTED(i) (granted == &self->grants.at[i])
#define IS_OUT(i) (IS(i, REVOKING) || IS(i, FREE))

/* Where the effects of the table move each grant; nothing else moves. */
#define IS_MOVED(i)                                                                                \
  (WAS(i, ACTIVE)    ? (HAS(DROP)     ? IS(i, FREE)                                                \
                        : HAS(REVOKE) ? IS_OUT(i)                                                  \
                        : HAS(PARK)   ? (HAS(RETIRE) ? IS(i, RETIRED) : IS(i, PARKED))             \
                                      : IS(i, ACTIVE))                                             \
   : WAS(i, RETIRED) ? (HAS(REVOKE) ? IS_OUT(i) : IS(i, RETIRED))                                  \
   : WAS(i, PARKED)  ? (HAS(RESTORE)  ? IS(i, ACTIVE)                                              \
                        : HAS(RETIRE) ? IS(i, RETIRED)                                             \
                                      : IS(i, PARKED))                                             \
   : HAS(ADMIT) && IS_GRANTED(i) ? IS(i, ACTIVE)                                                   \
                                 : IS_WHERE_IT_WAS(i))
#define MOVED_IS_SAME(i) (!IS(i, FREE) ==> IS_SAME(PLACE(i)))
/* What was settled was dead, or there was nothing to revoke. */
#define MOVED_IS_SETTLED(i)                                                                        \
  (IS(i, FREE) && !WAS(i, FREE) ==> HAS(DROP) || (HAS(REVOKE) && (!HAS_ENDPOINT || STAYS(i))))

#define AT_MOST_ONE_EACH                                                                           \
  (IN_SLOT(self->grants, OCC_SLOT_ACTIVE) <= 1 && IN_SLOT(self->grants, OCC_SLOT_PARKED) <= 1 && \
   IN_SLOT(self->grants, OCC_SLOT_RETIRED) <= 1)

#define GRANT_IS_MOVED(i) (IS_MOVED(i) && MOVED_IS_SAME(i) && MOVED_IS_SETTLED(i))
#define GRANTS_ARE_MOVED (EACH(GRANT_IS_MOVED) && AT_MOST_ONE_EACH)
/* A clause for each set of effects that the table has, since provers do not arrive at one for all;
 * those with DROP are left out, at which they do not arrive. What the sets have in common is
 * required, and checked of the table by Eva (table.c). */
/*@ requires \valid(self) && ALL_FIT && AT_MOST_ONE_EACH;
    requires granted == \null || (ONE(IS_GRANTED) && granted->slot == OCC_SLOT_AWAITED);
    requires !HAS(DROP);
    requires HAS(PARK) ==> IN_SLOT(self->grants, OCC_SLOT_PARKED) == 0;
    requires HAS(RETIRE) && (HAS(PARK) || IN_SLOT(self->grants, OCC_SLOT_PARKED) == 1) ==>
      IN_SLOT(self->grants, OCC_SLOT_RETIRED) == 0;
    requires HAS(RESTORE) ==> (HAS(DROP) || HAS(REVOKE)) && !HAS(PARK) && !HAS(RETIRE);
    requires HAS(PARK) ==> !HAS(DROP) && !HAS(REVOKE);
    requires HAS(ADMIT) ==> HAS(PARK) || IN_SLOT(self->grants, OCC_SLOT_ACTIVE) == 0;
    assigns self->sign_in, self->waiting_for, self->asked_until, self->is_answered,
      self->revoking, PLACES;
    ensures nothing: effects == (0) ==> GRANTS_ARE_MOVED;
    ensures begin: effects == (OCC_EFFECT_BEGIN) ==> GRANTS_ARE_MOVED;
    ensures cancel: effects == (OCC_EFFECT_CANCEL) ==> GRANTS_ARE_MOVED;
    ensures cancel_begin: effects == (OCC_EFFECT_CANCEL | OCC_EFFECT_BEGIN) ==> GRANTS_ARE_MOVED;
    ensures cancel_revoke: effects == (OCC_EFFECT_CANCEL | OCC_EFFECT_REVOKE) ==> GRANTS_ARE_MOVED;
    ensures revoke: effects == (OCC_EFFECT_REVOKE) ==> GRANTS_ARE_MOVED;
    ensures revoke_restore: effects == (OCC_EFFECT_REVOKE | OCC_EFFECT_RESTORE) ==> GRANTS_ARE_MOVED;
    ensures park_admit: effects == (OCC_EFFECT_PARK | OCC_EFFECT_ADMIT) ==> GRANTS_ARE_MOVED;
    ensures park_retire_admit: effects == (OCC_EFFECT_PARK | OCC_EFFECT_RETIRE | OCC_EFFECT_ADMIT) ==>
      GRANTS_ARE_MOVED;
    ensures retire: effects == (OCC_EFFECT_RETIRE) ==> GRANTS_ARE_MOVED;
    ensures admit: effects == (OCC_EFFECT_ADMIT) ==> GRANTS_ARE_MOVED;
*/
static void apply(occ_session *self, unsigned effects, occ_grant *granted);

// clang-format on
#include "session.c"
