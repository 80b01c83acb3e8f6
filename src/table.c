#include "table.h"

#define CANCEL OCC_EFFECT_CANCEL
#define DROP OCC_EFFECT_DROP
#define REVOKE OCC_EFFECT_REVOKE
#define RESTORE OCC_EFFECT_RESTORE
#define PARK OCC_EFFECT_PARK
#define RETIRE OCC_EFFECT_RETIRE
#define ADMIT OCC_EFFECT_ADMIT
#define BEGIN OCC_EFFECT_BEGIN

#define TO(state, effects)                                                                         \
  { OCC_STATE_##state, (effects) }
#define MOVE(state, effects)                                                                       \
  { .rule = OCC_STATUS_OK, .move = TO(state, effects) }
#define MOVE_IF(condition, when_it_holds, otherwise)                                               \
  {                                                                                                \
    .rule = OCC_STATUS_OK, .guard = OCC_GUARD_##condition, .move = otherwise,                      \
    .given = when_it_holds                                                                         \
  }
/* There is nothing to do, and that is success. */
#define DONE                                                                                       \
  { .rule = OCC_STATUS_DONE }
/* The event cannot occur, or it is a response that comes too late. */
#define STALE                                                                                      \
  { .rule = OCC_STATUS_STALE }
#define ERROR(status)                                                                              \
  { .rule = OCC_STATUS_##status }
/* State and event 0 are never valid. */
#define INVALID                                                                                    \
  { .rule = OCC_STATUS_UNKNOWN_CELL }

// clang-format off
const occ_cell occ_table[OCC_STATE_END][OCC_EVENT_END] = {
  [OCC_STATE_INVALID] = {
    [OCC_EVENT_INVALID]        = INVALID,
    [OCC_EVENT_SIGN_IN]        = INVALID,
    [OCC_EVENT_SIGN_IN_AGENT]  = INVALID,
    [OCC_EVENT_GRANTED]        = INVALID,
    [OCC_EVENT_REFUSED]        = INVALID,
    [OCC_EVENT_EMULATE]        = INVALID,
    [OCC_EVENT_SIGN_OUT]       = INVALID,
    [OCC_EVENT_SIGN_OUT_AGENT] = INVALID,
    [OCC_EVENT_EXPIRED]        = INVALID,
  },
  [OCC_STATE_ANONYMOUS] = {
    [OCC_EVENT_INVALID]        = INVALID,
    [OCC_EVENT_SIGN_IN]        = MOVE(CUSTOMER_SIGNING_IN, BEGIN),
    [OCC_EVENT_SIGN_IN_AGENT]  = MOVE(AGENT_SIGNING_IN, BEGIN),
    [OCC_EVENT_GRANTED]        = STALE,
    [OCC_EVENT_REFUSED]        = STALE,
    [OCC_EVENT_EMULATE]        = ERROR(NO_AGENT),
    [OCC_EVENT_SIGN_OUT]       = DONE,
    [OCC_EVENT_SIGN_OUT_AGENT] = DONE,
    [OCC_EVENT_EXPIRED]        = STALE,
  },
  [OCC_STATE_CUSTOMER_SIGNING_IN] = {
    [OCC_EVENT_INVALID]        = INVALID,
    [OCC_EVENT_SIGN_IN]        = MOVE(CUSTOMER_SIGNING_IN, CANCEL | BEGIN),
    [OCC_EVENT_SIGN_IN_AGENT]  = MOVE(AGENT_SIGNING_IN, CANCEL | BEGIN),
    [OCC_EVENT_GRANTED]        = MOVE(CUSTOMER, ADMIT),
    [OCC_EVENT_REFUSED]        = MOVE(ANONYMOUS, 0),
    [OCC_EVENT_EMULATE]        = ERROR(NO_AGENT),
    [OCC_EVENT_SIGN_OUT]       = MOVE(ANONYMOUS, CANCEL),
    [OCC_EVENT_SIGN_OUT_AGENT] = DONE,
    [OCC_EVENT_EXPIRED]        = STALE,
  },
  [OCC_STATE_CUSTOMER] = {
    [OCC_EVENT_INVALID]        = INVALID,
    [OCC_EVENT_SIGN_IN]        = ERROR(ALREADY_SIGNED_IN),
    [OCC_EVENT_SIGN_IN_AGENT]  = MOVE(AGENT_TAKING_OVER, BEGIN),
    [OCC_EVENT_GRANTED]        = STALE,
    [OCC_EVENT_REFUSED]        = STALE,
    [OCC_EVENT_EMULATE]        = ERROR(NO_AGENT),
    [OCC_EVENT_SIGN_OUT]       = MOVE(ANONYMOUS, REVOKE),
    [OCC_EVENT_SIGN_OUT_AGENT] = DONE,
    [OCC_EVENT_EXPIRED]        = MOVE(ANONYMOUS, DROP),
  },
  [OCC_STATE_AGENT_SIGNING_IN] = {
    [OCC_EVENT_INVALID]        = INVALID,
    [OCC_EVENT_SIGN_IN]        = ERROR(AGENT_SIGNED_IN),
    [OCC_EVENT_SIGN_IN_AGENT]  = MOVE(AGENT_SIGNING_IN, CANCEL | BEGIN),
    [OCC_EVENT_GRANTED]        = MOVE(AGENT, ADMIT),
    [OCC_EVENT_REFUSED]        = MOVE(ANONYMOUS, 0),
    [OCC_EVENT_EMULATE]        = ERROR(NO_AGENT),
    [OCC_EVENT_SIGN_OUT]       = MOVE(ANONYMOUS, CANCEL),
    [OCC_EVENT_SIGN_OUT_AGENT] = MOVE(ANONYMOUS, CANCEL),
    [OCC_EVENT_EXPIRED]        = STALE,
  },
  [OCC_STATE_AGENT_TAKING_OVER] = {
    [OCC_EVENT_INVALID]        = INVALID,
    [OCC_EVENT_SIGN_IN]        = ERROR(AGENT_SIGNED_IN),
    [OCC_EVENT_SIGN_IN_AGENT]  = MOVE(AGENT_TAKING_OVER, CANCEL | BEGIN),
    [OCC_EVENT_GRANTED]        = MOVE_IF(CUSTOMER_KNOWN, TO(EMULATING, PARK | ADMIT),
                                                         TO(AGENT, PARK | RETIRE | ADMIT)),
    [OCC_EVENT_REFUSED]        = MOVE(CUSTOMER, 0),
    [OCC_EVENT_EMULATE]        = ERROR(NO_AGENT),
    [OCC_EVENT_SIGN_OUT]       = MOVE(ANONYMOUS, CANCEL | REVOKE),
    [OCC_EVENT_SIGN_OUT_AGENT] = MOVE(CUSTOMER, CANCEL),
    [OCC_EVENT_EXPIRED]        = MOVE(AGENT_SIGNING_IN, DROP),
  },
  [OCC_STATE_AGENT] = {
    [OCC_EVENT_INVALID]        = INVALID,
    [OCC_EVENT_SIGN_IN]        = ERROR(AGENT_SIGNED_IN),
    [OCC_EVENT_SIGN_IN_AGENT]  = ERROR(ALREADY_SIGNED_IN),
    [OCC_EVENT_GRANTED]        = STALE,
    [OCC_EVENT_REFUSED]        = STALE,
    [OCC_EVENT_EMULATE]        = MOVE(EMULATING, 0),
    [OCC_EVENT_SIGN_OUT]       = MOVE(ANONYMOUS, REVOKE),
    [OCC_EVENT_SIGN_OUT_AGENT] = MOVE(ANONYMOUS, REVOKE),
    [OCC_EVENT_EXPIRED]        = MOVE(ANONYMOUS, DROP | REVOKE),
  },
  [OCC_STATE_EMULATING] = {
    [OCC_EVENT_INVALID]        = INVALID,
    [OCC_EVENT_SIGN_IN]        = ERROR(AGENT_SIGNED_IN),
    [OCC_EVENT_SIGN_IN_AGENT]  = ERROR(ALREADY_SIGNED_IN),
    [OCC_EVENT_GRANTED]        = STALE,
    [OCC_EVENT_REFUSED]        = STALE,
    [OCC_EVENT_EMULATE]        = MOVE_IF(SAME_CUSTOMER, TO(EMULATING, 0), TO(EMULATING, RETIRE)),
    [OCC_EVENT_SIGN_OUT]       = MOVE(AGENT, RETIRE),
    [OCC_EVENT_SIGN_OUT_AGENT] = MOVE_IF(PARKED, TO(CUSTOMER, REVOKE | RESTORE),
                                                 TO(ANONYMOUS, REVOKE)),
    [OCC_EVENT_EXPIRED]        = MOVE_IF(PARKED, TO(CUSTOMER, DROP | RESTORE),
                                                 TO(ANONYMOUS, DROP | REVOKE)),
  },
};
// clang-format on

uint32_t occ_table_cell(uint32_t state, uint32_t event) {
  if (state >= OCC_STATE_END || event >= OCC_EVENT_END) {
    return (uint32_t)OCC_STATUS_UNKNOWN_CELL << 24;
  }
  const occ_cell *cell = &occ_table[state][event];
  return (uint32_t)cell->move.next | (uint32_t)cell->given.next << 8 | (uint32_t)cell->guard << 16 |
         (uint32_t)cell->rule << 24;
}
