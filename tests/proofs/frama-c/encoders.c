/* The writers: forms, JSON, numbers, snapshots. Any text, into memory of any size. */
#include "any.h"
#include "decimal.h"
#include "form.h"
#include "json.h"
#include "session_struct.h"
#include "snapshot.h"

static void write_form(occ_writer *writer) {
  occ_form_add(writer, "token", any_text(OCC_TOKEN_MAX));
  occ_form_add_if_any(writer, "client_secret", any_text(OCC_OPTION_MAX));
}

static void write_json(occ_writer *writer) {
  occ_json_write_text(writer, any_text(OCC_TOKEN_MAX));
}

static void write_number(occ_writer *writer) {
  occ_decimal_write(writer, Frama_C_double_interval(0, WHOLE_MAX + 1));
}

static void write_snapshot(occ_writer *writer) {
  occ_grants grants;
  //@ loop unroll OCC_PLACES;
  for (size_t i = 0; i < OCC_PLACES; i++) {
    any_grant(&grants.at[i]);
  }
  const occ_snapshot about = {.line = Frama_C_double_interval(0, WHOLE_MAX),
                              .epoch = Frama_C_double_interval(1, WHOLE_MAX),
                              .revoking_until = Frama_C_double_interval(0, WHOLE_MAX),
                              .customer_id = long_text(OCC_CUSTOMER_ID_MAX)};
  occ_snapshot_write(writer, &grants, any_text(OCC_OPTION_MAX), &about, Frama_C_interval(0, 1));
}

void main(void) {
  any();
  occ_writer writer = any_writer(OCC_OUTPUT_MAX);
  //@ widen_hints global:"all", SIZES, OCC_OUTPUT_MAX;
  switch (Frama_C_interval_split(0, 3)) {
  case 0:
    write_form(&writer);
    break;
  case 1:
    write_json(&writer);
    break;
  case 2:
    write_number(&writer);
    break;
  default:
    write_snapshot(&writer);
  }
}
