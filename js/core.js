// The core in WebAssembly as a typed object: the only file that touches its memory.
import { HOST_TEXTS, INPUT_MAX } from './numbers.js';
import { own } from './own.js';

/**
 * The host functions as src/occ_host.h describes them, with a text in place of each pointer and
 * length at the end, and undefined in place of a text of length 0. The numbers are those of
 * numbers.js. Each function takes note at once, and returns the effect, which runs when the call
 * into the core has ended and may call the core again.
 *
 * @typedef {() => unknown} Effect
 * @typedef {object} Host
 * @property {(renewed: number, snapshot: string | undefined) => Effect} occ_host_save
 * @property {(number: number, issued: number) => Effect} occ_host_ended
 * @property {(number: number, issued: number) => Effect} occ_host_wanted
 * @property {(state: number, expiresAt: number, revoking: number, userId: string) => Effect} occ_host_state
 * @property {(attempt: number, status: number) => Effect} occ_host_signed_in
 * @property {(authorization: string | undefined) => Effect} occ_host_renewed
 * @property {(owner: number) => Effect} occ_host_expired
 * @property {(owner: number, token: number, outcome: number, status: number) => Effect} occ_host_revoked
 * @property {(request: number, purpose: number, authorization: string | undefined, body: string) => Effect} occ_host_request
 * @property {(at: number) => Effect} occ_host_alarm
 * @property {(authorization: string) => Effect} occ_host_authorization
 */

/**
 * The core: its exports as src/occ_session.h describes them, without the session and the time. Each
 * text, or its bytes, is given behind its number, in any order. Each call returns a status of
 * numbers.js after its effects have run.
 *
 * @typedef {object} Core
 * @property {(nonce: number, flags: number, retries: number, ...texts: (number | string)[]) => number} occ_open
 * @property {() => number} occ_close
 * @property {(owner: number, attempt: number, ...texts: (number | string)[]) => number} occ_sign_in
 * @property {(attempt: number) => number} occ_cancel
 * @property {(parameter: number, customerId: string) => number} occ_emulate
 * @property {() => number} occ_sign_out
 * @property {() => number} occ_sign_out_agent
 * @property {() => number} occ_authorization
 * @property {(certain: number, parameter: number, authorization: string) => number} occ_renew
 * @property {(request: number, delivery: number, status: number, retryAfter: number, parameter: number, body: Uint8Array) => number} occ_completed
 * @property {(at: number) => number} occ_alarm
 * @property {() => number} occ_leave
 * @property {(parameter: number, snapshot: string) => number} occ_adopt
 * @property {(number: number, issued: number) => number} occ_ended
 * @property {(number: number, issued: number) => number} occ_wanted
 * @property {(isAnswer: number, parameter: number, snapshot: string) => number} occ_heard
 */

/**
 * @param {BufferSource | WebAssembly.Module} source
 * @param {Host} host
 */
export async function openCore(source, host) {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  /** @type {Effect[]} */
  const effects = [];
  /**
   * Copies a text of the core, which is valid until the host function returns.
   *
   * @param {number} at
   * @param {number} length
   */
  const text = (at, length) =>
    length ? decoder.decode(memory.subarray(at, at + length)) : undefined;

  /** @type {Record<string, (...parameters: number[]) => void>} */
  const env = own({});
  for (const [name, note] of Object.entries(host)) {
    env[name] = (...parameters) => {
      // The core passes the address and the length of each text.
      const texts = parameters.splice(parameters.length - 2 * (HOST_TEXTS[name] ?? 0));
      /** @type {(number | string | undefined)[]} */
      const values = parameters;
      for (let i = 0; i < texts.length; i += 2) values.push(text(texts[i], texts[i + 1]));
      effects.push(/** @type {(...values: unknown[]) => Effect} */ (note)(...values));
    };
  }
  /** @type {any} The result depends on the kind of source. */
  const linked = await WebAssembly.instantiate(/** @type {BufferSource} */ (source), { env });
  const { exports } = /** @type {WebAssembly.Instance} */ (
    linked instanceof WebAssembly.Instance ? linked : linked.instance
  );
  const memory = new Uint8Array(/** @type {WebAssembly.Memory} */ (exports.memory).buffer);
  const { occ_input: inputAt, occ_text: takeText } =
    /** @type {Record<string, (...values: number[]) => number>} */ (exports);
  const at = inputAt();
  const input = memory.subarray(at, at + INPUT_MAX);

  /** @type {Record<string, (...parameters: any[]) => number>} */
  const core = own({});
  for (const [name, call] of Object.entries(exports)) {
    core[name] = (...parameters) => {
      const now = Date.now();
      let used = 0;
      /** @type {number[]} */
      const values = [];
      for (const parameter of parameters) {
        if (typeof parameter === 'number') {
          values.push(parameter);
          continue;
        }
        let { length } = parameter;
        if (typeof parameter === 'string') {
          const { read, written } = encoder.encodeInto(parameter, input.subarray(used));
          // A text that does not fit gets a length that no input has.
          length = read < length ? INPUT_MAX + 1 : written;
        } else input.set(parameter, used);
        used += length;
        takeText(/** @type {number} */ (values.pop()), length);
      }
      const status = /** @type {(...values: number[]) => number} */ (call)(now, ...values);
      // A listener may call the core from within an effect: the earlier effects run first then.
      for (let effect; (effect = effects.shift());) effect();
      return status;
    };
  }
  return {
    core: /** @type {Core} */ (/** @type {unknown} */ (core)),
    /** The compiled module, for another session of the page. @type {WebAssembly.Module} */
    module: linked.module ?? source,
  };
}
