/*
 * The contracts of the functions that move grants between roles, for WP. R7: a grant is never
 * dropped. So a taken place stays taken, by the same grant, and becomes free only if the contract
 * of the function says so and why.
 *
 * The contracts are here and not in src/, since Frama-C joins them with the definitions. Loops over
 * the places are unrolled, so there are only three, and a token is one byte: the moves are the
 * same, and a token is only ever compared as a whole. Floating-point numbers are real ones.
 */
#ifndef MOVES_H
#define MOVES_H

#include "session_struct.h"

/* clang-format takes the ==> of the contracts apart. */
// clang-format off

/* The predicates on grants are macros: so WP itself sees that an assignment to one place leaves the
 * others unchanged, which the provers cannot show. */
#define IS_HELD(grant)                                                                             \
  ((grant).role == OCC_ROLE_ACTIVE || (grant).role == OCC_ROLE_PARKED ||                           \
   (grant).role == OCC_ROLE_RETIRED)
#define SAME_TOKEN(one, other)                                                                     \
  ((one).access_length == (other).access_length &&                                                 \
   ((one).access_length > 0 ==>                                                                    \
    (one).authorization[OCC_BEARER_LENGTH] == (other).authorization[OCC_BEARER_LENGTH]))
/* The place is empty. Eva checks that every byte of it is zero (grants.c). */
#define IS_FREE(grant)                                                                             \
  ((grant).role == OCC_ROLE_FREE && (grant).issued == 0 && (grant).access_length == 0 &&           \
   (grant).refresh_length == 0 &&                                                                  \
   (grant).revocation[OCC_TOKEN_ACCESS].stage == OCC_REVOCATION_SETTLED &&                         \
   (grant).revocation[OCC_TOKEN_REFRESH].stage == OCC_REVOCATION_SETTLED)
#define FITS(grant)                                                                                \
  ((grant).access_length <= OCC_TOKEN_MAX && (grant).refresh_length <= OCC_TOKEN_MAX)
#define HEADER_FITS_IN(grant)                                                                      \
  ((grant).authorization_length <= OCC_BEARER_LENGTH + OCC_TOKEN_MAX)
/* The number of places in a role. */
#define IN_ROLE(grants, in)                                                                        \
  (((grants).at[0].role == (in) ? 1 : 0) + ((grants).at[1].role == (in) ? 1 : 0) +                 \
   ((grants).at[2].role == (in) ? 1 : 0))
#define IS_VISIBLE(text) ((text).length > 0 ==> ' ' < (text).at[0] <= '~')

/* Places and bytes are numbered, since provers handle that better than quantifiers. */
#if OCC_PLACES != 3 || OCC_TOKEN_MAX != 1
#error "these are three places, and tokens of one byte"
#endif
#define EACH(IS) (IS(0) && IS(1) && IS(2))
#define ONE(IS) (IS(0) || IS(1) || IS(2))

/* Lists every member of a grant: after an assignment of a whole struct, provers lose track of the
 * unchanged rest. */
#define BYTES(grant)                                                                               \
  (grant).authorization[0], (grant).authorization[1], (grant).authorization[2],                    \
  (grant).authorization[3], (grant).authorization[4], (grant).authorization[5],                    \
  (grant).authorization[6], (grant).authorization[7], (grant).refresh[0]
#define REVOCATION(of) (of).stage, (of).request, (of).tries_left, (of).not_before
#define MEMBERS(grant)                                                                             \
  (grant).role, (grant).owner, (grant).number, (grant).expires_at, (grant).renew_at,               \
  (grant).issued, (grant).rest_until, (grant).pause, (grant).is_refused, (grant).is_final,         \
  (grant).request, (grant).refreshes, REVOCATION((grant).revocation[OCC_TOKEN_ACCESS]),            \
  REVOCATION((grant).revocation[OCC_TOKEN_REFRESH]), (grant).earlier,                              \
  (grant).authorization_length, (grant).access_length, (grant).refresh_length, BYTES(grant)
#define PLACE(i) (self->grants.at[i])
#define PLACES                                                                                     \
  MEMBERS(PLACE(0)), MEMBERS(PLACE(1)), MEMBERS(PLACE(2))

