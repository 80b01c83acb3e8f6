/*
 * The table applied: guards, effects, and the ends of sign-ins and waits. The one place where a
 * state changes.
 */
#ifndef OCC_TRANSITION_H
#define OCC_TRANSITION_H

#include "session_struct.h"

/* Moves the session. id: the customer of the event, if it has one. granted: the grant that has come
 * with OCC_EVENT_GRANTED, else NULL. Returns the status in the table. */
occ_status occ_transition(occ_session *self, occ_event event, occ_text id, occ_grant *granted);

/* The same for an event without a customer or a grant. */
occ_status occ_transition_simply(occ_session *self, occ_event event);

/* Moves through the table without its effects, since the grants are in their roles already. Returns
 * false if the table has no such move. */
bool occ_transition_replay(occ_session *self, occ_event event);

/* Sets the id of the emulated customer, of at most OCC_CUSTOMER_ID_MAX bytes; empty: there is none.
 */
void occ_transition_customer(occ_session *self, occ_text id);

/* The server no longer accepts the active grant (R9, R20). There must be one. */
void occ_transition_expire(occ_session *self);

/* The active grant's access token is dead, and there is no refresh token here. Another tab may have
 * one: the others are asked, if there may be any, and have a time limit to answer (R31).
 * OCC_STATUS_WAIT, or OCC_STATUS_EXPIRED: the session has ended. */
occ_status occ_transition_no_way_on(occ_session *self);

/* R32: the same for a session that comes back, if it is known to be dead. */
void occ_transition_end_if_over(occ_session *self);

/* The pending sign-in has ended with this status. */
void occ_transition_end_sign_in(occ_session *self, occ_status status);

/* Answers the requests that wait for the grant with that number; an empty header means: do not
 * retry. */
void occ_transition_end_waiting(occ_session *self, double number, occ_text header);

/* The same, and other tabs are no longer asked (R31). */
void occ_transition_end_asking(occ_session *self, double number, occ_text header);

#endif
