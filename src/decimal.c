#include "decimal.h"

/* More powers of ten than a double can hold: beyond them the value is 0 or infinite anyway. */
enum { EXPONENT_MAX = 700 };

static bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}

static double scale(double value, int exponent) {
  for (; exponent > 0; exponent--) {
    value *= 10.0;
  }
  for (; exponent < 0; exponent++) {
    value /= 10.0;
  }
  return value;
}

/* Reads the exponent behind the 'e', if it has digits, and moves *at behind it. */
static int read_exponent(const char **at) {
  const char *next = *at + 1;
  const bool negative = *next == '-';
  if (negative || *next == '+') {
    next++;
  }
  if (!is_digit(*next)) {
    return 0;
  }
  int exponent = 0;
  for (; is_digit(*next); next++) {
    exponent = exponent < EXPONENT_MAX ? exponent * 10 + (*next - '0') : EXPONENT_MAX;
  }
  *at = next;
  return negative ? -exponent : exponent;
}

/* strtod returns a pointer to char into a text of const char, hence the casts. */
double occ_decimal_read(const char *text, char **end) {
  const char *at = text + (*text == '-');
  double value = 0.0;
  int exponent = 0;
  bool has_digits = false;
  bool is_fraction = false;
  for (; is_digit(*at) || (*at == '.' && !is_fraction); at++) {
    if (*at == '.') {
      is_fraction = true;
      continue;
    }
    value = value * 10.0 + (double)(*at - '0');
    exponent -= is_fraction;
    has_digits = true;
  }
  if (!has_digits) {
    *end = (char *)(uintptr_t)text;
    return 0.0;
  }
  if (*at == 'e' || *at == 'E') {
    exponent += read_exponent(&at);
  }
  *end = (char *)(uintptr_t)at;
  value = scale(value, exponent);
  return *text == '-' ? -value : value;
}

void occ_decimal_write(occ_writer *writer, double number) {
  char digits[20] = "";
  size_t first = sizeof digits - 1;
  uint64_t rest = (uint64_t)number;
  do {
    digits[--first] = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest > 0);
  occ_write(writer, digits + first);
}
