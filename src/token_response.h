/* Token responses: RFC 6749 sections 5.1 and 5.2, and the forms of SAP Commerce. */
#ifndef OCC_TOKEN_RESPONSE_H
#define OCC_TOKEN_RESPONSE_H

#include "grant.h"

/* Reads a token response, whatever it is, into the grant: tokens, expiry, and whether the token is
 * a bearer token. The grant keeps its role, owner and number. Returns OCC_STATUS_OK, or the reason
 * why there is no token: OCC_STATUS_INVALID_CREDENTIALS (the user name and password, or the refresh
 * token, are refused), OCC_STATUS_CLIENT_REFUSED (it is the client that is refused),
 * OCC_STATUS_UNREACHABLE, OCC_STATUS_SERVER_ERROR, OCC_STATUS_TOKEN_TOO_LARGE,
 * OCC_STATUS_UNEXPECTED_RESPONSE. */
occ_status occ_token_response_read(occ_grant *grant, double now, occ_delivery delivery,
                                   uint32_t http_status, occ_text body);

#endif
