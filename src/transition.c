#include "transition.h"

#include <string.h>

#include "occ_host.h"
#include "revocation.h"
#include "table.h"

/* R31, in milliseconds: the time limit for answers of other tabs. */
#define ANSWER_DELAY 2000.0

/* The effects after which another grant, or none, is active: a grant is parked only for one that is
 * admitted, and restored only after one that has ended. */
#define OCC_EFFECTS_ON_ACTIVE (OCC_EFFECT_DROP | OCC_EFFECT_REVOKE | OCC_EFFECT_ADMIT)

void occ_transition_end_sign_in(occ_session *self, occ_status status) {
  occ_host_signed_in(self->sign_in.attempt, status);
  occ_wipe(&self->sign_in, sizeof self->sign_in);
}

void occ_transition_end_waiting(occ_session *self, double number, occ_text header) {
  if (self->waiting_for == number && number != 0) {
    self->waiting_for = 0;
    occ_host_renewed(header.at, header.length);
  }
}

void occ_transition_end_asking(occ_session *self, double number, occ_text header) {
  self->asked_until = 0;
  self->is_answered = false;
  occ_transition_end_waiting(self, number, header);
}

static void move(occ_grant *grant, occ_role role) {
  if (grant != NULL) {
    grant->role = role;
  }
}

/* Other tabs are not notified: they may have newer tokens of the grant, and the refusal here does
 * not say that those are dead too. */
static void drop(occ_grant *grant) {
  if (grant != NULL) {
    occ_grant_settle(grant);
  }
}

static void revoke(occ_session *self, occ_grant *grant) {
  if (grant != NULL) {
    self->left = grant->number;
    self->left_issued = grant->issued;
    occ_host_ended(grant->number, grant->issued);
    occ_revocation_begin(self, grant);
  }
}

void occ_transition_customer(occ_session *self, occ_text id) {
  memcpy(self->customer_id, id.at, id.length);
  self->customer_id_length = id.length;
}

static bool holds(occ_session *self, occ_guard guard, occ_text id) {
  switch (guard) {
  case OCC_GUARD_CUSTOMER_KNOWN:
    return id.length > 0;
  case OCC_GUARD_SAME_CUSTOMER:
    return occ_text_equal(id, occ_session_emulated(self));
  case OCC_GUARD_PARKED:
    return occ_grants_in(&self->grants, OCC_ROLE_PARKED) != NULL;
  default:
    return false;
  }
}

static void apply(occ_session *self, unsigned effects, occ_grant *granted) {
  if (effects & OCC_EFFECT_CANCEL) {
    occ_transition_end_sign_in(self, OCC_STATUS_CANCELLED);
  }
  if (effects & OCC_EFFECT_REVOKE) {
    /* The retired grant ends first, so that no tab revokes it when it hears of the active one. */
    revoke(self, occ_grants_in(&self->grants, OCC_ROLE_RETIRED));
  }
  if (effects & OCC_EFFECT_DROP) {
    drop(occ_session_active(self));
  }
  if (effects & OCC_EFFECT_REVOKE) {
    revoke(self, occ_session_active(self));
  }
  if (effects & OCC_EFFECT_RESTORE) {
    move(occ_grants_in(&self->grants, OCC_ROLE_PARKED), OCC_ROLE_ACTIVE);
  }
  if (effects & OCC_EFFECT_PARK) {
    move(occ_session_active(self), OCC_ROLE_PARKED);
  }
  if (effects & OCC_EFFECT_RETIRE) {
    move(occ_grants_in(&self->grants, OCC_ROLE_PARKED), OCC_ROLE_RETIRED);
  }
  if (effects & OCC_EFFECT_ADMIT) {
    move(granted, OCC_ROLE_ACTIVE);
  }
  if (effects & OCC_EFFECTS_ON_ACTIVE) {
    occ_transition_end_asking(self, self->waiting_for, OCC_TEXT(""));
  }
}

occ_status occ_transition(occ_session *self, occ_event event, occ_text id, occ_grant *granted) {
  const occ_cell *cell = &occ_table[self->state][event];
  if (cell->rule != OCC_STATUS_OK) {
    return (occ_status)cell->rule;
  }
  const occ_move *to = holds(self, (occ_guard)cell->guard, id) ? &cell->given : &cell->move;
  const occ_state from = self->state;
  self->state = (occ_state)to->next;
  if (to->next != OCC_STATE_EMULATING) {
    id = OCC_TEXT("");
  }
  const bool other_customer = (event == OCC_EVENT_EMULATE || to->next != from) &&
                              !occ_text_equal(id, occ_session_emulated(self));
  if (other_customer) {
    occ_transition_customer(self, id);
  }
  apply(self, to->effects, granted);
  if (other_customer || (to->effects & OCC_EFFECTS_ON_ACTIVE)) {
    self->grants_changed = true;
  }
  if (to->next != from) {
    self->state_changed = true;
  }
  if (to->effects & OCC_EFFECT_RESTORE) {
    occ_transition_end_if_over(self);
  }
  return OCC_STATUS_OK;
}

occ_status occ_transition_simply(occ_session *self, occ_event event) {
  return occ_transition(self, event, OCC_TEXT(""), NULL);
}

bool occ_transition_replay(occ_session *self, occ_event event) {
  const occ_cell *cell = &occ_table[self->state][event];
  if (cell->rule == OCC_STATUS_OK) {
    self->state = (occ_state)cell->move.next;
  }
  return cell->rule == OCC_STATUS_OK;
}

void occ_transition_expire(occ_session *self) {
  const occ_grant *grant = occ_session_active(self);
  self->expired = grant->owner;
  self->expired_header = occ_grant_fingerprint(grant);
  (void)occ_transition_simply(self, OCC_EVENT_EXPIRED);
}

occ_status occ_transition_no_way_on(occ_session *self) {
  const occ_grant *grant = occ_session_active(self);
  if (!(self->options.flags & OCC_FLAG_SHARED)) {
    occ_transition_expire(self);
    return OCC_STATUS_EXPIRED;
  }
  self->asked_until = self->now + ANSWER_DELAY;
  occ_host_wanted(grant->number, grant->issued);
  self->waiting_for = grant->number;
  return OCC_STATUS_WAIT;
}

void occ_transition_end_if_over(occ_session *self) {
  const occ_grant *grant = occ_session_active(self);
  if (grant != NULL && grant->refresh_length == 0 && self->asked_until == 0 &&
      occ_grant_is_over(grant, self->now)) {
    (void)occ_transition_no_way_on(self);
  }
}
