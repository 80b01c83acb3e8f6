/*
 * Reads any text as a snapshot from a page's storage. An accepted one is written and read again,
 * and must give the same.
 */
#include <math.h>

#include "fuzz.h"
#include "json.h"
#include "snapshot.h"

#define TIME_MAX 1e15

static const occ_text identity = {"shop", 4};

/* The session in a snapshot. */
typedef struct {
  double line;
  double epoch;
  double revoking_until;
  occ_grants grants;
  size_t customer_id_length;
  char customer_id[OCC_CUSTOMER_ID_MAX];
} held;

/* True if the text was accepted. */
static bool take(held *self, const char *at, size_t length) {
  char *text = calloc(length + 1, 1);
  if (length > 0) {
    memcpy(text, at, length);
  }
  occ_snapshot snapshot;
  const occ_status status = occ_snapshot_read(&snapshot, (occ_text){text, length}, identity);
  MUST(status == OCC_STATUS_OK || status == OCC_STATUS_BAD_SNAPSHOT);
  free(text);
  memset(self, 0, sizeof *self);
  if (status == OCC_STATUS_OK) {
    MUST(snapshot.line >= 0 && snapshot.line == floor(snapshot.line));
    MUST(snapshot.epoch >= 1 && snapshot.customer_id.length <= OCC_CUSTOMER_ID_MAX);
    self->line = snapshot.line;
    self->epoch = snapshot.epoch;
    /* The session accepts no time later than the last one. */
    if (snapshot.revoking_until > 0 && snapshot.revoking_until <= TIME_MAX) {
      self->revoking_until = floor(snapshot.revoking_until);
    }
    self->customer_id_length = snapshot.customer_id.length;
    memcpy(self->customer_id, snapshot.customer_id.at, snapshot.customer_id.length);
    for (size_t i = 0; i < OCC_SNAPSHOT_GRANTS; i++) {
      const occ_snapshot_grant *from = &snapshot.grants[i];
      occ_grant *grant = &self->grants.at[i];
      if (from->number == 0) {
        continue;
      }
      MUST(from->role == OCC_ROLE_ACTIVE + i && from->number == floor(from->number));
      MUST(from->owner == OCC_OWNER_CUSTOMER || from->owner == OCC_OWNER_AGENT);
      MUST(from->access.length <= OCC_TOKEN_MAX && from->refresh.length <= OCC_TOKEN_MAX);
      MUST(occ_grant_put(grant, from->access, from->refresh) == OCC_STATUS_OK);
      grant->role = from->role;
      grant->owner = from->owner;
      grant->number = from->number;
      /* Times are written in whole milliseconds, and a zero without its sign. */
      grant->expires_at = floor(from->expires_at) + 0.0;
      grant->issued = floor(from->issued) + 0.0;
    }
  }
  occ_json_release();
  MUST(fuzz_arena_is_wiped());
  return status == OCC_STATUS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static held first;
  static held second;
  static char text[8 * OCC_INPUT_MAX];
  if (!take(&first, (const char *)data, size)) {
    return 0;
  }
  occ_writer writer = {.at = text, .size = sizeof text};
  const occ_snapshot about = {.line = first.line,
                              .epoch = first.epoch,
                              .revoking_until = first.revoking_until,
                              .customer_id = {first.customer_id, first.customer_id_length}};
  occ_snapshot_write(&writer, &first.grants, identity, &about, true);
  MUST(!writer.overflow);
  MUST(take(&second, text, writer.used));
  MUST(fuzz_is_same(&first, &second, sizeof first));
  return 0;
}