#define WAS_SAME(member) (member == \old(member))
/* The tokens are the same, whatever the role and the number. */
#define HAS_SAME_TOKENS(grant)                                                                     \
  (WAS_SAME((grant).owner) && WAS_SAME((grant).access_length) &&                                   \
   WAS_SAME((grant).authorization[OCC_BEARER_LENGTH]) && WAS_SAME((grant).refresh_length) &&       \
   WAS_SAME((grant).refresh[0]))
/* The grant is the same, with the same tokens, whatever its role. */
#define IS_SAME(grant) (WAS_SAME((grant).number) && HAS_SAME_TOKENS(grant))
#define IS_UNCHANGED(i) (WAS_SAME(PLACE(i).role) && IS_SAME(PLACE(i)))

#define WAS(i, in) (\old(self->grants.at[i].role) == OCC_ROLE_##in)
#define IS(i, in) (self->grants.at[i].role == OCC_ROLE_##in)
#define IS_WHERE_IT_WAS(i) (self->grants.at[i].role == \old(self->grants.at[i].role))
/* The same token stays in the session, or is being revoked, at another place. */
#define STAYS_AT(i, j)                                                                             \
  (i != j && \old(SAME_TOKEN(PLACE(i), PLACE(j))) && (IS_HELD(PLACE(j)) || IS(j, REVOKING)))
#define STAYS(i) (STAYS_AT(i, 0) || STAYS_AT(i, 1) || STAYS_AT(i, 2))

/* ---- Text --------------------------------------------------------------------------------------
 */

/*@ requires \valid_read(one.at + (0 .. one.length - 1)) && one.length <= OCC_TOKEN_MAX;
    requires \valid_read(other.at + (0 .. other.length - 1));
    assigns \result \from one, other, one.at[0 .. one.length - 1], other.at[0 .. other.length - 1];
    ensures \result <==>
      one.length == other.length && (one.length > 0 ==> one.at[0] == other.at[0]);
*/
bool occ_text_equal(occ_text one, occ_text other);

/*@ requires \valid_read(text.at + (0 .. text.length - 1)) && text.length <= OCC_TOKEN_MAX;
    assigns \result \from text, text.at[0 .. text.length - 1];
    ensures \result <==> IS_VISIBLE(text);
*/
bool occ_text_is_visible(occ_text text);

/*@ requires \valid_read(text.at + (0 .. text.length - 1));
    assigns \result \from text, text.at[0 .. text.length - 1]; */
uint64_t occ_text_fingerprint(occ_text text);

/* WP does not see a struct as bytes, so each wiped type has a function of its own; Eva checks that
 * zeros make these members zero (grants.c). */
/*@ requires \valid(grant) && size == sizeof(occ_grant);
    assigns MEMBERS(*grant);
    ensures IS_FREE(*grant); */
void wipe_grant(occ_grant *grant, size_t size);

/*@ requires \valid(sign_in) && size == sizeof(occ_sign_in);
    assigns *sign_in;
    ensures sign_in->is_pending == 0 && sign_in->request == 0; */
void wipe_sign_in(occ_sign_in *sign_in, size_t size);

/*@ requires \valid(text + (0 .. length - 1));
    assigns text[0 .. length - 1];
    ensures \forall integer i; 0 <= i < length ==> text[i] == 0; */
void wipe_text(char *text, size_t length);

#define occ_wipe(memory, length)                                                                   \
  (sizeof *(memory) == sizeof(occ_grant)     ? wipe_grant((occ_grant *)(memory), length)           \
   : sizeof *(memory) == sizeof(occ_sign_in) ? wipe_sign_in((occ_sign_in *)(memory), length)       \
                                             : wipe_text((char *)(memory), length))

/*@ requires \valid(to + (0 .. length - 1)) && \valid_read(from + (0 .. length - 1));
    requires \separated(to + (0 .. length - 1), from + (0 .. length - 1));
    assigns to[0 .. length - 1];
    ensures length > 0 ==> to[0] == \old(from[0]); */
void copy_text(char *to, const char *from, size_t length);

#include <string.h>
#define memcpy(to, from, length) copy_text(to, from, length)

/* ---- grant.c -----------------------------------------------------------------------------------
 */

