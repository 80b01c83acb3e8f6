/*
 * The state machine of a session: which events move it, where to, and what happens to the grants.
 * No state is decided anywhere else.
 */
#ifndef OCC_TABLE_H
#define OCC_TABLE_H

#include "occ_session.h"

/* What a transition does to the grants and to the sign-in that is pending, in this order; where
 * there is DROP and REVOKE, what is dropped is not revoked. */
enum {
  OCC_EFFECT_CANCEL = 1 << 0,  /* the pending sign-in is given up */
  OCC_EFFECT_DROP = 1 << 1,    /* the active grant is dead: out, without a request (R9) */
  OCC_EFFECT_REVOKE = 1 << 2,  /* the retired grant, then the active one, is revoked (R1, R2) */
  OCC_EFFECT_RESTORE = 1 << 3, /* the parked grant is active again (R5) */
  OCC_EFFECT_PARK = 1 << 4,    /* the active grant is parked (R4) */
  OCC_EFFECT_RETIRE = 1 << 5,  /* the parked grant retires (R3, R6) */
  OCC_EFFECT_ADMIT = 1 << 6,   /* the grant that was asked for is active */
  OCC_EFFECT_BEGIN = 1 << 7    /* a sign-in is pending */
};

typedef struct {
  uint8_t next; /* occ_state */
  uint8_t effects;
} occ_move;

/* What an event does in a state. A move where `rule` is OCC_STATUS_OK: `given` when there is a
 * guard and it holds, else `move`. Every other rule is the status that the event gives, and nothing
 * happens. */
typedef struct {
  uint8_t rule;  /* occ_status */
  uint8_t guard; /* occ_guard */
  occ_move move;
  occ_move given;
} occ_cell;

extern const occ_cell occ_table[OCC_STATE_END][OCC_EVENT_END];

#endif
