/* The readers: token responses, snapshots, numbers. Any bytes, any tree of cJSON's. */
#include "cjson_contract.h"
#include "decimal.h"
#include "json.h"
#include "snapshot.h"
#include "token_response.h"

/* The contract for a number in a string. A driver of its own analyses the function itself, and
 * checks this too. */
/*@ requires valid_read_string(text) && \valid(end);
    assigns \result \from text[0 .. ];
    assigns *end \from text;
    ensures !\is_NaN(\result); */
double occ_decimal_read(const char *text, char **end);

/* Returns an input with a zero behind it, like the real one. */
static occ_text any_input(void) {
  const size_t length = Frama_C_size_t_interval(0, SHORT);
  //@ split length;
  if (length < SHORT) {
    return (occ_text){short_string + sizeof short_string - 1 - length, length};
  }
  return (occ_text){long_string, Frama_C_size_t_interval(0, OCC_INPUT_MAX)};
}

static void read_token_response(void) {
  occ_grant grant;
  any_grant(&grant);
  occ_token_response_read(
    &grant, Frama_C_double_interval(0, 1e15),
    (occ_delivery)Frama_C_interval(OCC_DELIVERY_ANSWERED, OCC_DELIVERY_END - 1),
    Frama_C_unsigned_int_interval(0, UINT32_MAX), any_input());
}

static void read_snapshot(void) {
  occ_snapshot snapshot;
  occ_snapshot_read(&snapshot, any_input(), any_text(OCC_OPTION_MAX));
  occ_json_release();
}

/* READ selects the reader: each needs short strings of a length of its own. */
void main(void) {
  any();
  short_member = SHORT_MEMBERS[Frama_C_interval(0, sizeof SHORT_MEMBERS - 2)];
  //@ split short_member;
  READ();
}
