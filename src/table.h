/*
 * The state machine of a session: which events move it, where to, and what happens to the grants.
 * No state is decided anywhere else.
 */
#ifndef OCC_TABLE_H
#define OCC_TABLE_H

#include "occ_session.h"

/* The effects of a transition on the grants and the pending sign-in, in this order; with DROP and
 * REVOKE, the dropped grant is not revoked. */
#define OCC_EFFECTS(X)                                                                             \
  X(CANCEL, 1, "cancel")   /* the pending sign-in is given up */                                   \
  X(DROP, 2, "drop")       /* the active grant is dead: out, without a request (R9) */             \
  X(REVOKE, 4, "revoke")   /* the retired grant, then the active one, is revoked (R1, R2) */       \
  X(RESTORE, 8, "restore") /* the parked grant is active again (R5) */                             \
  X(PARK, 16, "park")      /* the active grant is parked (R4) */                                   \
  X(RETIRE, 32, "retire")  /* the parked grant retires (R3, R6) */                                 \
  X(ADMIT, 64, "admit")    /* the grant that was asked for is active */                            \
  X(BEGIN, 128, "begin")   /* a sign-in is pending */

#define OCC_ENUMERATE_EFFECT(name, number, text) OCC_EFFECT_##name = (number),
enum { OCC_EFFECTS(OCC_ENUMERATE_EFFECT) };

typedef struct {
  uint8_t next; /* occ_state */
  uint8_t effects;
} occ_move;

/* The reaction to an event in a state. With `rule` OCC_STATUS_OK it is a move: `given` if there is
 * a guard and it holds, else `move`. Every other rule is the status of the event, and nothing
 * happens. */
typedef struct {
  uint8_t rule;  /* occ_status */
  uint8_t guard; /* occ_guard */
  occ_move move;
  occ_move given;
} occ_cell;

extern const occ_cell occ_table[OCC_STATE_END][OCC_EVENT_END];

#endif
