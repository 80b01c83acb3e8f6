// Who is there, in the terms of Spartacus: a user id for OCC and a token. Both are read off the
// engine's state; what Spartacus would set is decided by the engine.
import { inject } from '@angular/core';
import { AuthStorageService, UserIdService } from '@spartacus/core';
import { distinctUntilChanged, map } from 'rxjs/operators';

import { OccSession } from '../angular/index.js';

/** @import { AuthToken } from '@spartacus/core' */
/** @import { Observable } from 'rxjs' */
/** @import { SessionState } from '../index.js' */

/**
 * What Spartacus is given in place of a token. It is worth nothing at the server; a request that
 * carries it gets the real one at the last moment.
 */
export const STAND_IN = 'occ-session';

/** Spartacus has no word for a visitor of whom nothing is known, as on a server. */
const NOBODY = /** @type {const} */ ({
  phase: 'anonymous',
  userId: 'anonymous',
  signedIn: false,
  agentSignedIn: false,
  emulating: false,
  expiresAt: null,
  revoking: 0,
});

/**
 * A part of the state: its present value, and each other one.
 *
 * @template T
 * @param {OccSession} session
 * @param {(state: SessionState) => T} part
 * @returns {Observable<T>}
 */
export const select = (session, part) =>
  session.state$.pipe(
    map((state) => part(state.phase === 'unknown' ? NOBODY : state)),
    distinctUntilChanged(),
  );

/** In place of UserIdService. */
export class OccUserId extends UserIdService {
  #session = inject(OccSession);

  /** @override */
  getUserId() {
    return select(this.#session, ({ userId }) => userId);
  }

  /** @override */
  setUserId() {}

  /** @override */
  clearUserId() {}
}

/** In place of AuthStorageService and AsmAuthStorageService. */
export class OccAuthStorage extends AuthStorageService {
  #session = inject(OccSession);

  /**
   * Another one when somebody comes or goes, and not after a refresh: for Spartacus the token is the
   * same then, and what loads something for each would meet the next refresh.
   *
   * @override
   * @returns {Observable<AuthToken>}
   */
  getToken() {
    return select(this.#session, ({ signedIn, agentSignedIn }) =>
      agentSignedIn ? 'agent' : signedIn,
    ).pipe(
      map((owner) => {
        const { expiresAt } = this.#session.state;
        return /** @type {AuthToken} */ (
          owner
            ? {
                access_token: STAND_IN,
                token_type: 'bearer',
                ...(expiresAt && { expires_at: `${expiresAt}` }),
              }
            : {}
        );
      }),
    );
  }

  /** @override */
  setToken() {}

  /** @override */
  setItem() {}

  /** @override */
  removeItem() {}

  // ---- What ASM asks for besides --------------------------------------------------------------

  getTokenTarget() {
    return select(this.#session, ({ agentSignedIn }) => (agentSignedIn ? 'CSAgent' : 'User'));
  }

  setTokenTarget() {}

  switchTokenTargetToCSAgent() {}

  switchTokenTargetToUser() {}

  /** The parked grant stays in the engine. */
  getEmulatedUserToken() {}

  setEmulatedUserToken() {}

  clearEmulatedUserToken() {}
}
