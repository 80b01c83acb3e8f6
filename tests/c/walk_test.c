/*
 * A walk over every sequence of events, as far as a session with a few places can distinguish them:
 * from every configuration found, every possible event happens, and each new configuration that it
 * leads to is explored in its turn, until there is none. The rules are checked in every step
 * (reference.h lists them, with their functions).
 *
 * A session has infinitely many states: numbers grow, time passes, tokens are texts. So a
 * configuration is what distinguishes two sessions when these are abstracted away:
 *   - a grant is its role and its owner, not its token: of the tokens it counts whether there is a
 *     refresh token, whether it is a bearer token, how far the revocation of each has come and how
 *     often it may be retried, and in which roles there are other grants with the same one;
 *   - the age of a refresh is whether the grant that it continues is still there, where, with the
 *     tokens that it had, and whether a revocation waits for it;
 *   - a time is past, the next, or later than that; an expired access token counts only where it
 *     makes a difference (may_be_over), and the age of tokens only where another tab's can be
 *     older;
 *   - places, which are alike, have no order; numbers of requests and grants, and the epoch, are no
 *     part of it: every step checks that they are right.
 * Of the sessions that are one configuration, the walk continues from the first.
 *
 * Some limits are a choice: two customers, A and B, are emulated; the places are few, so at most
 * that many tokens are held or under way at once (CMakeLists.txt builds the core with small limits:
 * a session is copied at every step). Each test has other options, since unrelated options together
 * would only multiply the states.
 *
 * For the same reason a rejected token is not new, except in the walk of R49, and no page begins
 * while the revocations of another are under way, except in the walk of R29.
 *
 * The walk has the events of another tab as this tab learns of them: a grant has ended there, it
 * has saved a session, of the same line or of another, it asks for tokens, or it answers. Two or
 * three tabs that do so to each other are not in the walk: see tests/proofs. A clock is never set
 * back: see there, too.
 */
#include "host.h"

#include <stddef.h>

#include "check.h"
#include "reference.h"

/* The options of this walk. */
static reference_options options;

/* A configuration. */
typedef struct {
  uint64_t places[OCC_PLACES];
  uint64_t whole;
} configuration;

static uint64_t with(uint64_t bits, unsigned value, unsigned width) {
  return bits << width | (value & ((1U << width) - 1));
}

/* Returns the roles of other grants with the same access token. */
static unsigned roles_of_copies(const occ_grant *place) {
  unsigned roles = 0;
  for (size_t i = 0; i < OCC_PLACES; i++) {
    const occ_grant *other = &session.grants.at[i];
    if (other != place && place->access_length > 0 && occ_grant_same_token(place, other)) {
      roles |= 1U << other->role;
    }
  }
  return roles;
}

/* Returns the grant that a refresh continues, or whose revocation has waited for it. */
static const occ_grant *refreshed_by(const occ_grant *place) {
  const occ_grant *held = occ_grants_held(&session.grants, place->refreshes);
  return held != NULL ? held : occ_grants_revoking(&session.grants, place->refreshes);
}

static uint64_t awaited_bits(const occ_grant *place) {
  const occ_grant *refreshed = refreshed_by(place);
  const bool same_tokens =
    refreshed != NULL && place->earlier == occ_text_fingerprint(occ_grant_authorization(refreshed));
  uint64_t bits = with(place->role, place->owner, 2);
  bits = with(bits, place->refreshes != 0, 1);
  bits = with(bits, refreshed != NULL ? refreshed->role : 0, 3);
  bits = with(bits, same_tokens, 1);
  bits = with(bits, refreshed != NULL ? refreshed->revocation[OCC_TOKEN_REFRESH].stage : 0, 2);
  return with(bits, session.sign_in.is_pending && session.sign_in.request == place->request, 1);
}

static uint64_t revocation_bits(uint64_t bits, const occ_revocation *it) {
  bits = with(bits, it->stage, 2);
  bits = with(bits, it->stage != OCC_REVOCATION_SETTLED ? it->tries_left : 0, 1);
  return with(bits, it->stage == OCC_REVOCATION_QUEUED ? reference_time(it->not_before) : 0, 2);
}

