/* The session: grants between slots, as the effects of the table want it. */
#include "moves.h"
#include "table.h"

#define IS_RESULT(i) (\result == &self->grants.at[i])

/*@ // A copy of the grant stays in the session, or is itself being revoked.
    predicate is_copy_of{L}(occ_grant *grant, occ_grant *other) =
      other != grant && (is_held(other->slot) || other->slot == OCC_SLOT_REVOKING) &&
      same_token{L, L}(grant, other);

    predicate is_shared{L}(occ_session *self, occ_grant *grant) =
      is_copy_of{L}(grant, &self->grants.at[0]) || is_copy_of{L}(grant, &self->grants.at[1]) ||
      is_copy_of{L}(grant, &self->grants.at[2]);

    predicate all_fit(occ_session *self) =
      fits(&self->grants.at[0]) && fits(&self->grants.at[1]) && fits(&self->grants.at[2]);
*/

/*@ requires \valid(self);
    assigns \result \from self, self->grants.at[0 .. OCC_PLACES - 1].slot;
    behavior none:
      assumes in_slot(&self->grants, OCC_SLOT_ACTIVE) == 0;
      ensures \result == \null;
    behavior some:
      assumes in_slot(&self->grants, OCC_SLOT_ACTIVE) > 0;
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
      assumes in_slot(&self->grants, OCC_SLOT_FREE) <= OCC_PLACES_FOR_TABS;
      assigns \result;
      ensures \result == \null;
    behavior some:
      assumes in_slot(&self->grants, OCC_SLOT_FREE) > OCC_PLACES_FOR_TABS;
      ensures ONE(IS_RESERVED);
      ensures EACH(IS_UNTOUCHED);
      ensures in_slot(&self->grants, OCC_SLOT_FREE) ==
        \old(in_slot(&self->grants, OCC_SLOT_FREE)) - 1;
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

/*@ requires \valid_read(grant) && \valid_read(other) && fits(grant) && fits(other);
    assigns \result \from grant, other, *grant, *other;
    ensures \result <==> is_copy_of(grant, other); */
static bool is_copy(const occ_grant *grant, const occ_grant *other);

/* R29: settled at once only where the same token is held or being revoked elsewhere; R13: or where
 * there is no endpoint. */
/*@ requires \valid(self) && ONE(IS_GRANT) && all_fit(self);
    assigns *grant, self->revoking;
    ensures grant != \null ==> fits(grant);
    ensures stay_0: IS_GRANT(0) ==> IS_UNCHANGED(1) && IS_UNCHANGED(2);
    ensures stay_1: IS_GRANT(1) ==> IS_UNCHANGED(0) && IS_UNCHANGED(2);
    ensures stay_2: IS_GRANT(2) ==> IS_UNCHANGED(0) && IS_UNCHANGED(1);
    ensures flags_0: IS_GRANT(0) ==> self->options.flags == \old(self->options.flags);
    ensures flags_1: IS_GRANT(1) ==> self->options.flags == \old(self->options.flags);
    ensures flags_2: IS_GRANT(2) ==> self->options.flags == \old(self->options.flags);
    behavior shared:
      assumes is_shared(self, grant);
      ensures is_wiped(grant);
    behavior unreachable:
      assumes !is_shared(self, grant) && !HAS_ENDPOINT;
      ensures is_wiped(grant);
    behavior revoked:
      assumes !is_shared(self, grant) && HAS_ENDPOINT;
      ensures is_queued{Pre, Here}(grant);
    complete behaviors;
    disjoint behaviors;
*/
static void revoke_unless_shared(occ_session *self, occ_grant *grant);

/* R9. */
/*@ behavior none:
      assumes grant == \null;
      assigns \nothing;
    behavior some:
      assumes grant != \null;
      requires \valid(grant);
      assigns *grant;
      ensures is_wiped(grant);
    complete behaviors;
    disjoint behaviors;
*/
static void drop(occ_grant *grant);

/*@ requires \valid(self) && (grant == \null || ONE(IS_GRANT)) && all_fit(self);
    assigns *grant, self->revoking;
    ensures grant != \null ==> fits(grant);
    ensures stay_0: IS_GRANT(0) ==> IS_UNCHANGED(1) && IS_UNCHANGED(2);
    ensures stay_1: IS_GRANT(1) ==> IS_UNCHANGED(0) && IS_UNCHANGED(2);
    ensures stay_2: IS_GRANT(2) ==> IS_UNCHANGED(0) && IS_UNCHANGED(1);
    ensures flags_0: IS_GRANT(0) ==> self->options.flags == \old(self->options.flags);
    ensures flags_1: IS_GRANT(1) ==> self->options.flags == \old(self->options.flags);
    ensures flags_2: IS_GRANT(2) ==> self->options.flags == \old(self->options.flags);
    behavior none:
      assumes grant == \null;
      assigns \nothing;
    behavior shared:
      assumes grant != \null && is_shared(self, grant);
      ensures is_wiped(grant);
    behavior unreachable:
      assumes grant != \null && !is_shared(self, grant) && !HAS_ENDPOINT;
      ensures is_wiped(grant);
    behavior revoked:
      assumes grant != \null && !is_shared(self, grant) && HAS_ENDPOINT;
      ensures is_queued{Pre, Here}(grant);
    complete behaviors;
    disjoint behaviors;
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
      assigns *place;
      ensures is_wiped(place);
    complete behaviors;
    disjoint behaviors;
*/
static void set_aside(occ_grant *place, occ_status status);

