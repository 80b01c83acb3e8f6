// The engine: the core, and its effects in the page, in the order in which the core names them:
// storage, other tabs, timers, requests to the authorization server. Sessions call it, and it
// reports to them.
import { errorOf } from './error.js';
import { loadCore } from './load.js';
import {
  OUTCOMES,
  OWNERS,
  PARAMETER_AUTHORIZATION,
  PARAMETER_BODY,
  PARAMETER_CUSTOMER_ID,
  PARAMETER_PASSWORD,
  PARAMETER_SNAPSHOT,
  PARAMETER_USERNAME,
  REQUEST_REVOKE,
  STATUS_BAD_SNAPSHOT,
  STATUS_CANCELLED,
  STATUS_CLOSED,
  STATUS_EXPIRED,
  STATUS_FULL,
  STATUS_WAIT,
  TOKENS,
} from './numbers.js';
import { readOptions } from './options.js';
import { own } from './own.js';
import { fetchShim } from './shim.js';
import { stateOf } from './state.js';
import { identityOf, openStorage } from './storage.js';
import { waitFor } from './wait.js';

/** @import { Core, Effect, Host } from './core.js' */
/** @import { Settings } from './options.js' */
/** @import { SessionState } from './types.js' */

/**
 * What the engine reports, once everything before it has been stored and sent. Each function may
 * call the engine again, except `state` itself.
 *
 * @typedef {object} Reports
 * @property {(state: SessionState) => Effect} state takes note of the state while the core is at work;
 *   the effect announces it in its turn, and may call the engine
 * @property {(attempt: number, status: number, detail?: string) => void} signedIn status: of numbers.js;
 *   detail: the URL and the status of the response, for an error
 * @property {(type: 'expired' | 'revocation', detail: object) => void} event detail: of the types
 *   ExpiredDetail and RevocationDetail
 */

/** The time limit of a token request, in milliseconds. */
const TOKEN_TIMEOUT = 10_000;

/** The longest delay that setTimeout supports. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Signs out of a session that another client has left under the key of this one: its snapshot is
 * about to be overwritten, and its tokens would be lost.
 *
 * @param {string} snapshot
 * @param {Settings} settings of this session
 */
async function signOutOf(snapshot, { fetch, wasm }) {
  const [baseUrl, clientId, agentClientId] = identityOf(snapshot).split(' ');
  const storage = { load: () => snapshot, save() {} };
  const settings = readOptions({ baseUrl, clientId, agentClientId, storage, fetch, wasm });
  const nothing = () => {};
  let revoking = 0;
  let isSignedOut = false;
  const closeIfSettled = () => {
    if (isSignedOut && !revoking) engine.close();
  };
  const engine = await openEngine(settings, {
    state: (state) => {
      ({ revoking } = state);
      return closeIfSettled;
    },
    signedIn: nothing,
    event: nothing,
  });
  engine.signOutAgent();
  engine.signOut();
  isSignedOut = true;
  closeIfSettled();
}

/**
 * Opens the engine of a session.
 *
 * @param {Settings} settings
 * @param {Reports} reports
 */
