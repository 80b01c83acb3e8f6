#include "tabs.h"

#include "occ_host.h"
#include "renewal.h"
#include "revocation.h"
#include "snapshot.h"
#include "transition.h"

void occ_tabs_emptied(occ_session *self) {
  /* Another tab may have been at a later epoch of the line that is gone. */
  self->line = occ_grants_number(&self->grants);
  self->grants_changed = occ_session_active(self) != NULL;
}

static bool is_in_snapshot(const occ_snapshot *snapshot, const occ_grant *grant) {
  for (size_t i = 0; i < OCC_SNAPSHOT_GRANTS; i++) {
    if (snapshot->grants[i].number == grant->number) {
      return true;
    }
  }
  return false;
}

/* True if there is a free place for each grant that is not held yet. */
static bool has_places_for(occ_session *self, const occ_snapshot *snapshot) {
  size_t wanted = 0;
  for (size_t i = 0; i < OCC_SNAPSHOT_GRANTS; i++) {
    const double number = snapshot->grants[i].number;
    wanted += number > 0 && occ_grants_held(&self->grants, number) == NULL;
  }
  for (size_t i = 0; i < OCC_PLACES && wanted > 0; i++) {
    wanted -= self->grants.at[i].role == OCC_ROLE_FREE;
  }
  return wanted == 0;
}

/* Adopts the tokens that another tab has got for a grant. A missing refresh token stays with the
 * tab that has it. */
static void take_tokens(occ_session *self, occ_grant *grant, const occ_snapshot_grant *from) {
  (void)occ_grant_put(grant, from->access, from->refresh);
  occ_grant_date(grant, from->issued, self->now);
  grant->expires_at = from->expires_at;
  /* The tab that got the tokens refreshes them in time; the others when a request needs it. */
  grant->renew_at = 0;
  occ_renewal_tokens_came(self, grant);
}

static void adopt_grant(occ_session *self, const occ_snapshot_grant *from) {
  occ_grant *grant = occ_grants_held(&self->grants, from->number);
  if (grant == NULL) {
    grant = occ_grants_in(&self->grants, OCC_ROLE_FREE);
    grant->number = from->number;
  }
  grant->owner = from->owner;
  grant->role = from->role;
  if (from->issued < grant->issued) {
    /* Another tab has written before it heard of newer tokens: they are stored again. */
    self->grants_changed = true;
  } else if (from->issued > grant->issued ||
             !occ_text_equal(occ_grant_access(grant), from->access)) {
    take_tokens(self, grant, from);
  }
}

/* True if a grant with that number is being revoked here, or will be. */
static bool is_on_its_way(const occ_session *self, double number) {
  for (size_t i = 0; i < OCC_PLACES; i++) {
    const occ_grant *grant = &self->grants.at[i];
    if (grant->number == number &&
        (grant->role == OCC_ROLE_REVOKING || grant->role == OCC_ROLE_STRAY)) {
      return true;
    }
  }
  return false;
}

/* Ends a grant that another tab has signed out of, with the tokens of that time, which that tab
 * revokes (R24). This tab revokes those that it alone has: a newer pair, or the refresh token if
 * refresh tokens are not stored (R31). */
static void leave_to_others(occ_session *self, occ_grant *grant, double issued) {
  if (is_on_its_way(self, grant->number)) {
    /* This tab has signed out of it too, with the tokens of that time: two grants with one number
     * would share a refresh (R30). */
    grant->number = occ_grants_number(&self->grants);
  }
  if (grant->issued > issued) {
    occ_revocation_begin(self, grant);
    return;
  }
  if (grant->refresh_length > 0 && !(self->options.flags & OCC_FLAG_PERSIST)) {
    occ_revocation_begin_refresh(self, grant);
    return;
  }
  occ_grant_settle(grant);
}

/* A grant that the snapshot lacks was ended by another tab of this line. Tabs of another line never
 * knew it, so it is a stray. */
static void adopt_grants(occ_session *self, const occ_snapshot *snapshot, bool is_of_line) {
  for (size_t i = 0; i < OCC_PLACES; i++) {
    occ_grant *grant = &self->grants.at[i];
    if (!occ_grant_is_held(grant) || is_in_snapshot(snapshot, grant)) {
      continue;
    }
    if (is_of_line) {
      leave_to_others(self, grant, grant->issued);
      continue;
    }
    occ_host_ended(grant->number, grant->issued);
    grant->role = OCC_ROLE_STRAY;
  }
  for (size_t i = 0; i < OCC_SNAPSHOT_GRANTS; i++) {
    if (snapshot->grants[i].number > 0) {
      adopt_grant(self, &snapshot->grants[i]);
    }
  }
}

/* Replays the events that have led to these grants, and then the pending sign-in of this tab. */
static void replay_all(occ_session *self, const occ_snapshot *snapshot) {
  self->state = OCC_STATE_ANONYMOUS;
  occ_transition_customer(self, snapshot->customer_id);
  if (snapshot->grants[0].number > 0) {
    const bool is_agent = snapshot->grants[0].owner == OCC_OWNER_AGENT;
    (void)occ_transition_replay(self, is_agent ? OCC_EVENT_SIGN_IN_AGENT : OCC_EVENT_SIGN_IN);
    (void)occ_transition_replay(self, OCC_EVENT_GRANTED);
    if (is_agent && snapshot->customer_id.length > 0) {
      (void)occ_transition_replay(self, OCC_EVENT_EMULATE);
    }
  }
  const bool pending_agent = self->sign_in.owner == OCC_OWNER_AGENT;
  if (self->sign_in.is_pending &&
      !occ_transition_replay(self, pending_agent ? OCC_EVENT_SIGN_IN_AGENT : OCC_EVENT_SIGN_IN)) {
    occ_transition_end_sign_in(self, OCC_STATUS_CANCELLED);
  }
}

