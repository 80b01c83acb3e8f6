// Signing in and out, as Spartacus asks for it.
import { ErrorHandler, inject, Injector } from '@angular/core';
import {
  AuthRedirectService,
  GlobalMessageService,
  GlobalMessageType,
  OAuthLibWrapperService,
  RoutingService,
} from '@spartacus/core';
import { BehaviorSubject, EMPTY } from 'rxjs';

import { OccSession } from '../angular/index.js';
import { select } from './identity.js';

/** @import { Observable } from 'rxjs' */
/** @import { SessionError, SessionErrorCode } from '../index.js' */

/**
 * What the shopper is told, in the messages that Spartacus has; null: nothing.
 *
 * @type {Partial<Record<SessionErrorCode, { key: string, params?: object } | null>>}
 */
const MESSAGES = {
  'invalid-credentials': {
    key: 'httpHandlers.badRequestPleaseLoginAgain',
    // Spartacus repeats what the server says, which may repeat what was typed.
    params: { errorMessage: 'Bad credentials' },
  },
  'agent-signed-in': { key: 'asm.auth.agentLoggedInError' },
  'server-error': { key: 'httpHandlers.internalServerError' },
  unreachable: { key: 'httpHandlers.unknownError' },
  cancelled: null,
  closed: null,
};

/** Says why somebody could not sign in. */
export class Refusal {
  #session = inject(OccSession);
  #messages = inject(GlobalMessageService);
  #injector = inject(Injector);

  /** @param {unknown} error */
  tell(error) {
    const message = MESSAGES[/** @type {SessionError} */ (error).code];
    if (message === null) return;
    this.#messages.add(
      message ?? { key: 'httpHandlers.unknownError' },
      GlobalMessageType.MSG_TYPE_ERROR,
    );
    // What only a developer can mend, and has not been told yet.
    if (!message && error !== this.#session.failure)
      this.#injector.get(ErrorHandler).handleError(error);
  }
}

/** In place of OAuthLibWrapperService. */
export class OccOAuth {
  /** Nothing comes from angular-oauth2-oidc. @readonly @type {Observable<never>} */
  events$ = EMPTY;
  #session = inject(OccSession);

  /**
   * Whoever signs in takes the place of a customer who is there, in another tab's session for example.
   *
   * @param {string} username
   * @param {string} password
   */
  async authorizeWithPasswordFlow(username, password) {
    if (this.#session.state.phase === 'customer') this.#session.signOut();
    await this.#session.signIn({ username, password });
  }

  /** The engine refreshes when a request meets a dead token. */
  refreshToken() {}

  revokeAndLogout() {
    return this.#session.signOut();
  }

  logout() {
    return this.#session.signOut();
  }

  getIdToken() {
    return '';
  }

  /** No token comes in the address of the page. */
  async tryLogin() {
    return false;
  }

  initLoginFlow() {}
}

/** In place of AuthService and AsmAuthService. */
export class OccAuth {
  /** Requests need not wait for a refresh or a sign-out: the engine sees to that. @readonly */
  refreshInProgress$ = new BehaviorSubject(false);
  /** @readonly */
  logoutInProgress$ = new BehaviorSubject(false);
  #session = inject(OccSession);
  #oauth = inject(OAuthLibWrapperService);
  #redirect = inject(AuthRedirectService);
  #routing = inject(RoutingService);
  #refusal = new Refusal();

  isUserLoggedIn() {
    return select(this.#session, ({ signedIn }) => signedIn);
  }

  /** @param {string} username @param {string} password */
  async loginWithCredentials(username, password) {
    try {
      await this.#oauth.authorizeWithPasswordFlow(username, password);
      this.#redirect.redirect();
    } catch (error) {
      this.#refusal.tell(error);
    }
  }

  /** There is no page of a server to sign in on. */
  loginWithRedirect() {
    return false;
  }

  /** No token comes in the address of the page. */
  async checkOAuthParamsInUrl() {}

  /** Whoever stands before the shop signs out; done when the call returns. */
  async coreLogout() {
    // What waits for it may load things: the store is to forget those of before first.
    await this.#session.signOut();
  }

  /** Goes to the page that signs out. */
  logout() {
    this.#routing.go({ cxRoute: 'logout' });
  }

  setRefreshProgress() {}

  setLogoutProgress() {}
}
