/* What a session consists of: for the core's own files, and for whoever has to know its size. */
#ifndef OCC_SESSION_STRUCT_H
#define OCC_SESSION_STRUCT_H

#include "grant.h"
#include "options.h"

/* Bytes of the output buffer: the largest snapshot, or the largest request body. */
#define OCC_OUTPUT_MAX OCC_INPUT_MAX

/* A sign-in that is pending. At most one is; those that were given up are only places that await a
 * token which will be a stray. */
typedef struct {
  bool is_pending;
  occ_owner owner;
  uint32_t attempt;
  uint32_t request; /* 0: not sent yet */
  double due;       /* when it is sent although a revocation is under way (R29) */
  size_t username_length;
  size_t password_length;
  size_t customer_id_length;
  char username[OCC_CREDENTIAL_MAX];
  char password[OCC_CREDENTIAL_MAX];
  char customer_id[OCC_CUSTOMER_ID_MAX];
} occ_sign_in;

typedef enum { OCC_NOT_RENEWED = 0, OCC_RENEWED, OCC_RENEWAL_FAILED } occ_renewal;

/* What the host is told at the end of a call, collected while the session changes. */
typedef struct {
  bool grants_changed;
  bool state_changed;
  bool signed_in;
  uint32_t attempt;
  occ_status sign_in_status;
  occ_renewal renewal;
  occ_owner expired;
  occ_outcome outcome;
  occ_owner outcome_owner;
  occ_token outcome_token;
  uint32_t outcome_status;
  size_t ended_count;
  double ended[OCC_PLACES];
} occ_notices;

struct occ_session {
  bool is_open;
  bool is_closed;
  bool is_entered; /* a call is under way */
  bool is_leaving; /* the page is going away */
  occ_state state;
  uint32_t nonce;
  uint32_t grants_issued;
  uint32_t requests;  /* how many there have been: the next one's number */
  double epoch;       /* how often the grants have changed (R23) */
  double alarm;       /* what the host was given last */
  double waiting_for; /* number of the grant whose refresh requests wait for, 0: none */
  uint32_t revoking;  /* what the host was told last */
  size_t customer_id_length;
  char customer_id[OCC_CUSTOMER_ID_MAX]; /* who is emulated */
  occ_options options;
  occ_sign_in sign_in;
  occ_notices notices;
  occ_grants grants;
  char input[OCC_INPUT_MAX];
  char output[OCC_OUTPUT_MAX];
};

#endif