/* The grant with this number was ended when its tokens were issued at that time, by another tab or
 * before another tab has written it again. */
static occ_status end(occ_session *self, double number, double issued, bool is_elsewhere) {
  occ_grant *grant = occ_grants_held(&self->grants, number);
  if (grant == NULL) {
    return OCC_STATUS_DONE;
  }
  const bool was_active = grant->role == OCC_ROLE_ACTIVE;
  leave_to_others(self, grant, issued);
  self->grants_changed = true;
  if (was_active) {
    if (is_elsewhere) {
      /* A customer who was retired over an agent is restored or revoked by the tab in which the
       * agent signed out, so that nothing of it is left for the table to revoke here. */
      occ_grant *retired = occ_grants_in(&self->grants, OCC_ROLE_RETIRED);
      if (retired != NULL) {
        occ_grant_settle(retired);
      }
    }
    (void)occ_transition_simply(self, OCC_EVENT_EXPIRED);
  }
  return OCC_STATUS_OK;
}

/* R24: a tab that has not heard of a sign-out of this one may have written since. */
static void end_revoking(occ_session *self) {
  for (size_t i = 0; i < OCC_PLACES; i++) {
    const occ_grant *grant = &self->grants.at[i];
    if (grant->role == OCC_ROLE_REVOKING || grant->role == OCC_ROLE_STRAY) {
      (void)end(self, grant->number, grant->issued, false);
    }
  }
  (void)end(self, self->left, self->left_issued, false);
}

occ_status occ_tabs_adopt(occ_session *self, occ_text json) {
  occ_snapshot snapshot;
  const occ_status status =
    occ_snapshot_read(&snapshot, json, occ_options_text(&self->options, OCC_OPTION_IDENTITY));
  if (status != OCC_STATUS_OK) {
    return status;
  }
  const occ_grant *before = occ_session_active(self);
  const occ_owner owner = before != NULL ? before->owner : OCC_OWNER_INVALID;
  const double number = before != NULL ? before->number : 0;
  const bool is_other = snapshot.grants[0].number != number;
  /* Two tabs that have each written the same epoch have parted there. */
  const bool is_of_line =
    snapshot.line == self->line && !(snapshot.epoch == self->epoch && is_other);
  if (is_of_line && snapshot.epoch <= self->epoch) {
    /* A tab that had not heard of this epoch has written over it. */
    self->grants_changed = snapshot.epoch < self->epoch;
    return OCC_STATUS_STALE;
  }
  if (!has_places_for(self, &snapshot)) {
    return OCC_STATUS_FULL;
  }
  self->line = snapshot.line;
  self->epoch = snapshot.epoch;
  /* A time that is too late to be true is not believed: the clock was set back meanwhile. */
  self->revoking_until =
    snapshot.revoking_until <= self->now + OCC_SIGN_IN_DELAY ? snapshot.revoking_until : 0;
  adopt_grants(self, &snapshot, is_of_line);
  if (is_other) {
    /* The customer id of the pending sign-in, and the question to other tabs, are of the last user.
     */
    self->sign_in.customer_id_length = 0;
    occ_transition_end_asking(self, self->waiting_for, OCC_TEXT(""));
  }
  replay_all(self, &snapshot);
  self->state_changed = true;
  end_revoking(self);
  occ_transition_end_if_over(self);
  const occ_grant *after = occ_session_active(self);
  self->is_succeeded = after != NULL && after->owner == owner && after->number != number;
  return OCC_STATUS_OK;
}

occ_status occ_tabs_heard(occ_session *self, bool is_answer, occ_text json) {
  occ_snapshot snapshot;
  const occ_status status =
    occ_snapshot_read(&snapshot, json, occ_options_text(&self->options, OCC_OPTION_IDENTITY));
  for (size_t i = 0; i < OCC_SNAPSHOT_GRANTS && status == OCC_STATUS_OK; i++) {
    const occ_snapshot_grant *from = &snapshot.grants[i];
    occ_grant *grant = occ_grants_held(&self->grants, from->number);
    if (grant == NULL) {
      continue;
    }
    if (from->issued > grant->issued) {
      take_tokens(self, grant, from);
      self->grants_changed = true;
    } else if (is_answer && grant->role == OCC_ROLE_ACTIVE && self->asked_until != 0) {
      occ_renewal_answered(self);
    }
  }
  return status;
}

occ_status occ_tabs_wanted(occ_session *self, double number, double issued) {
  const occ_grant *grant = occ_grants_held(&self->grants, number);
  const bool can_help =
    grant != NULL && (grant->issued > issued ||
                      (grant->refresh_length > 0 && occ_grants_refresh(&self->grants, grant)));
  return can_help ? OCC_STATUS_OK : OCC_STATUS_NOTHING;
}

occ_status occ_tabs_ended(occ_session *self, double number, double issued) {
  const occ_status status = end(self, number, issued, true);
  if (status == OCC_STATUS_OK) {
    /* A sign-in in another tab may read this snapshot first (R29). */
    self->revoking_until = self->now + OCC_SIGN_IN_DELAY;
  }
  return status;
}
