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
  uint32_t flags; /* of OCC_FLAGS */
  uint32_t retries;
  occ_option identity; /* what a snapshot must carry to be taken */
  occ_option client_id;
  occ_option client_secret;
  occ_option agent_client_id;
  occ_option agent_client_secret;
  occ_option scope;
} occ_options;

/* Takes the texts that stand one after the other from `at` on. OCC_STATUS_INVALID_OPTIONS: one is
 * too long, or a client id is missing. */
occ_status occ_options_read(occ_options *self, const char *at, const occ_option_lengths *lengths);

/* The text of an option, valid as long as the options. */
OCC_INLINE occ_text occ_option_text(const occ_option *self) {
  return (occ_text){self->at, self->length};
}

/* The client whose grants are this owner's. */
const occ_option *occ_options_client_id(const occ_options *self, occ_owner owner);
const occ_option *occ_options_client_secret(const occ_options *self, occ_owner owner);

#endif
