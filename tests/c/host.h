/*
 * A stand-in for the host: one session, the recorded calls of the host functions, and the calls of
 * the core with texts in place of lengths.
 */
#ifndef OCC_TEST_HOST_H
#define OCC_TEST_HOST_H

#include "session_struct.h"

/* A text that ends with a zero, unlike those that the core passes. */
typedef struct {
  size_t length;
  char at[OCC_INPUT_MAX + 1];
} host_text;

typedef struct {
  uint32_t number;
  uint32_t purpose;
  host_text authorization;
  host_text body;
} host_request;

enum { HOST_REQUESTS_MAX = 32, HOST_ENDED_MAX = 8 };

/* The number of calls of each host function since host_forget, and the arguments of the last. */
typedef struct {
  unsigned saves;
  uint32_t saved_renewed;
  host_text saved;
  unsigned endings;
  double ended[HOST_ENDED_MAX];
  double ended_issued[HOST_ENDED_MAX];
  unsigned wanted;
  double wanted_number;
  double wanted_issued;
  unsigned states;
  uint32_t state;
  uint32_t state_before; /* of the call before */
  double expires_at;
  double expires_before;
  uint32_t revoking;
  host_text user_id;
  unsigned sign_ins;
  uint32_t attempt;
  uint32_t sign_in_status;
  unsigned renewals;
  host_text renewed;
  unsigned expiries;
  uint32_t expired;
  unsigned revocations;
  uint32_t revoked_owner;
  uint32_t revoked_token;
  uint32_t outcome;
  uint32_t outcome_status;
  /* The outcomes of all revocations since opening: "refresh_token revoked 200, ". */
  char outcomes[400];
  unsigned alarms;
  double alarm;
  unsigned headers;
  host_text header;
  unsigned request_count;
  host_request requests[HOST_REQUESTS_MAX];
  /* The calls in their order: "save ended state request ". */
  char order[512];
} host_record;

extern host_record host;
extern occ_session session;

/* Called from within every host function, if it is set. */
extern void (*host_inside)(void);

/* Forgets the calls, but not the texts of the last save and state, which the host still has. */
void host_forget(void);

/* The options of a session; a text that is NULL is empty. */
typedef struct {
  uint32_t nonce;
  uint32_t flags;
  uint32_t retries;
  const char *identity;
  const char *client_id;
  const char *client_secret;
  const char *agent_client_id;
  const char *agent_client_secret;
  const char *scope;
} host_options;

/* Opens the session, whatever its state is. */
occ_status host_open(const host_options *options);

/* Opens a new session, with nothing recorded. */
occ_status host_open_new(const host_options *options);

/* Writes a text into the input buffer, and names it. */
void host_give(occ_parameter parameter, const char *text);

occ_status host_sign_in(double now, occ_owner owner, uint32_t attempt, const char *username,
                        const char *password, const char *customer_id);
occ_status host_emulate(double now, const char *customer_id);
/* Reports a 401 that says that the token is dead, and one that says nothing. */
occ_status host_renew(double now, const char *header);
/* Reports a 401 whose answer cannot be read. */
occ_status host_renew_unsure(double now, const char *header);
occ_status host_adopt(double now, const char *snapshot);
occ_status host_hear(double now, bool is_answer, const char *snapshot);

/* The Authorization header of the next request, "" for none. */
const char *host_authorization(void);

/* Answers a request, or reports that it got no answer. */
occ_status host_answer(double now, uint32_t request, uint32_t http_status, const char *body);
occ_status host_fail(double now, uint32_t request, occ_delivery delivery);

/* The latest request, one with number 0 if there was none since host_forget. */
const host_request *host_last_request(void);

/* True if this text is anywhere in the memory of the session. */
bool host_remembers(const char *text);

#endif
