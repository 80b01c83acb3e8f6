// The state of a session as an Angular application sees it: what is not known yet has a state of its
// own, and who is there is an object of its own.

/** @import { SessionState } from '../index.js' */

/**
 * The state as long as it is not known who is there: until the engine has started, and always on a
 * server. The members that a guard or a template asks for are undefined, which is neither yes nor no.
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
 * The part of the state that says who is there. It is the same object for as long as the same one is
 * there, however often the token is refreshed.
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

/** @type {SessionState} */
export const ANONYMOUS = Object.freeze({
  phase: 'anonymous',
  userId: 'anonymous',
  signedIn: false,
  agentSignedIn: false,
  emulating: false,
  expiresAt: null,
  revoking: 0,
});

/**
 * Who is there in a state.
 *
 * @param {OccSessionState} state
 * @param {SessionUser} [before] given back if nobody has come or gone since
 * @returns {SessionUser}
 */
export function userOf(state, before) {
  const { phase, userId, signedIn, agentSignedIn, emulating } = state;
  if (before?.phase === phase && before.userId === userId) return before;
  return /** @type {SessionUser} */ (
    Object.freeze({ phase, userId, signedIn, agentSignedIn, emulating })
  );
}
