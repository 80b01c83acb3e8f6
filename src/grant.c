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

occ_grant *occ_grants_free(occ_grants *self) {
  occ_grant *place = NULL;
  size_t left = 0;
  for (size_t i = 0; i < OCC_PLACES; i++) {
    if (self->at[i].slot == OCC_SLOT_FREE) {
      place = &self->at[i];
      left++;
    }
  }
  return left > OCC_PLACES_FOR_TABS ? place : NULL;
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
  if (self->access_length > 0) {
    self->earlier = occ_text_fingerprint(occ_grant_authorization(self));
    occ_wipe(self->authorization, sizeof self->authorization);
  }
  memcpy(self->authorization, "Bearer ", OCC_BEARER_LENGTH);
  memcpy(self->authorization + OCC_BEARER_LENGTH, access.at, access.length);
  self->access_length = access.length;
  self->authorization_length = OCC_BEARER_LENGTH + access.length;
  if (refresh.length > 0) {
    occ_wipe(self->refresh, self->refresh_length);
    memcpy(self->refresh, refresh.at, refresh.length);
    self->refresh_length = refresh.length;
  }
  return OCC_STATUS_OK;
}

void occ_grant_renew(occ_grant *self, occ_grant *response) {
  (void)occ_grant_put(self, occ_grant_access(response), occ_grant_refresh(response));
  self->expires_at = response->expires_at;
  self->renew_at = response->renew_at;
  occ_grant_settle(response);
}

void occ_grant_settle(occ_grant *self) {
  occ_wipe(self, sizeof *self);
}
