// The core in WebAssembly as a typed object: the only file that touches its memory.
import { LIMIT, STATUS } from './numbers.js';

/**
 * The host functions as src/occ_host.h describes them, with texts in place of pointers. The numbers
 * are those of numbers.js. None of them may call the core.
 *
 * @typedef {object} Host
 * @property {(snapshot: string | null) => void} save
 * @property {(numbers: string) => void} ended
 * @property {(state: number, expiresAt: number, revoking: number, userId: string) => void} state
 * @property {(attempt: number, status: number) => void} signedIn
 * @property {(authorization: string | undefined) => void} renewed
 * @property {(owner: number) => void} expired
 * @property {(owner: number, token: number, outcome: number, status: number) => void} revoked
 * @property {(request: number, purpose: number, authorization: string | undefined, body: string) => void} request
 * @property {(at: number) => void} alarm
 * @property {(authorization: string) => void} authorization
 */

/** @typedef {Record<string, (...parameters: number[]) => number>} Exports */

/** A length that no input has: the core refuses it. */
const TOO_LONG = LIMIT.input + 1;

export class Core {
  #exports;
  #input;
  #encoder = new TextEncoder();

  /**
   * @param {WebAssembly.Module} module
   * @param {Host} host
   */
  static async instantiate(module, host) {
    const decoder = new TextDecoder();
    /** @type {WebAssembly.Memory} */
    let memory;
    /** @param {number} at @param {number} length */
    const text = (at, length) => decoder.decode(new Uint8Array(memory.buffer, at, length));
    /** @param {number} at @param {number} length */
    const textIfAny = (at, length) => (length > 0 ? text(at, length) : undefined);
    const instance = await WebAssembly.instantiate(module, {
      env: {
        /** @param {number} at @param {number} length */
        occ_host_save: (at, length) => host.save(textIfAny(at, length) ?? null),
        /** @param {number} at @param {number} length */
        occ_host_ended: (at, length) => host.ended(text(at, length)),
        /** @param {number} state @param {number} expiresAt @param {number} revoking @param {number} at @param {number} length */
        occ_host_state: (state, expiresAt, revoking, at, length) =>
          host.state(state, expiresAt, revoking, text(at, length)),
        occ_host_signed_in: host.signedIn,
        /** @param {number} at @param {number} length */
        occ_host_renewed: (at, length) => host.renewed(textIfAny(at, length)),
        occ_host_expired: host.expired,
        occ_host_revoked: host.revoked,
        /** @param {number} request @param {number} purpose @param {number} header @param {number} headerLength @param {number} body @param {number} bodyLength */
        occ_host_request: (request, purpose, header, headerLength, body, bodyLength) =>
          host.request(request, purpose, textIfAny(header, headerLength), text(body, bodyLength)),
        occ_host_alarm: host.alarm,
        /** @param {number} at @param {number} length */
        occ_host_authorization: (at, length) => host.authorization(text(at, length)),
      },
    });
    memory = /** @type {WebAssembly.Memory} */ (instance.exports.memory);
    return new Core(/** @type {Exports} */ (/** @type {unknown} */ (instance.exports)), memory);
  }

  /** @param {Exports} exports @param {WebAssembly.Memory} memory */
  constructor(exports, memory) {
    this.#exports = exports;
    this.#input = new Uint8Array(memory.buffer, exports.occ_input(), LIMIT.input);
  }

  /**
   * Writes texts one after the other into the input buffer.
   *
   * @param {...string} texts
   * @returns {number[]} their lengths in bytes
   */
  #write(...texts) {
    let used = 0;
    return texts.map((text) => {
      const { read, written } = this.#encoder.encodeInto(text, this.#input.subarray(used));
      used += written;
      return read < text.length ? TOO_LONG : written;
    });
  }

  /** @param {number} nonce @param {object} options */
  open(nonce, options) {
    const [length] = this.#write(JSON.stringify(options));
    return this.#exports.occ_open(nonce, length);
  }

  close() {
    return this.#exports.occ_close();
  }

  /**
   * @param {number} owner
   * @param {number} attempt
   * @param {string} username
   * @param {string} password
   * @param {string} customerId
   */
  signIn(owner, attempt, username, password, customerId) {
    const lengths = this.#write(username, password, customerId);
    return this.#exports.occ_sign_in(Date.now(), owner, attempt, ...lengths);
  }

  /** @param {number} attempt */
  cancel(attempt) {
    return this.#exports.occ_cancel(Date.now(), attempt);
  }

  /** @param {string} customerId */
  emulate(customerId) {
    const [length] = this.#write(customerId);
    return this.#exports.occ_emulate(Date.now(), length);
  }

  signOut() {
    return this.#exports.occ_sign_out(Date.now());
  }

  signOutAgent() {
    return this.#exports.occ_sign_out_agent(Date.now());
  }

  authorization() {
    return this.#exports.occ_authorization();
  }

  /** @param {string} rejected */
  renew(rejected) {
    const [length] = this.#write(rejected);
    return this.#exports.occ_renew(Date.now(), length);
  }

  /**
   * @param {number} request
   * @param {import('./shim.js').Completion} completion
   */
  completed(request, { delivery, status, retryAfter, body }) {
    this.#input.set(body);
    return this.#exports.occ_completed(
      Date.now(),
      request,
      delivery,
      status,
      retryAfter,
      body.length,
    );
  }

  /** @param {number} now */
  alarm(now) {
    return this.#exports.occ_alarm(now);
  }

  leave() {
    return this.#exports.occ_leave(Date.now());
  }

  /** @param {string} snapshot */
  adopt(snapshot) {
    const [length] = this.#write(snapshot);
    return this.#exports.occ_adopt(Date.now(), length);
  }

  /** @param {string} numbers */
  ended(numbers) {
    const [length] = this.#write(numbers);
    return this.#exports.occ_ended(Date.now(), length);
  }
}

/** The name of a number in one of the objects of numbers.js. @param {Record<string, number>} names @param {number} number */
export function nameOf(names, number) {
  return /** @type {string} */ (Object.keys(names).find((name) => names[name] === number));
}

export { STATUS };
