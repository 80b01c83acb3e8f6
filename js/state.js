// The state of a session as the public API shows it.
import {
  STATES,
  STATE_AGENT,
  STATE_AGENT_TAKING_OVER,
  STATE_ANONYMOUS,
  STATE_CUSTOMER,
  STATE_EMULATING,
} from './numbers.js';

/** @import { SessionState } from './types.js' */

/**
 * @param {number} phase
 * @param {number} expiresAt
 * @param {number} revoking
 * @param {string} userId
 * @returns {SessionState}
 */
export function stateOf(phase, expiresAt, revoking, userId) {
  return Object.freeze({
    phase: /** @type {SessionState['phase']} */ (STATES[phase]),
    userId,
    signedIn: [STATE_CUSTOMER, STATE_AGENT_TAKING_OVER, STATE_EMULATING].includes(phase),
    agentSignedIn: phase === STATE_AGENT || phase === STATE_EMULATING,
    emulating: phase === STATE_EMULATING,
    expiresAt: expiresAt || null,
    revoking,
  });
}

/** The state with nobody signed in, as for a test or a page without a session. */
export const ANONYMOUS = /* @__PURE__ */ stateOf(STATE_ANONYMOUS, 0, 0, 'anonymous');
