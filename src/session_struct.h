/* What a session consists of: for the core's own files, and for whoever has to know its size. */
#ifndef OCC_SESSION_STRUCT_H
#define OCC_SESSION_STRUCT_H

#include "grant.h"
#include "options.h"

/* R29: how long a sign-in waits for a revocation, in milliseconds. */
#define OCC_SIGN_IN_DELAY 2000.0

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

typedef enum {
  OCC_LIFE_NEW = 0,
  OCC_LIFE_OPEN,
  OCC_LIFE_ENTERED, /* a call is under way */
  OCC_LIFE_CLOSED
} occ_life;

struct occ_session {
  occ_life life;
  double now;          /* the time of this call */
  bool is_leaving;     /* the page is going away */
  bool grants_changed; /* in this call, so that at its end they are saved */
  bool state_changed;  /* in this call, so that at its end the host is told */
  bool is_renewed;     /* in this call: a grant, by a refresh of this tab */
  bool is_succeeded;   /* in this call: by somebody of the same role, who signed in elsewhere */
  occ_owner expired;   /* in this call: whose session */
  occ_state state;
  uint32_t requests;       /* how many there have been: the next one's number */
  double line;             /* in which its epochs can be compared (R24) */
  double epoch;            /* how often the grants have changed (R23) */
  double revoking_until;   /* when no revocation of an earlier page or another tab holds a sign-in
                              back any more (R29) */
  double left;             /* number of the grant that was signed out of here last, 0: none (R24) */
  double left_issued;      /* and when its tokens were issued */
  double asked_until;      /* when other tabs have not answered for the dead active grant (R31), 0:
                              they were not asked */
  bool is_answered;        /* one of them has it refreshed */
  double alarm;            /* what the host was given last */
  double waiting_for;      /* number of the grant whose refresh requests wait for, 0: none */
  uint64_t expired_header; /* fingerprint of the header whose session expired last (R32) */
  uint32_t revoking;       /* tokens whose revocation has not settled */
  uint32_t told_revoking;  /* and how many the host was told */
  size_t customer_id_length;
  char customer_id[OCC_CUSTOMER_ID_MAX]; /* who is emulated */
  occ_options options;
  occ_sign_in sign_in;
  occ_writer output;             /* into output_bytes */
  char input[OCC_INPUT_MAX + 1]; /* and a zero behind what is in it */
  char output_bytes[OCC_OUTPUT_MAX];
  occ_grants grants; /* last, so that a sanitizer sees who looks behind the last place */
};

/* The grant that is on requests, or NULL. */
OCC_INLINE occ_grant *occ_session_active(occ_session *self) {
  return occ_grants_in(&self->grants, OCC_SLOT_ACTIVE);
}

/* The id of the customer who is emulated; empty: nobody is. */
OCC_INLINE occ_text occ_session_emulated(const occ_session *self) {
  return (occ_text){self->customer_id, self->customer_id_length};
}

/* The time if it is still to come, else 0. */
static inline double occ_session_to_come(const occ_session *self, double time) {
  return time > self->now || self->is_leaving ? time : 0;
}

#endif
