/*
 * The state machine of docs/rules.md, written once more by hand: the core's own table is compared
 * with it, cell by cell, and the walk checks every step against it.
 */
#ifndef OCC_TEST_PERMITTED_H
#define OCC_TEST_PERMITTED_H

#include "table.h"

typedef struct {
  occ_status status; /* OCC_STATUS_OK: the next state is `to`, or `if_so` when `guard` holds */
  occ_state to;      /* OCC_STATE_INVALID: there is none */
  unsigned effects;  /* on the way to `to`: of OCC_EFFECTS */
  occ_guard guard;
  occ_state if_so;
  unsigned if_so_effects;
} permitted_cell;

#define GOES(state, effects)                                                                       \
  { OCC_STATUS_OK, OCC_STATE_##state, (effects), OCC_GUARD_NONE, OCC_STATE_INVALID, 0 }
#define GOES_IF(condition, state, effects, otherwise, other_effects)                               \
  {                                                                                                \
    OCC_STATUS_OK, OCC_STATE_##otherwise, (other_effects), OCC_GUARD_##condition,                  \
      OCC_STATE_##state, (effects)                                                                 \
  }
#define STAYS(status)                                                                              \
  { OCC_STATUS_##status, OCC_STATE_INVALID, 0, OCC_GUARD_NONE, OCC_STATE_INVALID, 0 }

#define CANCEL OCC_EFFECT_CANCEL
#define DROP OCC_EFFECT_DROP
#define REVOKE OCC_EFFECT_REVOKE
#define RESTORE OCC_EFFECT_RESTORE
#define PARK OCC_EFFECT_PARK
#define RETIRE OCC_EFFECT_RETIRE
#define ADMIT OCC_EFFECT_ADMIT
#define BEGIN OCC_EFFECT_BEGIN

// clang-format off
static const permitted_cell permitted[OCC_STATE_END][OCC_EVENT_END] = {
  [OCC_STATE_ANONYMOUS] = {
    [OCC_EVENT_SIGN_IN] = GOES(CUSTOMER_SIGNING_IN, BEGIN),
    [OCC_EVENT_SIGN_IN_AGENT] = GOES(AGENT_SIGNING_IN, BEGIN),
    [OCC_EVENT_GRANTED] = STAYS(STALE),
    [OCC_EVENT_REFUSED] = STAYS(STALE),
    [OCC_EVENT_EMULATE] = STAYS(NO_AGENT),
    [OCC_EVENT_SIGN_OUT] = STAYS(DONE),
    [OCC_EVENT_SIGN_OUT_AGENT] = STAYS(DONE),
    [OCC_EVENT_EXPIRED] = STAYS(STALE),
  },
  [OCC_STATE_CUSTOMER_SIGNING_IN] = {
    [OCC_EVENT_SIGN_IN] = GOES(CUSTOMER_SIGNING_IN, CANCEL | BEGIN),
    [OCC_EVENT_SIGN_IN_AGENT] = GOES(AGENT_SIGNING_IN, CANCEL | BEGIN),
    [OCC_EVENT_GRANTED] = GOES(CUSTOMER, ADMIT),
    [OCC_EVENT_REFUSED] = GOES(ANONYMOUS, 0),
    [OCC_EVENT_EMULATE] = STAYS(NO_AGENT),
    [OCC_EVENT_SIGN_OUT] = GOES(ANONYMOUS, CANCEL),
    [OCC_EVENT_SIGN_OUT_AGENT] = STAYS(DONE),
    [OCC_EVENT_EXPIRED] = STAYS(STALE),
  },
  [OCC_STATE_CUSTOMER] = {
    [OCC_EVENT_SIGN_IN] = STAYS(ALREADY_SIGNED_IN),
    [OCC_EVENT_SIGN_IN_AGENT] = GOES(AGENT_TAKING_OVER, BEGIN),
    [OCC_EVENT_GRANTED] = STAYS(STALE),
    [OCC_EVENT_REFUSED] = STAYS(STALE),
    [OCC_EVENT_EMULATE] = STAYS(NO_AGENT),
    [OCC_EVENT_SIGN_OUT] = GOES(ANONYMOUS, REVOKE),
    [OCC_EVENT_SIGN_OUT_AGENT] = STAYS(DONE),
    [OCC_EVENT_EXPIRED] = GOES(ANONYMOUS, DROP),
  },
  [OCC_STATE_AGENT_SIGNING_IN] = {
    [OCC_EVENT_SIGN_IN] = STAYS(AGENT_SIGNED_IN),
    [OCC_EVENT_SIGN_IN_AGENT] = GOES(AGENT_SIGNING_IN, CANCEL | BEGIN),
    [OCC_EVENT_GRANTED] = GOES(AGENT, ADMIT),
    [OCC_EVENT_REFUSED] = GOES(ANONYMOUS, 0),
    [OCC_EVENT_EMULATE] = STAYS(NO_AGENT),
    [OCC_EVENT_SIGN_OUT] = GOES(ANONYMOUS, CANCEL),
    [OCC_EVENT_SIGN_OUT_AGENT] = GOES(ANONYMOUS, CANCEL),
    [OCC_EVENT_EXPIRED] = STAYS(STALE),
  },
  [OCC_STATE_AGENT_TAKING_OVER] = {
    [OCC_EVENT_SIGN_IN] = STAYS(AGENT_SIGNED_IN),
    [OCC_EVENT_SIGN_IN_AGENT] = GOES(AGENT_TAKING_OVER, CANCEL | BEGIN),
    [OCC_EVENT_GRANTED] = GOES_IF(CUSTOMER_KNOWN, EMULATING, PARK | ADMIT, AGENT, PARK | RETIRE | ADMIT),
    [OCC_EVENT_REFUSED] = GOES(CUSTOMER, 0),
    [OCC_EVENT_EMULATE] = STAYS(NO_AGENT),
    [OCC_EVENT_SIGN_OUT] = GOES(ANONYMOUS, CANCEL | REVOKE),
    [OCC_EVENT_SIGN_OUT_AGENT] = GOES(CUSTOMER, CANCEL),
    [OCC_EVENT_EXPIRED] = GOES(AGENT_SIGNING_IN, DROP),
  },
  [OCC_STATE_AGENT] = {
    [OCC_EVENT_SIGN_IN] = STAYS(AGENT_SIGNED_IN),
    [OCC_EVENT_SIGN_IN_AGENT] = STAYS(ALREADY_SIGNED_IN),
    [OCC_EVENT_GRANTED] = STAYS(STALE),
    [OCC_EVENT_REFUSED] = STAYS(STALE),
    [OCC_EVENT_EMULATE] = GOES(EMULATING, 0),
    [OCC_EVENT_SIGN_OUT] = GOES(ANONYMOUS, REVOKE),
    [OCC_EVENT_SIGN_OUT_AGENT] = GOES(ANONYMOUS, REVOKE),
    [OCC_EVENT_EXPIRED] = GOES(ANONYMOUS, DROP | REVOKE),
  },
  [OCC_STATE_EMULATING] = {
    [OCC_EVENT_SIGN_IN] = STAYS(AGENT_SIGNED_IN),
    [OCC_EVENT_SIGN_IN_AGENT] = STAYS(ALREADY_SIGNED_IN),
    [OCC_EVENT_GRANTED] = STAYS(STALE),
    [OCC_EVENT_REFUSED] = STAYS(STALE),
    [OCC_EVENT_EMULATE] = GOES_IF(SAME_CUSTOMER, EMULATING, 0, EMULATING, RETIRE),
    [OCC_EVENT_SIGN_OUT] = GOES(AGENT, RETIRE),
    [OCC_EVENT_SIGN_OUT_AGENT] = GOES_IF(PARKED, CUSTOMER, REVOKE | RESTORE, ANONYMOUS, REVOKE),
    [OCC_EVENT_EXPIRED] = GOES_IF(PARKED, CUSTOMER, DROP | RESTORE, ANONYMOUS, DROP | REVOKE),
  },
};
// clang-format on

#undef CANCEL
#undef DROP
#undef REVOKE
#undef RESTORE
#undef PARK
#undef RETIRE
#undef ADMIT
#undef BEGIN

#endif
