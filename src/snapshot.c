#include "snapshot.h"

#include <string.h>

#include "decimal.h"
#include "json.h"

#define VERSION 1.0
#define NUMBER_MAX 9007199254740991.0 /* 2^53 - 1 */

static const struct {
  occ_role role;
  const char *name;
} held[OCC_SNAPSHOT_GRANTS] = {
  {OCC_ROLE_ACTIVE, "active"},
  {OCC_ROLE_PARKED, "parked"},
  {OCC_ROLE_RETIRED, "retired"},
};

static bool is_whole(double number, double least) {
  return number >= least && number <= NUMBER_MAX && (double)(uint64_t)number == number;
}

static bool is_time(double number) {
  return number >= 0 && number <= NUMBER_MAX;
}

static bool read_grant(occ_snapshot_grant *grant, const cJSON *object) {
  const char *owner = occ_json_string(object, "owner");
  grant->owner = strcmp(owner, "customer") == 0 ? OCC_OWNER_CUSTOMER
                 : strcmp(owner, "agent") == 0  ? OCC_OWNER_AGENT
                                                : OCC_OWNER_INVALID;
  grant->number = occ_json_number(object, "number");
  grant->expires_at = occ_json_number(object, "expires");
  grant->issued = occ_json_number(object, "issued");
  grant->access = occ_json_text(object, "access");
  grant->refresh = occ_json_text(object, "refresh");
  return grant->owner != OCC_OWNER_INVALID && is_whole(grant->number, 1) &&
         is_time(grant->expires_at) && is_time(grant->issued) && grant->access.length > 0 &&
         grant->access.length <= OCC_TOKEN_MAX && occ_text_is_visible(grant->access) &&
         grant->refresh.length <= OCC_TOKEN_MAX;
}

/* True if a session can hold these grants together: none; a customer's; an agent's, with the
 * customer's parked only during an emulation, or retired. */
static bool can_be_held(const occ_snapshot *self) {
  const occ_snapshot_grant *active = &self->grants[0];
  const occ_snapshot_grant *parked = &self->grants[1];
  const occ_snapshot_grant *retired = &self->grants[2];
  const occ_snapshot_grant *other = parked->number > 0 ? parked : retired;
  const bool emulating = self->customer_id.length > 0;
  if (active->owner != OCC_OWNER_AGENT) {
    return other->number == 0 && !emulating;
  }
  if (other->number == 0) {
    return true;
  }
  return other->owner == OCC_OWNER_CUSTOMER && other->number != active->number &&
         (other == retired || (retired->number == 0 && emulating));
}

occ_status occ_snapshot_read(occ_snapshot *self, occ_text json, occ_text identity) {
  const cJSON *object = occ_json_parse(json);
  *self = (occ_snapshot){.line = occ_json_number(object, "line"),
                         .epoch = occ_json_number(object, "epoch"),
                         .revoking_until = occ_json_number(object, "revoking"),
                         .customer_id = occ_json_text(object, "customer")};
  if (occ_json_number(object, "v") != VERSION || !is_whole(self->epoch, 1) ||
      !is_whole(self->line, 0) || self->customer_id.length > OCC_CUSTOMER_ID_MAX ||
      !occ_text_equal(occ_json_text(object, "for"), identity)) {
    return OCC_STATUS_BAD_SNAPSHOT;
  }
  for (size_t i = 0; i < OCC_SNAPSHOT_GRANTS; i++) {
    const cJSON *member = occ_json_object(object, held[i].name);
    self->grants[i].role = held[i].role;
    if (member != NULL && !read_grant(&self->grants[i], member)) {
      return OCC_STATUS_BAD_SNAPSHOT;
    }
  }
  return occ_json_is_well_typed() && can_be_held(self) ? OCC_STATUS_OK : OCC_STATUS_BAD_SNAPSHOT;
}

static void write_name(occ_writer *writer, const char *name) {
  occ_write(writer, ",\"");
  occ_write(writer, name);
  occ_write(writer, "\":");
}

static void write_text(occ_writer *writer, const char *name, occ_text text) {
  if (text.length > 0) {
    write_name(writer, name);
    occ_json_write_text(writer, text);
  }
}

static void write_number(occ_writer *writer, const char *name, double number) {
  if (number > 0) {
    write_name(writer, name);
    occ_decimal_write(writer, number);
  }
}

static void write_grant(occ_writer *writer, const char *name, const occ_grant *grant,
                        bool persist) {
  write_name(writer, name);
  occ_write(writer, "{\"owner\":");
  occ_json_write_text(writer,
                      grant->owner == OCC_OWNER_AGENT ? OCC_TEXT("agent") : OCC_TEXT("customer"));
  write_number(writer, "number", grant->number);
  write_number(writer, "expires", grant->expires_at);
  write_number(writer, "issued", grant->issued);
  write_text(writer, "access", occ_grant_access(grant));
  write_text(writer, "refresh", persist ? occ_grant_refresh(grant) : OCC_TEXT(""));
  occ_write_byte(writer, '}');
}

void occ_snapshot_write(occ_writer *writer, occ_grants *grants, occ_text identity,
                        const occ_snapshot *about, bool persist) {
  occ_write(writer, "{\"v\":1");
  write_text(writer, "for", identity);
  write_number(writer, "line", about->line);
  write_number(writer, "epoch", about->epoch);
  for (size_t i = 0; i < OCC_SNAPSHOT_GRANTS; i++) {
    const occ_grant *grant = occ_grants_in(grants, held[i].role);
    if (grant != NULL) {
      write_grant(writer, held[i].name, grant, persist);
    }
  }
  write_text(writer, "customer", about->customer_id);
  write_number(writer, "revoking", about->revoking_until);
  occ_write_byte(writer, '}');
}
