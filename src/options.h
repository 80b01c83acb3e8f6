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

/* Copies a text of at most OCC_OPTION_MAX bytes. */
void occ_options_set(occ_options *self, size_t option, occ_text text);

/* OCC_STATUS_INVALID_OPTIONS: a client id is missing. */
occ_status occ_options_status(const occ_options *self);

/* An option, valid as long as the options. */
OCC_INLINE occ_text occ_options_text(const occ_options *self, size_t option) {
  return (occ_text){self->texts[option], self->lengths[option]};
}

#endif
