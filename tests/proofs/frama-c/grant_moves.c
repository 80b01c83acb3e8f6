/* The places: the reservation of one, and the search for a grant. */
#include "moves.h"

/* clang-format takes the ==> of the contracts apart. */
// clang-format off

#define IS_FOUND(i) (\result == &self->at[i] && self->at[i].role == OCC_ROLE_FREE)
/*@ requires \valid_read(self);
    assigns \result \from self, self->at[0 .. OCC_PLACES - 1].role;
    behavior none:
      assumes IN_ROLE(*self, OCC_ROLE_FREE) <= OCC_PLACES_FOR_TABS;
      ensures \result == \null;
    behavior some:
      assumes IN_ROLE(*self, OCC_ROLE_FREE) > OCC_PLACES_FOR_TABS;
      ensures ONE(IS_FOUND);
    complete behaviors;
    disjoint behaviors;
*/
static occ_grant *free_place(occ_grants *self);

// clang-format on
#include "grant.c"
