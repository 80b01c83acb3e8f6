#include "output.h"

#include "form.h"
#include "occ_host.h"
#include "snapshot.h"

occ_writer *occ_output_begin(occ_session *self) {
  self->output = (occ_writer){.at = self->output_bytes, .size = sizeof self->output_bytes};
  return &self->output;
}

static void wipe(occ_session *self) {
  occ_wipe(self->output_bytes, self->output.used);
}

uint32_t occ_output_send(occ_session *self, occ_request purpose, occ_owner owner,
                         occ_text authorization) {
  const size_t client =
    owner == OCC_OWNER_AGENT ? OCC_OPTION_AGENT_CLIENT_ID : OCC_OPTION_CLIENT_ID;
  occ_form_add(&self->output, "client_id", occ_options_text(&self->options, client));
  occ_form_add_if_any(&self->output, "client_secret", occ_options_text(&self->options, client + 1));
  self->requests++;
  occ_host_request(self->requests, purpose, authorization.at, authorization.length,
                   self->output_bytes, self->output.used);
  wipe(self);
  return self->requests;
}

void occ_output_save(occ_session *self) {
  if (!self->grants_changed) {
    return;
  }
  occ_writer *writer = occ_output_begin(self);
  self->epoch++;
  if (occ_session_active(self) != NULL || (self->options.flags & OCC_FLAG_SHARED)) {
    const bool is_revoking = occ_grants_in(&self->grants, OCC_ROLE_REVOKING) != NULL;
    occ_snapshot_write(
      writer, &self->grants, occ_options_text(&self->options, OCC_OPTION_IDENTITY),
      &(occ_snapshot){.line = self->line,
                      .epoch = self->epoch,
                      .revoking_until = is_revoking
                                          ? self->now + OCC_SIGN_IN_DELAY
                                          : occ_session_to_come(self->now, self->revoking_until),
                      .customer_id = occ_session_emulated(self)},
      self->options.flags & OCC_FLAG_PERSIST);
  }
  /* A snapshot that does not fit is not stored, and the session lasts as long as its page. */
  occ_host_save(self->is_renewed, self->output_bytes, writer->overflow ? 0 : writer->used);
  wipe(self);
}

static occ_text user_id(const occ_session *self) {
  switch (self->state) {
  case OCC_STATE_CUSTOMER:
  case OCC_STATE_AGENT_TAKING_OVER:
    return OCC_TEXT("current");
  case OCC_STATE_EMULATING:
    return occ_session_emulated(self);
  default:
    return OCC_TEXT("anonymous");
  }
}

void occ_output_state(occ_session *self) {
  if (!self->state_changed && !self->grants_changed && self->revoking == self->told_revoking) {
    return;
  }
  self->told_revoking = self->revoking;
  const occ_text nobody = OCC_TEXT("anonymous");
  if (self->is_succeeded) {
    occ_host_state(OCC_STATE_ANONYMOUS, 0, self->revoking, nobody.at, nobody.length);
  }
  const occ_grant *grant = occ_session_active(self);
  const occ_text id = user_id(self);
  occ_host_state(self->state, grant != NULL ? grant->expires_at : 0, self->revoking, id.at,
                 id.length);
}
