// R28: no view of a session, of its state, its events and its errors, however a program shows,
// copies or walks through them, holds a piece of a token, a password or a server's text.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { createSession } from 'occ-session';
import { agent, anna, annaId, benId, failureOf, limit, useStorefront } from '../node/storefront.js';
import { Finder } from './secrets-scan.js';

/** @import { Session, Storefront, TestContext } from '../node/storefront.js' */

const storefront = useStorefront();

/** @type {Record<string, (value: any) => unknown>} */
const views = {
  'String(x)': (x) => String(x),
  'JSON.stringify(x)': (x) => JSON.stringify(x),
  'inspect(x)': (x) => inspect(x),
  'inspect(x, everything)': (x) =>
    inspect(x, { depth: Infinity, showHidden: true, getters: true, maxArrayLength: null }),
  'for (name in x)': (x) => {
    const found = [];
    for (const name in x) found.push([name, typeof x[name] === 'function' || x[name]]);
    return found;
  },
  'the descriptors of x and of its prototypes': (x) => {
    const found = [];
    for (let at = x; at; at = Object.getPrototypeOf(at)) {
      found.push(Object.getOwnPropertyNames(at), Object.getOwnPropertyDescriptors(at));
    }
    return found;
  },
  'the symbols of x': (x) => Object.getOwnPropertySymbols(x).map((name) => [name, x[name]]),
  'structuredClone(x)': (x) => structuredClone(x),
  '{ ...x }': (x) => ({ ...x }),
};

/** Returns the text of a value in each of these views. @param {any} value */
const lookOf = (value) =>
  Object.values(views).map((view) => {
    try {
      const seen = view(value);
      return typeof seen === 'string'
        ? seen
        : inspect(seen, { depth: Infinity, showHidden: true, getters: true, maxArrayLength: null });
    } catch (error) {
      return inspect(error, { depth: Infinity, showHidden: true });
    }
  });

class Leaking {
  /** @param {string} token */
  constructor(token) {
    this.token = token;
    /** @type {any} */ (this)[Symbol('token')] = token;
  }

  toString() {
    return this.token;
  }
}

/**
 * Returns the texts that may be visible nowhere.
 *
 * @param {Storefront} shop
 * @param {string[]} passwords
 * @returns {Promise<[string, string][]>}
 */
async function secretsOf(shop, passwords) {
  const tokens = await shop.backend.tokens();
  return [
    ...tokens.map(({ label, token }) => /** @type {[string, string]} */ ([label, token])),
    ...passwords.map((password) => /** @type {[string, string]} */ (['password', password])),
    ['the text of a server', 'was told to answer like this'],
    ['the text of a server', 'Invalid refresh token: '],
    ['the text of a server', '"error_description":"Bad cred'],
    ['the client secret', 'a-client-secret'],
  ];
}

/** Notes everything that is printed. @param {TestContext} t */
function listenToConsole(t) {
  /** @type {unknown[]} */
  const printed = [];
  for (const [name, member] of Object.entries(console)) {
    if (typeof member !== 'function') continue;
    t.mock.method(/** @type {any} */ (console), name, (/** @type {unknown[]} */ ...values) =>
      printed.push([name, ...values]),
    );
  }
  return printed;
}

const passwords = [anna.password, agent.password];

test('R28: a session in every state, its state and its events show no secret', limit, async (t) => {
  const printed = listenToConsole(t);
  const shop = storefront();
  /** @type {Session} */
  const session = await shop.open({ persistRefreshToken: true, fetch: undefined });
  /** @type {string[]} */
  const seen = [];
  /** @type {Set<string>} */
  const phases = new Set();
  /** @param {unknown} [event] */
  function look(event) {
    phases.add(session.state.phase);
    for (const value of [session, session.state, event]) seen.push(...lookOf(value));
  }
  for (const type of ['change', 'revocation', 'expired']) {
    session.addEventListener(/** @type {'change'} */ (type), look);
  }

  await session.signIn(anna);
  look();
  await session.signInAgent(agent, { customerId: annaId });
  session.emulate(benId);
  await session.signOut();
  shop.backend.set({ revoke: { answer: 400 } });
  await session.signOut();
  await session.settled();
  await session.signIn(anna);
  await shop.backend.expireAccessTokens();
  await shop.backend.revokeRefreshTokens();
  await shop.getUser(session);
  session.close();
  look();

  assert.deepEqual([...phases].sort(), [
    ...['agent', 'agent-taking-over', 'anonymous', 'customer', 'customer-signing-in', 'emulating'],
  ]);
  const finder = new Finder();
  finder.add(await secretsOf(shop, passwords));
  assert.deepEqual([...finder.find(seen)], []);
  assert.deepEqual(printed, []);
  for (const { path, query, headers } of shop.backend.journal) {
    const others = { ...headers, authorization: undefined };
    assert.deepEqual([...finder.find([path, inspect(query), inspect(others)])], []);
  }
  t.diagnostic(`proof: views of a session, its states and events: ${seen.length}`);

  // Each of these views shows what is there to be seen.
  const leaking = new Leaking(await shop.token('customer #1 access'));
  assert.deepEqual(
    lookOf(leaking).map((text) => [...finder.find([text])]),
    Object.keys(views).map(() => ['customer #1 access']),
  );
});

