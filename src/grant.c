#include "grant.h"

#include <string.h>

occ_grant *occ_grants_in(occ_grants *self, occ_slot slot) {
  for (size_t i = 0; i < OCC_PLACES; i++) {
    if (self->at[i].slot == slot) {
      return &self->at[i];
    }
  }
  return NULL;
}

bool occ_grant_is_held(const occ_grant *self) {
  return self->slot == OCC_SLOT_ACTIVE || self->slot == OCC_SLOT_PARKED ||
         self->slot == OCC_SLOT_RETIRED;
}

occ_grant *occ_grants_held(occ_grants *self, double number) {
  for (size_t i = 0; i < OCC_PLACES; i++) {
    if (occ_grant_is_held(&self->at[i]) && self->at[i].number == number) {
      return &self->at[i];
    }
  }
  return NULL;
}

occ_text occ_grant_access(const occ_grant *self) {
  return (occ_text){self->authorization + OCC_BEARER_LENGTH, self->access_length};
}

occ_text occ_grant_refresh(const occ_grant *self) {
  return (occ_text){self->refresh, self->refresh_length};
}

occ_text occ_grant_authorization(const occ_grant *self) {
  if (!self->is_bearer) {
    return OCC_TEXT("");
  }
  return (occ_text){self->authorization, OCC_BEARER_LENGTH + self->access_length};
}

bool occ_grant_same_token(const occ_grant *self, const occ_grant *other) {
  return occ_text_equal(occ_grant_access(self), occ_grant_access(other));
}

occ_status occ_grant_put(occ_grant *self, occ_text access, occ_text refresh) {
  if (access.length > OCC_TOKEN_MAX || refresh.length > OCC_TOKEN_MAX) {
    return OCC_STATUS_TOKEN_TOO_LARGE;
  }
  if (access.length == 0 || !occ_text_is_visible(access)) {
    return OCC_STATUS_UNEXPECTED_RESPONSE;
  }
  memcpy(self->authorization, "Bearer ", OCC_BEARER_LENGTH);
  memcpy(self->authorization + OCC_BEARER_LENGTH, access.at, access.length);
  self->access_length = access.length;
  memcpy(self->refresh, refresh.at, refresh.length);
  self->refresh_length = refresh.length;
  return OCC_STATUS_OK;
}

void occ_grant_continue(occ_grant *self, occ_grant *older) {
  self->number = older->number;
  self->slot = older->slot;
  self->refreshes = 0;
  self->earlier[0] = occ_text_fingerprint(occ_grant_authorization(older));
  memcpy(self->earlier + 1, older->earlier, sizeof older->earlier - sizeof older->earlier[0]);
  if (self->refresh_length == 0) {
    memcpy(self->refresh, older->refresh, older->refresh_length);
    self->refresh_length = older->refresh_length;
  }
  occ_grant_settle(older);
}

bool occ_grant_was_sent_as(const occ_grant *self, occ_text authorization) {
  const uint64_t fingerprint = occ_text_fingerprint(authorization);
  for (size_t i = 0; i < OCC_EARLIER_MAX; i++) {
    if (self->earlier[i] == fingerprint) {
      return true;
    }
  }
  return false;
}

void occ_grant_settle(occ_grant *self) {
  occ_wipe(self, sizeof *self);
}
