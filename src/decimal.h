/*
 * Numbers in decimal text. Reading stands in for strtod in cJSON's file, since the C library's
 * pulls software arithmetic for long doubles into the module; writing stands in for sprintf.
 */
#ifndef OCC_DECIMAL_H
#define OCC_DECIMAL_H

#include "text.h"

/* Like strtod for what JSON allows: sign, digits, fraction, exponent. *end is set behind the
 * number, or to text if there is none. Whole numbers up to 2^53 are exact; others may be off in the
 * last places, and what is too large is infinite. */
double occ_decimal_read(const char *text, char **end);

/* Writes a whole number from 0 to 2^53. */
void occ_decimal_write(occ_writer *writer, double number);

#endif
