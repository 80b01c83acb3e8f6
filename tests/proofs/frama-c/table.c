/* The state table: what session_moves.c requires of the effects holds in every cell. */
#include <__fc_builtin.h>

#include "table.h"

#define HAS(effect) ((effects & OCC_EFFECT_##effect) != 0)

static void check_effects(unsigned state, unsigned effects) {
  // Each set of effects has its clause there, except those with DROP.
  /*@ check HAS(DROP) || effects == 0 || effects == OCC_EFFECT_BEGIN ||
        effects == OCC_EFFECT_CANCEL || effects == (OCC_EFFECT_CANCEL | OCC_EFFECT_BEGIN) ||
        effects == (OCC_EFFECT_CANCEL | OCC_EFFECT_REVOKE) || effects == OCC_EFFECT_REVOKE ||
        effects == (OCC_EFFECT_REVOKE | OCC_EFFECT_RESTORE) ||
        effects == (OCC_EFFECT_PARK | OCC_EFFECT_ADMIT) ||
        effects == (OCC_EFFECT_PARK | OCC_EFFECT_RETIRE | OCC_EFFECT_ADMIT) ||
        effects == OCC_EFFECT_RETIRE || effects == OCC_EFFECT_ADMIT; */
  //@ check HAS(RESTORE) ==> (HAS(DROP) || HAS(REVOKE)) && !HAS(PARK) && !HAS(RETIRE);
  //@ check HAS(PARK) ==> !HAS(DROP) && !HAS(REVOKE);
  // Effects that leave the user on requests unchanged change no grant except at an emulation's end.
  //@ check HAS(PARK) ==> HAS(ADMIT);
  // A customer who is taken over has nothing parked or retired yet.
  //@ check HAS(PARK) ==> state == OCC_STATE_AGENT_TAKING_OVER;
  // An emulation has a parked or a retired grant, never both.
  //@ check HAS(RETIRE) ==> HAS(PARK) || state == OCC_STATE_EMULATING;
  /*@ check HAS(ADMIT) ==> HAS(PARK) || state == OCC_STATE_CUSTOMER_SIGNING_IN ||
        state == OCC_STATE_AGENT_SIGNING_IN; */
}

void main(void) {
  //@ loop unroll OCC_STATE_END;
  for (unsigned state = OCC_STATE_ANONYMOUS; state < OCC_STATE_END; state++) {
    //@ loop unroll OCC_EVENT_END;
    for (unsigned event = OCC_EVENT_SIGN_IN; event < OCC_EVENT_END; event++) {
      check_effects(state, occ_table[state][event].move.effects);
      check_effects(state, occ_table[state][event].given.effects);
    }
  }
  (void)occ_table_cell(Frama_C_unsigned_int_interval(0, UINT32_MAX),
                       Frama_C_unsigned_int_interval(0, UINT32_MAX));
}
