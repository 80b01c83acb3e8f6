// Signing in and out through the services of Spartacus.
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
 * The messages of Spartacus for the errors of a sign-in; null: none.
 *
 * @type {Partial<Record<SessionErrorCode, { key: string, params?: object } | null>>}
 */
const MESSAGES = {
  'invalid-credentials': {
    key: 'httpHandlers.badRequestPleaseLoginAgain',
    // Spartacus shows the server's text, which may repeat the shopper's input.
    params: { errorMessage: 'Bad credentials' },
  },
  'agent-signed-in': { key: 'asm.auth.agentLoggedInError' },
  'server-error': { key: 'httpHandlers.internalServerError' },
  unreachable: { key: 'httpHandlers.unknownError' },
  cancelled: null,
  closed: null,
};

/** Shows why a sign-in failed. */
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
    // An error without a message is for the developer, unless it has been reported already.
    if (!message && error !== this.#session.failure)
      this.#injector.get(ErrorHandler).handleError(error);
  }
}

/** Replaces OAuthLibWrapperService. */
export class OccOAuth {
  /** There are no events of angular-oauth2-oidc. @readonly @type {Observable<never>} */
  events$ = EMPTY;
  #session = inject(OccSession);

  /**
   * Signs a customer in, in place of one who is signed in already, for example in another tab.
   *
   * @param {string} username
   * @param {string} password
   */
  async authorizeWithPasswordFlow(username, password) {
    if (this.#session.state.phase === 'customer') this.#session.signOut();
    await this.#session.signIn({ username, password });
  }

  /** Does nothing: the engine refreshes when a request meets a dead token. */
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

/** Replaces AuthService and AsmAuthService. */
export class OccAuth {
  /** Requests need not wait for a refresh or a sign-out: the engine handles both. @readonly */
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

  /** The server has no sign-in page. */
  loginWithRedirect() {
    return false;
  }

  /** No token comes in the address of the page. */
  async checkOAuthParamsInUrl() {}

  /** Signs out the customer, emulated or not, or the agent; complete when the call returns. */
  async coreLogout() {
    // The caller may load data next: the store must forget that of the last user first.
    await this.#session.signOut();
  }

  /** Navigates to the page that signs out. */
  logout() {
    this.#routing.go({ cxRoute: 'logout' });
  }

  setRefreshProgress() {}

  setLogoutProgress() {}
}