/* R30: true if it counts that the grant was refreshed for its revocation, or has expired: not if no
 * bearer is needed, nor if nothing is left to be sent under one. */
static bool needs_bearer(const occ_grant *place) {
  const uint32_t both = OCC_FLAG_REVOKE | OCC_FLAG_BEARER;
  const occ_revocation_stage stage = place->revocation[OCC_TOKEN_REFRESH].stage;
  return (options.flags & both) == both && place->refresh_length > 0 &&
         (place->role != OCC_ROLE_REVOKING || stage != OCC_REVOCATION_SETTLED);
}

/* True if it counts that the access token has expired: for a revocation that may yet be sent under
 * it (R30); for a page that begins without refresh tokens (R32); for 401s that say nothing (R42),
 * in some walks, as the others would only become longer. */
static bool may_be_over(const occ_grant *place) {
  const occ_revocation *refresh = &place->revocation[OCC_TOKEN_REFRESH];
  if (needs_bearer(place) && !place->is_final) {
    return refresh->stage == OCC_REVOCATION_SETTLED || refresh->tries_left > 0;
  }
  return place->role == OCC_ROLE_CLIENT ||
         ((place->role == OCC_ROLE_ACTIVE || place->role == OCC_ROLE_PARKED) &&
          (options.asks || options.rests || !(options.flags & OCC_FLAG_PERSIST)));
}

static unsigned expiry(const occ_grant *place) {
  return place->expires_at == 0 || !may_be_over(place) ? 0
         : reference_is_to_come(place->expires_at)     ? 1
                                                       : 2;
}

/* R49: adds whether the token rests, and for how long the next one would. */
static uint64_t rest_bits(uint64_t bits, const occ_grant *place) {
  bits = with(bits, reference_is_to_come(place->rest_until), 1);
  bits = with(bits, place->is_refused, 1);
  return with(bits, (unsigned)(place->pause / 30000), 4);
}

static uint64_t grant_bits(const occ_grant *place) {
  const bool goes_on = occ_grant_is_held(place) || place->role == OCC_ROLE_CLIENT;
  uint64_t bits = with(place->role, place->owner, 2);
  bits = with(bits, place->refresh_length > 0, 1);
  bits = with(bits, place->authorization_length > 0, 1);
  bits = with(bits, occ_grant_is_held(place) && place->earlier != 0, 1);
  bits = with(bits, occ_grant_is_held(place) ? reference_time(place->renew_at) : 0, 2);
  bits = with(bits, expiry(place), 2);
  bits = with(bits, needs_bearer(place) && place->is_final, 1);
  bits = with(bits, options.asks && goes_on && place->issued > 0, 1);
  bits = goes_on && options.rests ? rest_bits(bits, place) : bits;
  bits = revocation_bits(bits, &place->revocation[OCC_TOKEN_ACCESS]);
  bits = revocation_bits(bits, &place->revocation[OCC_TOKEN_REFRESH]);
  return with(bits, roles_of_copies(place), 8);
}

static int compare_bits(const void *one, const void *other) {
  const uint64_t a = *(const uint64_t *)one;
  const uint64_t b = *(const uint64_t *)other;
  return (a > b) - (a < b);
}

static configuration configuration_now(void) {
  configuration it;
  memset(&it, 0, sizeof it);
  const occ_sign_in *sign_in = &session.sign_in;
  it.whole = session.state;
  it.whole =
    with(it.whole, session.customer_id_length > 0 ? (unsigned)session.customer_id[0] : 0, 7);
  it.whole = with(it.whole, sign_in->is_pending, 1);
  it.whole = with(it.whole, sign_in->owner, 2);
  it.whole = with(it.whole, sign_in->customer_id_length > 0, 1);
  it.whole = with(it.whole, sign_in->request != 0, 1);
  it.whole = with(it.whole, sign_in->request == 0 ? reference_time(sign_in->due) : 0, 2);
  it.whole = with(it.whole, session.waiting_for != 0, 1);
  it.whole = with(it.whole, reference_waits_for_client(), 1);
  it.whole = with(it.whole, reference_alarm(), 2);
  it.whole = with(it.whole, reference_time(session.asked_until), 2);
  it.whole = with(it.whole, session.is_answered, 1);
  it.whole = with(it.whole, reference_is_to_come(session.revoking_until), 1);
  it.whole = with(it.whole, reference_is_saved_revoking(), 1);
  for (size_t i = 0; i < OCC_PLACES; i++) {
    const occ_grant *place = &session.grants.at[i];
    it.places[i] = place->role == OCC_ROLE_AWAITED ? awaited_bits(place) : grant_bits(place);
  }
  qsort(it.places, OCC_PLACES, sizeof it.places[0], compare_bits);
  return it;
}