#define HAS_ROLE(i) (self->at[i].role == role)
#define IS_FIRST(i)                                                                                \
  (\result == &self->at[i] && HAS_ROLE(i) && (i > 0 ==> !HAS_ROLE(0)) && (i > 1 ==> !HAS_ROLE(1)))
/*@ requires \valid_read(self);
    assigns \result \from self, self->at[0 .. OCC_PLACES - 1].role, role;
    behavior none:
      assumes !ONE(HAS_ROLE);
      ensures \result == \null;
    behavior first:
      assumes ONE(HAS_ROLE);
      ensures ONE(IS_FIRST);
    complete behaviors;
    disjoint behaviors;
*/
occ_grant *occ_grants_in(occ_grants *self, occ_role role);

/* The number of the next grant. The arithmetic is exact as long as a nonce has numbers. */
#define NUMBERS 2097152
#define NEXT_NUMBER(grants, numbered)                                                              \
  ((grants).nonce * (double)NUMBERS + (double)((uint32_t)((numbered) + 1)))
/*@ requires \valid(self);
    assigns \result, self->numbered;
    ensures self->numbered == (uint32_t)(\old(self->numbered) + 1);
    ensures \result == NEXT_NUMBER(*self, \old(self->numbered)); */
double occ_grants_number(occ_grants *self);

#define AT(i) (self->at[i])
#define IS_AT(i) (\result == &self->at[i])
#define IS_RESERVED(i)                                                                             \
  (IS_AT(i) && \old(AT(i).role) == OCC_ROLE_FREE && AT(i).role == OCC_ROLE_AWAITED &&              \
   AT(i).owner == owner && AT(i).number == NEXT_NUMBER(*self, \old(self->numbered)))
#define IS_UNTOUCHED(i)                                                                            \
  (!IS_AT(i) ==> WAS_SAME(AT(i).role) && WAS_SAME(AT(i).owner) && WAS_SAME(AT(i).number))
#define RESERVED(i) AT(i).role, AT(i).owner, AT(i).number
/* Only a free place is reserved, and it is no longer free. */
/*@ requires \valid(self);
    assigns \result, self->numbered, RESERVED(0), RESERVED(1), RESERVED(2);
    ensures EACH(IS_UNTOUCHED);
    behavior none:
      assumes IN_ROLE(*self, OCC_ROLE_FREE) <= OCC_PLACES_FOR_TABS;
      assigns \result;
      ensures \result == \null;
    behavior some:
      assumes IN_ROLE(*self, OCC_ROLE_FREE) > OCC_PLACES_FOR_TABS;
      ensures ONE(IS_RESERVED);
      ensures IN_ROLE(*self, OCC_ROLE_FREE) == \old(IN_ROLE(*self, OCC_ROLE_FREE)) - 1;
    complete behaviors;
    disjoint behaviors;
*/
occ_grant *occ_grants_reserve(occ_grants *self, occ_owner owner);

#define IS_GRANT_AT(i) (grant == &self->at[i])
#define REFRESHED(at) (at).role, (at).owner, (at).number, (at).refreshes, (at).earlier
#define IS_REFRESH_OF(at) ((at).role == OCC_ROLE_AWAITED && (at).refreshes == grant->number)
#define IS_TAKEN_OR_UNTOUCHED(at)                                                                  \
  ((\old((at).role) == OCC_ROLE_FREE && \result && IS_REFRESH_OF(at)) ||                          \
   (WAS_SAME((at).role) && WAS_SAME((at).owner) && WAS_SAME((at).number) &&                        \
    WAS_SAME((at).refreshes)))
/* A refresh is under way only if a place awaits its result; only a free place is taken for that. */
/*@ requires \valid(self) && ONE(IS_GRANT_AT) && grant->role != OCC_ROLE_FREE &&
      HEADER_FITS_IN(*grant);
    assigns \result, self->numbered, REFRESHED(AT(0)), REFRESHED(AT(1)), REFRESHED(AT(2));
    ensures IS_TAKEN_OR_UNTOUCHED(AT(0)) && IS_TAKEN_OR_UNTOUCHED(AT(1)) &&
      IS_TAKEN_OR_UNTOUCHED(AT(2));
    ensures \result ==> IS_REFRESH_OF(AT(0)) || IS_REFRESH_OF(AT(1)) || IS_REFRESH_OF(AT(2));
    ensures !\result ==> IN_ROLE(*self, OCC_ROLE_FREE) <= OCC_PLACES_FOR_TABS;
*/
bool occ_grants_refresh(occ_grants *self, const occ_grant *grant);

