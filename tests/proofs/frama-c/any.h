/*
 * Inputs of any bytes, for the drivers of Eva.
 *
 * A text is any one of: a short one of each length, which stands at the very end of its memory, so
 * that reading one byte too far is an alarm; or one of any length up to its limit. Output buffers
 * come in the same sizes. Texts share memory, since it is never written.
 */
#ifndef ANY_H
#define ANY_H

#include <__fc_builtin.h>
#include <__fc_string_axiomatic.h>

#include "grant.h"

/* The limit of short texts. Eva stops widening an interval at these sizes. */
#ifndef SHORT
#define SHORT 5
#endif
#define SIZES 0, 1, 2, 3, 4

#define WHOLE_MAX 9007199254740991.0 /* 2^53 - 1 */

/* Its product wraps on purpose; the contract is all that the other functions may know of it. A
 * driver of its own analyses the function itself. */
/*@ requires \valid_read(text.at + (0 .. text.length - 1));
    requires \initialized(text.at + (0 .. text.length - 1));
    assigns \result \from text.at[0 .. text.length - 1]; */
uint64_t occ_text_fingerprint(occ_text text);

/* Eva follows a string of any length to its zero only with a built-in, to which this binds ours.
 * Another driver analyses the loop itself. */
/*@ requires valid_read_string(string);
    assigns \result \from string[0 .. ]; */
size_t occ_text_length(const char *string);

/* Returns any double but NaN. */
/*@ assigns \result \from Frama_C_entropy_source;
    ensures !\is_NaN(\result); */
double any_double(void);

static char short_bytes[SHORT];
static char long_bytes[OCC_INPUT_MAX];
static char short_string[SHORT];
static char long_string[OCC_INPUT_MAX + 1];
static char output_bytes[OCC_INPUT_MAX];

/* Must be called before the others. */
static void any(void) {
  Frama_C_make_unknown(short_bytes, sizeof short_bytes);
  Frama_C_make_unknown(long_bytes, sizeof long_bytes);
  Frama_C_make_unknown(short_string, sizeof short_string - 1);
  Frama_C_make_unknown(long_string, sizeof long_string - 1);
}

static occ_text long_text(size_t limit) {
  return (occ_text){long_bytes + sizeof long_bytes - limit, Frama_C_size_t_interval(0, limit)};
}

static occ_text any_text(size_t limit) {
  const size_t length = Frama_C_size_t_interval(0, SHORT);
  //@ split length;
  if (length < SHORT) {
    /* Frama-C's memcpy wants a byte there, even if none is copied. */
    return (occ_text){short_bytes + sizeof short_bytes - (length > 0 ? length : 1), length};
  }
  return long_text(limit);
}

/* Returns a string that ends with a zero; there may be others before it. */
static char *any_string(void) {
  const size_t length = Frama_C_size_t_interval(0, SHORT);
  //@ split length;
  return length < SHORT ? short_string + sizeof short_string - 1 - length : long_string;
}

static occ_writer any_writer(size_t limit) {
  const size_t size = Frama_C_size_t_interval(0, SHORT);
  //@ split size;
  if (size < SHORT) {
    return (occ_writer){.at = output_bytes + sizeof output_bytes - size, .size = size};
  }
  return (occ_writer){.at = output_bytes + sizeof output_bytes - limit, .size = limit};
}

/* Makes a grant that a session can hold, with tokens of any bytes and any length. */
static void any_grant(occ_grant *grant) {
  Frama_C_make_unknown((char *)grant, sizeof *grant);
  grant->role = (occ_role)Frama_C_interval(OCC_ROLE_FREE, OCC_ROLE_CLIENT);
  grant->owner = (occ_owner)Frama_C_interval(OCC_OWNER_INVALID, OCC_OWNER_END - 1);
  grant->number = Frama_C_double_interval(0, WHOLE_MAX);
  grant->expires_at = Frama_C_double_interval(0, WHOLE_MAX);
  grant->renew_at = Frama_C_double_interval(0, WHOLE_MAX);
  grant->issued = Frama_C_double_interval(0, WHOLE_MAX);
  grant->rest_until = Frama_C_double_interval(0, WHOLE_MAX + 10000);
  grant->pause = Frama_C_double_interval(0, 300000);
  grant->is_refused = Frama_C_interval(0, 1);
  grant->is_final = Frama_C_interval(0, 1);
  grant->refreshes = Frama_C_double_interval(-1, WHOLE_MAX);
  grant->access_length = Frama_C_size_t_interval(0, OCC_TOKEN_MAX);
  grant->authorization_length = Frama_C_size_t_interval(0, OCC_BEARER_LENGTH + OCC_TOKEN_MAX);
  grant->refresh_length = Frama_C_size_t_interval(0, OCC_TOKEN_MAX);
}

#endif
