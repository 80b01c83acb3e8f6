// The user in the terms of Spartacus: a user id for OCC and a token. Both come from the engine's
// state; Spartacus cannot set them.
import { inject } from '@angular/core';
import { AuthStorageService, UserIdService } from '@spartacus/core';
import { distinctUntilChanged, map } from 'rxjs/operators';

import { OccSession } from '../angular/index.js';

/** @import { AuthToken } from '@spartacus/core' */
/** @import { Observable } from 'rxjs' */
/** @import { SessionState } from '../index.js' */

/**
 * The stand-in for a token in Spartacus. It is worth nothing at the server; a request that carries
 * it gets the real one at the last moment.
 */
export const STAND_IN = 'occ-session';

/** Spartacus has no value for an unknown user, as on a server. */
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
 * Emits a part of the state: its current value, and each change.
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

/** Replaces UserIdService. */
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

/** Replaces AuthStorageService and AsmAuthStorageService. */
export class OccAuthStorage extends AuthStorageService {
  #session = inject(OccSession);

  /**
   * Emits when a user signs in or out, and not after a refresh: the token of Spartacus stays the
   * same, and a subscriber that loads data for each would meet the next refresh.
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

  // ---- Members for ASM ------------------------------------------------------------------------

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
