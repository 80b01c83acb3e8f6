// The core in WebAssembly as a typed object: the only file that touches its memory.
import { INPUT_MAX } from './numbers.js';

/**
 * The host functions as src/occ_host.h describes them, with a text in place of each pointer and
 * length at the end, and undefined in place of a text of length 0. The numbers are those of
 * numbers.js. Each takes note at once, and gives what is to be done when the call into the core has
 * ended; that may call the core again.
 *
 * @typedef {() => unknown} Effect
 * @typedef {object} Host
 * @property {(snapshot: string | undefined) => Effect} occ_host_save
 * @property {(number: number) => Effect} occ_host_ended
 * @property {(state: number, expiresAt: number, revoking: number, userId: string) => Effect} occ_host_state
 * @property {(attempt: number, status: number) => Effect} occ_host_signed_in
 * @property {(authorization: string | undefined) => Effect} occ_host_renewed
 * @property {(owner: number) => Effect} occ_host_expired
 * @property {(owner: number, token: number, outcome: number, status: number) => Effect} occ_host_revoked
 * @property {(request: number, purpose: number, authorization: string | undefined, body: string) => Effect} occ_host_request
 * @property {(at: number) => Effect} occ_host_alarm
 * @property {(authorization: string) => Effect} occ_host_authorization
 */

/** @typedef {Awaited<ReturnType<typeof openCore>>} Core */

/**
 * @param {WebAssembly.Module} module
 * @param {Host} host
 */
export async function openCore(module, host) {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  /** @type {Effect[]} */
  const effects = [];
  /** A text of the core, which is gone when the host function has returned. @param {number} at @param {number} length */
  const text = (at, length) =>
    length ? decoder.decode(memory.subarray(at, at + length)) : undefined;

  /** @type {Record<string, (...parameters: number[]) => void>} */
  const env = {};
  for (const [name, note] of Object.entries(host)) {
    env[name] = (...parameters) => {
      // Two parameters of the core for each text, one for each number.
      const texts = parameters.length - note.length;
      /** @type {(number | string | undefined)[]} */
      const values = parameters.splice(0, note.length - texts);
      for (let i = 0; i < texts; i++) values.push(text(parameters[2 * i], parameters[2 * i + 1]));
      effects.push(/** @type {(...values: unknown[]) => Effect} */ (note)(...values));
    };
  }
  const { exports } = await WebAssembly.instantiate(module, { env });
  const core = /** @type {Record<string, (...parameters: number[]) => number>} */ (
    /** @type {unknown} */ (exports)
  );
  const memory = new Uint8Array(/** @type {WebAssembly.Memory} */ (exports.memory).buffer);
  const input = memory.subarray(core.occ_input()).subarray(0, INPUT_MAX);

  /** Gives the status of a call when its effects have come. A listener that one of them calls may call the core itself: then what is left of them goes first. @param {number} status */
  const run = (status) => {
    for (let next; (next = effects.shift());) next();
    return status;
  };

  /**
   * An event of the core: it is given the time, and then the parameters, where a text goes into the
   * input buffer behind the ones before it and its length in its place; for one that does not fit, a
   * length that no input has.
   *
   * @param {string} name
   * @returns {(...parameters: any[]) => number}
   */
  const event =
    (name) =>
    (...parameters) => {
      let used = 0;
      const values = parameters.map((parameter) => {
        if (typeof parameter !== 'string') return parameter;
        const { read, written } = encoder.encodeInto(parameter, input.subarray(used));
        used += written;
        return read < parameter.length ? INPUT_MAX + 1 : written;
      });
      return run(core[name](Date.now(), ...values));
    };

  return {
    /** @type {(nonce: number, flags: number, retries: number, ...texts: string[]) => number} */
    open: event('occ_open'),
    close: () => core.occ_close(),
    /** @type {(owner: number, attempt: number, username: string, password: string, customerId: string) => number} */
    signIn: event('occ_sign_in'),
    /** @type {(attempt: number) => number} */
    cancel: event('occ_cancel'),
    /** @type {(customerId: string) => number} */
    emulate: event('occ_emulate'),
    /** @type {() => number} */
    signOut: event('occ_sign_out'),
    /** @type {() => number} */
    signOutAgent: event('occ_sign_out_agent'),
    /** @type {() => number} */
    authorization: event('occ_authorization'),
    /** @type {(rejected: string) => number} */
    renew: event('occ_renew'),
    /** @param {number} request @param {import('./shim.js').Completion} completion */
    completed(request, { delivery, status, retryAfter, body }) {
      input.set(body);
      return run(
        core.occ_completed(Date.now(), request, delivery, status, retryAfter, body.length),
      );
    },
    /** @param {number} at the time that has come, whatever the clock says by now */
    alarm: (at) => run(core.occ_alarm(Math.max(at, Date.now()))),
    /** @type {() => number} */
    leave: event('occ_leave'),
    /** @type {(snapshot: string) => number} */
    adopt: event('occ_adopt'),
    /** @type {(number: number) => number} */
    ended: event('occ_ended'),
  };
}