#define IS_FOR_CLIENT(i)                                                                           \
  (IS_AT(i) && AT(i).role == OCC_ROLE_AWAITED && AT(i).owner == OCC_OWNER_CLIENT)
/*@ requires \valid(self);
    assigns \result, self->numbered, RESERVED(0), RESERVED(1), RESERVED(2);
    ensures EACH(IS_UNTOUCHED);
    ensures \result == \null || ONE(IS_FOR_CLIENT);
    ensures \result == \null ==> IN_ROLE(*self, OCC_ROLE_FREE) <= OCC_PLACES_FOR_TABS;
*/
occ_grant *occ_grants_await_client(occ_grants *self);

#define HAS_NUMBER(i) (IS_HELD(self->at[i]) && self->at[i].number == number)
#define IS_NUMBERED(i) (\result == &self->at[i] && HAS_NUMBER(i))
/*@ requires \valid_read(self);
    assigns \result \from self, self->at[0 .. OCC_PLACES - 1], number;
    behavior none:
      assumes !ONE(HAS_NUMBER);
      ensures \result == \null;
    behavior some:
      assumes ONE(HAS_NUMBER);
      ensures ONE(IS_NUMBERED);
    complete behaviors;
    disjoint behaviors;
*/
occ_grant *occ_grants_held(occ_grants *self, double number);

#define IS_REVOKING_NUMBER(i) (self->at[i].role == OCC_ROLE_REVOKING && self->at[i].number == number)
#define IS_REVOKING(i) (\result == &self->at[i] && IS_REVOKING_NUMBER(i))
/*@ requires \valid_read(self);
    assigns \result \from self, self->at[0 .. OCC_PLACES - 1], number;
    behavior none:
      assumes !ONE(IS_REVOKING_NUMBER);
      ensures \result == \null;
    behavior some:
      assumes ONE(IS_REVOKING_NUMBER);
      ensures ONE(IS_REVOKING);
    complete behaviors;
    disjoint behaviors;
*/
occ_grant *occ_grants_revoking(occ_grants *self, double number);

/*@ requires \valid_read(self);
    assigns \result \from self->role;
    ensures \result <==> IS_HELD(*self); */
bool occ_grant_is_held(const occ_grant *self);

/*@ requires \valid_read(self) && \valid_read(other) && FITS(*self) && FITS(*other);
    assigns \result \from *self, *other;
    ensures \result <==> SAME_TOKEN(*self, *other); */
bool occ_grant_same_token(const occ_grant *self, const occ_grant *other);

#define HEADER_FITS HEADER_FITS_IN(*self)
#define RANGES(grant)                                                                              \
  (grant).authorization[0 .. OCC_BEARER_LENGTH + OCC_TOKEN_MAX - 1],                                 \
    (grant).refresh[0 .. OCC_TOKEN_MAX - 1]
/*@ requires \valid(self) && FITS(*self) && HEADER_FITS;
    requires \valid_read(access.at + (0 .. access.length - 1));
    requires \valid_read(refresh.at + (0 .. refresh.length - 1));
    requires \separated(self, access.at + (0 .. access.length - 1));
    requires \separated(self, refresh.at + (0 .. refresh.length - 1));
    assigns \result, RANGES(*self), self->earlier, self->authorization_length,
      self->access_length, self->refresh_length;
    ensures FITS(*self);
    behavior put:
      assumes 0 < access.length <= OCC_TOKEN_MAX && refresh.length <= OCC_TOKEN_MAX;
      assumes IS_VISIBLE(access);
      ensures \result == OCC_STATUS_OK && self->access_length == access.length;
      ensures self->authorization[OCC_BEARER_LENGTH] == \old(access.at[0]);
      ensures self->refresh_length ==
        (refresh.length > 0 ? refresh.length : \old(self->refresh_length));
      ensures self->refresh[0] ==
        (refresh.length > 0 ? \old(refresh.at[0]) : \old(self->refresh[0]));
    behavior refused:
      assumes !(0 < access.length <= OCC_TOKEN_MAX && refresh.length <= OCC_TOKEN_MAX &&
        IS_VISIBLE(access));
      assigns \result;
      ensures \result != OCC_STATUS_OK;
    complete behaviors;
    disjoint behaviors;
*/
occ_status occ_grant_put(occ_grant *self, occ_text access, occ_text refresh);

