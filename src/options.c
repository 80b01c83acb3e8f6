#include "options.h"

#include <string.h>

void occ_options_set(occ_options *self, size_t option, occ_text text) {
  memcpy(self->texts[option], text.at, text.length);
  self->lengths[option] = text.length;
}

occ_status occ_options_status(const occ_options *self) {
  return self->lengths[OCC_OPTION_CLIENT_ID] > 0 && self->lengths[OCC_OPTION_AGENT_CLIENT_ID] > 0
           ? OCC_STATUS_OK
           : OCC_STATUS_INVALID_OPTIONS;
}