/* The configurations in the order in which they were found: also the queue of the walk. */
typedef struct {
  configuration configuration;
  uint32_t from;
  reference_event by;
  unsigned char *kept; /* session and model, until it is explored */
} node;

static const char *failure;

static node *nodes;
static size_t node_count;
static size_t node_room;
static uint32_t *node_index; /* open addressing; 0: free, else number of the node + 1 */
static size_t index_room;
static size_t step_count;

static size_t hash(const configuration *it) {
  const unsigned char *bytes = (const unsigned char *)it;
  uint64_t value = 14695981039346656037U;
  for (size_t i = 0; i < sizeof *it; i++) {
    value = (value ^ bytes[i]) * 1099511628211U;
  }
  return (size_t)(value ^ value >> 29);
}

static void *grow(void *memory, size_t size) {
  void *grown = realloc(memory, size);
  if (grown == NULL) {
    (void)fprintf(stderr, "out of memory\n");
    exit(2);
  }
  return grown;
}

static uint32_t *find(const configuration *it) {
  size_t at = hash(it) % index_room;
  while (node_index[at] != 0 &&
         memcmp(&nodes[node_index[at] - 1].configuration, it, sizeof *it) != 0) {
    at = (at + 1) % index_room;
  }
  return &node_index[at];
}

static void make_room(void) {
  if (node_count < node_room) {
    return;
  }
  node_room = node_room * 2 + 1024;
  nodes = grow(nodes, node_room * sizeof *nodes);
  index_room = node_room * 2 + 1;
  node_index = grow(node_index, index_room * sizeof *node_index);
  memset(node_index, 0, index_room * sizeof *node_index);
  for (size_t i = 0; i < node_count; i++) {
    *find(&nodes[i].configuration) = (uint32_t)i + 1;
  }
}

/* The buffers are empty between two calls and the options never change, so neither is kept. The
 * rest is mostly zeros: only the other words are kept, each after its place. */
enum { WORD = sizeof(uint64_t), WORDS = sizeof(occ_session) / WORD };

static bool is_within(size_t at, size_t first, size_t size) {
  return at >= first && at + WORD <= first + size;
}

static bool is_kept(size_t word) {
  const size_t at = word * WORD;
  return !is_within(at, offsetof(struct occ_session, options), sizeof session.options) &&
         !is_within(at, offsetof(struct occ_session, input), sizeof session.input) &&
         !is_within(at, offsetof(struct occ_session, output_bytes), sizeof session.output_bytes);
}

static unsigned char *keep(void) {
  static unsigned char bytes[sizeof(uint16_t) + WORDS * (sizeof(uint16_t) + WORD)];
  static const unsigned char zero[WORD];
  const unsigned char *from = (const unsigned char *)&session;
  unsigned char *to = bytes + sizeof(uint16_t);
  uint16_t count = 0;
  for (size_t i = 0; i < WORDS; i++) {
    const uint16_t word = (uint16_t)i;
    if (is_kept(i) && memcmp(from + i * WORD, zero, WORD) != 0) {
      memcpy(to, &word, sizeof word);
      memcpy(to + sizeof word, from + i * WORD, WORD);
      to += sizeof word + WORD;
      count++;
    }
  }
  memcpy(bytes, &count, sizeof count);
  const size_t used = (size_t)(to - bytes);
  unsigned char *kept = grow(NULL, used + reference_size());
  memcpy(kept, bytes, used);
  return grow(kept, used + reference_keep(kept + used));
}

