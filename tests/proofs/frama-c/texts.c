/*
 * Strings and numbers that are followed to their very end, and the fingerprint, whose arithmetic
 * wraps on purpose.
 */
#include "any.h"
#include "decimal.h"

void main(void) {
  any();
  (void)occ_text_fingerprint(any_text(OCC_TOKEN_MAX));
  char *string = any_string();
  if (string != long_string) {
    char *end;
    (void)occ_text_length(string);
    const double number = occ_decimal_read(string, &end);
    //@ check !\is_NaN(number);
    //@ check string <= end <= &short_string[SHORT - 1];
  }
}
