// R27 and R28: tokens and passwords must not be left in the memory of the module, in errors,
// events, logs and URLs.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import {
  agent,
  anna,
  annaId,
  ben,
  benId,
  details,
  failureOf,
  limit,
  Notebook,
  scriptedFetch,
  useStorefront,
} from './storefront.js';

/** @import { Session, SessionOptions, Storefront, TestContext } from './storefront.js' */

const storefront = useStorefront();

/** Collects the memory of every core that is made. @param {TestContext} t */
function memories(t) {
  /** @type {WebAssembly.Memory[]} */
  const seen = [];
  const { instantiate } = WebAssembly;
  t.mock.method(
    WebAssembly,
    'instantiate',
    async (/** @type {any} */ source, /** @type {WebAssembly.Imports} */ imports) => {
      const linked = await instantiate(source, imports);
      const { exports } = /** @type {any} */ (linked).instance ?? linked;
      // Node's own fetch uses a WebAssembly module too.
      if ('occ_open' in exports) seen.push(exports.memory);
      return linked;
    },
  );
  return seen;
}

/**
 * Returns the secrets that are still in the memory: any twelve bytes of one count.
 *
 * @param {WebAssembly.Memory | undefined} memory
 * @param {string[]} secrets
 */
function findIn(memory, secrets) {
  assert.ok(memory);
  const bytes = Buffer.from(memory.buffer);
  return secrets.filter((secret) => {
    const wanted = Buffer.from(secret);
    const last = Math.max(wanted.length - 12, 0);
    return Array.from({ length: last + 1 }, (_, i) => wanted.subarray(i, i + 12)).some((part) =>
      bytes.includes(part),
    );
  });
}

/** Resolves with every token that the server has issued. @param {Storefront} shop */
const tokens = async (shop) => (await shop.backend.tokens()).map(({ token }) => token);

const passwords = [anna.password, ben.password, agent.password];
/** A part of every token response, and of nothing else. */
const response = '"basic openid"';

