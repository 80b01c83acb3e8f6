// The public API: errors, the state object, signals, close, and failing storage.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import {
  agent,
  anna,
  annaId,
  ben,
  deadAnswer,
  failureOf,
  idle,
  limit,
  Notebook,
  phases,
  revokePath,
  runProgram,
  scriptedFetch,
  standIn,
  standInWindow,
  tokenResponse,
  useStorefront,
} from './storefront.js';
import { startBackend } from '../../web/backend/index.js';

const storefront = useStorefront();

describe('signing in', limit, () => {
  test('wrong credentials, and credentials that are not strings, are rejected with invalid-credentials', async () => {
    const shop = storefront();
    const session = await shop.open();
    await assert.rejects(session.signIn({ ...anna, password: 'wrong' }), {
      name: 'SessionError',
      code: 'invalid-credentials',
    });
    const calls = shop.calls.length;
    /** @type {[any, string][]} */
    const bad = [
      [undefined, 'username must be a string of 1 to 1024 bytes'],
      [{ username: '', password: 'x' }, 'username must be a string of 1 to 1024 bytes'],
      [{ username: 'x' }, 'password must be a string of 1 to 1024 bytes'],
      [{ username: 'x', password: 7 }, 'password must be a string of 1 to 1024 bytes'],
      [{ username: 'x'.repeat(1025), password: 'x' }, '1024 bytes'],
      [{ username: 'x', password: 'x'.repeat(80_000) }, '1024 bytes'],
    ];
    for (const [credentials, message] of bad) {
      const error = await failureOf(session.signIn(credentials));
      assert.equal(error.code, 'invalid-credentials');
      assert.ok(error.message.includes(message), error.message);
    }
    assert.equal(shop.calls.length, calls);
    assert.equal(session.state.phase, 'anonymous');
    assert.equal(shop.asked().length, 1);
  });

  test('a refused client id or secret is rejected with invalid-options', async () => {
    const session = await storefront().open({ clientSecret: 'wrong' });
    await assert.rejects(session.signIn(anna), {
      code: 'invalid-options',
      message: /clientId/,
    });
  });

  test('R28: the error of a failed sign-in names the URL without its query and the status, and repeats nothing from the response', async () => {
    const shop = storefront();
    const { url } = shop.backend;
    const path = '/authorizationserver/oauth/token';
    const closed = await startBackend();
    await closed.close();
    /** @type {[options: object, code: string, message: string][]} */
    const failures = [
      [
        { baseUrl: `${url}/occ/v2` },
        'unexpected-response',
        `unexpected response: ${url}/occ/v2${path} (404)`,
      ],
      [
        { baseUrl: closed.url },
        'unreachable',
        `unreachable: ${closed.url}${path} (no readable answer)`,
      ],
      [
        { baseUrl: url.replace('http', 'https') },
        'unreachable',
        `unreachable: ${url.replace('http', 'https')}${path} (no readable answer)`,
      ],
      [
        { endpoints: { token: `${url}/login.jsp?trace=secret` } },
        'unexpected-response',
        `unexpected response: ${url}/login.jsp (200)`,
      ],
      [
        { clientSecret: 'wrong' },
        'invalid-options',
        `the back end refused clientId, clientSecret or scope: ${url}${path} (401)`,
      ],
    ];
    for (const [options, code, message] of failures) {
      const session = await shop.open(options);
      const error = await failureOf(session.signIn(anna));
      assert.deepEqual([error.code, error.message], [code, message]);
    }
    /** @type {[answer: import('../../web/backend/behaviour.js').Answer, message: string][]} */
    const answers = [
      [503, `server error: ${url}${path} (503)`],
      ['redirect', `unexpected response: ${url}${path} (302)`],
      ['garbage', `unexpected response: ${url}${path} (200)`],
      ['drop', `unreachable: ${url}${path} (no readable answer)`],
    ];
    const session = await shop.open();
    for (const [answer, message] of answers) {
      shop.backend.set({ token: { answer, times: 1 } });
      assert.equal((await failureOf(session.signIn(anna))).message, message);
    }
    const wrong = await failureOf(session.signIn({ ...anna, password: 'wrong' }));
    assert.equal(wrong.message, `invalid credentials: ${url}${path} (400)`);
    shop.backend.set({ token: { answer: 'hold', times: 1 } });
    const cancelled = failureOf(session.signIn(anna));
    await shop.held();
    session.signOut();
    assert.equal((await cancelled).message, 'cancelled');
  });

  test('a call that the current state does not allow is refused, and nothing is sent', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    const { calls } = shop;
    await assert.rejects(session.signIn(ben), {
      code: 'already-signed-in',
      message: 'already signed in',
    });
    assert.throws(() => session.emulate(annaId), { name: 'SessionError', code: 'no-agent' });
    assert.equal(calls.length, 1);
    await session.signInAgent(agent);
    await assert.rejects(session.signIn(anna), { code: 'agent-signed-in' });
    await assert.rejects(session.signInAgent(agent), { code: 'already-signed-in' });
    for (const id of /** @type {any[]} */ (['', 'x'.repeat(257), 7, undefined])) {
      assert.throws(() => session.emulate(id), /customerId/);
    }
    assert.equal(calls.length, 2);
    assert.equal(session.state.phase, 'agent');
  });

  test('a token over 8 KiB, or a response over 64 KiB, is rejected with token-too-large; a token of 8 KiB is accepted', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    for (const tokenLength of [8193, 100_000]) {
      shop.backend.set({ tokenLength });
      await assert.rejects(session.signInAgent(agent), { code: 'token-too-large' });
      assert.equal(session.state.phase, 'customer');
      assert.equal((await shop.getUser(session)).uid, anna.username);
    }
    session.signOut();
    await session.settled();
    shop.backend.set({ tokenLength: 8192 });
    await session.signIn(anna);
    assert.equal((await shop.getUser(session)).uid, anna.username);
    session.signOut();
    await session.settled();
    const alive = await shop.alive();
    assert.deepEqual(
      alive.filter((label) => label.startsWith('customer')),
      [],
    );
  });

  test('a token response of 64 KiB is accepted, and one byte more is rejected with token-too-large', async () => {
    const fill = (/** @type {number} */ length) =>
      '{"access_token":"a","token_type":"bearer"}'.padEnd(length);
    const fits = await storefront().openCustomer({ fetch: async () => new Response(fill(65_536)) });
    assert.equal(fits.authorization(), 'Bearer a');
    let cancelled = false;
    const tooLarge = () =>
      new ReadableStream({
        start: (stream) => stream.enqueue(new TextEncoder().encode(fill(65_537))),
        cancel() {
          cancelled = true;
          throw new Error('too late');
        },
      });
    const session = await storefront().open({ fetch: async () => new Response(tooLarge()) });
    await assert.rejects(session.signIn(anna), { code: 'token-too-large' });
    assert.equal(cancelled, true);
    assert.equal(session.state.phase, 'anonymous');
  });

  test('a response that is not a token response is rejected with unexpected-response', async () => {
    for (const body of [
      null,
      '{}',
      '[]',
      '"x"',
      '',
      '{"access_token":7}',
      '{"access_token":"a\\nb","token_type":"bearer"}',
    ]) {
      const session = await storefront().open({ fetch: async () => new Response(body) });
      await assert.rejects(session.signIn(anna), { code: 'unexpected-response' }, `${body}`);
      assert.equal(session.state.phase, 'anonymous');
    }
  });

  test('a sign-in that another one supersedes is cancelled', async () => {
    const shop = storefront();
    shop.backend.set({ token: { answer: 'hold', times: 1 } });
    const session = await shop.open();
    const first = assert.rejects(session.signIn(anna), { code: 'cancelled' });
    await shop.held();
    await session.signIn(ben);
    await first;
    assert.equal((await shop.getUser(session)).uid, ben.username);
  });

  test("the caller's signal cancels a sign-in, before it is sent and after", async () => {
    const shop = storefront();
    const session = await shop.open();
    const aborted = session.signIn(anna, { signal: AbortSignal.abort() });
    await assert.rejects(aborted, { name: 'SessionError', code: 'cancelled' });
    assert.deepEqual(shop.calls, []);
    shop.backend.set({ token: { answer: 'hold' } });
    const abort = new AbortController();
    const pending = session.signIn(anna, { signal: abort.signal });
    await shop.held();
    abort.abort();
    assert.equal(session.state.phase, 'anonymous');
    await assert.rejects(pending, { code: 'cancelled' });
  });

  test("the caller's signal, aborted in the change event of a sign-in, cancels the sign-in, and its token is revoked", async () => {
    const shop = storefront();
    const session = await shop.open();
    const abort = new AbortController();
    session.addEventListener('change', () => abort.abort());
    const pending = session.signIn(anna, { signal: abort.signal });
    assert.equal(session.state.phase, 'anonymous');
    await assert.rejects(pending, { code: 'cancelled' });
    await shop.backend.waitFor(({ path, status }) => path === revokePath && !!status, 2);
    assert.deepEqual(await shop.revoked(), ['customer #1 refresh', 'customer #1 access']);
    assert.deepEqual(await shop.alive(), []);
    assert.equal(session.authorization(), undefined);
  });

  test('a customerId that is not a string is rejected with a TypeError, and nothing is sent', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    const { state } = session;
    for (const customerId of /** @type {any[]} */ ([7, null, {}, ['0001']])) {
      await assert.rejects(session.signInAgent(agent, { customerId }), {
        name: 'TypeError',
        message: /customerId/,
      });
    }
    assert.equal(shop.calls.length, 1);
    assert.equal(session.state, state);
  });

  test('an argument of the wrong type is rejected with a TypeError that names it, and leaves nothing behind', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    const { state } = session;
    const { signal } = new AbortController();
    /** @type {any} */
    const methods = session;
    /** @type {[method: string, parameters: unknown[], begins: string][]} */
    const wrong = [
      ['signIn', [anna, { signal: new AbortController() }], 'signal'],
      ['signIn', [anna, { signal: 'x' }], 'signal'],
      ['signIn', [anna, signal], 'options'],
      ['signIn', [anna, null], 'options'],
      ['signIn', [anna, { signl: signal }], 'signl'],
      ['signIn', [anna, { signal, customerId: annaId }], 'customerId'],
      ['signIn', [{ ...anna, signal }], 'signal'],
      ['signIn', [{ ...anna, scope: 'basic' }], 'scope'],
      ['signInAgent', [agent, { signal, customerID: annaId }], 'customerID'],
      ['signInAgent', [agent, { signal, customerId: 7 }], 'customerId'],
      ['signInAgent', [agent, { signal: {} }], 'signal'],
      ['signInAgent', [{ ...agent, customerId: annaId }, { signal }], 'customerId'],
      ['settled', [{ signal: new AbortController() }], 'signal'],
      ['settled', [{ timeout: 10 }], 'timeout'],
      ['settled', [signal], 'options'],
      ['settled', [7], 'options'],
      ['renew', [undefined, deadAnswer(), { signal }], 'rejected'],
      ['renew', [null, deadAnswer(), { signal }], 'rejected'],
      ['renew', [{}, deadAnswer(), { signal }], 'rejected'],
      ['renew', ['Bearer x', undefined, { signal }], 'status'],
      ['renew', ['Bearer x', 'https://api.shop.example/occ/', { signal }], 'status'],
      ['renew', ['Bearer x', { status: '401' }, { signal }], 'status'],
      ['renew', ['Bearer x', deadAnswer(), { signal: new AbortController() }], 'signal'],
      ['renew', ['Bearer x', deadAnswer(), { signal, url: 7 }], 'url'],
      ['renew', ['Bearer x', deadAnswer(), { signal, method: 7 }], 'method'],
    ];
    for (const [method, parameters, begins] of wrong) {
      const error = await failureOf(methods[method](...parameters));
      const what = `${method} ${begins}: ${error}`;
      assert.ok(error instanceof TypeError, what);
      assert.ok(error.message.startsWith(`${begins} must be `), what);
    }
    for (const customerId of [undefined, '', 7, 'x'.repeat(257)]) {
      assert.throws(() => methods.emulate(customerId), /^TypeError: customerId must be /);
    }
    assert.deepEqual(getEventListeners(signal, 'abort'), []);
    assert.equal(shop.calls.length, 1);
    assert.equal(session.state, state);
  });

  test('a signal that aborts after the sign-in has completed changes nothing', async () => {
    const session = await storefront().open();
    const abort = new AbortController();
    await session.signIn(anna, { signal: abort.signal });
    assert.deepEqual(getEventListeners(abort.signal, 'abort'), []);
    abort.abort();
    assert.equal(session.state.phase, 'customer');
  });
});

