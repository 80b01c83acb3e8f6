/* Grants: their places, and the tokens that are put into one. */
#include "grant.h"

#include "check.h"

/* The memory is allocated, so an access behind the last place is detected. */
static occ_grants *places(void) {
  occ_grants *grants = calloc(1, sizeof *grants);
  if (!CHECK(grants != NULL)) {
    exit(1);
  }
  return grants;
}

TEST(last_place, "a grant is found in the last place, and none behind it") {
  occ_grants *grants = places();
  CHECK(occ_grants_in(grants, OCC_ROLE_RETIRED) == NULL);
  CHECK(occ_grants_held(grants, 7) == NULL);
  occ_grant *last = &grants->at[OCC_PLACES - 1];
  last->role = OCC_ROLE_RETIRED;
  last->number = 7;
  CHECK(occ_grants_in(grants, OCC_ROLE_RETIRED) == last);
  CHECK(occ_grants_held(grants, 7) == last);
  free(grants);
}

TEST(numbers,
     "grants are numbered apart from those of another nonce, and a place is reserved once") {
  occ_grants *grants = places();
  grants->nonce = 3;
  const occ_grant *one = occ_grants_reserve(grants, OCC_OWNER_CUSTOMER);
  const occ_grant *other = occ_grants_reserve(grants, OCC_OWNER_AGENT);
  CHECK(one == &grants->at[OCC_PLACES - 1] && other == &grants->at[OCC_PLACES - 2]);
  CHECK_NUMBER(one->number, 6291457);
  CHECK_NUMBER(other->number, 6291458);
  CHECK_NUMBER(other->role, OCC_ROLE_AWAITED);
  CHECK_NUMBER(other->owner, OCC_OWNER_AGENT);
  free(grants);
}

TEST(one_byte, "tokens of one byte are replaced like longer ones") {
  occ_grants *grants = places();
  occ_grant *grant = &grants->at[0];
  CHECK_NUMBER(occ_grant_put(grant, OCC_TEXT("a"), OCC_TEXT("r")), OCC_STATUS_OK);
  CHECK(occ_text_equal(occ_grant_refresh(grant), OCC_TEXT("r")));
  CHECK(grant->earlier == 0);
  CHECK_NUMBER(occ_grant_put(grant, OCC_TEXT("b"), OCC_TEXT("s")), OCC_STATUS_OK);
  CHECK(occ_text_equal(occ_grant_authorization(grant), OCC_TEXT("Bearer b")));
  CHECK(occ_text_equal(occ_grant_refresh(grant), OCC_TEXT("s")));
  CHECK(grant->earlier == occ_text_fingerprint(OCC_TEXT("Bearer a")));
  free(grants);
}

TEST(longest_pause, "R49: a token that rests for the longest time rests from its first moment on") {
  occ_grants *grants = places();
  occ_grant *grant = &grants->at[0];
  grant->rest_until = 1000.0 + 300000.0;
  CHECK(!occ_grant_may_be_refreshed(grant, 1000));
  grant->rest_until = 1000.0 + 300001.0;
  CHECK(occ_grant_may_be_refreshed(grant, 1000));
  free(grants);
}
