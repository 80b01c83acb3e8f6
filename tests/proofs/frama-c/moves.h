/*
 * What the functions that move grants between slots may do, for WP. R7: a grant is never dropped.
 * So a place that is taken stays taken, by the same grant, and is free again only where the
 * contract of the function says so and why.
 *
 * The contracts stand here and not in src/, since Frama-C joins them with the definitions. Loops
 * over the places are unrolled, so there are only three, and a token is one byte: what is moved is
 * the same, and a token is only ever compared as a whole. Floating-point numbers are real ones.
 */
#ifndef MOVES_H
#define MOVES_H

#include "session_struct.h"

/* clang-format takes the ==> of the contracts apart. */
// clang-format off

/* What is said of grants, as macros and not as predicates: so WP itself sees what an assignment to
 * one place leaves of the others, at which provers do not arrive. */
#define IS_HELD(grant)                                                                             \
  ((grant).slot == OCC_SLOT_ACTIVE || (grant).slot == OCC_SLOT_PARKED ||                           \
   (grant).slot == OCC_SLOT_RETIRED)
#define SAME_TOKEN(one, other)                                                                     \
  ((one).access_length == (other).access_length &&                                                 \
   ((one).access_length > 0 ==>                                                                    \
    (one).authorization[OCC_BEARER_LENGTH] == (other).authorization[OCC_BEARER_LENGTH]))
/* Nothing is left in the place. That every byte of it is zero is checked by Eva (grants.c). */
#define IS_FREE(grant)                                                                             \
  ((grant).slot == OCC_SLOT_FREE && (grant).access_length == 0 && (grant).refresh_length == 0 &&   \
   (grant).revocation[OCC_TOKEN_ACCESS].stage == OCC_REVOCATION_SETTLED &&                         \
   (grant).revocation[OCC_TOKEN_REFRESH].stage == OCC_REVOCATION_SETTLED)
#define FITS(grant)                                                                                \
  ((grant).access_length <= OCC_TOKEN_MAX && (grant).refresh_length <= OCC_TOKEN_MAX)
/* How many of the places are in a slot. */
#define IN_SLOT(grants, in)                                                                        \
  (((grants).at[0].slot == (in) ? 1 : 0) + ((grants).at[1].slot == (in) ? 1 : 0) +                 \
   ((grants).at[2].slot == (in) ? 1 : 0))
#define IS_VISIBLE(text) ((text).length > 0 ==> ' ' < (text).at[0] <= '~')

/* Places and bytes by their number, since provers are better at that than at quantifiers. */
#if OCC_PLACES != 3 || OCC_TOKEN_MAX != 1
#error "these are three places, and tokens of one byte"
#endif
#define EACH(IS) (IS(0) && IS(1) && IS(2))
#define ONE(IS) (IS(0) || IS(1) || IS(2))

/* Every member of a grant, one by one: of a whole struct that is assigned, provers lose what else
 * is where it was. */
#define BYTES(grant)                                                                               \
  (grant).authorization[0], (grant).authorization[1], (grant).authorization[2],                    \
  (grant).authorization[3], (grant).authorization[4], (grant).authorization[5],                    \
  (grant).authorization[6], (grant).authorization[7], (grant).refresh[0]
#define REVOCATION(of) (of).stage, (of).request, (of).tries_left, (of).not_before
#define MEMBERS(grant)                                                                             \
  (grant).slot, (grant).owner, (grant).number, (grant).expires_at, (grant).renew_at,               \
  (grant).issued, (grant).rest_until, (grant).pause, (grant).is_refused, (grant).is_final,         \
  (grant).request, (grant).refreshes, REVOCATION((grant).revocation[OCC_TOKEN_ACCESS]),            \
  REVOCATION((grant).revocation[OCC_TOKEN_REFRESH]), (grant).earlier,                              \
  (grant).authorization_length, (grant).access_length, (grant).refresh_length, BYTES(grant)
#define PLACE(i) (self->grants.at[i])
#define PLACES                                                                                     \
  MEMBERS(PLACE(0)), MEMBERS(PLACE(1)), MEMBERS(PLACE(2))

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

/* WP does not see a struct as bytes, so each type that is wiped has a function of its own; that
 * zeros make these members zero is checked by Eva (grants.c). */
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

#define HAS_SLOT(i) (self->at[i].slot == slot)
#define IS_FIRST(i)                                                                                \
  (\result == &self->at[i] && HAS_SLOT(i) && (i > 0 ==> !HAS_SLOT(0)) && (i > 1 ==> !HAS_SLOT(1)))
/*@ requires \valid_read(self);
    assigns \result \from self, self->at[0 .. OCC_PLACES - 1].slot, slot;
    behavior none:
      assumes !ONE(HAS_SLOT);
      ensures \result == \null;
    behavior first:
      assumes ONE(HAS_SLOT);
      ensures ONE(IS_FIRST);
    complete behaviors;
    disjoint behaviors;
*/
occ_grant *occ_grants_in(occ_grants *self, occ_slot slot);

