/* The struct of a session: for the core's own files, and for callers that need its size. */
#ifndef OCC_SESSION_STRUCT_H
#define OCC_SESSION_STRUCT_H

#include "grant.h"
#include "options.h"

/* R29: the longest wait of a sign-in for a revocation, in milliseconds. */
#define OCC_SIGN_IN_DELAY 2000.0

/* A named text of the input. */
typedef struct {
  uint32_t at;
  uint32_t length;
} occ_given;

/* Bytes of the output buffer: the largest snapshot, or the largest request body. */
#define OCC_OUTPUT_MAX OCC_INPUT_MAX

/* The pending sign-in. There is one at most; a cancelled sign-in is only a place that awaits a
 * token, which will be a stray. */
typedef struct {
  bool is_pending;
  occ_owner owner;
  uint32_t attempt;
  uint32_t request; /* 0: not sent yet */
  double due;       /* it is sent at this time even if a revocation is under way (R29) */
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
  bool grants_changed; /* in this call: they are saved at its end */
  bool state_changed;  /* in this call: it is announced at its end */
  bool is_renewed;     /* in this call a refresh of this tab gave new tokens */
  bool is_succeeded; /* in this call another user with the same owner took over, from another tab */
  occ_owner expired; /* the owner whose session expired in this call */
  occ_state state;
  uint32_t requests;     /* the count so far: the next one's number */
  double line;           /* its epochs can be compared within this line (R24) */
  double epoch;          /* the count of changes of the grants (R23) */
  double revoking_until; /* until then a revocation of an earlier page or another tab may hold a
                            sign-in back (R29) */
  double left;           /* number of the last grant that was signed out of here, 0: none (R24) */
  double left_issued;    /* and the time of its tokens */
  double asked_until;    /* the time limit of other tabs to answer for the dead active grant (R31),
                            0: they were not asked */
  bool is_answered;      /* one of them is refreshing it */
  double alarm;          /* the last time that was given to the host */
  double waiting_for;    /* number of the grant whose refresh has requests waiting, 0: none */
  uint64_t expired_header; /* fingerprint of the header of the last expired session (R32) */
  uint32_t revoking;       /* tokens whose revocation has not settled */
  uint32_t told_revoking;  /* and the count that was announced last */
  size_t customer_id_length;
  char customer_id[OCC_CUSTOMER_ID_MAX]; /* of the emulated customer */
  occ_options options;
  occ_sign_in sign_in;
  occ_writer output;             /* into output_bytes */
  char input[OCC_INPUT_MAX + 1]; /* and a zero after its text */
  uint32_t input_used;           /* bytes with a name; more than there are: a text was refused */
  occ_given given[OCC_PARAMETER_END];
  char output_bytes[OCC_OUTPUT_MAX];
  occ_grants grants; /* last, so that a sanitizer sees reads beyond the last place */
};

/* Returns the active grant, or NULL. */
OCC_INLINE occ_grant *occ_session_active(occ_session *self) {
  return occ_grants_in(&self->grants, OCC_ROLE_ACTIVE);
}

/* Returns a text of this call, empty if it was not given; valid until the call is concluded. */
OCC_INLINE occ_text occ_session_given(const occ_session *self, occ_parameter parameter) {
  return (occ_text){self->input + self->given[parameter].at, self->given[parameter].length};
}

/* Returns the id of the emulated customer; empty: there is none. */
OCC_INLINE occ_text occ_session_emulated(const occ_session *self) {
  return (occ_text){self->customer_id, self->customer_id_length};
}

/* Returns the time if it is later than now, else 0. */
OCC_INLINE double occ_session_to_come(double now, double time) {
  return time > now ? time : 0;
}

#endif
