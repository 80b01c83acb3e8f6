#include "options.h"

#include <string.h>

const occ_option *occ_options_client_id(const occ_options *self, occ_owner owner) {
  return owner == OCC_OWNER_AGENT ? &self->agent_client_id : &self->client_id;
}

const occ_option *occ_options_client_secret(const occ_options *self, occ_owner owner) {
  return owner == OCC_OWNER_AGENT ? &self->agent_client_secret : &self->client_secret;
}

/* False if the text is too long. */
static bool take(occ_option *option, const char **at, size_t length) {
  if (length > OCC_OPTION_MAX) {
    return false;
  }
  memcpy(option->at, *at, length);
  option->length = length;
  *at += length;
  return true;
}

occ_status occ_options_read(occ_options *self, const char *at, const occ_option_lengths *lengths) {
  const bool fit = take(&self->identity, &at, lengths->identity) &&
                   take(&self->client_id, &at, lengths->client_id) &&
                   take(&self->client_secret, &at, lengths->client_secret) &&
                   take(&self->agent_client_id, &at, lengths->agent_client_id) &&
                   take(&self->agent_client_secret, &at, lengths->agent_client_secret) &&
                   take(&self->scope, &at, lengths->scope);
  if (!fit || self->client_id.length == 0 || self->agent_client_id.length == 0) {
    return OCC_STATUS_INVALID_OPTIONS;
  }
  return OCC_STATUS_OK;
}
