/* The state table: invariants of every cell, and a comparison with the permitted transitions. */
#include "table.h"

#include "check.h"
#include "permitted.h"

static bool goes(occ_state from, occ_event event) {
  return occ_table[from][event].rule == OCC_STATUS_OK;
}

static void mark_next(bool *marked, occ_state from, occ_event event) {
  const occ_cell *cell = &occ_table[from][event];
  if (goes(from, event)) {
    marked[cell->move.next] = true;
    if (cell->guard != OCC_GUARD_NONE) {
      marked[cell->given.next] = true;
    }
  }
}

/* Marks every state that can be reached from there, itself included. */
static void mark_reachable(bool *marked, occ_state start) {
  marked[start] = true;
  for (int round = 0; round < OCC_STATE_END; round++) {
    for (int state = 1; state < OCC_STATE_END; state++) {
      for (int event = 1; marked[state] && event < OCC_EVENT_END; event++) {
        mark_next(marked, (occ_state)state, (occ_event)event);
      }
    }
  }
}

/* Returns the effects of the moves of a cell, those of the guarded one included. */
static unsigned all_effects(occ_state state, occ_event event) {
  return occ_table[state][event].move.effects | occ_table[state][event].given.effects;
}

static bool is_pending(int state) {
  return state == OCC_STATE_CUSTOMER_SIGNING_IN || state == OCC_STATE_AGENT_SIGNING_IN ||
         state == OCC_STATE_AGENT_TAKING_OVER;
}

static bool has_active(int state) {
  return state == OCC_STATE_CUSTOMER || state == OCC_STATE_AGENT_TAKING_OVER ||
         state == OCC_STATE_AGENT || state == OCC_STATE_EMULATING;
}

TEST(every_state_reachable, "every state can be reached from anonymous") {
  bool marked[OCC_STATE_END] = {false};
  mark_reachable(marked, OCC_STATE_ANONYMOUS);
  for (int state = 1; state < OCC_STATE_END; state++) {
    CHECK(marked[state]);
  }
}

TEST(anonymous_reachable, "anonymous can be reached from every state") {
  for (int state = 1; state < OCC_STATE_END; state++) {
    bool marked[OCC_STATE_END] = {false};
    mark_reachable(marked, (occ_state)state);
    CHECK(marked[OCC_STATE_ANONYMOUS]);
  }
}

TEST(sign_outs_reach_anonymous, "from every state, signing out often enough leads to anonymous") {
  for (int start = 1; start < OCC_STATE_END; start++) {
    int state = start;
    for (int round = 0; round < OCC_STATE_END && state != OCC_STATE_ANONYMOUS; round++) {
      const occ_event event =
        state == OCC_STATE_EMULATING ? OCC_EVENT_SIGN_OUT_AGENT : OCC_EVENT_SIGN_OUT;
      CHECK(goes((occ_state)state, event));
      state = occ_table[state][event].move.next;
    }
    CHECK_NUMBER(state, OCC_STATE_ANONYMOUS);
  }
}

TEST(zero_never_entered, "no transition enters state 0") {
  for (int state = 1; state < OCC_STATE_END; state++) {
    for (int event = 1; event < OCC_EVENT_END; event++) {
      const occ_cell *cell = &occ_table[state][event];
      if (cell->rule == OCC_STATUS_OK) {
        CHECK(cell->move.next > 0 && cell->move.next < OCC_STATE_END);
        CHECK((cell->guard == OCC_GUARD_NONE) == (cell->given.next == 0));
        CHECK(cell->given.next < OCC_STATE_END);
      }
    }
  }
}

TEST(zero_is_unknown, "state 0 and event 0 have no cells") {
  for (int state = 0; state < OCC_STATE_END; state++) {
    CHECK_NUMBER(occ_table[state][0].rule, OCC_STATUS_UNKNOWN_CELL);
  }
  for (int event = 0; event < OCC_EVENT_END; event++) {
    CHECK_NUMBER(occ_table[0][event].rule, OCC_STATUS_UNKNOWN_CELL);
  }
}

