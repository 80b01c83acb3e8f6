#include "grant.h"

#include <string.h>

/* R49, in milliseconds: the time for which a refresh is trusted, and the first and the longest
 * pause of a grant whose new tokens are refused one after the other. */
#define NEW 10000.0
#define PAUSE 30000.0
#define PAUSE_MAX 300000.0

/* The count of numbers for one nonce; 32 bits of nonce and 21 of these fit into a double. */
#define NUMBERS_PER_NONCE 2097152.0

occ_grant *occ_grants_in(occ_grants *self, occ_role role) {
  for (size_t i = 0; i < OCC_PLACES; i++) {
    if (self->at[i].role == role) {
      return &self->at[i];
    }
  }
  return NULL;
}

/* Returns a free place, or NULL if the free ones are reserved for other tabs. */
static occ_grant *free_place(occ_grants *self) {
  occ_grant *place = NULL;
  size_t left = 0;
  for (size_t i = 0; i < OCC_PLACES; i++) {
    if (self->at[i].role == OCC_ROLE_FREE) {
      place = &self->at[i];
      left++;
    }
  }
  return left > OCC_PLACES_FOR_TABS ? place : NULL;
}

double occ_grants_number(occ_grants *self) {
  return (double)self->nonce * NUMBERS_PER_NONCE + (double)++self->numbered;
}

occ_grant *occ_grants_reserve(occ_grants *self, occ_owner owner) {
  occ_grant *grant = free_place(self);
  if (grant != NULL) {
    grant->role = OCC_ROLE_AWAITED;
    grant->owner = owner;
    grant->number = occ_grants_number(self);
  }
  return grant;
}

bool occ_grants_refresh(occ_grants *self, const occ_grant *grant) {
  const uint64_t tokens = occ_grant_fingerprint(grant);
  for (size_t i = 0; i < OCC_PLACES; i++) {
    const occ_grant *place = &self->at[i];
    if (place->role == OCC_ROLE_AWAITED && place->refreshes == grant->number &&
        place->earlier == tokens) {
      return true;
    }
  }
  occ_grant *place = occ_grants_reserve(self, grant->owner);
  if (place == NULL) {
    return false;
  }
  place->refreshes = grant->number;
  place->earlier = tokens;
  return true;
}

occ_grant *occ_grants_await_client(occ_grants *self) {
  for (size_t i = 0; i < OCC_PLACES; i++) {
    occ_grant *place = &self->at[i];
    if (place->role == OCC_ROLE_AWAITED && place->owner == OCC_OWNER_CLIENT) {
      return place;
    }
  }
  return occ_grants_reserve(self, OCC_OWNER_CLIENT);
}

occ_grant *occ_grants_awaited_by(occ_grants *self, uint32_t request) {
  for (size_t i = 0; i < OCC_PLACES; i++) {
    occ_grant *place = &self->at[i];
    if (place->role == OCC_ROLE_AWAITED && place->request == request) {
      return place;
    }
  }
  return NULL;
}

bool occ_grant_is_held(const occ_grant *self) {
  return self->role == OCC_ROLE_ACTIVE || self->role == OCC_ROLE_PARKED ||
         self->role == OCC_ROLE_RETIRED;
}

static occ_grant *numbered(occ_grants *self, double number, bool is_held) {
  for (size_t i = 0; i < OCC_PLACES; i++) {
    occ_grant *grant = &self->at[i];
    if (grant->number == number &&
        (is_held ? occ_grant_is_held(grant) : grant->role == OCC_ROLE_REVOKING)) {
      return grant;
    }
  }
  return NULL;
}

occ_grant *occ_grants_held(occ_grants *self, double number) {
  return numbered(self, number, true);
}

occ_grant *occ_grants_revoking(occ_grants *self, double number) {
  return numbered(self, number, false);
}

bool occ_grant_same_token(const occ_grant *self, const occ_grant *other) {
  return occ_text_equal(occ_grant_access(self), occ_grant_access(other));
}

uint64_t occ_grant_fingerprint(const occ_grant *self) {
  return occ_text_fingerprint(occ_grant_authorization(self));
}

static void put_refresh(occ_grant *self, occ_text refresh) {
  if (refresh.length > 0) {
    occ_wipe(self->refresh, self->refresh_length);
    memcpy(self->refresh, refresh.at, refresh.length);
    self->refresh_length = refresh.length;
  }
}

occ_status occ_grant_put(occ_grant *self, occ_text access, occ_text refresh) {
  if (access.length > OCC_TOKEN_MAX || refresh.length > OCC_TOKEN_MAX) {
    return OCC_STATUS_TOKEN_TOO_LARGE;
  }
  if (access.length == 0 || !occ_text_is_visible(access)) {
    return OCC_STATUS_UNEXPECTED_RESPONSE;
  }
  if (self->access_length > 0) {
    self->earlier = occ_grant_fingerprint(self);
    occ_wipe(self->authorization, sizeof self->authorization);
  }
  memcpy(self->authorization, "Bearer ", OCC_BEARER_LENGTH);
  memcpy(self->authorization + OCC_BEARER_LENGTH, access.at, access.length);
  self->access_length = access.length;
  self->authorization_length = OCC_BEARER_LENGTH + access.length;
  put_refresh(self, refresh);
  return OCC_STATUS_OK;
}

void occ_grant_inherit(occ_grant *self, const occ_grant *refreshed) {
  if (self->refresh_length == 0) {
    put_refresh(self, occ_grant_refresh(refreshed));
  }
}

void occ_grant_date(occ_grant *self, double issued, double now) {
  self->issued = issued;
  /* If the clock was set back, they were issued in what is now the future. */
  self->rest_until = issued > 0 ? (issued < now ? issued : now) + NEW : 0;
  self->is_refused = false;
}

void occ_grant_renew(occ_grant *self, occ_grant *response, double now) {
  (void)occ_grant_put(self, occ_grant_access(response), occ_grant_refresh(response));
  self->expires_at = response->expires_at;
  self->renew_at = response->renew_at;
  /* The time is later than that of the tokens before, even if the clock was set back. */
  occ_grant_date(self, now > self->issued ? now : self->issued + 1, now);
  occ_grant_settle(response);
}

bool occ_grant_may_be_refreshed(occ_grant *self, double now) {
  if (now >= self->rest_until || self->rest_until - now > PAUSE_MAX) {
    self->pause = self->is_refused ? self->pause : 0;
    return true;
  }
  if (!self->is_refused) {
    self->is_refused = true;
    if (self->pause > 0) {
      self->rest_until = now + self->pause;
    }
    self->pause = self->pause > 0 ? 2 * self->pause : PAUSE;
    self->pause = self->pause < PAUSE_MAX ? self->pause : PAUSE_MAX;
  }
  return false;
}

void occ_grant_set_aside(occ_grant *self, occ_status status) {
  if (status != OCC_STATUS_OK) {
    occ_grant_settle(self);
    return;
  }
  self->role = OCC_ROLE_STRAY;
}

void occ_grant_settle(occ_grant *self) {
  occ_wipe(self, sizeof *self);
}

double occ_grant_earlier(double one, double other) {
  if (one == 0 || other == 0) {
    return one + other;
  }
  return one < other ? one : other;
}
