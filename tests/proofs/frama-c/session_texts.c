/* The texts that go in: whatever a host names, it lies within the input and is no longer than its
 * field. */
#include "session_struct.h"

/* clang-format takes the ==> of the contracts apart. */
// clang-format off

#define FIELD_OF_1024(i) (OCC_PARAMETER_IDENTITY <= i && i <= OCC_PARAMETER_PASSWORD)
/*@ predicate fits(occ_session *self) =
      \forall integer i; 0 <= i < OCC_PARAMETER_END ==>
        self->given[i].at + self->given[i].length <= OCC_INPUT_MAX &&
        (FIELD_OF_1024(i) ==> self->given[i].length <= 1024) &&
        (i == OCC_PARAMETER_CUSTOMER_ID ==> self->given[i].length <= 256);
*/
/*@ requires \valid(self) && fits(self) && self->input_used <= OCC_INPUT_MAX + 1;
    assigns self->input_used, self->given[0 .. OCC_PARAMETER_END - 1];
    ensures fits(self) && self->input_used <= OCC_INPUT_MAX + 1;
*/
void occ_session_text(occ_session *self, occ_parameter parameter, size_t length);

// clang-format on
#include "session.c"
