// occ-session: the session of a SAP Commerce storefront. The entry point for browsers, and what
// every other entry point stands on.
/**
 * @typedef {import('./types.js').SessionListening & import('./types.js').SessionDisposal
 *   & import('./session.js').Session} Session
 * @typedef {import('./types.js').SessionOptions} SessionOptions
 * @typedef {import('./types.js').SessionState} SessionState
 * @typedef {import('./types.js').SnapshotStorage} SnapshotStorage
 * @typedef {import('./types.js').Credentials} Credentials
 * @typedef {import('./types.js').Answer} Answer
 * @typedef {import('./types.js').AnsweredRequest} AnsweredRequest
 * @typedef {import('./types.js').RevocationDetail} RevocationDetail
 * @typedef {import('./types.js').ExpiredDetail} ExpiredDetail
 * @typedef {import('./error.js').SessionErrorCode} SessionErrorCode
 */

export { SessionError } from './error.js';
export { createSession } from './session.js';
export { ANONYMOUS } from './state.js';