/*@ // The same token stays in the session, or is being revoked, at another place.
    predicate stays_at{L1, L2}(occ_grant *grant, occ_grant *other) =
      other != grant && same_token{L1, L1}(grant, other) &&
      (is_held(\at(other->slot, L2)) || \at(other->slot, L2) == OCC_SLOT_REVOKING);

    predicate stays{L1, L2}(occ_session *self, occ_grant *grant) =
      stays_at{L1, L2}(grant, \at(&self->grants.at[0], L1)) ||
      stays_at{L1, L2}(grant, \at(&self->grants.at[1], L1)) ||
      stays_at{L1, L2}(grant, \at(&self->grants.at[2], L1));
*/

#define WAS(i, in) (\old(self->grants.at[i].slot) == OCC_SLOT_##in)
#define IS(i, in) (self->grants.at[i].slot == OCC_SLOT_##in)
#define IS_WHERE_IT_WAS(i) (self->grants.at[i].slot == \old(self->grants.at[i].slot))
#define IS_SAME(i) is_same{Pre, Here}(&self->grants.at[i])
#define STAYS(i) stays{Pre, Here}(self, &self->grants.at[i])

/* Each stray is on its way to be revoked, or there was nothing to revoke; nothing else moves. */
#define STRAY_IS_OUT(i) (WAS(i, STRAY) ? IS(i, REVOKING) || IS(i, FREE) : IS_WHERE_IT_WAS(i))
#define STRAY_IS_SAME(i) (!IS(i, FREE) ==> IS_SAME(i))
#define STRAY_IS_SETTLED(i) (WAS(i, STRAY) && IS(i, FREE) ==> !HAS_ENDPOINT || STAYS(i))
/*@ requires \valid(self) && all_fit(self);
    assigns self->revoking, self->grants.at[0 .. OCC_PLACES - 1];
    behavior wait:
      assumes self->sign_in.request != 0 && !self->is_leaving;
      assigns \nothing;
    behavior release:
      assumes !(self->sign_in.request != 0 && !self->is_leaving);
      ensures out_0: STRAY_IS_OUT(0);
      ensures out_1: STRAY_IS_OUT(1);
      ensures out_2: STRAY_IS_OUT(2);
      ensures same_0: STRAY_IS_SAME(0);
      ensures same_1: STRAY_IS_SAME(1);
      ensures same_2: STRAY_IS_SAME(2);
      ensures settled_0: STRAY_IS_SETTLED(0);
      ensures settled_1: STRAY_IS_SETTLED(1);
      ensures settled_2: STRAY_IS_SETTLED(2);
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
#define MOVED_IS_SAME(i) (!IS(i, FREE) ==> IS_SAME(i))
/* What was settled was dead, or there was nothing to revoke. */
#define MOVED_IS_SETTLED(i)                                                                        \
  (IS(i, FREE) && !WAS(i, FREE) ==> HAS(DROP) || (HAS(REVOKE) && (!HAS_ENDPOINT || STAYS(i))))

#define AT_MOST_ONE_EACH                                                                           \
  (in_slot(&self->grants, OCC_SLOT_ACTIVE) <= 1 && in_slot(&self->grants, OCC_SLOT_PARKED) <= 1 && \
   in_slot(&self->grants, OCC_SLOT_RETIRED) <= 1)

/* What the effects of the table have in common is required here, and checked of the table by Eva
 * (table.c). */
/*@ requires \valid(self) && all_fit(self) && AT_MOST_ONE_EACH;
    requires granted == \null || (ONE(IS_GRANTED) && granted->slot == OCC_SLOT_AWAITED);
    requires HAS(PARK) ==> in_slot(&self->grants, OCC_SLOT_PARKED) == 0;
    requires HAS(RETIRE) && (HAS(PARK) || in_slot(&self->grants, OCC_SLOT_PARKED) == 1) ==>
      in_slot(&self->grants, OCC_SLOT_RETIRED) == 0;
    requires HAS(RESTORE) ==> (HAS(DROP) || HAS(REVOKE)) && !HAS(PARK) && !HAS(RETIRE);
    requires HAS(PARK) ==> !HAS(DROP) && !HAS(REVOKE);
    requires HAS(ADMIT) ==> HAS(PARK) || in_slot(&self->grants, OCC_SLOT_ACTIVE) == 0;
    assigns self->sign_in, self->waiting_for, self->revoking,
      self->grants.at[0 .. OCC_PLACES - 1];
    ensures moved_0: IS_MOVED(0);
    ensures moved_1: IS_MOVED(1);
    ensures moved_2: IS_MOVED(2);
    ensures same_0: MOVED_IS_SAME(0);
    ensures same_1: MOVED_IS_SAME(1);
    ensures same_2: MOVED_IS_SAME(2);
    ensures settled_0: MOVED_IS_SETTLED(0);
    ensures settled_1: MOVED_IS_SETTLED(1);
    ensures settled_2: MOVED_IS_SETTLED(2);
    ensures AT_MOST_ONE_EACH;
*/
static void apply(occ_session *self, unsigned effects, occ_grant *granted);

#include "session.c"
