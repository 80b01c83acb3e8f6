#include "options.h"

#include <string.h>

occ_status occ_options_read(occ_options *self, const char *at,
                            const uint32_t lengths[OCC_OPTION_END]) {
  for (size_t i = 0; i < OCC_OPTION_END; i++) {
    if (lengths[i] > OCC_OPTION_MAX) {
      return OCC_STATUS_INVALID_OPTIONS;
    }
    memcpy(self->texts[i], at, lengths[i]);
    self->lengths[i] = lengths[i];
    at += lengths[i];
  }
  return lengths[OCC_OPTION_CLIENT_ID] > 0 && lengths[OCC_OPTION_AGENT_CLIENT_ID] > 0
           ? OCC_STATUS_OK
           : OCC_STATUS_INVALID_OPTIONS;
}