/* Restores a session with the same options; returns the model. */
static const unsigned char *take_back(const unsigned char *kept) {
  unsigned char *to = (unsigned char *)&session;
  uint16_t count = 0;
  for (size_t i = 0; i < WORDS; i++) {
    if (is_kept(i)) {
      memset(to + i * WORD, 0, WORD);
    }
  }
  memcpy(&count, kept, sizeof count);
  kept += sizeof count;
  for (; count > 0; count--) {
    uint16_t word = 0;
    memcpy(&word, kept, sizeof word);
    memcpy(to + (size_t)word * WORD, kept + sizeof word, WORD);
    kept += sizeof word + WORD;
  }
  return kept;
}

static void print_way_to(size_t at) {
  if (at != 0) {
    print_way_to(nodes[at].from);
    printf("    %s\n", reference_name(nodes[at].by));
  }
}

/* Adds the configuration that a step has led to, unless it is known. */
static void reach(size_t from, reference_event by) {
  const configuration it = configuration_now();
  make_room();
  if (reference_changes_nothing() && memcmp(&nodes[from].configuration, &it, sizeof it) != 0) {
    failure = "R21: what concerns nobody changes nothing";
    return;
  }
  uint32_t *known = find(&it);
  if (*known == 0) {
    nodes[node_count] =
      (node){.configuration = it, .from = (uint32_t)from, .by = by, .kept = keep()};
    *known = (uint32_t)++node_count;
  }
}

/* Applies every possible event. */
static void look_at(size_t from) {
  static occ_session before;
  reference_event events[REFERENCE_EVENTS_MAX];
  unsigned char *kept = nodes[from].kept;
  const unsigned char *model = take_back(kept);
  before = session;
  reference_take_back(model);
  const size_t count = reference_events(events);
  for (size_t i = 0; i < count && failure == NULL; i++) {
    session = before;
    reference_take_back(model);
    failure = reference_step(events[i]);
    step_count++;
    if (failure == NULL) {
      reach(from, events[i]);
    }
    if (failure != NULL) {
      printf("  after\n");
      print_way_to(from);
      printf("    %s\n  this does not hold: %s\n", reference_name(events[i]), failure);
    }
  }
  free(kept);
  nodes[from].kept = NULL;
}

static void walk(const reference_options *given) {
  failure = NULL;
  step_count = 0;
  node_count = 0;
  node_room = 0;
  options = *given;
  reference_open(given);
  make_room();
  nodes[node_count++] = (node){.configuration = configuration_now(), .kept = keep()};
  *find(&nodes[0].configuration) = 1;
  for (size_t i = 0; i < node_count && failure == NULL; i++) {
    look_at(i);
  }
  CHECK(failure == NULL);
  printf("  %zu configurations, %zu transitions\n", node_count, step_count);
  for (size_t i = 0; i < node_count; i++) {
    free(nodes[i].kept);
  }
  free(nodes);
  free(node_index);
  nodes = NULL;
  node_index = NULL;
}

/* Returns the number of taken places that leaves so many: not every walk may grow with OCC_PLACES.
 */
static uint32_t all_but(uint32_t left) {
  return OCC_PLACES > left ? OCC_PLACES - left : 0;
}

/* With 3, tokens come from sign-ins and from other tabs; with 4, from refreshes too. The others are
 * limited by time. */
enum {
  FEW = OCC_PLACES > 5 ? 4 : 3,
  SOME = OCC_PLACES > 4 ? 4 : 3,
  MANY = OCC_PLACES > 5 ? OCC_PLACES - 1 : 4
};

/* Each sentence begins with the rule that the options of its walk are for. */

TEST(same_token,
     "R1 to R9, R11, R20, R21, R23, R29: the rules hold after every sequence of events") {
  walk(&(reference_options){.flags = OCC_FLAG_REVOKE | OCC_FLAG_PERSIST,
                            .every_way = true,
                            .late = true,
                            .same_token = true});
}

TEST(bearer, "R30: the rules hold if a revocation needs a bearer, and tokens die") {
  walk(&(reference_options){.flags = OCC_FLAG_REVOKE | OCC_FLAG_BEARER | OCC_FLAG_PERSIST,
                            .taken = all_but(MANY),
                            .every_way = true,
                            .late = true,
                            .same_token = true});
}

