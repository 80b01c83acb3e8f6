/* Grants: any tokens into any grant; a settled grant is nothing but zeros. */
#include "any.h"
#include "session_struct.h"

static void check_wiped(const occ_grant *grant) {
  //@ check grant->role == OCC_ROLE_FREE && grant->owner == OCC_OWNER_INVALID;
  //@ check grant->number == 0.0 && grant->expires_at == 0.0 && grant->renew_at == 0.0;
  //@ check grant->issued == 0.0 && grant->rest_until == 0.0 && grant->pause == 0.0;
  //@ check grant->is_refused == 0 && grant->is_final == 0;
  //@ check grant->request == 0 && grant->refreshes == 0.0 && grant->earlier == 0;
  //@ check grant->authorization_length == 0 && grant->access_length == 0;
  //@ check grant->refresh_length == 0;
  /*@ check \forall integer i; 0 <= i < OCC_TOKEN_END ==>
        grant->revocation[i].stage == OCC_REVOCATION_SETTLED &&
        grant->revocation[i].request == 0 && grant->revocation[i].tries_left == 0 &&
        grant->revocation[i].not_before == 0.0; */
  /*@ check \forall integer i; 0 <= i < OCC_BEARER_LENGTH + OCC_TOKEN_MAX ==>
        grant->authorization[i] == 0; */
  //@ check \forall integer i; 0 <= i < OCC_TOKEN_MAX ==> grant->refresh[i] == 0;
}

static void find(void) {
  static occ_grants grants;
  //@ loop unroll OCC_PLACES;
  for (size_t i = 0; i < OCC_PLACES; i++) {
    any_grant(&grants.at[i]);
  }
  (void)occ_grants_in(&grants, (occ_role)Frama_C_interval(OCC_ROLE_FREE, OCC_ROLE_CLIENT));
  (void)occ_grants_reserve(&grants, OCC_OWNER_CUSTOMER);
  (void)occ_grants_held(&grants, any_double());
  (void)occ_grants_revoking(&grants, any_double());
}

static void put(void) {
  static occ_grant grant;
  any_grant(&grant);
  (void)occ_grant_put(&grant, any_text(OCC_TOKEN_MAX + 1), long_text(OCC_TOKEN_MAX + 1));
  (void)occ_grant_put(&grant, long_text(OCC_TOKEN_MAX + 1), any_text(OCC_TOKEN_MAX + 1));
}

static void renew(void) {
  static occ_grant grant;
  static occ_grant response;
  any_grant(&grant);
  any_grant(&response);
  (void)occ_grant_same_token(&grant, &response);
  occ_grant_date(&grant, Frama_C_double_interval(0, WHOLE_MAX),
                 Frama_C_double_interval(0, WHOLE_MAX));
  (void)occ_grant_may_be_refreshed(&grant, Frama_C_double_interval(0, 1e15));
  occ_grant_inherit(&response, &grant);
  occ_grant_renew(&grant, &response, Frama_C_double_interval(0, 1e15));
  check_wiped(&response);
}

static void wipe(void) {
  static occ_sign_in sign_in;
  Frama_C_make_unknown((char *)&sign_in, sizeof sign_in);
  occ_wipe(&sign_in, sizeof sign_in);
  //@ check sign_in.is_pending == 0 && sign_in.request == 0;
}

void main(void) {
  any();
  switch (Frama_C_interval_split(0, 3)) {
  case 0:
    find();
    break;
  case 1:
    put();
    break;
  case 2:
    renew();
    break;
  default:
    wipe();
  }
}