#define IS_FOUND(i) (\result == &self->at[i] && self->at[i].slot == OCC_SLOT_FREE)
/*@ requires \valid_read(self);
    assigns \result \from self, self->at[0 .. OCC_PLACES - 1].slot;
    behavior none:
      assumes IN_SLOT(*self, OCC_SLOT_FREE) <= OCC_PLACES_FOR_TABS;
      ensures \result == \null;
    behavior some:
      assumes IN_SLOT(*self, OCC_SLOT_FREE) > OCC_PLACES_FOR_TABS;
      ensures ONE(IS_FOUND);
    complete behaviors;
    disjoint behaviors;
*/
occ_grant *occ_grants_free(occ_grants *self);

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

#define IS_REVOKING_NUMBER(i) (self->at[i].slot == OCC_SLOT_REVOKING && self->at[i].number == number)
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
    assigns \result \from self->slot;
    ensures \result <==> IS_HELD(*self); */
bool occ_grant_is_held(const occ_grant *self);

/*@ requires \valid_read(self) && \valid_read(other) && FITS(*self) && FITS(*other);
    assigns \result \from *self, *other;
    ensures \result <==> SAME_TOKEN(*self, *other); */
bool occ_grant_same_token(const occ_grant *self, const occ_grant *other);

#define HEADER_FITS (self->authorization_length <= OCC_BEARER_LENGTH + OCC_TOKEN_MAX)
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
    ensures self->issued == issued; */
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

/* The tokens of the response go on in the grant, in its slot and under its number; the place that
 * awaited them is free. */
/*@ requires \valid(self) && \valid(response) && \separated(self, response);
    requires FITS(*self) && HEADER_FITS && FITS(*response) && response->access_length > 0;
    requires ' ' < response->authorization[OCC_BEARER_LENGTH] <= '~';
    assigns MEMBERS(*self), RANGES(*self), MEMBERS(*response);
    ensures self->slot == \old(self->slot) && self->number == \old(self->number) &&
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

/*@ requires \valid(self);
    assigns MEMBERS(*self);
    ensures IS_FREE(*self); */
void occ_grant_settle(occ_grant *self);

/* ---- revocation.c ------------------------------------------------------------------------------
 */

#define IS_GRANT(i) (grant == &self->grants.at[i])
#define HAS_ENDPOINT ((self->options.flags & OCC_FLAG_REVOKE) != 0)

#define WAS_SAME(member) (member == \old(member))
/* The same grant, with the same tokens, whatever its slot. */
#define IS_SAME(grant)                                                                             \
  (WAS_SAME((grant).owner) && WAS_SAME((grant).number) && WAS_SAME((grant).access_length) &&       \
   WAS_SAME((grant).authorization[OCC_BEARER_LENGTH]) && WAS_SAME((grant).refresh_length) &&       \
   WAS_SAME((grant).refresh[0]))
#define IS_UNCHANGED(i) (WAS_SAME(PLACE(i).slot) && IS_SAME(PLACE(i)))
/* The same grant is out of the session, and each of its tokens waits to be revoked. */
#define IS_QUEUED(grant)                                                                           \
  (IS_SAME(grant) && (grant).slot == OCC_SLOT_REVOKING &&                                          \
   (grant).revocation[OCC_TOKEN_ACCESS].stage == OCC_REVOCATION_QUEUED &&                          \
   ((grant).refresh_length > 0 ==>                                                                 \
    (grant).revocation[OCC_TOKEN_REFRESH].stage == OCC_REVOCATION_QUEUED))

/* R13: only without an endpoint is a grant settled that is to be revoked. */
/*@ requires \valid(self) && ONE(IS_GRANT) && FITS(*grant);
    assigns MEMBERS(*grant), self->revoking;
    behavior endpoint:
      assumes HAS_ENDPOINT;
      assigns grant->slot, grant->revocation[OCC_TOKEN_ACCESS].stage,
        grant->revocation[OCC_TOKEN_ACCESS].tries_left, grant->revocation[OCC_TOKEN_REFRESH].stage,
        grant->revocation[OCC_TOKEN_REFRESH].tries_left, self->revoking;
      ensures IS_QUEUED(*grant);
    behavior none:
      assumes !HAS_ENDPOINT;
      assigns MEMBERS(*grant);
      ensures IS_FREE(*grant);
    complete behaviors;
    disjoint behaviors;
*/
void occ_revocation_begin(occ_session *self, occ_grant *grant);

/* The same, but that its access token is another tab's to be revoked. */
#define IS_REFRESH_QUEUED(grant)                                                                   \
  (IS_SAME(grant) && (grant).slot == OCC_SLOT_REVOKING &&                                          \
   (grant).revocation[OCC_TOKEN_REFRESH].stage == OCC_REVOCATION_QUEUED)
/*@ requires \valid(self) && ONE(IS_GRANT) && FITS(*grant) && grant->refresh_length > 0;
    assigns MEMBERS(*grant), self->revoking;
    behavior endpoint:
      assumes HAS_ENDPOINT;
      assigns grant->slot, grant->expires_at, grant->revocation[OCC_TOKEN_REFRESH].stage,
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

/* ---- The host ----------------------------------------------------------------------------------
 */

//@ assigns \nothing;
void occ_host_ended(double number, double issued);
//@ assigns \nothing;
void occ_host_signed_in(uint32_t attempt, uint32_t status);
//@ assigns \nothing;
void occ_host_renewed(const char *authorization, size_t length);

// clang-format on

#endif