describe('the state', limit, () => {
  test('the state is a frozen object, and the same one until something in it changes', async () => {
    const session = await storefront().open();
    const before = session.state;
    assert.deepEqual(before, {
      phase: 'anonymous',
      userId: 'anonymous',
      signedIn: false,
      agentSignedIn: false,
      emulating: false,
      expiresAt: null,
      revoking: 0,
    });
    assert.ok(Object.isFrozen(before));
    session.signOut();
    session.authorization();
    assert.equal(session.state, before);
    const seen = phases(session);
    await session.signIn(anna);
    assert.deepEqual(seen, ['customer-signing-in', 'customer']);
    const { expiresAt, ...customer } = session.state;
    assert.deepEqual(customer, {
      phase: 'customer',
      userId: 'current',
      signedIn: true,
      agentSignedIn: false,
      emulating: false,
      revoking: 0,
    });
    assert.ok(Object.isFrozen(session.state));
    assert.equal(session.state, session.state);
    assert.equal(before.phase, 'anonymous');
    assert.equal(typeof expiresAt, 'number');
  });

  test('the state tells when the access token expires, if the server has said so', async (t) => {
    t.mock.method(Date, 'now', () => 1_900_000_000_000);
    const { fetch } = scriptedFetch(() => new Response());
    const session = await storefront().openCustomer({ fetch });
    assert.equal(session.state.expiresAt, 1_900_003_600_000);
    const other = await storefront().openCustomer({
      fetch: async () => Response.json({ access_token: 'a', token_type: 'Bearer' }),
    });
    assert.equal(other.state.expiresAt, null);
    assert.equal(other.authorization(), 'Bearer a');
  });

  test('the state of an agent and of an emulation names the user id and both flags', async () => {
    const session = await storefront().openAgent();
    const agentState = { ...session.state, expiresAt: null };
    assert.deepEqual(agentState, {
      phase: 'agent',
      userId: 'anonymous',
      signedIn: false,
      agentSignedIn: true,
      emulating: false,
      expiresAt: null,
      revoking: 0,
    });
    session.emulate('kunde/1 ü');
    const emulation = { ...session.state, expiresAt: null };
    assert.deepEqual(emulation, {
      phase: 'emulating',
      userId: 'kunde/1 ü',
      signedIn: true,
      agentSignedIn: true,
      emulating: true,
      expiresAt: null,
      revoking: 0,
    });
  });

  test('the state of an emulation of the id anonymous is that of any emulation', async () => {
    const session = await storefront().openAgent();
    session.emulate('anonymous');
    const { phase, userId, signedIn, emulating } = session.state;
    assert.deepEqual(
      { phase, userId, signedIn, emulating },
      { phase: 'emulating', userId: 'anonymous', signedIn: true, emulating: true },
    );
  });

  test('an exception thrown by a listener does not disturb the session', async (t) => {
    /** @type {unknown[]} */
    const thrown = [];
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => thrown.push(error));
    t.after(() => {
      process.removeAllListeners('uncaughtException');
      for (const listener of listeners) process.on('uncaughtException', listener);
    });
    const shop = storefront();
    const session = await shop.openCustomer();
    session.addEventListener('change', () => {
      throw new Error('of the page');
    });
    session.signOut();
    await session.settled();
    assert.deepEqual(await shop.revoked(), ['customer #1 refresh', 'customer #1 access']);
    await idle();
    assert.equal(thrown.length, 3);
  });
});

