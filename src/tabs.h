/*
 * Other tabs and earlier pages: their snapshots are adopted (R24, R25), grants that they have ended
 * end here, and tabs exchange refreshed tokens (R31).
 */
#ifndef OCC_TABS_H
#define OCC_TABS_H

#include "session_struct.h"

/* The storage is empty: see occ_session_adopt. */
void occ_tabs_emptied(occ_session *self);

/* See occ_session_adopt, occ_session_heard, occ_session_wanted and occ_session_ended. */
occ_status occ_tabs_adopt(occ_session *self, occ_text json);
occ_status occ_tabs_heard(occ_session *self, bool is_answer, occ_text json);
occ_status occ_tabs_wanted(occ_session *self, double number, double issued);
occ_status occ_tabs_ended(occ_session *self, double number, double issued);

#endif
