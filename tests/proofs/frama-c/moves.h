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

#include "session.h"

/*@ predicate is_held(integer slot) =
      slot == OCC_SLOT_ACTIVE || slot == OCC_SLOT_PARKED || slot == OCC_SLOT_RETIRED;

    predicate same_bytes{L1, L2}(char *one, char *other, integer length) =
      (length > 0 ==> \at(one[0], L1) == \at(other[0], L2));

    predicate same_token{L1, L2}(occ_grant *one, occ_grant *other) =
      \at(one->access_length, L1) == \at(other->access_length, L2) &&
      same_bytes{L1, L2}(\at(&one->authorization[OCC_BEARER_LENGTH], L1),
        \at(&other->authorization[OCC_BEARER_LENGTH], L2), \at(one->access_length, L1));

    predicate same_refresh{L1, L2}(occ_grant *one, occ_grant *other) =
      \at(one->refresh_length, L1) == \at(other->refresh_length, L2) &&
      same_bytes{L1, L2}(\at(&one->refresh[0], L1), \at(&other->refresh[0], L2),
        \at(one->refresh_length, L1));

    predicate is_visible(char *text, integer length) =
      (length > 0 ==> ' ' < text[0] <= '~');

    predicate is_free(occ_grant *grant) =
      grant->slot == OCC_SLOT_FREE && grant->access_length == 0 && grant->refresh_length == 0;

    predicate is_blank(occ_grant *grant) = grant->owner == OCC_OWNER_INVALID && grant->number == 0.0 &&
      grant->expires_at == 0.0 && grant->renew_at == 0.0 && grant->request == 0 &&
      grant->refreshes == 0.0 && grant->earlier == 0 &&
      (\forall integer i; 0 <= i < OCC_TOKEN_END ==>
        grant->revocation[i].stage == OCC_REVOCATION_SETTLED &&
        grant->revocation[i].request == 0 && grant->revocation[i].tries_left == 0 &&
        grant->revocation[i].not_before == 0.0) &&
      grant->authorization_length == 0 &&
      (\forall integer i; 0 <= i < OCC_BEARER_LENGTH + OCC_TOKEN_MAX ==>
        grant->authorization[i] == 0) &&
      (\forall integer i; 0 <= i < OCC_TOKEN_MAX ==> grant->refresh[i] == 0);

    // No byte of a grant is left.
    predicate is_wiped(occ_grant *grant) = is_free(grant) && is_blank(grant);

    predicate fits(occ_grant *grant) =
      grant->access_length <= OCC_TOKEN_MAX && grant->refresh_length <= OCC_TOKEN_MAX;

    // How many of the places are in a slot.
    logic integer in_slot(occ_grants *grants, integer slot) =
      (grants->at[0].slot == slot ? 1 : 0) + (grants->at[1].slot == slot ? 1 : 0) +
      (grants->at[2].slot == slot ? 1 : 0);
*/

/* Places and bytes by their number, since provers are better at that than at quantifiers. */
#if OCC_PLACES != 3 || OCC_TOKEN_MAX != 1
#error "these are three places, and tokens of one byte"
#endif
#define EACH(IS) (IS(0) && IS(1) && IS(2))
#define ONE(IS) (IS(0) || IS(1) || IS(2))

/* ---- Text --------------------------------------------------------------------------------------
 */

/*@ requires \valid_read(one.at + (0 .. one.length - 1)) && one.length <= OCC_TOKEN_MAX;
    requires \valid_read(other.at + (0 .. other.length - 1));
    assigns \result \from one, other, one.at[0 .. one.length - 1], other.at[0 .. other.length - 1];
    ensures \result <==>
      one.length == other.length && same_bytes{Here, Here}(one.at, other.at, one.length);
*/
bool occ_text_equal(occ_text one, occ_text other);

