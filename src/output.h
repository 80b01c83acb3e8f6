/* The texts that leave the core: request bodies, the snapshot, and the state with its user id. */
#ifndef OCC_OUTPUT_H
#define OCC_OUTPUT_H

#include "session_struct.h"

/* Returns the empty output. Its text is for the next host function, and is wiped after it. */
occ_writer *occ_output_begin(occ_session *self);

/* Sends the form in the output, completed with the OAuth client for this owner. Returns the number
 * of the request. */
uint32_t occ_output_send(occ_session *self, occ_request purpose, occ_owner owner,
                         occ_text authorization);

/* Saves the grants if they have changed in this call (R23). */
void occ_output_save(occ_session *self);

/* Announces the state if it has changed in this call. */
void occ_output_state(occ_session *self);

#endif