export async function openEngine(settings, reports) {
  let isOpen = false;
  let isClosed = false;
  let isRevoking = false;
  /** The latest header from the core. @type {string | undefined} */
  let authorization;
  /**
   * URL and status of the latest response, for the error of a sign-in; never the server's text
   * (R28).
   *
   * @type {string | undefined}
   */
  let answered;
  /** @type {Set<(authorization: string | undefined) => void>} */
  const renewals = new Set();
  /** The timer of the alarm. @type {any} */
  let timer;
  /** Aborts the listeners on the page. */
  const listening = new AbortController();
  const shim = fetchShim(settings.fetch, listening.signal);
  /** The snapshot that this session last saw in the storage. @type {string | null | undefined} */
  let seen;
  /** A snapshot of another client under the same key. @type {string | undefined} */
  let foreign;

  /** @type {Host} */
  const host = {
    occ_host_save: (renewed, snapshot) => () => {
      if (foreign) {
        signOutOf(foreign, { ...settings, wasm: loaded.module }).catch(() => {});
        foreign = undefined;
      }
      storage.save(snapshot ?? null);
      // A full storage does not hold it.
      seen = storage.load();
      // Tabs that hold the same grant want its new tokens; an empty text makes them read the
      // storage.
      storage.post('saved', renewed ? snapshot : '');
    },
    occ_host_ended: (number, issued) => () => storage.tell(number, issued),
    occ_host_wanted: (number, issued) => () => storage.post('wanted', number, issued),
    occ_host_state: (phase, expiresAt, revoking, userId) => {
      const report = reports.state(stateOf(phase, expiresAt, revoking, userId));
      isRevoking = revoking > 0;
      return () => {
        // Nothing keeps the process alive any longer.
        if (!revoking) timer?.unref?.();
        report();
      };
    },
    occ_host_signed_in: (attempt, status) => () =>
      reports.signedIn(attempt, status, status === STATUS_CANCELLED ? '' : answered),
    occ_host_renewed: (header) => () => endRenewals(header),
    occ_host_expired: (owner) => () => {
      const report = () => reports.event('expired', { owner: OWNERS[owner] });
      // A session that is over when it is opened is announced once a caller can listen.
      if (isOpen) report();
      else setTimeout(report);
    },
    occ_host_revoked: (owner, token, outcome, status) => () =>
      reports.event('revocation', {
        owner: OWNERS[owner],
        token: TOKENS[token],
        outcome: OUTCOMES[outcome],
        status,
      }),
    occ_host_request: (request, purpose, header, body) => () =>
      send(request, purpose, header, body),
    occ_host_alarm: (at) => () => setAlarm(at),
    occ_host_authorization: (header) => () => {
      // The value is not returned: effects pass through built-ins that the page may have patched.
      authorization = header;
    },
  };

  const loaded = await waitFor(settings.signal, (resolve, reject) =>
    loadCore(settings.wasm, host).then(resolve, reject),
  );
  if (!loaded) throw errorOf(STATUS_CANCELLED);
  const { core } = loaded;
  const [nonce] = crypto.getRandomValues(new Uint32Array(1));
  core.occ_open(nonce, ...settings.core);
  // Other tabs are heard from here on: the core is open.
  const storage = openStorage(settings, hear);
  synchronise();
  isOpen = true;
  listen('pagehide', () => enter('occ_leave'));
  listen('storage', synchronise);
  // A page in the back/forward cache has missed the changes of the storage.
  listen('pageshow', synchronise);

  /** @param {string} type @param {() => void} listener */
  function listen(type, listener) {
    globalThis.addEventListener?.(type, listener, own({ signal: listening.signal }));
  }

  // ---- Calls into the core, and its effects ----------------------------------------------------

  /**
   * Calls the core after adopting the latest state of the tabs.
   *
   * @template {keyof Core} Name
   * @param {Name} event
   * @param {Parameters<Core[Name]>} parameters
   * @returns {number} a status of numbers.js
   */
  function enter(event, ...parameters) {
    synchronise();
    /** @type {(...parameters: any[]) => number} */
    const call = core[event];
    return isClosed ? STATUS_CLOSED : call(...parameters);
  }

  /** Adopts the snapshot of an earlier page or another tab (R24, R25). */
  function synchronise() {
    if (isClosed) return;
    const newest = storage.load();
    if (newest && newest !== seen) {
      const status = core.occ_adopt(PARAMETER_SNAPSHOT, newest);
      if (status === STATUS_BAD_SNAPSHOT) foreign = newest;
      // Without a free place it is retried at the next event.
      if (status !== STATUS_FULL) seen = newest;
    } else if (newest === null && seen) {
      // A script has emptied the storage: the session is stored again, as the first of a new line.
      core.occ_adopt(PARAMETER_SNAPSHOT, '');
    }
    storage.ended(core.occ_ended);
  }

  /** A message of another tab, or of another session in this page. @param {any} message */
  function hear(message) {
    const { 0: what, 1: first, 2: second } = Object(message);
    if (what === 'ended') enter('occ_ended', Number(first), Number(second));
    if (what === 'wanted' && !enter('occ_wanted', Number(first), Number(second))) {
      storage.post('answer', storage.load());
    }
    if (what === 'answer' || what === 'saved') {
      enter('occ_heard', Number(what === 'answer'), PARAMETER_SNAPSHOT, String(first));
    }
  }

  /**
   * @param {number} request
   * @param {number} purpose
   * @param {string | undefined} header
   * @param {string} body
   */
  async function send(request, purpose, header, body) {
    const { tokenUrl, revokeUrl, timeoutMs } = settings;
    const completion = await (purpose === REQUEST_REVOKE
      ? shim.revoke(/** @type {string} */ (revokeUrl), body, timeoutMs, header)
      : shim.requestToken(tokenUrl, body, TOKEN_TIMEOUT));
    const { delivery, status, retryAfter, body: answer } = completion;
    answered = `: ${tokenUrl.split('?')[0]} (${status || 'no readable answer'})`;
    enter('occ_completed', request, delivery, status, retryAfter, PARAMETER_BODY, answer);
    answer.fill(0);
  }

  /** @param {number} at */
  function setAlarm(at) {
    clearTimeout(timer);
    if (!at) return;
    const wait = at - Date.now();
    timer =
      wait > LONGEST_TIMER
        ? setTimeout(() => setAlarm(at), LONGEST_TIMER)
        : setTimeout(() => enter('occ_alarm', at), wait);
    // In Node a session that only waits for its token to expire must not keep the process alive. A
    // sign-in waits for nothing but a revocation, and requests under way keep the process by
    // themselves.
    if (!isRevoking) timer.unref?.();
  }

  /** @param {string | undefined} header */
  function endRenewals(header) {
    for (const resolve of renewals) resolve(header);
    renewals.clear();
  }

  function takeAuthorization() {
    const header = authorization;
    authorization = undefined;
    return header;
  }

  /** Returns the Authorization header of requests. @returns {string | undefined} */
  function headerNow() {
    enter('occ_authorization');
    return takeAuthorization();
  }

  return {
    isClosed: () => isClosed,

    // The calls below return a status of numbers.js.

    /**
     * @param {number} owner
     * @param {number} attempt its number, for the report
     * @param {string} username
     * @param {string} password
     * @param {string} customerId
     */
    signIn: (owner, attempt, username, password, customerId) =>
      enter(
        'occ_sign_in',
        owner,
        attempt,
        ...[PARAMETER_USERNAME, username],
        ...[PARAMETER_PASSWORD, password],
        ...[PARAMETER_CUSTOMER_ID, customerId],
      ),
    /** @param {number} attempt */
    cancel: (attempt) => enter('occ_cancel', attempt),
    /** @param {string} customerId */
    emulate: (customerId) => enter('occ_emulate', PARAMETER_CUSTOMER_ID, customerId),
    signOut: () => enter('occ_sign_out'),
    signOutAgent: () => enter('occ_sign_out_agent'),

    // Tokens leave the engine by the two functions that follow, and by no other. They are only for
    // callers in the same realm.

    authorization: headerNow,
    /**
     * Resolves with the header for one retry of a request that was answered with 401.
     *
     * @param {boolean} certain the response says that the token is dead
     * @param {string} rejected
     * @param {AbortSignal | null | undefined} signal ends the wait, not the refresh
     * @returns {Promise<{ renewed?: string | undefined, isOver?: boolean }>} isOver: the session of
     *   that token has ended
     */
    async renew(certain, rejected, signal) {
      let status = 0;
      const ask = () => {
        status = enter('occ_renew', Number(certain), PARAMETER_AUTHORIZATION, rejected);
        return takeAuthorization();
      };
      let renewed = await waitFor(signal, (resolve) => {
        renewals.add(resolve);
        const newer = ask();
        if (status === STATUS_WAIT) return;
        renewals.delete(resolve);
        resolve(newer);
      });
      if (signal?.aborted) return {};
      // Another session may have begun during the wait: the result must not be used in it (R21).
      if (status === STATUS_WAIT && rejected && headerNow() !== rejected) renewed = ask();
      return { renewed, isOver: status === STATUS_EXPIRED };
    },

    /**
     * Sends queued revocations now, as there will be no other moment, and wipes the memory. Returns
     * false if it was closed already, or by a listener meanwhile.
     */
    close() {
      enter('occ_leave');
      if (isClosed) return false;
      isClosed = true;
      core.occ_close();
      storage.close();
      clearTimeout(timer);
      listening.abort();
      endRenewals(undefined);
      return true;
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof openEngine>>} Engine */