describe('the end of a session', limit, () => {
  test('close rejects the sign-in that is pending, and leaves tokens and storage alone', async () => {
    const shop = storefront();
    const storage = new Notebook();
    const session = await shop.openCustomer({ storage });
    const stored = storage.text;
    shop.backend.set({ token: { answer: 'hold' } });
    const pending = assert.rejects(session.signInAgent(agent), { code: 'closed' });
    await shop.held();
    session.close();
    session.close();
    await pending;
    shop.backend.release();
    await shop.backend.waitFor(({ path, status }) => path.endsWith('/token') && status === 200, 2);
    await idle();
    assert.equal(storage.text, stored);
    assert.deepEqual(await shop.revoked(), []);
    assert.equal((await shop.open({ storage })).state.phase, 'customer');
  });

  test('a session closed in the change event of a sign-in notifies once, and the sign-in resolves', async () => {
    const session = await storefront().open({
      fetch: async () => tokenResponse({ access: 'a', refresh: 'r' }),
    });
    let changes = 0;
    session.addEventListener('change', () => {
      changes++;
      if (session.state.phase === 'customer') session.close();
    });
    await session.signIn(anna);
    assert.equal(session.state.phase, 'anonymous');
    // The sign-in begins, completes, and the session is closed.
    assert.equal(changes, 3);
    session.close();
    assert.equal(changes, 3);
  });

  test('close removes the listeners from the window', async (t) => {
    const page = standInWindow(t);
    const session = await storefront().open();
    const count = () =>
      ['pagehide', 'pageshow', 'storage'].map((type) => getEventListeners(page, type).length);
    assert.deepEqual(count(), [1, 1, 1]);
    session.close();
    assert.deepEqual(count(), [0, 0, 0]);
  });

  test('a session works with numeric timers, as in a browser, while a restored token is to expire', async (t) => {
    const { setTimeout } = globalThis;
    standIn(t, 'setTimeout', {
      value: (/** @type {() => void} */ act, /** @type {number} */ wait) =>
        Number(setTimeout(act, wait)),
    });
    let granted = 0;
    const session = await storefront().openTakenOver({
      fetch: async () => tokenResponse({ access: `a${++granted}`, refresh: `r${granted}` }),
    });
    session.signOutAgent();
    await session.settled();
    assert.equal(session.state.phase, 'customer');
    session.close();
  });

  test('a pending revocation keeps the process alive, and a token that is to expire does not', async (t) => {
    const { setTimeout } = globalThis;
    /** The timer for the end of the token. @type {NodeJS.Timeout | undefined} */
    let alarm;
    standIn(t, 'setTimeout', {
      value: (/** @type {() => void} */ act, /** @type {number} */ wait) => {
        const timer = setTimeout(act, wait);
        if (wait > 60_000) alarm = timer;
        return timer;
      },
    });
    const shop = storefront();
    const session = await shop.openTakenOver();
    assert.equal(alarm?.hasRef(), false);
    shop.backend.set({ revoke: { answer: 'hold', only: 'access_token' } });
    session.signOutAgent();
    await shop.held();
    assert.equal(session.state.phase, 'customer');
    assert.equal(session.state.revoking, 1);
    assert.equal(alarm?.hasRef(), true);
    shop.backend.release();
    await session.settled();
    assert.equal(alarm?.hasRef(), false);
  });

  test('close aborts a pending token request, and no revocation', async () => {
    const never = () => new Promise(() => {});
    const { fetch, asked } = scriptedFetch(never);
    const session = await storefront().openCustomer({ fetch });
    session.signOut();
    session.close();
    const revocations = asked.slice(1);
    assert.deepEqual(
      revocations.map(({ form, init }) => [form.token_type_hint, init.signal?.aborted]),
      [
        ['refresh_token', false],
        ['access_token', false],
      ],
    );

    /** @type {(AbortSignal | null | undefined)[]} */
    const signals = [];
    const other = await storefront().open({
      fetch: (_url, init) => {
        signals.push(init?.signal);
        return /** @type {Promise<Response>} */ (never());
      },
    });
    const pending = assert.rejects(other.signIn(anna), { code: 'closed' });
    assert.deepEqual(
      signals.map((signal) => signal?.aborted),
      [false],
    );
    other.close();
    await pending;
    assert.deepEqual(
      signals.map((signal) => signal?.aborted),
      [true],
    );
  });

  test('a closed session rejects sign-ins and requests with closed, and sends nothing', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    session.close();
    const calls = shop.calls.length;
    assert.equal(await session.signOut(), undefined);
    assert.equal(await session.signOutAgent(), undefined);
    assert.equal(await session.settled(), undefined);
    assert.equal(session.authorization(), undefined);
    assert.equal(await session.renew('Bearer x', deadAnswer()), undefined);
    await assert.rejects(session.signIn(anna), { name: 'SessionError', code: 'closed' });
    await assert.rejects(session.signInAgent(agent), { code: 'closed' });
    await assert.rejects(session.fetch(`${shop.backend.url}/occ/v2/x`), { code: 'closed' });
    assert.throws(() => session.emulate(annaId), { code: 'closed' });
    assert.equal(shop.calls.length, calls);
  });

  test('a program that only holds a session exits by itself', async () => {
    const phase = await runProgram(
      async (baseUrl, credentials) => {
        const { createSession } = await import('occ-session');
        const session = await createSession({
          baseUrl,
          clientId: 'mobile_android',
          clientSecret: 'secret',
        });
        await session.signIn(credentials);
        return session.state.phase;
      },
      storefront().backend.url,
      anna,
    );
    assert.equal(phase, 'customer');
  });

  test('a program that holds the session of a restored customer exits by itself', async () => {
    const phase = await runProgram(
      async (baseUrl, customer, support) => {
        const { createSession } = await import('occ-session');
        const session = await createSession({
          baseUrl,
          clientId: 'mobile_android',
          clientSecret: 'secret',
        });
        await session.signIn(customer);
        await session.signInAgent(support, { customerId: '0001' });
        await session.signOutAgent();
        return session.state.phase;
      },
      storefront().backend.url,
      anna,
      agent,
    );
    assert.equal(phase, 'customer');
  });

  test('leaving the block of a `using` declaration closes the session', async () => {
    const session = await storefront().openCustomer();
    /** @type {any} */ (session)[/** @type {any} */ (Symbol).dispose]();
    assert.equal(session.authorization(), undefined);
    await assert.rejects(session.signIn(anna), { code: 'closed' });
  });

  test('without Symbol.dispose a session has no dispose method, and works otherwise', async (t) => {
    const { dispose } = /** @type {any} */ (Symbol);
    standIn(t, 'Symbol', { value: Object.create(Symbol, { dispose: { value: undefined } }) });
    const entry = import.meta.resolve('occ-session');
    const older = await import(String(new URL(`index.js?${crypto.randomUUID()}`, entry)));
    const session = await older.createSession({
      baseUrl: 'https://api.shop.example',
      clientId: 'mobile_android',
      wasm: await readFile(new URL('core.wasm', entry)),
    });
    assert.equal(session[dispose], undefined);
    for (const name of ['undefined', '']) assert.equal(name in session, false);
    session.close();
    await assert.rejects(session.signIn(anna), { code: 'closed' });
  });

  test("the caller's signal ends the wait for revocations, which go on", async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    shop.backend.set({ revoke: { answer: 'hold' } });
    session.signOut();
    await shop.held();
    assert.equal(await session.settled({ signal: AbortSignal.abort() }), undefined);
    const abort = new AbortController();
    const settled = session.settled({ signal: abort.signal });
    abort.abort();
    assert.equal(await settled, undefined);
    assert.deepEqual(getEventListeners(abort.signal, 'abort'), []);
    assert.equal(session.state.revoking, 2);
    shop.backend.resetBehaviour();
    shop.backend.release();
    await session.settled();
    assert.deepEqual(await shop.alive(), []);
  });

  test("the caller's signal ends the wait for a renewal, which goes on for others", async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    const rejected = session.authorization() ?? '';
    const aborted = { signal: AbortSignal.abort() };
    assert.equal(await session.renew(rejected, deadAnswer(), aborted), undefined);
    assert.deepEqual(shop.asked(), ['password']);
    shop.backend.set({ token: { answer: 'hold' } });
    const abort = new AbortController();
    const first = session.renew(rejected, deadAnswer(), { signal: abort.signal });
    const second = session.renew(rejected, deadAnswer());
    await shop.held();
    abort.abort();
    assert.equal(await first, undefined);
    shop.backend.release();
    assert.equal(await second, `Bearer ${await shop.token('customer #2 access')}`);
    assert.deepEqual(getEventListeners(abort.signal, 'abort'), []);
    assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
  });

  test('close ends the wait for revocations and for renewals', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    shop.backend.set({ revoke: { answer: 'hold' } });
    session.signOut();
    const settled = session.settled();
    await shop.held();
    session.close();
    assert.equal(await settled, undefined);

    const other = await shop.openCustomer();
    shop.backend.set({ token: { answer: 'hold' } });
    const renewed = other.renew(other.authorization() ?? '', deadAnswer());
    await shop.held(2);
    other.close();
    assert.equal(await renewed, undefined);
  });
});

