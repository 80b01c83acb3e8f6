/*
 * Snapshots: the session as text, for the storage of the page (R25, R26).
 *
 *   {"v":1,"for":"<base URL and clients>","epoch":3,"active":G,"parked":G,"retired":G,
 *    "customer":"<id of the emulated customer>"}
 *   G: {"number":1,"owner":"customer","access":"…","refresh":"…","expires":1700000000000}
 *
 * Members that do not apply are left out. Which state it is follows from who owns the active grant
 * and whether a customer is emulated; a sign-in that is pending does not survive its page.
 */
#ifndef OCC_SNAPSHOT_H
#define OCC_SNAPSHOT_H

#include "grant.h"

typedef struct {
  occ_slot slot;
  occ_owner owner;
  double number; /* 0: there is no such grant */
  double expires_at;
  occ_text access;
  occ_text refresh;
} occ_snapshot_grant;

enum { OCC_SNAPSHOT_GRANTS = 3 }; /* active, parked, retired */

typedef struct {
  double epoch;
  occ_text customer_id;
  occ_snapshot_grant grants[OCC_SNAPSHOT_GRANTS];
} occ_snapshot;

/* Reads a snapshot; its texts are valid until occ_json_release, which the caller must call also
 * after an error. OCC_STATUS_BAD_SNAPSHOT: it is corrupt, of another version, for another base URL
 * or client, or the grants in it are not ones that a session can hold together. */
occ_status occ_snapshot_read(occ_snapshot *self, occ_text json, occ_text identity);

/* Writes the grants that are held, with their refresh tokens if `persist`. */
void occ_snapshot_write(occ_writer *writer, occ_grants *grants, occ_text identity, double epoch,
                        occ_text customer_id, bool persist);

#endif
