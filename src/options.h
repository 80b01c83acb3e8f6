/* The options of a session, as far as the core needs them. */
#ifndef OCC_OPTIONS_H
#define OCC_OPTIONS_H

#include "occ_session.h"
#include "text.h"

typedef struct {
  size_t length;
  char at[OCC_OPTION_MAX];
} occ_option;

typedef struct {
  occ_option identity; /* "for": what a snapshot must carry to be taken */
  occ_option client_id;
  occ_option client_secret;
  occ_option agent_client_id;
  occ_option agent_client_secret;
  occ_option scope;
  bool revoke;
  bool bearer;
  bool persist;
  bool shared;
  uint32_t retries;
} occ_options;

/* Reads the JSON object that occ_session_open describes. OCC_STATUS_INVALID_OPTIONS. */
occ_status occ_options_read(occ_options *self, occ_text json);

/* The text of an option, valid as long as the options. */
OCC_INLINE occ_text occ_option_text(const occ_option *self) {
  return (occ_text){self->at, self->length};
}

/* The client whose grants are this owner's. */
const occ_option *occ_options_client_id(const occ_options *self, occ_owner owner);
const occ_option *occ_options_client_secret(const occ_options *self, occ_owner owner);

#endif
