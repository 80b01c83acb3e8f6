/* Request bodies in application/x-www-form-urlencoded (RFC 6749 Appendix B). */
#ifndef OCC_FORM_H
#define OCC_FORM_H

#include "text.h"

/* Adds name=value, with an & in front unless it is the first. A name needs no encoding. */
void occ_form_add(occ_writer *writer, const char *name, occ_text value);

/* The same, but a parameter with an empty value is left out. */
void occ_form_add_if_any(occ_writer *writer, const char *name, occ_text value);

#endif
