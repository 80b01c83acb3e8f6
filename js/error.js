// The errors of the public API.
import { ERRORS } from './numbers.js';

/**
 * The code of a {@link SessionError}, for programs:
 * - `invalid-options`: an option cannot be used or is not known, or the client that it names is refused
 * - `invalid-credentials`: user name and password are refused, or are not two strings
 * - `already-signed-in`, `agent-signed-in`, `no-agent`: not in this state of the session
 * - `unreachable`: no answer from the token endpoint, or none in time
 * - `server-error`: the token endpoint answered 5xx or 429
 * - `unexpected-response`: the answer was no token response (RFC 6749 section 5)
 * - `token-too-large`: a token of more than 8 KiB, or a response of more than 64 KiB
 * - `cancelled`: another sign-in, a sign-out or the caller's signal came first
 * - `closed`: the session is closed
 * - `wasm-unavailable`: core.wasm could not be loaded
 * - `platform-unavailable`: the platform lacks a necessary facility, such as
 *   `crypto.getRandomValues`; the message names it
 *
 * @typedef {'invalid-options' | 'invalid-credentials' | 'already-signed-in' | 'agent-signed-in'
 *   | 'no-agent' | 'unreachable' | 'server-error' | 'unexpected-response' | 'token-too-large'
 *   | 'cancelled' | 'closed' | 'wasm-unavailable' | 'platform-unavailable'} SessionErrorCode
 */

/**
 * Every error of this module. Neither the message nor the cause holds a token, a password, or text
 * from a server.
 */
export class SessionError extends Error {
  /**
   * @param {SessionErrorCode} code
   * @param {string} message
   * @param {{ cause?: unknown }} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    this.name = 'SessionError';
    /** @readonly @type {SessionErrorCode} */
    this.code = code;
  }
}

/**
 * Returns the error of a status.
 *
 * @param {number} status of numbers.js
 * @param {string} [detail] such as the URL of the response
 */
export function errorOf(status, detail = '') {
  // Of all statuses of a call, only a refused client has no error of its own.
  const name = ERRORS[status] ?? 'the back end refused clientId, clientSecret or scope';
  const code = /** @type {SessionErrorCode} */ (ERRORS[status] ?? 'invalid-options');
  return new SessionError(code, name.replaceAll('-', ' ') + detail);
}