describe('the memory of the module', limit, () => {
  /** The work between sign-in and sign-out, and the labels of the tokens held before the end.
   * @type
   *   {Record<string, [work: (shop: Storefront, session: Session) => Promise<unknown>, held: string[], options?: Partial<SessionOptions>]>}
   *   */
  const lives = {
    'a customer': [
      (_shop, session) => session.signIn(anna),
      ['customer #1 access', 'customer #1 refresh'],
    ],
    'a customer who is stored with the refresh token': [
      (_shop, session) => session.signIn(anna),
      ['customer #1 access', 'customer #1 refresh'],
      { persistRefreshToken: true, storage: new Notebook() },
    ],
    'a customer whose token was refreshed': [
      async (shop, session) => {
        await session.signIn(anna);
        await shop.backend.expireAccessTokens();
        await shop.getUser(session);
      },
      ['customer #2 access', 'customer #2 refresh'],
    ],
    'an agent over a customer': [
      async (_shop, session) => {
        await session.signIn(anna);
        await session.signInAgent(agent, { customerId: annaId });
        session.emulate(benId);
      },
      ['agent #2 access', 'agent #2 refresh', 'customer #1 access', 'customer #1 refresh'],
    ],
    'tokens of 8 KiB': [
      async (shop, session) => {
        shop.backend.set({ tokenLength: 8192 });
        await session.signIn(anna);
      },
      ['customer #1 access', 'customer #1 refresh'],
      { persistRefreshToken: true, storage: new Notebook() },
    ],
  };

  for (const [name, [work, held, options]] of Object.entries(lives)) {
    test(`R27: after the sign-out of ${name} has settled, no secret is left in the memory`, async (t) => {
      const [shop, [memory], session] = await open(t, options);
      await work(shop, session);
      const secrets = [...(await tokens(shop)), ...passwords, response];
      const there = await Promise.all(held.map((label) => shop.token(label)));
      assert.deepEqual(findIn(memory, secrets).sort(), there.sort());
      session.signOutAgent();
      session.signOut();
      await session.settled();
      assert.deepEqual(findIn(memory, secrets), []);
    });
  }

  /**
   * @param {TestContext} t
   * @param {Partial<SessionOptions>} [options]
   * @returns {Promise<[Storefront, WebAssembly.Memory[], Session]>}
   */
  async function open(t, options) {
    const shop = storefront();
    const all = memories(t);
    const session = await shop.open(options);
    return [shop, all, session];
  }

  test('R27: a password stays only until the sign-in is sent', async (t) => {
    const [shop, [memory], session] = await open(t);
    await session.signIn(anna);
    shop.backend.set({ revoke: { answer: 'hold', times: 2 }, token: { answer: 'hold' } });
    session.signOut();
    const signedIn = session.signIn(ben);
    // The sign-in waits for the revocation (R29).
    assert.deepEqual(findIn(memory, passwords), [ben.password]);
    await shop.held();
    shop.backend.release();
    await shop.held();
    shop.backend.release();
    await shop.backend.waitFor(
      ({ form, status }) => form?.username === ben.username && status === 'held',
    );
    assert.deepEqual(findIn(memory, passwords), []);
    shop.backend.release();
    await signedIn;
  });

  test('R27: a password that needs encoding is not left in its encoded form either', async (t) => {
    const [shop, [memory], session] = await open(t);
    await session.signIn({ username: 'chloé.müller@example.com', password: ' %&+£€' });
    assert.ok(shop.backend.journal[0]?.body.includes('+%25%26%2B%C2%A3%E2%82%AC'));
    assert.deepEqual(findIn(memory, [' %&+£€', '+%25%26%2B%C2%A3%E2%82%AC']), []);
  });

  test('R27: a refused, a cancelled and a failed sign-in leave no secret in the memory', async (t) => {
    const [shop, [memory], session] = await open(t);
    const wrong = { ...anna, password: 'not-the-password' };
    await assert.rejects(session.signIn(wrong), { code: 'invalid-credentials' });
    shop.backend.set({ token: { answer: 'drop' } });
    await assert.rejects(session.signIn(anna), { code: 'unreachable' });
    shop.backend.set({ token: { answer: 'hold' } });
    const cancelled = assert.rejects(session.signIn(anna), { code: 'cancelled' });
    await shop.held();
    session.signOut();
    await cancelled;
    shop.backend.release();
    await shop.backend.waitFor(({ path, status }) => path.endsWith('/revoke') && !!status, 2);
    await session.settled();
    const secrets = [...(await tokens(shop)), ...passwords, wrong.password, response];
    assert.equal(secrets.length, 7);
    assert.deepEqual(findIn(memory, secrets), []);
  });

  test('R27: a token response that is too large leaves nothing in the memory', async (t) => {
    const [shop, [memory], session] = await open(t);
    for (const length of [8193, 30_000, 70_000]) {
      shop.backend.set({ tokenLength: length });
      await assert.rejects(session.signIn(anna), { code: 'token-too-large' });
    }
    const parts = (await tokens(shop)).map((token) => token.slice(0, 100));
    assert.equal(parts.length, 6);
    assert.deepEqual(findIn(memory, [...parts, response, anna.password]), []);
    assert.equal(session.state.phase, 'anonymous');
  });

  test('R27: an expired grant leaves nothing in the memory', async (t) => {
    const [shop, [memory], session] = await open(t);
    await session.signIn(anna);
    await shop.backend.expireAccessTokens();
    await shop.backend.expireRefreshTokens();
    await shop.getUser(session);
    assert.equal(session.state.phase, 'anonymous');
    assert.deepEqual(findIn(memory, [...(await tokens(shop)), response]), []);
  });

  test('R27: a snapshot leaves nothing in the memory once its grants are revoked, or it was discarded', async (t) => {
    const shop = storefront();
    const storage = new Notebook();
    (await shop.openTakenOver({ storage })).close();
    const text = storage.text ?? '';
    const access = (await tokens(shop)).filter((token) => text.includes(token));
    assert.equal(access.length, 2);
    const all = memories(t);
    const session = await shop.open({ storage });
    assert.deepEqual(findIn(all[0], access), access);
    session.signOutAgent();
    session.signOut();
    await session.settled();
    assert.deepEqual(findIn(all[0], access), []);
    await shop.open({ storage: new Notebook(text.replace('"v":1', '"v":2')) });
    assert.deepEqual(findIn(all[1], access), []);
    await shop.open({ storage: new Notebook(text.slice(0, -1)) });
    assert.deepEqual(findIn(all[2], access), []);
  });

  test('R27: close erases the memory of a session that is still signed in', async (t) => {
    const [shop, [memory], session] = await open(t);
    await session.signIn(anna);
    await session.signInAgent(agent, { customerId: annaId });
    const secrets = [...(await tokens(shop)), 'mobile_android'];
    assert.equal(findIn(memory, secrets).length, 5);
    session.close();
    assert.deepEqual(findIn(memory, secrets), []);
  });
});