TEST(retries, "R18: the rules hold if revocations are retried") {
  walk(&(reference_options){.flags = OCC_FLAG_REVOKE | OCC_FLAG_BEARER | OCC_FLAG_PERSIST,
                            .retries = 1,
                            .taken = all_but(FEW),
                            .every_way = true,
                            .late = true});
}

TEST(tabs_refresh, "R24: the rules hold if tabs share the session") {
  walk(&(reference_options){.flags = OCC_FLAG_REVOKE | OCC_FLAG_PERSIST | OCC_FLAG_SHARED,
                            .taken = all_but(SOME),
                            .tabs = true});
}

TEST(tabs, "R25: the rules hold if tabs share the session without the refresh tokens") {
  walk(&(reference_options){.flags = OCC_FLAG_REVOKE | OCC_FLAG_BEARER | OCC_FLAG_SHARED,
                            .taken = all_but(FEW),
                            .tabs = true});
}

TEST(lines, "R24: the rules hold if the storage is emptied, and lines diverge and meet") {
  walk(&(reference_options){.flags = OCC_FLAG_REVOKE | OCC_FLAG_BEARER | OCC_FLAG_SHARED,
                            .taken = all_but(3),
                            .hours = true,
                            .lines = true});
}

TEST(lines_refresh, "R24, R30: the rules hold if lines part that each have the refresh tokens") {
  walk(&(reference_options){.flags = OCC_FLAG_REVOKE | OCC_FLAG_BEARER | OCC_FLAG_PERSIST |
                                     OCC_FLAG_SHARED,
                            .taken = all_but(3),
                            .hours = true,
                            .lines = true});
}

TEST(meets, "R30: each grant of diverged lines is refreshed for its own revocation") {
  walk(&(reference_options){.flags = OCC_FLAG_REVOKE | OCC_FLAG_BEARER | OCC_FLAG_PERSIST |
                                     OCC_FLAG_SHARED,
                            .hours = true,
                            .meets = true});
}

TEST(asks, "R31, R32: the rules hold if tabs ask each other for tokens that only one of them has") {
  walk(&(reference_options){.flags = OCC_FLAG_REVOKE | OCC_FLAG_BEARER | OCC_FLAG_SHARED,
                            .taken = all_but(4),
                            .hours = true,
                            .asks = true});
}

TEST(asks_refresh, "R41: the rules hold if each tab may have the newest refresh token") {
  walk(&(reference_options){.flags = OCC_FLAG_REVOKE | OCC_FLAG_PERSIST | OCC_FLAG_SHARED,
                            .taken = all_but(4),
                            .asks = true});
}

TEST(pages, "R29: the rules hold if a page opens while the revocations of another are under way") {
  walk(&(reference_options){.flags = OCC_FLAG_REVOKE | OCC_FLAG_BEARER | OCC_FLAG_SHARED,
                            .taken = all_but(3),
                            .tabs = true,
                            .pages = true});
}

TEST(alone, "R32: the rules hold without other tabs, and without refresh tokens after a reload") {
  walk(&(reference_options){
    .flags = OCC_FLAG_BEARER, .taken = all_but(4), .every_way = true, .late = true});
}

TEST(client_tokens,
     "R10: the rules hold with a token for anonymous requests, and no bearer for revocations") {
  walk(&(reference_options){
    .flags = OCC_FLAG_REVOKE | OCC_FLAG_PERSIST, .late = true, .client_tokens = true});
}

TEST(rests, "R49: the rules hold if tokens are rejected while they are new") {
  walk(&(reference_options){.flags = OCC_FLAG_BEARER | OCC_FLAG_PERSIST,
                            .taken = all_but(4),
                            .hours = true,
                            .client_tokens = true,
                            .rests = true});
}

TEST(no_endpoint, "R13: the rules hold without a revocation endpoint") {
  walk(&(reference_options){
    .flags = OCC_FLAG_BEARER | OCC_FLAG_PERSIST, .late = true, .same_token = true});
}