TEST(unmoved_has_no_effects, "a cell without a transition has neither a next state nor effects") {
  for (int state = 0; state < OCC_STATE_END; state++) {
    for (int event = 0; event < OCC_EVENT_END; event++) {
      const occ_cell *cell = &occ_table[state][event];
      if (cell->rule != OCC_STATUS_OK) {
        CHECK_NUMBER(cell->guard, OCC_GUARD_NONE);
        CHECK_NUMBER(cell->move.next, 0);
        CHECK_NUMBER(cell->given.next, 0);
        CHECK_NUMBER(all_effects((occ_state)state, (occ_event)event), 0);
      }
    }
  }
}

TEST(permitted_transitions, "the table is the permitted one, cell by cell, effects included") {
  for (int state = 1; state < OCC_STATE_END; state++) {
    for (int event = 1; event < OCC_EVENT_END; event++) {
      const permitted_cell *expected = &permitted[state][event];
      const occ_cell *cell = &occ_table[state][event];
      const bool same = CHECK_NUMBER(cell->rule, expected->status) &&
                        CHECK_NUMBER(cell->move.next, expected->to) &&
                        CHECK_NUMBER(cell->guard, expected->guard) &&
                        CHECK_NUMBER(cell->given.next, expected->if_so) &&
                        CHECK_NUMBER(cell->move.effects, expected->effects) &&
                        CHECK_NUMBER(cell->given.effects, expected->if_so_effects);
      if (!same) {
        printf("  in state %d, event %d\n", state, event);
      }
    }
  }
}

/* The rules for each sign-out, by the session that it ends: R1, R2, R3, R5. */
TEST(sign_outs_revoke,
     "R1 R2: every sign-out with a grant revokes it, except that of an emulated customer (R3)") {
  for (int state = 1; state < OCC_STATE_END; state++) {
    const unsigned out = all_effects((occ_state)state, OCC_EVENT_SIGN_OUT);
    const unsigned agent_out = all_effects((occ_state)state, OCC_EVENT_SIGN_OUT_AGENT);
    const bool agent = state == OCC_STATE_AGENT || state == OCC_STATE_EMULATING;
    CHECK(((out & OCC_EFFECT_REVOKE) != 0) == (has_active(state) && state != OCC_STATE_EMULATING));
    CHECK(((agent_out & OCC_EFFECT_REVOKE) != 0) == agent);
    /* A dead grant is dropped only if the server has said so. */
    CHECK_NUMBER((out | agent_out) & OCC_EFFECT_DROP, 0);
  }
}

TEST(emulated_sign_out, "R3: the sign-out of an emulated customer only retires the parked grant") {
  const occ_cell *cell = &occ_table[OCC_STATE_EMULATING][OCC_EVENT_SIGN_OUT];
  CHECK_NUMBER(cell->move.next, OCC_STATE_AGENT);
  CHECK_NUMBER(cell->move.effects, OCC_EFFECT_RETIRE);
}

TEST(takeover, "R4: with the customer's id known the grant is parked, else it is retired") {
  const occ_cell *cell = &occ_table[OCC_STATE_AGENT_TAKING_OVER][OCC_EVENT_GRANTED];
  CHECK_NUMBER(cell->given.effects, OCC_EFFECT_PARK | OCC_EFFECT_ADMIT);
  CHECK_NUMBER(cell->move.effects, OCC_EFFECT_PARK | OCC_EFFECT_RETIRE | OCC_EFFECT_ADMIT);
  CHECK_NUMBER(occ_table[OCC_STATE_AGENT_TAKING_OVER][OCC_EVENT_REFUSED].move.effects, 0);
  CHECK_NUMBER(occ_table[OCC_STATE_CUSTOMER][OCC_EVENT_SIGN_IN_AGENT].move.effects,
               OCC_EFFECT_BEGIN);
}

TEST(restoring,
     "R5: a parked grant is restored by the agent's sign-out and by the agent's expiry") {
  const occ_event events[] = {OCC_EVENT_SIGN_OUT_AGENT, OCC_EVENT_EXPIRED};
  for (size_t i = 0; i < 2; i++) {
    const occ_cell *cell = &occ_table[OCC_STATE_EMULATING][events[i]];
    CHECK(cell->given.effects & OCC_EFFECT_RESTORE);
    CHECK(!(cell->move.effects & OCC_EFFECT_RESTORE));
    CHECK(cell->move.effects & OCC_EFFECT_REVOKE);
  }
}

