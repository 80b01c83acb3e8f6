#include "number.h"

/* More powers of ten than a double can hold: beyond it the value is 0 or infinite anyway. */
enum { EXPONENT_MAX = 700 };

static bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}

static double scale(double value, int exponent) {
  for (; exponent > 0; exponent--) {
    value *= 10.0;
  }
  double divisor = 1.0;
  for (; exponent < 0; exponent++) {
    divisor *= 10.0;
  }
  return value / divisor;
}

/* Reads an exponent behind the 'e', if there is one with digits, and moves *at behind it. */
static int read_exponent(const char **at) {
  const char *next = *at;
  if (*next != 'e' && *next != 'E') {
    return 0;
  }
  next++;
  const bool negative = *next == '-';
  if (*next == '-' || *next == '+') {
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

/* strtod gives a pointer to char into a text of const char, so the casts at its end. */
double occ_number_read(const char *text, char **end) {
  const char *at = text;
  const bool negative = *at == '-';
  if (negative) {
    at++;
  }
  double value = 0.0;
  int places = 0;
  bool digits = false;
  for (; is_digit(*at); at++) {
    value = value * 10.0 + (double)(*at - '0');
    digits = true;
  }
  if (*at == '.') {
    for (at++; is_digit(*at); at++) {
      value = value * 10.0 + (double)(*at - '0');
      digits = true;
      places++;
    }
  }
  if (!digits) {
    *end = (char *)(uintptr_t)text;
    return 0.0;
  }
  const int exponent = read_exponent(&at);
  *end = (char *)(uintptr_t)at;
  value = value == 0.0 ? 0.0 : scale(value, exponent - places);
  return negative ? -value : value;
}

void occ_number_write(occ_writer *writer, double number) {
  char digits[20];
  size_t first = sizeof digits;
  uint64_t rest = (uint64_t)number;
  do {
    digits[--first] = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest > 0);
  occ_write(writer, (occ_text){digits + first, sizeof digits - first});
}
