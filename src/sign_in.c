#include "sign_in.h"

#include <string.h>

#include "form.h"
#include "output.h"
#include "transition.h"

enum { WAY_PASSWORD, WAY_END };

/* The ways to sign in: the grant type, and the parameters of the two credentials. */
static const struct {
  const char *grant_type;
  const char *first;
  const char *second;
} ways[WAY_END] = {
  [WAY_PASSWORD] = {"password", "username", "password"}, /* RFC 6749 section 4.3.2 */
};

/* Copies a text of this call into a field that has room for it; returns its length. */
static size_t take(const occ_session *self, occ_parameter parameter, char *field) {
  const occ_text text = occ_session_given(self, parameter);
  memcpy(field, text.at, text.length);
  return text.length;
}

void occ_sign_in_begin(occ_session *self, occ_owner owner, uint32_t attempt) {
  occ_sign_in *sign_in = &self->sign_in;
  sign_in->is_pending = true;
  sign_in->owner = owner;
  sign_in->attempt = attempt;
  sign_in->due = self->now + OCC_SIGN_IN_DELAY;
  sign_in->username_length = take(self, OCC_PARAMETER_USERNAME, sign_in->username);
  sign_in->password_length = take(self, OCC_PARAMETER_PASSWORD, sign_in->password);
  sign_in->customer_id_length = take(self, OCC_PARAMETER_CUSTOMER_ID, sign_in->customer_id);
}

void occ_sign_in_cancel(occ_session *self, uint32_t attempt) {
  if (self->sign_in.is_pending && self->sign_in.attempt == attempt) {
    occ_transition_end_sign_in(self, OCC_STATUS_CANCELLED);
    (void)occ_transition_simply(self, OCC_EVENT_REFUSED);
  }
}

static bool is_waiting(const occ_session *self) {
  return self->sign_in.is_pending && self->sign_in.request == 0;
}

void occ_sign_in_send(occ_session *self) {
  occ_sign_in *sign_in = &self->sign_in;
  if (!is_waiting(self) || self->is_leaving) {
    return;
  }
  if (self->now < sign_in->due && (self->now < self->revoking_until ||
                                   occ_grants_in(&self->grants, OCC_ROLE_REVOKING) != NULL)) {
    return;
  }
  occ_grant *place = occ_grants_reserve(&self->grants, sign_in->owner);
  if (place == NULL) {
    return;
  }
  occ_writer *body = occ_output_begin(self);
  occ_form_add(body, "grant_type", occ_text_of(ways[WAY_PASSWORD].grant_type));
  occ_form_add(body, ways[WAY_PASSWORD].first,
               (occ_text){sign_in->username, sign_in->username_length});
  occ_form_add(body, ways[WAY_PASSWORD].second,
               (occ_text){sign_in->password, sign_in->password_length});
  occ_form_add_if_any(body, "scope", occ_options_text(&self->options, OCC_OPTION_SCOPE));
  place->request = occ_output_send(self, OCC_REQUEST_TOKEN, place->owner, OCC_TEXT(""));
  sign_in->request = place->request;
  occ_wipe(sign_in->username, sizeof sign_in->username);
  occ_wipe(sign_in->password, sizeof sign_in->password);
}

void occ_sign_in_completed(occ_session *self, occ_grant *place, occ_status status) {
  const bool is_pending = self->sign_in.is_pending && self->sign_in.request == place->request;
  if (!is_pending) {
    occ_grant_set_aside(place, status);
    return;
  }
  if (status != OCC_STATUS_OK || place->authorization_length == 0) {
    occ_grant_set_aside(place, status);
    occ_transition_end_sign_in(self,
                               status != OCC_STATUS_OK ? status : OCC_STATUS_UNEXPECTED_RESPONSE);
    (void)occ_transition_simply(self, OCC_EVENT_REFUSED);
    return;
  }
  (void)occ_transition(self, OCC_EVENT_GRANTED,
                       (occ_text){self->sign_in.customer_id, self->sign_in.customer_id_length},
                       place);
  occ_transition_end_sign_in(self, OCC_STATUS_OK);
}

double occ_sign_in_due(const occ_session *self) {
  /* A page that goes away sends no sign-in, but may stay after all: no time counts as past then. */
  const double now = self->is_leaving ? 0 : self->now;
  return is_waiting(self) ? occ_grant_earlier(occ_session_to_come(now, self->sign_in.due),
                                              occ_session_to_come(now, self->revoking_until))
                          : 0;
}