TEST(other_emulation, "R6: only the emulation of another customer retires the parked grant") {
  const occ_cell *cell = &occ_table[OCC_STATE_EMULATING][OCC_EVENT_EMULATE];
  CHECK_NUMBER(cell->given.effects, 0);
  CHECK_NUMBER(cell->move.effects, OCC_EFFECT_RETIRE);
}

TEST(dead_grants,
     "R9: an expiry drops the active grant in every state that has one, and no other event does") {
  for (int state = 1; state < OCC_STATE_END; state++) {
    for (int event = 1; event < OCC_EVENT_END; event++) {
      const occ_cell *cell = &occ_table[state][event];
      const bool drops = event == OCC_EVENT_EXPIRED && has_active(state);
      CHECK(((cell->move.effects & OCC_EFFECT_DROP) != 0) == drops);
    }
  }
}

TEST(pending_sign_ins, "a pending sign-in ends with the state in which it is pending") {
  for (int state = 1; state < OCC_STATE_END; state++) {
    for (int event = 1; event < OCC_EVENT_END; event++) {
      const occ_cell *cell = &occ_table[state][event];
      const bool begins = cell->move.effects & OCC_EFFECT_BEGIN;
      const bool cancels = cell->move.effects & OCC_EFFECT_CANCEL;
      const bool answered = event == OCC_EVENT_GRANTED || event == OCC_EVENT_REFUSED;
      if (cell->rule != OCC_STATUS_OK) {
        continue;
      }
      CHECK(begins == (event == OCC_EVENT_SIGN_IN || event == OCC_EVENT_SIGN_IN_AGENT));
      /* A sign-in that another event leaves pending stays pending. */
      CHECK(cancels ==
            (is_pending(state) && !answered && (begins || !is_pending(cell->move.next))));
      if (begins) {
        CHECK(is_pending(cell->move.next));
      }
      CHECK(((cell->move.effects & OCC_EFFECT_ADMIT) != 0) == (event == OCC_EVENT_GRANTED));
    }
  }
}

TEST(packing, "a cell is packed as next state, next state if the guard holds, guard, status") {
  CHECK_NUMBER(occ_table_cell(OCC_STATE_AGENT_TAKING_OVER, OCC_EVENT_GRANTED), 0x00010706);
  CHECK_NUMBER(occ_table_cell(OCC_STATE_EMULATING, OCC_EVENT_EMULATE), 0x00020707);
  CHECK_NUMBER(occ_table_cell(OCC_STATE_EMULATING, OCC_EVENT_SIGN_OUT_AGENT), 0x00030301);
  CHECK_NUMBER(occ_table_cell(OCC_STATE_CUSTOMER, OCC_EVENT_SIGN_OUT), 0x00000001);
  CHECK_NUMBER(occ_table_cell(OCC_STATE_ANONYMOUS, OCC_EVENT_SIGN_OUT), 0x14000000);
  CHECK_NUMBER(occ_table_cell(OCC_STATE_ANONYMOUS, OCC_EVENT_GRANTED), 0x15000000);
  CHECK_NUMBER(occ_table_cell(OCC_STATE_ANONYMOUS, OCC_EVENT_EMULATE), 0x05000000);
}

TEST(out_of_range, "there are no cells outside the table") {
  CHECK_NUMBER(occ_table_cell(0, OCC_EVENT_SIGN_IN), 0x25000000);
  CHECK_NUMBER(occ_table_cell(OCC_STATE_ANONYMOUS, 0), 0x25000000);
  CHECK_NUMBER(occ_table_cell(8, 1), 0x25000000);
  CHECK_NUMBER(occ_table_cell(1, 9), 0x25000000);
  CHECK_NUMBER(occ_table_cell(7, 9), 0x25000000);
  CHECK_NUMBER(occ_table_cell(UINT32_MAX, UINT32_MAX), 0x25000000);
}