test('R28: an error of every code, its stack and its cause show no secret', limit, async (t) => {
  const printed = listenToConsole(t);
  const shop = storefront();
  const { backend } = shop;
  /** @type {any[]} */
  const errors = [];
  /** @param {Promise<unknown> | (() => unknown)} act @param {string} code */
  async function fails(act, code) {
    const error = await failureOf(typeof act === 'function' ? (async () => act())() : act);
    assert.equal(error.code, code);
    errors.push(error);
  }
  const session = await shop.open({ clientSecret: 'a-client-secret', fetch: undefined });
  await fails(session.signIn(anna), 'invalid-options');
  const good = await shop.open({ fetch: undefined });
  for (const answer of /** @type {const} */ ([500, 503, 429])) {
    backend.set({ token: { answer } });
    await fails(good.signIn(anna), 'server-error');
  }
  for (const answer of /** @type {const} */ ([403, 404, 'garbage', 'redirect'])) {
    backend.set({ token: { answer } });
    await fails(good.signIn(anna), 'unexpected-response');
  }
  backend.set({ token: { answer: 'drop' } });
  await fails(good.signIn(anna), 'unreachable');
  backend.set({ token: { answer: 400 } });
  await fails(good.signIn(anna), 'invalid-credentials');
  backend.set({ token: { answer: 'normal' }, tokenLength: 8193 });
  await fails(good.signIn(anna), 'token-too-large');
  backend.set({ tokenLength: null });
  await fails(good.signIn({ ...anna, username: 'x'.repeat(1025) }), 'invalid-credentials');
  const pending = fails(good.signIn(anna), 'cancelled');
  good.signOut();
  await pending;
  await good.signIn(anna);
  await fails(good.signIn(anna), 'already-signed-in');
  await fails(() => good.emulate(annaId), 'no-agent');
  await good.signInAgent(agent);
  await fails(good.signIn(anna), 'agent-signed-in');
  good.close();
  await fails(good.signIn(anna), 'closed');
  const wasm = () => new Response('was told to answer like this: a-client-secret');
  const options = { baseUrl: backend.url, clientId: 'x', clientSecret: 'a-client-secret' };
  await fails(createSession({ ...options, wasm: wasm() }), 'wasm-unavailable');
  const { crypto } = globalThis;
  Object.defineProperty(globalThis, 'crypto', { value: undefined, configurable: true });
  await fails(createSession(options), 'platform-unavailable');
  Object.defineProperty(globalThis, 'crypto', { value: crypto, configurable: true });
  await fails(
    createSession({ ...options, storage: /** @type {any} */ ('none') }),
    'invalid-options',
  );

  const codes = readFileSync(new URL('../../js/error.js', import.meta.url), 'utf8')
    .match(/@typedef \{([^}]*)\} SessionErrorCode/)?.[1]
    ?.match(/[a-z-]+/g);
  assert.deepEqual([...new Set(errors.map(({ code }) => code))].sort(), codes?.sort());

  const seen = errors.flatMap((error) => [...lookOf(error), error.message, error.stack]);
  const causes = errors.flatMap(({ cause }) => (cause ? lookOf(cause) : []));
  const finder = new Finder();
  finder.add(await secretsOf(shop, passwords));
  assert.deepEqual([...finder.find([...seen, ...causes])], []);
  assert.deepEqual(printed, []);
  t.diagnostic(`proof: errors of ${codes?.length} codes, and views of them: ${seen.length}`);
});