/*@ requires \valid(self);
    assigns self->issued, self->rest_until, self->is_refused;
    ensures self->issued == issued && self->is_refused == 0; */
void occ_grant_date(occ_grant *self, double issued, double now);

/* R30: no refresh token is lost, and none takes the place of another. */
/*@ requires \valid(self) && \valid_read(refreshed) && \separated(self, refreshed);
    requires FITS(*self) && FITS(*refreshed);
    assigns self->refresh_length, self->refresh[0 .. OCC_TOKEN_MAX - 1];
    ensures self->refresh_length == (\old(self->refresh_length) > 0 ?
      \old(self->refresh_length) : refreshed->refresh_length);
    ensures \old(self->refresh_length) > 0 ==> self->refresh[0] == \old(self->refresh[0]);
    ensures \old(self->refresh_length) == 0 && refreshed->refresh_length > 0 ==>
      self->refresh[0] == refreshed->refresh[0];
*/
void occ_grant_inherit(occ_grant *self, const occ_grant *refreshed);

/* The tokens of the response continue in the grant, in its role and under its number; the place
 * that awaited them is free. */
/*@ requires \valid(self) && \valid(response) && \separated(self, response);
    requires FITS(*self) && HEADER_FITS && FITS(*response) && response->access_length > 0;
    requires ' ' < response->authorization[OCC_BEARER_LENGTH] <= '~';
    assigns MEMBERS(*self), RANGES(*self), MEMBERS(*response);
    ensures self->role == \old(self->role) && self->number == \old(self->number) &&
      self->owner == \old(self->owner);
    ensures self->access_length == \old(response->access_length);
    ensures self->authorization[OCC_BEARER_LENGTH] ==
      \old(response->authorization[OCC_BEARER_LENGTH]);
    ensures self->refresh_length == (\old(response->refresh_length) > 0 ?
      \old(response->refresh_length) : \old(self->refresh_length));
    ensures self->refresh[0] == (\old(response->refresh_length) > 0 ?
      \old(response->refresh[0]) : \old(self->refresh[0]));
    ensures self->issued > \old(self->issued);
    ensures IS_FREE(*response);
*/
void occ_grant_renew(occ_grant *self, occ_grant *response, double now);

/*@ requires \valid_read(self) && HEADER_FITS;
    assigns \result \from *self; */
uint64_t occ_grant_fingerprint(const occ_grant *self);

/* A place whose answer gave no token is free, since there is nothing to lose; else it is a stray. */
/*@ requires \valid(self) && (status == OCC_STATUS_OK || self->access_length == 0);
    behavior token:
      assumes status == OCC_STATUS_OK;
      assigns self->role;
      ensures self->role == OCC_ROLE_STRAY;
    behavior none:
      assumes status != OCC_STATUS_OK;
      assigns MEMBERS(*self);
      ensures IS_FREE(*self);
    complete behaviors;
    disjoint behaviors;
*/
void occ_grant_set_aside(occ_grant *self, occ_status status);

/*@ requires \valid(self);
    assigns MEMBERS(*self);
    ensures IS_FREE(*self); */
void occ_grant_settle(occ_grant *self);

/* ---- revocation.c ------------------------------------------------------------------------------
 */

#define IS_GRANT(i) (grant == &self->grants.at[i])
#define HAS_ENDPOINT ((self->options.flags & OCC_FLAG_REVOKE) != 0)

/* The same tokens are out of the session, and each of them waits to be revoked. */
#define TOKENS_ARE_QUEUED(grant)                                                                   \
  (HAS_SAME_TOKENS(grant) && (grant).role == OCC_ROLE_REVOKING &&                                  \
   (grant).revocation[OCC_TOKEN_ACCESS].stage == OCC_REVOCATION_QUEUED &&                          \
   ((grant).refresh_length > 0 ==>                                                                 \
    (grant).revocation[OCC_TOKEN_REFRESH].stage == OCC_REVOCATION_QUEUED))
