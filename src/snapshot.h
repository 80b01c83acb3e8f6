/*
 * Snapshots: the session as text, for the storage of the page (R25, R26).
 *
 *   {"v":1,"for":"<base URL and clients>","line":7,"epoch":3,"active":G,"parked":G,"retired":G,
 *    "customer":"<id of the emulated customer>","revoking":1700000002000}
 *   G: {"owner":"customer","number":1,"expires":1700000000000,"issued":1699999700000,
 *       "access":"…","refresh":"…"}
 *
 * A line begins with the first session of a storage and goes on with its tabs and pages; epochs can
 * be compared within a line only (R24). Until `revoking` a revocation that began elsewhere may hold
 * a sign-in back (R29); `issued` is the time of the refresh that gave the tokens. Members that do
 * not apply are left out. The state follows from the owner of the active grant and the emulated
 * customer; a pending sign-in does not survive its page.
 */
#ifndef OCC_SNAPSHOT_H
#define OCC_SNAPSHOT_H

#include "grant.h"

typedef struct {
  occ_role role;
  occ_owner owner;
  double number; /* 0: there is no such grant */
  double expires_at;
  double issued;
  occ_text access;
  occ_text refresh;
} occ_snapshot_grant;

enum { OCC_SNAPSHOT_GRANTS = 3 }; /* active, parked, retired */

typedef struct {
  double line; /* 0: of an engine that knew no lines */
  double epoch;
  double revoking_until;
  occ_text customer_id;
  occ_snapshot_grant grants[OCC_SNAPSHOT_GRANTS];
} occ_snapshot;

/* Reads a snapshot; its texts are valid until occ_json_release, which the caller must call also
 * after an error. OCC_STATUS_BAD_SNAPSHOT: it is corrupt, of another version, for another base URL
 * or client, or the grants in it are not ones that a session can hold together. */
occ_status occ_snapshot_read(occ_snapshot *self, occ_text json, occ_text identity);

/* Writes the grants that are held, with their refresh tokens if `persist`, and of `about` the line,
 * the epoch, the customer's id and the end of revocations. */
void occ_snapshot_write(occ_writer *writer, occ_grants *grants, occ_text identity,
                        const occ_snapshot *about, bool persist);

#endif
