// The state of a session as an Angular application sees it: the unknown state is one of its own,
// and the user is an object of its own.

/** @import { SessionState } from '../index.js' */

/**
 * The state while the user is unknown: until the engine has started, and always on a server. The
 * members for guards and templates are undefined, which is neither yes nor no.
 *
 * @typedef {Readonly<{
 *   phase: 'unknown',
 *   userId: undefined,
 *   signedIn: undefined,
 *   agentSignedIn: undefined,
 *   emulating: undefined,
 *   expiresAt: null,
 *   revoking: 0,
 * }>} UnknownState
 */

/** @typedef {SessionState | UnknownState} OccSessionState */

/** @typedef {'phase' | 'userId' | 'signedIn' | 'agentSignedIn' | 'emulating'} UserMember */

/**
 * The part of the state that says who is signed in. It is the same object while the same user is
 * signed in, however often the token is refreshed.
 *
 * @typedef {Pick<SessionState, UserMember> | Pick<UnknownState, UserMember>} SessionUser
 */

/** @type {UnknownState} */
export const UNKNOWN = Object.freeze({
  phase: 'unknown',
  userId: undefined,
  signedIn: undefined,
  agentSignedIn: undefined,
  emulating: undefined,
  expiresAt: null,
  revoking: 0,
});

/**
 * Returns the user of a state.
 *
 * @param {OccSessionState} state
 * @param {SessionUser} [before] returned if it is the same user
 * @returns {SessionUser}
 */
export function userOf(state, before) {
  const { phase, userId, signedIn, agentSignedIn, emulating } = state;
  if (before?.phase === phase && before.userId === userId) return before;
  return /** @type {SessionUser} */ (
    Object.freeze({ phase, userId, signedIn, agentSignedIn, emulating })
  );
}
