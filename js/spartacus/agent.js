// Signing in and out for the ASM bar.
import { inject } from '@angular/core';
import { AuthService, UserService } from '@spartacus/core';

import { OccSession } from '../angular/index.js';
import { Refusal } from './auth.js';
import { select } from './identity.js';

/** Replaces CsAgentAuthService. */
export class OccAgentAuth {
  #session = inject(OccSession);
  #auth = inject(AuthService);
  #user = inject(UserService);
  #refusal = new Refusal();

  isCustomerSupportAgentLoggedIn() {
    return select(this.#session, ({ agentSignedIn }) => agentSignedIn);
  }

  isCustomerEmulated() {
    return select(this.#session, ({ emulating }) => emulating);
  }

  getCustomerSupportAgentTokenLoading() {
    return select(this.#session, ({ phase }) => /^agent-(signing-in|taking-over)$/.test(phase));
  }

  /** @param {string} username @param {string} password */
  async authorizeCustomerSupportAgent(username, password) {
    /** @type {string | undefined} */
    let customerId;
    if (this.#session.state.signedIn) {
      this.#user
        .get()
        .subscribe((user) => (customerId = user?.customerId))
        .unsubscribe();
    }
    try {
      await this.#session.signInAgent({ username, password }, { customerId });
    } catch (error) {
      this.#refusal.tell(error);
    }
  }

  /** @param {string} customerId */
  startCustomerEmulationSession(customerId) {
    this.#session.emulate(customerId);
  }

  async logoutCustomerSupportAgent() {
    this.#session.signOutAgent();
    // A restored customer stays on the page.
    if (!this.#session.state.signedIn) this.#auth.logout();
  }
}