describe('errors, events, logs, URLs and storage', limit, () => {
  /**
   * Answers of a token endpoint that repeats the request, as the legacy one does.
   *
   * @type {[number, string][]}
   */
  const echoes = [
    [400, '{"error":"invalid_grant","error_description":"Bad credentials: $"}'],
    [401, '{"error":"invalid_client","error_description":"$"}'],
    [400, '{"error":"$","error_description":"$"}'],
    [400, '$'],
    [500, '{"error":"$"}'],
    [200, '{"access_token":"","token_type":"$"}'],
    [200, '<p>$'],
    [403, '$'],
  ];

  test('R28: no error holds a password or text from a server response', async () => {
    let answer = 0;
    const session = await storefront().open({
      fetch: async (_url, init) => {
        const [status, text] = echoes[answer++] ?? [200, ''];
        return new Response(text.replaceAll('$', String(init?.body)), { status });
      },
    });
    for (const [status, text] of echoes) {
      const error = await failureOf(session.signIn(anna));
      const said = inspect(error, { depth: 10, showHidden: true });
      assert.equal(error.name, 'SessionError', `${status} ${text}`);
      for (const part of [
        anna.password,
        'Welcome',
        anna.username,
        'anna.keller',
        'secret',
        '<p>',
      ]) {
        assert.equal(said.includes(part), false, `${part} in ${said}`);
      }
    }
    assert.equal(answer, echoes.length);
  });

  test('R28: neither an error nor the console repeats the exception of a fetch', async (t) => {
    const printed = t.mock.method(console, 'error', () => {});
    t.mock.method(console, 'warn', printed);
    const session = await storefront().open({
      fetch: async (url, init) => {
        throw new TypeError(`could not send ${init?.body} to ${url}`);
      },
    });
    const error = await failureOf(session.signIn(anna));
    assert.equal(error.code, 'unreachable');
    assert.equal(inspect(error, { depth: 10, showHidden: true }).includes('Welcome'), false);
    assert.equal(printed.mock.callCount(), 0);
  });

  test('R28: no event, no log line, no URL and no state holds a token or a password', async (t) => {
    /** @type {unknown[]} */
    const said = [];
    for (const method of /** @type {const} */ (['log', 'info', 'debug', 'warn', 'error'])) {
      t.mock.method(console, method, (/** @type {unknown[]} */ ...args) => said.push(args));
    }
    const shop = storefront();
    const session = await shop.openCustomer();
    const told = [details(session, 'revocation'), details(session, 'expired')];
    session.addEventListener('change', (event) => said.push(session.state, inspect(event)));
    // The answer to the refresh repeats the refresh token.
    await shop.backend.expireAccessTokens();
    await shop.backend.revokeRefreshTokens();
    await shop.getUser(session);
    await session.signIn(ben);
    await session.signInAgent(agent);
    session.signOut();
    await session.settled();
    said.push(
      told,
      session,
      shop.calls.map(({ url }) => url),
    );
    said.push(
      shop.backend.journal.map(({ path, query, headers }) => [path, query, headers.referer]),
    );
    const all = inspect(said, { depth: 10, showHidden: true, maxArrayLength: null });
    assert.ok(all.includes("owner: 'agent'") && all.includes('already-invalid'));
    for (const secret of [...(await tokens(shop)), ...passwords]) {
      assert.equal(all.includes(secret), false);
    }
  });

  test('R28: the stored snapshots hold no password', async () => {
    const storage = new Notebook();
    const shop = storefront();
    const session = await shop.openCustomer({ storage, persistRefreshToken: true });
    await session.signInAgent(agent);
    assert.equal(storage.saves.length, 2);
    for (const password of passwords) assert.equal(storage.saves.join().includes(password), false);
  });

  test('R28: the event of a refused revocation does not repeat a token from the answer', async () => {
    const { fetch } = scriptedFetch(
      ({ form }) =>
        new Response(`{"error_description":"${form.token}"}`, {
          status: 400,
          statusText: form.token,
        }),
    );
    const session = await storefront().openCustomer({ fetch });
    const seen = details(session, 'revocation');
    session.signOut();
    await session.settled();
    assert.deepEqual(seen, [
      { owner: 'customer', token: 'refresh_token', outcome: 'rejected', status: 400 },
      { owner: 'customer', token: 'access_token', outcome: 'rejected', status: 400 },
    ]);
  });
});
