/* The texts that leave the core: request bodies, the snapshot, and the state with its user id. */
#ifndef OCC_OUTPUT_H
#define OCC_OUTPUT_H

#include "session_struct.h"

/* The output, empty. What is written there is for the next host function, and wiped behind it. */
occ_writer *occ_output_begin(occ_session *self);

/* Sends the form in the output, completed with the client whose grants are this owner's. Gives the
 * number of the request. */
uint32_t occ_output_send(occ_session *self, occ_request purpose, occ_owner owner,
                         occ_text authorization);

/* Has the grants saved, if they have changed in this call (R23). */
void occ_output_save(occ_session *self);

/* Tells who is there, if that has changed in this call. */
void occ_output_state(occ_session *self);

#endif
