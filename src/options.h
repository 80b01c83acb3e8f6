/* The options of a session, as far as the core needs them. */
#ifndef OCC_OPTIONS_H
#define OCC_OPTIONS_H

#include "occ_session.h"
#include "text.h"

typedef struct {
  uint32_t flags; /* of OCC_FLAGS */
  uint32_t retries;
  size_t lengths[OCC_OPTION_END];
  char texts[OCC_OPTION_END][OCC_OPTION_MAX];
} occ_options;

/* Copies the texts that follow each other from `at` on. OCC_STATUS_INVALID_OPTIONS: one is
 * too long, or a client id is missing. */
occ_status occ_options_read(occ_options *self, const char *at,
                            const uint32_t lengths[OCC_OPTION_END]);

/* An option, valid as long as the options. */
OCC_INLINE occ_text occ_options_text(const occ_options *self, size_t option) {
  return (occ_text){self->texts[option], self->lengths[option]};
}

#endif