describe('storage that fails', limit, () => {
  test("exceptions of the caller's own storage are tolerated: the session works without it", async () => {
    const shop = storefront();
    const session = await shop.openTakenOver({
      storage: {
        load() {
          throw new Error('blocked');
        },
        save() {
          throw new Error('full');
        },
      },
    });
    session.signOutAgent();
    assert.equal((await shop.getUser(session)).uid, anna.username);
    session.signOut();
    await session.settled();
    assert.deepEqual(await shop.alive(), []);
  });

  test("a value other than a string from the caller's own storage is ignored", async () => {
    for (const value of [undefined, 7, {}, Symbol('x'), Promise.resolve('x')]) {
      const storage = /** @type {any} */ ({ load: () => value, save() {} });
      assert.equal((await storefront().open({ storage })).state.phase, 'anonymous');
    }
  });

  for (const storage of /** @type {const} */ (['session', 'local'])) {
    test(`storage '${storage}' that the browser blocks is tolerated: the session works without it`, async (t) => {
      for (const name of ['localStorage', 'sessionStorage']) {
        standIn(t, name, {
          get() {
            throw new DOMException('The operation is insecure.', 'SecurityError');
          },
        });
      }
      const shop = storefront();
      const session = await shop.openCustomer({ storage });
      assert.equal((await shop.getUser(session)).uid, anna.username);
      session.signOut();
      await session.settled();
      assert.deepEqual(await shop.alive(), []);
    });
  }

  test('a full storage keeps nothing of the previous session', async (t) => {
    const items = new Map([['shop', 'what was there before']]);
    const full = {
      getItem: (/** @type {string} */ key) => items.get(key) ?? null,
      setItem() {
        throw new DOMException('full', 'QuotaExceededError');
      },
      removeItem: (/** @type {string} */ key) => items.delete(key),
    };
    standIn(t, 'sessionStorage', { value: full });
    const session = await storefront().openCustomer({
      storage: 'session',
      storageKey: 'shop',
      fetch: async () => tokenResponse({ access: 'a' }),
    });
    assert.equal(session.state.phase, 'customer');
    assert.equal(items.size, 0);
  });
});
