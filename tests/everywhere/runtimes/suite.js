// The actions of a storefront, over the public API alone: the same file in every runtime. It
// reports its observations; runtimes.test.js compares them, and the server's, with the
// expectations.
import { createSession, SessionError } from 'occ-session';
import * as inline from 'occ-session/inline';

// The result of importing occ-session/core.wasm in this runtime; runtimes.test.js writes this file.
import core from './core.js';

/**
 * @typedef {import('occ-session').Session} Session
 * @typedef {import('occ-session').SessionOptions} SessionOptions
 *
 * @typedef {object} Place the addresses for a behaviour
 * @property {string} url of a back end of its own
 * @property {string} closed a URL of a port without a listener
 * @property {string} wasm a URL of core.wasm
 */

const anna = { username: 'anna.keller@example.com', password: 'Welcome-1' };
const agent = { username: 'asagent', password: 'Support-1' };

/** @param {string} baseUrl @param {Partial<SessionOptions>} [options] */
async function open(baseUrl, options, create = createSession) {
  const session = await create({
    baseUrl,
    clientId: 'mobile_android',
    clientSecret: 'secret',
    storage: 'memory',
    ...options,
  });
  /** @type {string[]} */
  const revocations = [];
  session.addEventListener('revocation', ({ detail: { owner, token, outcome, status } }) =>
    revocations.push([owner, token, outcome, status].join(' ')),
  );
  return { session, revocations };
}

/** @param {Session} session */
const who = ({ state: { phase, userId } }) => `${phase} ${userId}`;

/** Asks the shop for the user of the session. @param {Session} session @param {string} url */
async function userOf(session, url) {
  const response = await session.fetch(`${url}/occ/v2/shop/users/${session.state.userId}`);
  return (await response.json()).uid;
}

/** @param {Promise<unknown>} promise */
async function codeOf(promise) {
  try {
    await promise;
    return 'none';
  } catch (error) {
    return error instanceof SessionError ? error.code : String(error);
  }
}

/** Resolves with the result of loading core.wasm. @param {Promise<{ session: Session }>} opening */
async function loaded(opening) {
  /** @type {Session | undefined} */
  let session;
  const code = await codeOf(opening.then((opened) => ({ session } = opened)));
  return session ? who(session) : code;
}

/** @type {Record<string, (place: Place) => Promise<unknown>>} */
const behaviours = {
  'loads by itself': ({ url }) => loaded(open(url)),
  'loads inline': ({ url }) => loaded(open(url, {}, inline.createSession)),
  'loads an import': ({ url }) => loaded(open(url, { wasm: core })),
  'loads from a URL': ({ url, wasm }) => loaded(open(url, { wasm })),
  'loads a page': ({ url }) => loaded(open(url, { wasm: `${url}/login.jsp` })),

  async customer({ url }) {
    const { session, revocations } = await open(url);
    await session.signIn(anna);
    const signedIn = [who(session), await userOf(session, url)];
    session.signOut();
    const atOnce = who(session);
    await session.settled();
    return { signedIn, atOnce, revocations };
  },

  async agent({ url }) {
    const { session, revocations } = await open(url);
    await session.signInAgent(agent);
    const signedIn = who(session);
    session.signOut();
    const atOnce = who(session);
    await session.settled();
    return { signedIn, atOnce, revocations };
  },

  async 'emulated customer'({ url }) {
    const { session, revocations } = await open(url);
    await session.signInAgent(agent);
    session.emulate('0001');
    const emulating = [who(session), await userOf(session, url)];
    session.signOut();
    const atOnce = who(session);
    await session.settled();
    return { emulating, atOnce, revocations };
  },

  async 'parked customer'({ url }) {
    const { session, revocations } = await open(url);
    await session.signIn(anna);
    await session.signInAgent(agent, { customerId: '0001' });
    const emulating = who(session);
    session.signOutAgent();
    const atOnce = who(session);
    await session.settled();
    return { emulating, atOnce, uid: await userOf(session, url), revocations };
  },

  async refresh({ url }) {
    const { session } = await open(url);
    await session.signIn(anna);
    await fetch(`${url}/dev/expire`, { method: 'POST' }).then((response) => response.text());
    const users = await Promise.all([1, 2, 3].map(() => userOf(session, url)));
    return { users, still: who(session) };
  },

  async redirect({ url }) {
    const { session, revocations } = await open(url);
    await session.signIn(anna);
    await session.signOut();
    await session.settled();
    return revocations;
  },

  async 'closed port'({ url, closed }) {
    const { session, revocations } = await open(url, { endpoints: { revoke: closed } });
    await session.signIn(anna);
    await session.signOut();
    await session.settled();
    const { session: other } = await open(closed);
    return { revocations, signIn: await codeOf(other.signIn(anna)) };
  },

  async timeout({ url }) {
    const { session, revocations } = await open(url, { revocation: { timeoutMs: 100 } });
    await session.signIn(anna);
    await session.signOut();
    await session.settled();
    return revocations;
  },

  async refused({ url }) {
    const { session } = await open(url);
    const wrong = await codeOf(session.signIn({ ...anna, password: 'Welcome-0' }));
    const signal = AbortSignal.abort();
    return { wrong, aborted: await codeOf(session.signIn(anna, { signal })), still: who(session) };
  },

  async 'default storage'({ url }) {
    const { session, revocations } = await open(url, { storage: undefined });
    await session.signIn(anna);
    const { session: other } = await open(url, { storage: undefined });
    const another = who(other);
    await session.signOut();
    await session.settled();
    return { another, revocations };
  },
};

/**
 * Runs each behaviour, one after the other.
 *
 * @param {Record<string, Place>} places
 * @param {(line: string) => void} print a line of JSON for each
 */
export async function run(places, print) {
  for (const [behaviour, place] of Object.entries(places)) {
    try {
      print(JSON.stringify({ behaviour, saw: await behaviours[behaviour](place) }));
    } catch (error) {
      print(JSON.stringify({ behaviour, failed: String(/** @type {Error} */ (error).stack) }));
    }
  }
}
