/* Transitions: grants move between roles according to the effects of the table. */
#include "moves.h"
#include "table.h"

/* clang-format takes the ==> of the contracts apart. */
// clang-format off

/*@ behavior none:
      assumes grant == \null;
      assigns \nothing;
    behavior some:
      assumes grant != \null;
      requires \valid(grant);
      assigns grant->role;
      ensures grant->role == role;
    complete behaviors;
    disjoint behaviors;
*/
static void move(occ_grant *grant, occ_role role);

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

#define IS_LEFT(i)                                                                                 \
  (self->left == \old(PLACE(i).number) && self->left_issued == \old(PLACE(i).issued))
/* A grant that ends here is remembered (R24), so a tab that does not know of it cannot bring it
 * back. */
/*@ requires \valid(self) && (grant == \null || ONE(IS_GRANT)) && ALL_FIT;
    assigns self->left, self->left_issued, self->revoking, PLACES;
    ensures out_0: IS_GRANT(0) ==> IS_OUT_OF_SESSION(0) && IS_UNCHANGED(1) && IS_UNCHANGED(2);
    ensures out_1: IS_GRANT(1) ==> IS_OUT_OF_SESSION(1) && IS_UNCHANGED(0) && IS_UNCHANGED(2);
    ensures out_2: IS_GRANT(2) ==> IS_OUT_OF_SESSION(2) && IS_UNCHANGED(0) && IS_UNCHANGED(1);
    ensures none: grant == \null ==> EACH(IS_UNCHANGED);
    ensures left_0: IS_GRANT(0) ==> IS_LEFT(0);
    ensures left_1: IS_GRANT(1) ==> IS_LEFT(1);
    ensures left_2: IS_GRANT(2) ==> IS_LEFT(2);
    ensures not_left: grant == \null ==> WAS_SAME(self->left) && WAS_SAME(self->left_issued);
*/
static void revoke(occ_session *self, occ_grant *grant);

#define HAS(effect) ((effects & OCC_EFFECT_##effect) != 0)
#define IS_GRANTED(i) (granted == &self->grants.at[i])
#define IS_OUT(i) (IS(i, REVOKING) || IS(i, FREE))

/* Each grant moves according to the effects of the table; nothing else moves. */
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
/* A settled grant was dead, or there was nothing to revoke. */
#define MOVED_IS_SETTLED(i)                                                                        \
  (IS(i, FREE) && !WAS(i, FREE) ==> HAS(DROP) || (HAS(REVOKE) && (!HAS_ENDPOINT || STAYS(i))))

#define AT_MOST_ONE_EACH                                                                           \
  (IN_ROLE(self->grants, OCC_ROLE_ACTIVE) <= 1 && IN_ROLE(self->grants, OCC_ROLE_PARKED) <= 1 && \
   IN_ROLE(self->grants, OCC_ROLE_RETIRED) <= 1)

#define GRANT_IS_MOVED(i) (IS_MOVED(i) && MOVED_IS_SAME(i) && MOVED_IS_SETTLED(i))
#define GRANTS_ARE_MOVED (EACH(GRANT_IS_MOVED) && AT_MOST_ONE_EACH)
/* Each set of effects of the table has its clause, since provers cannot prove one for all; the sets
 * with DROP are left out, which they cannot prove. The sets' common properties are required here,
 * and Eva checks them of the table (table.c). */
/*@ requires \valid(self) && ALL_FIT && AT_MOST_ONE_EACH;
    requires granted == \null || (ONE(IS_GRANTED) && granted->role == OCC_ROLE_AWAITED);
    requires !HAS(DROP);
    requires HAS(PARK) ==> IN_ROLE(self->grants, OCC_ROLE_PARKED) == 0;
    requires HAS(RETIRE) && (HAS(PARK) || IN_ROLE(self->grants, OCC_ROLE_PARKED) == 1) ==>
      IN_ROLE(self->grants, OCC_ROLE_RETIRED) == 0;
    requires HAS(RESTORE) ==> (HAS(DROP) || HAS(REVOKE)) && !HAS(PARK) && !HAS(RETIRE);
    requires HAS(PARK) ==> !HAS(DROP) && !HAS(REVOKE);
    requires HAS(ADMIT) ==> HAS(PARK) || IN_ROLE(self->grants, OCC_ROLE_ACTIVE) == 0;
    assigns self->sign_in, self->waiting_for, self->asked_until, self->is_answered,
      self->left, self->left_issued, self->revoking, PLACES;
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
#include "transition.c"
