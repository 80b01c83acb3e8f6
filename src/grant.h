/*
 * Grants: what one token response gave, and where it stands in the session.
 *
 * A session has a fixed number of places. A place is reserved before a token is asked for, so that
 * no grant that a server issues is ever without one (R7), and it is free again only when its grant
 * has settled.
 */
#ifndef OCC_GRANT_H
#define OCC_GRANT_H

#include "occ_session.h"
#include "text.h"

/* Enough for an agent over a customer, both being replaced, with sign-ins that were given up still
 * on the wire. Whoever signs in when all are taken waits for one. */
#ifndef OCC_PLACES
#define OCC_PLACES 10
#endif

/* The grants that a snapshot may have. */
#define OCC_PLACES_FOR_TABS 2

/* "Bearer ", in front of the access token, so that the header needs no copy. */
#define OCC_BEARER_LENGTH 7

typedef enum {
  OCC_SLOT_FREE = 0,
  OCC_SLOT_AWAITED,  /* a token was asked for, the answer is not there yet */
  OCC_SLOT_ACTIVE,   /* on requests */
  OCC_SLOT_PARKED,   /* a customer's, who is restored when the agent signs out */
  OCC_SLOT_RETIRED,  /* a customer's, who is not restored; waits for the agent's sign-out */
  OCC_SLOT_STRAY,    /* came too late for the sign-in that asked for it */
  OCC_SLOT_REVOKING, /* out of the session, until its revocation has settled */
  OCC_SLOT_CLIENT    /* the application's own, for anonymous requests */
} occ_slot;

/* How far the revocation of one token has come. */
typedef enum {
  OCC_REVOCATION_SETTLED = 0, /* or there is no such token */
  OCC_REVOCATION_QUEUED,
  OCC_REVOCATION_REFRESHING, /* a refresh token: it waits for a living bearer (R30) */
  OCC_REVOCATION_SENT
} occ_revocation_stage;

typedef struct {
  occ_revocation_stage stage;
  uint32_t request;    /* stage SENT: its number */
  uint32_t tries_left; /* how often it may be tried again */
  double not_before;   /* stage QUEUED: when it is tried again, 0: in its turn */
} occ_revocation;

typedef struct {
  occ_slot slot;
  occ_owner owner;
  double number;     /* never used again, also not in another tab */
  double expires_at; /* epoch milliseconds, 0: not known */
  double renew_at;   /* when it is refreshed of its own accord, 0: never */
  double issued;     /* when a refresh gave its tokens, 0: a sign-in did */
  double rest_until; /* before it no 401 has it refreshed (R49) */
  double pause;      /* how long it rests when one more new token is refused (R49), 0: 10 s */
  bool is_refused;   /* its token was refused while it was new (R49) */
  bool is_final;     /* it is not refreshed for its revocation, or not again (R30) */
  uint32_t request;  /* slot AWAITED: the request that asked for it */
  double refreshes;  /* slot AWAITED: the number of the grant that it continues, 0: a new one */
  occ_revocation revocation[OCC_TOKEN_END]; /* slot REVOKING: of each token */
  uint64_t earlier; /* fingerprint of the header before the last refresh; slot AWAITED: of the
                       header that is to be refreshed */
  size_t authorization_length; /* 0: of a token type that must not be used (RFC 6749 section 7.1) */
  size_t access_length;
  size_t refresh_length;
  char authorization[OCC_BEARER_LENGTH + OCC_TOKEN_MAX]; /* "Bearer " and the access token */
  char refresh[OCC_TOKEN_MAX];
} occ_grant;

typedef struct {
  uint32_t nonce; /* of the session, at random: keeps the numbers apart from those of other tabs */
  uint32_t numbered; /* how many numbers were given */
  occ_grant at[OCC_PLACES];
} occ_grants;

/* A number that was never used before. */
double occ_grants_number(occ_grants *self);

/* The grant in that slot, the first if there are several, NULL if there is none. Valid until the
 * grant settles. */
occ_grant *occ_grants_in(occ_grants *self, occ_slot slot);

/* A place for the token that is about to be asked for, in slot AWAITED and with a number of its
 * own, or NULL: some are always left, for what another tab brings. */
occ_grant *occ_grants_reserve(occ_grants *self, occ_owner owner);

/* Reserves a place for the refresh of this grant, unless it is under way with these tokens (R19).
 * False: there is no place. */
bool occ_grants_refresh(occ_grants *self, const occ_grant *grant);

/* The place that awaits the application's own token, reserved if there is none yet, or NULL. */
occ_grant *occ_grants_await_client(occ_grants *self);

/* The place that awaits the answer to this request, or NULL. */
occ_grant *occ_grants_awaited_by(occ_grants *self, uint32_t request);

/* The grant with that number in slot ACTIVE, PARKED or RETIRED, or NULL. */
occ_grant *occ_grants_held(occ_grants *self, double number);

/* The grant with that number in slot REVOKING, or NULL. */
occ_grant *occ_grants_revoking(occ_grants *self, double number);

/* Whether a grant is one that the session holds. */
bool occ_grant_is_held(const occ_grant *self);

/* Whether two grants have the same access token. */
bool occ_grant_same_token(const occ_grant *self, const occ_grant *other);

/* Texts of a grant, valid as long as its tokens: empty where there is none. */
OCC_INLINE occ_text occ_grant_access(const occ_grant *self) {
  return (occ_text){self->authorization + OCC_BEARER_LENGTH, self->access_length};
}

OCC_INLINE occ_text occ_grant_refresh(const occ_grant *self) {
  return (occ_text){self->refresh, self->refresh_length};
}

/* The value of the Authorization header; empty if the token is no bearer token. */
OCC_INLINE occ_text occ_grant_authorization(const occ_grant *self) {
  return (occ_text){self->authorization, self->authorization_length};
}

/* Fingerprint of that header. */
uint64_t occ_grant_fingerprint(const occ_grant *self);

/* Puts bearer tokens into a grant, in place of those that are there; an empty refresh token leaves
 * the one that is there (RFC 6749 section 6). OCC_STATUS_TOKEN_TOO_LARGE,
 * OCC_STATUS_UNEXPECTED_RESPONSE: the access token is empty or does not fit into a header. The
 * grant is unchanged then. */
occ_status occ_grant_put(occ_grant *self, occ_text access, occ_text refresh);

/* True if the access token's time is over by the clock. */
OCC_INLINE bool occ_grant_is_over(const occ_grant *self, double now) {
  return self->expires_at > 0 && self->expires_at <= now;
}

/* The tokens were issued by a refresh at that time, 0: by a sign-in. */
void occ_grant_date(occ_grant *self, double issued, double now);

/* The grant goes on with the tokens of the response to its refresh, which settles. */
void occ_grant_renew(occ_grant *self, occ_grant *response, double now);

/* A grant whose response brought no refresh token has that of the grant which was refreshed
 * (RFC 6749 section 6). */
void occ_grant_inherit(occ_grant *self, const occ_grant *refreshed);

/* True if a 401 to the grant's token may have it refreshed (R49); counts the refusal. */
bool occ_grant_may_be_refreshed(occ_grant *self, double now);

/* A token that nobody may use waits in the place to be revoked (R7); no token, no grant. */
void occ_grant_set_aside(occ_grant *self, occ_status status);

/* Wipes the grant; its place is free. */
void occ_grant_settle(occ_grant *self);

#endif