/*@ requires \valid_read(text.at + (0 .. text.length - 1)) && text.length <= OCC_TOKEN_MAX;
    assigns \result \from text, text.at[0 .. text.length - 1];
    ensures \result <==> is_visible(text.at, text.length);
*/
bool occ_text_is_visible(occ_text text);

/*@ requires \valid_read(text.at + (0 .. text.length - 1));
    assigns \result \from text, text.at[0 .. text.length - 1]; */
uint64_t occ_text_fingerprint(occ_text text);

/* WP does not see a struct as bytes, so each type that is wiped has a function of its own; that
 * zeros make these members zero is checked by Eva (wipe.c). */
/*@ requires \valid(grant) && size == sizeof(occ_grant);
    assigns *grant;
    ensures is_wiped(grant); */
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
    ensures same_bytes{Pre, Here}(from, to, length); */
void copy_text(char *to, const char *from, size_t length);

#include <string.h>
#define memcpy(to, from, length) copy_text(to, from, length)

/* ---- grant.c -----------------------------------------------------------------------------------
 */

#define HAS_SLOT(i) (self->at[i].slot == slot)
#define IS_FIRST(i)                                                                                \
  (\result == &self->at[i] && HAS_SLOT(i) && (\forall integer j; 0 <= j < i ==> !HAS_SLOT(j)))
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

#define IS_FREE(i) (\result == &self->at[i] && self->at[i].slot == OCC_SLOT_FREE)
/*@ requires \valid_read(self);
    assigns \result \from self, self->at[0 .. OCC_PLACES - 1].slot;
    behavior none:
      assumes in_slot(self, OCC_SLOT_FREE) <= OCC_PLACES_FOR_TABS;
      ensures \result == \null;
    behavior some:
      assumes in_slot(self, OCC_SLOT_FREE) > OCC_PLACES_FOR_TABS;
      ensures ONE(IS_FREE);
    complete behaviors;
    disjoint behaviors;
*/
occ_grant *occ_grants_free(occ_grants *self);

#define HAS_NUMBER(i) (is_held(self->at[i].slot) && self->at[i].number == number)
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

/*@ requires \valid_read(self);
    assigns \result \from self->slot;
    ensures \result <==> is_held(self->slot); */
bool occ_grant_is_held(const occ_grant *self);

/*@ requires \valid_read(self) && \valid_read(other) && fits(self) && fits(other);
    assigns \result \from *self, *other;
    ensures \result <==> same_token{Here, Here}(self, other); */
bool occ_grant_same_token(const occ_grant *self, const occ_grant *other);

/*@ requires \valid(self) && fits(self);
    requires \valid_read(access.at + (0 .. access.length - 1));
    requires \valid_read(refresh.at + (0 .. refresh.length - 1));
    requires \separated(self, access.at + (0 .. access.length - 1));
    requires \separated(self, refresh.at + (0 .. refresh.length - 1));
    assigns \result, self->authorization[0 .. OCC_BEARER_LENGTH + OCC_TOKEN_MAX - 1],
      self->refresh[0 .. OCC_TOKEN_MAX - 1], self->earlier, self->authorization_length,
      self->access_length, self->refresh_length;
    ensures fits(self);
    behavior put:
      assumes 0 < access.length <= OCC_TOKEN_MAX && refresh.length <= OCC_TOKEN_MAX;
      assumes is_visible(access.at, access.length);
      ensures \result == OCC_STATUS_OK && self->access_length == access.length;
      ensures same_bytes{Pre, Here}(access.at, &self->authorization[OCC_BEARER_LENGTH],
        access.length);
      ensures refresh.length == 0 ==> same_refresh{Pre, Here}(self, self);
      ensures refresh.length > 0 ==> self->refresh_length == refresh.length;
      ensures refresh.length > 0 ==>
        same_bytes{Pre, Here}(refresh.at, &self->refresh[0], refresh.length);
    behavior refused:
      assumes !(0 < access.length <= OCC_TOKEN_MAX && refresh.length <= OCC_TOKEN_MAX &&
        is_visible(access.at, access.length));
      assigns \result;
      ensures \result != OCC_STATUS_OK;
    complete behaviors;
    disjoint behaviors;
*/
occ_status occ_grant_put(occ_grant *self, occ_text access, occ_text refresh);

