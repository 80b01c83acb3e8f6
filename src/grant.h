/*
 * Grants: the tokens of one token response, and their role in the session.
 *
 * A session has a fixed number of places. A place is reserved before a token is asked for, so that
 * every issued grant has one (R7), and it is free again only when its grant has settled.
 */
#ifndef OCC_GRANT_H
#define OCC_GRANT_H

#include "occ_session.h"
#include "text.h"

/* Enough for an agent over a customer, both being replaced, with cancelled sign-ins still on the
 * wire. A sign-in that finds all places taken waits for one. */
#ifndef OCC_PLACES
#define OCC_PLACES 10
#endif

/* The grants that a snapshot may have. */
#define OCC_PLACES_FOR_TABS 2

/* "Bearer ", in front of the access token, so that the header needs no copy. */
#define OCC_BEARER_LENGTH 7

typedef enum {
  OCC_ROLE_FREE = 0,
  OCC_ROLE_AWAITED,  /* a token was requested, and the response has not come yet */
  OCC_ROLE_ACTIVE,   /* its bearer is on requests */
  OCC_ROLE_PARKED,   /* a customer's, who is restored when the agent signs out */
  OCC_ROLE_RETIRED,  /* a customer's, who is not restored; waits for the agent's sign-out */
  OCC_ROLE_STRAY,    /* came too late for its sign-in */
  OCC_ROLE_REVOKING, /* out of the session, until its revocation has settled */
  OCC_ROLE_CLIENT    /* the application's own, for anonymous requests */
} occ_role;

/* The progress of the revocation of one token. */
typedef enum {
  OCC_REVOCATION_SETTLED = 0, /* or there is no such token */
  OCC_REVOCATION_QUEUED,
  OCC_REVOCATION_REFRESHING, /* a refresh token: it waits for a living bearer (R30) */
  OCC_REVOCATION_SENT
} occ_revocation_stage;

typedef struct {
  occ_revocation_stage stage;
  uint32_t request;    /* stage SENT: its number */
  uint32_t tries_left; /* the number of retries left */
  double not_before;   /* stage QUEUED: the time of the next try, 0: in its turn */
} occ_revocation;

typedef struct {
  occ_role role;
  occ_owner owner;
  double number;     /* unique, in all tabs */
  double expires_at; /* epoch milliseconds, 0: not known */
  double renew_at;   /* the time of the refresh ahead of its expiry, 0: none */
  double issued;     /* the time of the refresh that gave its tokens, 0: a sign-in gave them */
  double rest_until; /* no 401 causes a refresh before this time (R49) */
  double pause;      /* its rest when one more new token is refused (R49), 0: 10 s */
  bool is_refused;   /* its token was refused while it was new (R49) */
  bool is_final;     /* it is not refreshed (again) for its revocation (R30) */
  uint32_t request;  /* role AWAITED: the number of its token request */
  double refreshes;  /* role AWAITED: the number of the grant that it continues, 0: a new one */
  occ_revocation revocation[OCC_TOKEN_END]; /* role REVOKING: of each token */
  uint64_t earlier; /* fingerprint of the header before the last refresh; role AWAITED: of the
                       header that is to be refreshed */
  size_t authorization_length; /* 0: of a token type that must not be used (RFC 6749 section 7.1) */
  size_t access_length;
  size_t refresh_length;
  char authorization[OCC_BEARER_LENGTH + OCC_TOKEN_MAX]; /* "Bearer " and the access token */
  char refresh[OCC_TOKEN_MAX];
} occ_grant;

typedef struct {
  uint32_t nonce; /* of the session, at random: keeps the numbers apart from those of other tabs */
  uint32_t numbered; /* the count of numbers given so far */
  occ_grant at[OCC_PLACES];
} occ_grants;

/* Returns an unused number. */
double occ_grants_number(occ_grants *self);

/* Returns the grant in that role, the first if there are several, NULL if there is none. It is
 * valid until the grant settles. */
occ_grant *occ_grants_in(occ_grants *self, occ_role role);

/* Reserves a place for the token that is about to be requested, in role AWAITED and with a number
 * of its own, or returns NULL: some places are always left for the grants of other tabs. */
occ_grant *occ_grants_reserve(occ_grants *self, occ_owner owner);

/* Reserves a place for the refresh of this grant, unless it is under way with these tokens (R19).
 * False: there is no place. */
bool occ_grants_refresh(occ_grants *self, const occ_grant *grant);

/* The place that awaits the application's own token, reserved if there is none yet, or NULL. */
occ_grant *occ_grants_await_client(occ_grants *self);

/* The place that awaits the answer to this request, or NULL. */
occ_grant *occ_grants_awaited_by(occ_grants *self, uint32_t request);

/* The grant with that number in role ACTIVE, PARKED or RETIRED, or NULL. */
occ_grant *occ_grants_held(occ_grants *self, double number);

/* The grant with that number in role REVOKING, or NULL. */
occ_grant *occ_grants_revoking(occ_grants *self, double number);

/* True if the session holds the grant: it is active, parked or retired. */
bool occ_grant_is_held(const occ_grant *self);

/* True if two grants have the same access token. */
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

/* Puts bearer tokens into a grant, in place of its own; an empty refresh token leaves the one in it
 * (RFC 6749 section 6). OCC_STATUS_TOKEN_TOO_LARGE,
 * OCC_STATUS_UNEXPECTED_RESPONSE: the access token is empty or does not fit into a header. The
 * grant is unchanged then. */
occ_status occ_grant_put(occ_grant *self, occ_text access, occ_text refresh);

/* True if the access token has expired by the clock. */
OCC_INLINE bool occ_grant_is_over(const occ_grant *self, double now) {
  return self->expires_at > 0 && self->expires_at <= now;
}

/* The tokens were issued by a refresh at that time, 0: by a sign-in. */
void occ_grant_date(occ_grant *self, double issued, double now);

/* Moves the tokens of the response to a refresh into the grant; the response settles. */
void occ_grant_renew(occ_grant *self, occ_grant *response, double now);

/* Copies the refresh token of the refreshed grant if the response brought none (RFC 6749 section
 * 6). */
void occ_grant_inherit(occ_grant *self, const occ_grant *refreshed);

/* True if a 401 to the grant's token may cause a refresh (R49); counts the refusal. */
bool occ_grant_may_be_refreshed(occ_grant *self, double now);

/* Makes a stray of a token that nobody may use, so that it is revoked (R7); without a token the
 * place is free. */
void occ_grant_set_aside(occ_grant *self, occ_status status);

/* Wipes the grant; its place is free. */
void occ_grant_settle(occ_grant *self);

/* Returns the earlier of two times, where 0 stands for never. */
double occ_grant_earlier(double one, double other);

#endif