#define IS_QUEUED(grant) (WAS_SAME((grant).number) && TOKENS_ARE_QUEUED(grant))

#define ALL_FIT (FITS(PLACE(0)) && FITS(PLACE(1)) && FITS(PLACE(2)))
/* A copy of the grant stays in the session, or is itself being revoked. */
#define IS_COPY_OF(one, other)                                                                     \
  ((IS_HELD(other) || (other).role == OCC_ROLE_REVOKING) && SAME_TOKEN(one, other))
#define IS_SHARED(i)                                                                               \
  ((i != 0 && IS_COPY_OF(PLACE(i), PLACE(0))) || (i != 1 && IS_COPY_OF(PLACE(i), PLACE(1))) ||     \
   (i != 2 && IS_COPY_OF(PLACE(i), PLACE(2))))

/* The fate of the grant: it is queued to be revoked; or R29: settled if the same token is held or
 * being revoked elsewhere; or R13: settled without an endpoint. */
#define IS_OUT_OF_SESSION(i)                                                                       \
  (\old(IS_SHARED(i)) || !HAS_ENDPOINT ? IS_FREE(PLACE(i)) : IS_QUEUED(PLACE(i)))
/*@ requires \valid(self) && ONE(IS_GRANT) && ALL_FIT;
    assigns self->revoking, MEMBERS(*grant);
    ensures FITS(*grant);
    ensures out_0: IS_GRANT(0) ==> IS_OUT_OF_SESSION(0);
    ensures out_1: IS_GRANT(1) ==> IS_OUT_OF_SESSION(1);
    ensures out_2: IS_GRANT(2) ==> IS_OUT_OF_SESSION(2);
*/
void occ_revocation_begin(occ_session *self, occ_grant *grant);

/* The same, except that another tab revokes its access token. */
#define REFRESH_TOKEN_IS_QUEUED(grant)                                                             \
  (HAS_SAME_TOKENS(grant) && (grant).role == OCC_ROLE_REVOKING &&                                  \
   (grant).revocation[OCC_TOKEN_REFRESH].stage == OCC_REVOCATION_QUEUED)
#define IS_REFRESH_QUEUED(grant) (WAS_SAME((grant).number) && REFRESH_TOKEN_IS_QUEUED(grant))
/*@ requires \valid(self) && ONE(IS_GRANT) && FITS(*grant) && grant->refresh_length > 0;
    assigns MEMBERS(*grant), self->revoking;
    behavior endpoint:
      assumes HAS_ENDPOINT;
      assigns grant->role, grant->expires_at, grant->revocation[OCC_TOKEN_REFRESH].stage,
        grant->revocation[OCC_TOKEN_REFRESH].tries_left, self->revoking;
      ensures IS_REFRESH_QUEUED(*grant);
    behavior none:
      assumes !HAS_ENDPOINT;
      assigns MEMBERS(*grant);
      ensures IS_FREE(*grant);
    complete behaviors;
    disjoint behaviors;
*/
void occ_revocation_begin_refresh(occ_session *self, occ_grant *grant);

/* ---- The ends of grants in a transition --------------------------------------------------------
 */

/*@ requires \valid(self);
    assigns self->sign_in; */
void occ_transition_end_sign_in(occ_session *self, occ_status status);

/*@ requires \valid(self);
    assigns self->waiting_for; */
void occ_transition_end_waiting(occ_session *self, double number, occ_text header);

/*@ requires \valid(self);
    assigns self->waiting_for, self->asked_until, self->is_answered; */
void occ_transition_end_asking(occ_session *self, double number, occ_text header);

/*@ requires \valid(self) && \valid_read(grant);
    assigns self->waiting_for, self->asked_until, self->is_answered; */
void occ_renewal_tokens_came(occ_session *self, const occ_grant *grant);

/* ---- The host ----------------------------------------------------------------------------------
 */

//@ assigns \nothing;
void occ_host_ended(double number, double issued);
//@ assigns \nothing;
void occ_host_signed_in(uint32_t attempt, uint32_t status);
//@ assigns \nothing;
void occ_host_revoked(uint32_t owner, uint32_t token, uint32_t outcome, uint32_t http_status);
//@ assigns \nothing;
void occ_host_renewed(const char *authorization, size_t length);

// clang-format on

#endif