/* The tokens of the response go on in the grant, in its slot and under its number; the place that
 * awaited them is free. */
/*@ requires \valid(self) && \valid(response) && \separated(self, response);
    requires fits(self) && fits(response) && response->access_length > 0;
    requires is_visible(&response->authorization[OCC_BEARER_LENGTH], response->access_length);
    assigns *self, *response;
    ensures self->slot == \old(self->slot) && self->number == \old(self->number) &&
      self->owner == \old(self->owner);
    ensures same_token{Pre, Here}(response, self);
    ensures \old(response->refresh_length) > 0 ==> same_refresh{Pre, Here}(response, self);
    ensures \old(response->refresh_length) == 0 ==> same_refresh{Pre, Here}(self, self);
    ensures is_wiped(response);
*/
void occ_grant_renew(occ_grant *self, occ_grant *response);

/*@ requires \valid(self);
    assigns *self;
    ensures is_wiped(self); */
void occ_grant_settle(occ_grant *self);

/* ---- revocation.c ------------------------------------------------------------------------------
 */

#define IS_GRANT(i) (grant == &self->grants.at[i])
#define HAS_ENDPOINT ((self->options.flags & OCC_FLAG_REVOKE) != 0)

/*@ // The same grant, with the same tokens, whatever its slot.
    predicate is_same{L1, L2}(occ_grant *grant) =
      \at(grant->owner, L1) == \at(grant->owner, L2) &&
      \at(grant->number, L1) == \at(grant->number, L2) &&
      same_token{L1, L2}(grant, grant) && same_refresh{L1, L2}(grant, grant);

    predicate is_unchanged{L1, L2}(occ_grant *grant) =
      \at(grant->slot, L1) == \at(grant->slot, L2) && is_same{L1, L2}(grant);

    // The same grant is out of the session, and each of its tokens waits to be revoked.
    predicate is_queued{L1, L2}(occ_grant *grant) =
      is_same{L1, L2}(grant) && \at(grant->slot, L2) == OCC_SLOT_REVOKING &&
      \at(grant->revocation[OCC_TOKEN_ACCESS].stage, L2) == OCC_REVOCATION_QUEUED &&
      (\at(grant->refresh_length, L1) > 0 ==>
        \at(grant->revocation[OCC_TOKEN_REFRESH].stage, L2) == OCC_REVOCATION_QUEUED);
*/

#define IS_UNCHANGED(i) is_unchanged{Pre, Here}(&self->grants.at[i])

/* R13: only without an endpoint is a grant settled that is to be revoked. */
/*@ requires \valid(self) && ONE(IS_GRANT) && fits(grant);
    assigns *grant, self->revoking;
    behavior endpoint:
      assumes HAS_ENDPOINT;
      assigns grant->slot, grant->revocation[OCC_TOKEN_ACCESS].stage,
        grant->revocation[OCC_TOKEN_ACCESS].tries_left, grant->revocation[OCC_TOKEN_REFRESH].stage,
        grant->revocation[OCC_TOKEN_REFRESH].tries_left, self->revoking;
      ensures is_queued{Pre, Here}(grant);
    behavior none:
      assumes !HAS_ENDPOINT;
      assigns *grant;
      ensures is_wiped(grant);
    complete behaviors;
    disjoint behaviors;
*/
void occ_revocation_begin(occ_session *self, occ_grant *grant);

/* ---- The host ----------------------------------------------------------------------------------
 */

//@ assigns \nothing;
void occ_host_ended(double number);
//@ assigns \nothing;
void occ_host_signed_in(uint32_t attempt, uint32_t status);
//@ assigns \nothing;
void occ_host_renewed(const char *authorization, size_t length);

#endif
