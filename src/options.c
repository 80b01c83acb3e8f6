#include "options.h"

#include <string.h>

#include "json.h"

enum { RETRIES_MAX = 100 };

const occ_option *occ_options_client_id(const occ_options *self, occ_owner owner) {
  return owner == OCC_OWNER_AGENT ? &self->agent_client_id : &self->client_id;
}

const occ_option *occ_options_client_secret(const occ_options *self, occ_owner owner) {
  return owner == OCC_OWNER_AGENT ? &self->agent_client_secret : &self->client_secret;
}

static bool read_text(occ_option *option, const cJSON *object, const char *name) {
  const occ_text text = occ_json_text(object, name);
  if (text.length > OCC_OPTION_MAX) {
    return false;
  }
  memcpy(option->at, text.at, text.length);
  option->length = text.length;
  return true;
}

static occ_status read_object(occ_options *self, const cJSON *object) {
  const bool texts_fit = read_text(&self->identity, object, "for") &&
                         read_text(&self->client_id, object, "clientId") &&
                         read_text(&self->client_secret, object, "clientSecret") &&
                         read_text(&self->agent_client_id, object, "agentClientId") &&
                         read_text(&self->agent_client_secret, object, "agentClientSecret") &&
                         read_text(&self->scope, object, "scope");
  const double retries = occ_json_number(object, "retries");
  if (!texts_fit || self->client_id.length == 0 || self->agent_client_id.length == 0 ||
      !(retries >= 0 && retries <= (double)RETRIES_MAX)) {
    return OCC_STATUS_INVALID_OPTIONS;
  }
  self->retries = (uint32_t)retries;
  self->revoke = occ_json_true(object, "revoke");
  self->bearer = occ_json_true(object, "bearer");
  self->persist = occ_json_true(object, "persist");
  self->shared = occ_json_true(object, "shared");
  return OCC_STATUS_OK;
}

occ_status occ_options_read(occ_options *self, occ_text json) {
  const cJSON *object = occ_json_parse(json);
  const occ_status status = object ? read_object(self, object) : OCC_STATUS_INVALID_OPTIONS;
  occ_json_release();
  return status;
}
