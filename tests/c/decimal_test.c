/* Numbers in decimal text, read and written without the C library. */
#include "decimal.h"

#include <math.h>

#include "check.h"

/* Checks the number read from a text, and that reading ends before `rest`. */
static void check_read(const char *text, double expected, const char *rest) {
  char *end = NULL;
  const double number = occ_decimal_read(text, &end);
  if (!CHECK_NUMBER(number, expected) || !CHECK_TEXT(end, rest)) {
    printf("  reading \"%s\"\n", text);
  }
}

static void check_written(double number, const char *expected) {
  char bytes[40] = "";
  occ_writer writer = {.at = bytes, .size = sizeof bytes};
  occ_decimal_write(&writer, number);
  CHECK_TEXT(bytes, expected);
}

TEST(whole, "whole numbers are exact up to 2^53") {
  check_read("0", 0, "");
  check_read("7", 7, "");
  check_read("-12", -12, "");
  check_read("43199", 43199, "");
  check_read("1700000000000", 1700000000000.0, "");
  check_read("9007199254740991", 9007199254740991.0, "");
  check_read("9007199254740992", 9007199254740992.0, "");
}

TEST(fractions, "fractions and exponents are read") {
  check_read("0.5", 0.5, "");
  check_read("3599.25", 3599.25, "");
  check_read("1e3", 1000, "");
  check_read("1E+3", 1000, "");
  check_read("25e-2", 0.25, "");
  check_read("-1.5e2", -150, "");
  check_read("1e22", 1e22, "");
}

TEST(extremes,
     "a number that is too large is infinite, one that is too small is 0, and neither takes long") {
  check_read("1e309", INFINITY, "");
  check_read("-1e309", -INFINITY, "");
  check_read("1e999999999999999999999", INFINITY, "");
  check_read("1e-999999999999999999999", 0, "");
  check_read("0e999999999999999999999", 0, "");
}

TEST(rest, "reading a number stops behind it") {
  check_read("12,13", 12, ",13");
  check_read("1 2", 1, " 2");
  check_read("1.2.3", 1.2, ".3");
  check_read("1-2", 1, "-2");
  check_read("5e", 5, "e");
  check_read("5e+", 5, "e+");
  check_read("5ex", 5, "ex");
}

TEST(none, "a text without a number is not read at all") {
  check_read("", 0, "");
  check_read("-", 0, "-");
  check_read(".", 0, ".");
  check_read("-.", 0, "-.");
  check_read("x1", 0, "x1");
  check_read("+1", 0, "+1");
  check_read("e5", 0, "e5");
}

TEST(digits, "many digits cost no precision beyond the last place") {
  char *end = NULL;
  const double number = occ_decimal_read("0.12345678901234567890123456789", &end);
  CHECK(fabs(number - 0.12345678901234568) < 1e-16);
  CHECK_TEXT(end, "");
}

TEST(written, "whole numbers are written in full") {
  check_written(0, "0");
  check_written(9, "9");
  check_written(10, "10");
  check_written(1700000000000.0, "1700000000000");
  check_written(9007199254740992.0, "9007199254740992");
}

TEST(round_trip, "a written number is read back unchanged") {
  const uint64_t limit = (uint64_t)1 << 53;
  for (uint64_t number = 1; number < limit; number = number * 3 + 1) {
    char bytes[40] = "";
    char *end = NULL;
    occ_writer writer = {.at = bytes, .size = sizeof bytes};
    occ_decimal_write(&writer, (double)number);
    CHECK_NUMBER(occ_decimal_read(bytes, &end), (double)number);
  }
}
