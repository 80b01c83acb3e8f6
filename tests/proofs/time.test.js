// Unreliable clocks: clocks that are set back and forth, impossible lifetimes, a laptop that slept.
// The session stays usable, requests no token that it does not need, and revokes those that it has.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline/promises';
import process from 'node:process';
import { after, before, describe, mock, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { createSession } from 'occ-session';
import {
  agent,
  anna,
  annaId,
  benId,
  idle,
  limit,
  revokePath,
  scriptedFetch,
  tokenPath,
  tokenResponse,
} from '../node/storefront.js';

/** @typedef {import('occ-session').Session} Session */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Checks that every state of a session has a valid time, or none. @param {Session} session */
function watchExpiry(session) {
  session.addEventListener('change', () => {
    const { expiresAt } = session.state;
    assert.ok(expiresAt === null || (expiresAt > 0 && expiresAt < 8.64e15), `${expiresAt}`);
  });
}

describe('a clock that is set while a session lives', { timeout: 120_000 }, () => {
  /**
   * The back end is a process of its own, so its clock is right.
   *
   * @type {import('node:child_process').ChildProcess}
   */
  let server;
  let url = '';
  let offset = 0;
  const { now } = Date;

  before(async () => {
    const main = fileURLToPath(new URL('../../web/backend/main.js', import.meta.url));
    server = spawn(process.execPath, [main], {
      env: { ...process.env, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface({
      input: /** @type {import('node:stream').Readable} */ (server.stdout),
    });
    for await (const line of lines) {
      url = /listens at (\S+)/.exec(line)?.[1] ?? '';
      if (url) break;
    }
    mock.method(Date, 'now', () => now() + offset);
  });

  after(() => {
    mock.reset();
    server.kill();
  });

  /** @param {string} path @param {string} [method] @param {object} [body] */
  const dev = async (path, method = 'GET', body) =>
    (await fetch(`${url}/dev/${path}`, { method, body: body && JSON.stringify(body) })).json();

  /**
   * The steps of a session with every kind of event.
   *
   * @type {[string, (session: Session) => unknown][]}
   */
  const steps = [
    ['a customer signs in', (session) => session.signIn(anna)],
    ['a request is sent', (session) => user(session)],
    [
      'a request meets a token that has expired',
      async (session) => {
        await dev('expire', 'POST', {});
        await user(session);
      },
    ],
    [
      'an agent signs in over the customer',
      (session) => session.signInAgent(agent, { customerId: annaId }),
    ],
    ['another customer is emulated', (session) => session.emulate(benId)],
    ['the emulated customer signs out', (session) => session.signOut()],
    ['the agent signs out', (session) => session.signOutAgent()],
    ['the revocations settle', (session) => session.settled()],
  ];

  async function open() {
    const session = await createSession({
      baseUrl: url,
      clientId: 'mobile_android',
      clientSecret: 'secret',
      storage: 'memory',
    });
    watchExpiry(session);
    return session;
  }

  /** @param {Session} session */
  async function user(session) {
    const response = await session.fetch(`${url}/occ/v2/shop/users/${session.state.userId}`);
    assert.equal(response.status, 200);
  }

  /** The requests that the server received, whatever the clock of the page says. */
  const requests = ['password', 'GET 200', 'GET 401', 'refresh_token', 'GET 200', 'password'];
  /** The revocations of two grants at once. This server ends a grant with its refresh token. */
  const revocations = [
    ...['access_token 401', 'access_token 401'],
    ...['refresh_token 200', 'refresh_token 200'],
  ];

  /** The number of the two grants that have expired by the clock when they are revoked, by the step
   * before which it is set forward: each is refreshed for that (R30). */
  const over = [0, 0, 0, 1, 2, 2, 2, 0];

  for (const [name, jump] of /** @type {const} */ ([
    ['forth by a day', DAY],
    ['back by a day', -DAY],
  ])) {
    for (const [at, [when]] of steps.entries()) {
      test(`a clock set ${name}, before ${when}: the user and the server see no difference`, async () => {
        offset = 0;
        await dev('journal', 'DELETE');
        const session = await open();
        for (const [i, [, step]] of steps.entries()) {
          if (i === at) offset = jump;
          await step(session);
        }
        assert.equal(session.state.phase, 'anonymous');
        assert.equal(session.authorization(), undefined);
        const journal =
          /** @type {{ path: string, method: string, status: number, form?: Record<string, string> }[]} */ (
            await dev('journal')
          );
        const received = journal
          .filter(({ path }) => !path.startsWith('/dev/'))
          .map(({ path, method, status, form }) =>
            path === tokenPath
              ? form?.grant_type
              : `${path === revokePath ? form?.token_type_hint : method} ${status}`,
          );
        assert.deepEqual(received.slice(0, requests.length), requests);
        const refreshes = Array(jump > 0 ? over[at] : 0).fill('refresh_token');
        assert.deepEqual(
          received.slice(requests.length).sort(),
          [...revocations, ...refreshes].sort(),
        );
        session.close();
      });
    }
  }

  test('a clock set back and forth at every step: the user and the server see no difference', async (t) => {
    t.diagnostic(
      `proof: a clock that is set back or forth by a day: ${2 * steps.length} sessions of ${steps.length} steps`,
    );
    const session = await open();
    for (const [i, [, step]] of steps.entries()) {
      offset = i % 2 ? DAY : -DAY;
      await step(session);
    }
    assert.equal(session.state.revoking, 0);
    const tokens = /** @type {{ active: boolean, label: string }[]} */ (await dev('tokens'));
    assert.deepEqual(
      tokens.filter(({ active, label }) => active && !label.startsWith('client')),
      [],
    );
    session.close();
  });
});

describe('a life time that makes no sense', limit, () => {
  const start = Date.UTC(2030, 0, 1);
  /**
   * The values of `expires_in`, the expiry, and the refreshes in 30 days.
   *
   * @type {[json: string | undefined, expiresAt: number | null, refreshes: number][]}
   */
  const lifetimes = [
    ['0', start, 0],
    ['-1', null, 0],
    ['-1e308', null, 0],
    [undefined, null, 0],
    ['1e308', null, 0],
    ['1e400', null, 0],
    ['1e-308', start, 0],
    ['0.5', start + 500, 0],
    ['59', start + 59_000, 0],
    ['60', start + 60_000, 1],
    ['1e10', start + 1e13, 0],
    ['10000000001', null, 0],
    ['null', null, 0],
    ['true', null, 0],
    ['"3600"', start + 3_600_000, 1],
    ['"NaN"', null, 0],
    ['[]', null, 0],
    ['{}', null, 0],
  ];
  for (const [json, expiresAt, refreshes] of lifetimes) {
    test(`expires_in ${json ?? 'absent'}: the session lives, and its token is revoked`, async (t) => {
      mock.timers.enable({ apis: ['setTimeout', 'Date'], now: start });
      t.after(() => mock.timers.reset());
      /** @type {string[]} */
      const asked = [];
      const fetch = async (/** @type {unknown} */ _url, /** @type {RequestInit} */ { body }) => {
        const form = new URLSearchParams(String(body));
        asked.push(form.get('grant_type') ?? `revoke ${form.get('token')}`);
        const tokens = '"access_token":"a","token_type":"bearer","refresh_token":"r"';
        return new Response(`{${tokens}${json === undefined ? '' : `,"expires_in":${json}`}}`);
      };
      const session = await createSession({
        baseUrl: 'https://api.shop.example',
        clientId: 'shop',
        storage: 'memory',
        fetch: /** @type {typeof globalThis.fetch} */ (fetch),
      });
      watchExpiry(session);
      await session.signIn(anna);
      assert.equal(session.state.expiresAt, expiresAt);
      // The server's answers have no more refreshes after that: the clock goes on for a month.
      mock.timers.tick(30 * DAY);
      await idle();
      assert.deepEqual(asked, ['password', ...Array(refreshes).fill('refresh_token')]);
      assert.equal(session.state.phase, 'customer');
      assert.equal(session.authorization(), 'Bearer a');
      session.signOut();
      await session.settled();
      // A token that has expired by then is refreshed for its revocation (R30).
      const isOver = refreshes === 0 && expiresAt !== null && expiresAt <= Date.now();
      const revocation = ['revoke r', 'revoke a'];
      assert.deepEqual(
        asked.slice(1 + refreshes),
        isOver ? ['refresh_token', ...revocation] : revocation,
      );
      session.close();
    });
  }

  test('every impossible lifetime was tried', (t) => {
    t.diagnostic(`proof: life times that make no sense: ${lifetimes.length} values of expires_in`);
    assert.ok(lifetimes.length > 0);
  });
});

describe('a laptop that slept', limit, () => {
  const url = 'https://api.shop.example/occ/v2/shop/users/current';
  const start = Date.UTC(2030, 0, 1);

  /**
   * Signs a customer in, whose laptop then sleeps for this time.
   *
   * @param {import('node:test').TestContext} t
   * @param {number} ms
   */
  async function asleep(t, ms) {
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: start });
    t.after(() => mock.timers.reset());
    let refreshed = 0;
    const { fetch, asked } = scriptedFetch(({ form }) =>
      form.grant_type
        ? tokenResponse({ access: `refreshed-${++refreshed}`, refresh: 'r' })
        : new Response(null),
    );
    const session = await createSession({
      baseUrl: 'https://api.shop.example',
      clientId: 'shop',
      storage: 'memory',
      fetch: (input, init) => {
        if (!(input instanceof Request)) return fetch(input, init);
        const dead = input.headers.get('authorization') === 'Bearer access-1';
        const headers = { 'www-authenticate': 'Bearer error="invalid_token"' };
        return Promise.resolve(new Response(null, dead ? { status: 401, headers } : {}));
      },
    });
    await session.signIn(anna);
    // Nothing runs during sleep: the clock is late, and so are the timers.
    mock.timers.setTime(start + ms);
    return {
      session,
      asked: () => asked.map(({ form }) => form.grant_type ?? form.token_type_hint),
    };
  }

  test('R19: a laptop that wakes up to a request refreshes once, and not again at its timers', async (t) => {
    const { session, asked } = await asleep(t, 8 * HOUR);
    assert.equal((await session.fetch(url)).status, 200);
    assert.equal(session.authorization(), 'Bearer refreshed-1');
    mock.timers.tick(1);
    await idle();
    assert.deepEqual(asked(), ['password', 'refresh_token']);
  });

  test('a laptop that wakes up to its timers refreshes once, and the session goes on', async (t) => {
    const { session, asked } = await asleep(t, 8 * HOUR);
    mock.timers.tick(HOUR);
    await idle();
    assert.deepEqual(asked(), ['password', 'refresh_token']);
    assert.equal(session.authorization(), 'Bearer refreshed-1');
    assert.equal((await session.fetch(url)).status, 200);
  });

  test('R1, R30: a laptop that wakes up to a sign-out refreshes the tokens for it, and revokes them', async (t) => {
    const { session, asked } = await asleep(t, 30 * DAY);
    session.signOut();
    assert.equal(session.state.phase, 'anonymous');
    await session.settled();
    assert.deepEqual(asked(), ['password', 'refresh_token', 'refresh_token', 'access_token']);
  });
});
