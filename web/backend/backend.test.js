// The development back end behaves as configured: every other test relies on it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { after, afterEach, before, describe, test } from 'node:test';
import { accounts, startBackend } from './index.js';

/**
 * The limit of a suite: an unanswered request must not block the runner, nor a slow machine fail.
 */
const limit = { timeout: 120_000 };

const tokenPath = '/authorizationserver/oauth/token';
const revokePath = '/authorizationserver/oauth/revoke';
const client = { client_id: 'mobile_android', client_secret: 'secret' };
const anna = { username: 'anna.keller@example.com', password: 'Welcome-1' };
const ben = { username: 'ben.okafor@example.com', password: 'Welcome-2' };
const agent = { username: 'asagent', password: 'Support-1' };

/** @type {import('./index.js').Backend} */
let backend;

before(async () => {
  backend = await startBackend();
});
afterEach(() => backend.reset());
after(() => backend.close());

/** @param {string} path @param {RequestInit} [init] */
const ask = (path, init) => fetch(backend.url + path, { redirect: 'manual', ...init });

/** @param {string} path @param {Record<string, string>} form @param {RequestInit} [init] */
const post = (path, form, init) =>
  ask(path, { method: 'POST', body: new URLSearchParams({ ...client, ...form }), ...init });

/** @param {Record<string, string>} form @param {RequestInit} [init] */
const askToken = (form, init) => post(tokenPath, form, init);

/** @param {{ username: string, password: string }} credentials */
async function signIn(credentials) {
  const response = await askToken({ grant_type: 'password', ...credentials });
  assert.equal(response.status, 200);
  return response.json();
}

/** @param {string} token */
const refresh = (token) => askToken({ grant_type: 'refresh_token', refresh_token: token });

/** @param {string} token @param {string} hint @param {string} [bearer] */
const revoke = (token, hint, bearer) =>
  post(
    revokePath,
    { token, token_type_hint: hint },
    bearer === undefined ? {} : { headers: { authorization: `bearer ${bearer}` } },
  );

/** @param {string} path @param {string} [bearer] */
const get = (path, bearer) =>
  ask(path, bearer === undefined ? {} : { headers: { authorization: `bearer ${bearer}` } });

/** @param {string} path @param {unknown} [body] @param {string} [method] */
const dev = (path, body, method = 'PUT') =>
  ask(`/dev/${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });

/** Resolves with whether the server accepts each token, by its label. */
async function lives() {
  return Object.fromEntries((await backend.tokens()).map(({ label, active }) => [label, active]));
}

describe('the token endpoint', limit, () => {
  test('a password grant is answered as SAP Commerce does', async () => {
    const response = await askToken({ grant_type: 'password', ...anna, scope: 'basic openid' });
    assert.equal(response.status, 200);
    const body = await response.json();
    assert.deepEqual(Object.keys(body), [
      ...['access_token', 'token_type', 'refresh_token', 'expires_in', 'scope'],
    ]);
    assert.equal(body.token_type, 'bearer');
    assert.equal(body.expires_in, 43_199);
    assert.equal(body.scope, 'basic openid');
    assert.equal(response.headers.get('cache-control'), 'no-store');
  });

  test('a token request without a scope gets the default scope', async () => {
    assert.equal((await signIn(anna)).scope, 'basic openid');
  });

  test('a wrong password is an invalid grant', async () => {
    for (const password of ['Welcome-2', '', 'welcome-1']) {
      const response = await askToken({ grant_type: 'password', ...anna, password });
      assert.equal(response.status, 400);
      assert.deepEqual(await response.json(), {
        error: 'invalid_grant',
        error_description: 'Bad credentials',
      });
    }
    assert.deepEqual(await backend.tokens(), []);
  });

  test('a user name and a password beyond ASCII arrive as they were typed', async () => {
    const chloe = accounts[2];
    assert.ok(chloe);
    assert.equal(chloe.password, ' %&+£€');
    const body =
      'grant_type=password&username=chlo%C3%A9.m%C3%BCller%40example.com' +
      '&password=+%25%26%2B%C2%A3%E2%82%AC&client_id=mobile_android&client_secret=secret';
    const response = await ask(tokenPath, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body,
    });
    assert.equal(response.status, 200);
    const { access_token: token } = await response.json();
    const user = await (await get('/occ/v2/shop/users/current', token)).json();
    assert.equal(user.uid, 'chloé.müller@example.com');
    assert.equal(backend.journal[0]?.body, body);
    assert.equal(backend.journal[0]?.form?.password, ' %&+£€');
  });

  test('a wrong client secret is an invalid client', async () => {
    const response = await askToken({
      grant_type: 'password',
      ...anna,
      client_secret: 'wrong',
    });
    assert.equal(response.status, 401);
    assert.equal((await response.json()).error, 'invalid_client');
  });

  test('both clients of the sample data get a token', async () => {
    const response = await askToken({ grant_type: 'password', ...agent, client_id: 'asm_client' });
    assert.equal(response.status, 200);
    assert.equal((await backend.tokens())[0]?.clientId, 'asm_client');
  });

  test('a refresh rotates, and the refresh token that was used is dead', async () => {
    const first = await signIn(anna);
    const second = await (await refresh(first.refresh_token)).json();
    assert.notEqual(second.access_token, first.access_token);
    assert.notEqual(second.refresh_token, first.refresh_token);
    assert.deepEqual(await lives(), {
      'customer #1 access': true,
      'customer #1 refresh': false,
      'customer #2 access': true,
      'customer #2 refresh': true,
    });
    const reused = await refresh(first.refresh_token);
    assert.equal(reused.status, 400);
    assert.deepEqual(await reused.json(), {
      error: 'invalid_grant',
      error_description: `Invalid refresh token: ${first.refresh_token}`,
    });
    // A reused refresh token ends the whole grant.
    assert.deepEqual(new Set(Object.values(await lives())), new Set([false]));
  });

  test('rotate off: a refresh returns the same refresh token', async () => {
    backend.set({ rotate: false });
    const first = await signIn(anna);
    const second = await (await refresh(first.refresh_token)).json();
    assert.equal(second.refresh_token, first.refresh_token);
    assert.equal((await refresh(first.refresh_token)).status, 200);
  });

  test('refreshTokens off: a sign-in returns no refresh token', async () => {
    backend.set({ refreshTokens: false });
    assert.equal('refresh_token' in (await signIn(anna)), false);
    assert.deepEqual(await lives(), { 'customer #1 access': true });
  });

  test('refreshTokens off: a refresh returns no new refresh token, and the old one stays valid', async () => {
    const { refresh_token: token } = await signIn(anna);
    backend.set({ refreshTokens: false });
    assert.equal('refresh_token' in (await (await refresh(token)).json()), false);
    assert.equal((await refresh(token)).status, 200);
  });

  test('a client can have a token of its own', async () => {
    const response = await askToken({ grant_type: 'client_credentials' });
    assert.equal(response.status, 200);
    const body = await response.json();
    assert.equal(body.token_type, 'bearer');
    assert.equal('refresh_token' in body, false);
    const [token] = await backend.tokens();
    assert.equal(token?.owner, 'client');
    assert.equal(token?.label, 'client #1 access');
    assert.equal(token?.username, null);
  });

  test('sameToken: a second sign-in gets the tokens that are still valid, with less time', async () => {
    backend.set({ sameToken: true });
    const first = await signIn(anna);
    const second = await signIn(anna);
    assert.equal(second.access_token, first.access_token);
    assert.equal(second.refresh_token, first.refresh_token);
    assert.ok(second.expires_in < first.expires_in);
    assert.equal(second.token_type, 'bearer');
    assert.notEqual((await signIn(ben)).access_token, first.access_token);
    const other = await askToken({ grant_type: 'password', ...anna, client_id: 'asm_client' });
    assert.notEqual((await other.json()).access_token, first.access_token);
    await revoke(first.access_token, 'access_token', first.access_token);
    assert.notEqual((await signIn(anna)).access_token, first.access_token);
  });

  test('sameToken: no refresh token of another sign-in is handed out', async () => {
    await signIn(anna);
    const second = await signIn(anna);
    backend.set({ sameToken: true, revocationEnds: 'token' });
    await revoke(second.refresh_token, 'refresh_token', second.access_token);
    const third = await signIn(anna);
    assert.equal(third.access_token, second.access_token);
    assert.equal('refresh_token' in third, false);
  });

  test('without sameToken every sign-in has tokens of its own', async () => {
    assert.notEqual((await signIn(anna)).access_token, (await signIn(anna)).access_token);
  });

  test('accessTokenSeconds sets how long a token lives', async () => {
    backend.set({ accessTokenSeconds: 60 });
    assert.equal((await signIn(anna)).expires_in, 59);
  });

  for (const [expiresIn, said] of /** @type {const} */ ([
    ['text', '43199'],
    ['none', undefined],
  ])) {
    test(`expiresIn ${expiresIn}: expires_in is ${JSON.stringify(said) ?? 'absent'}, also after a refresh`, async () => {
      backend.set({ expiresIn });
      const first = await signIn(anna);
      assert.equal(first.expires_in, said);
      const second = await (await refresh(first.refresh_token)).json();
      assert.equal(second.expires_in, said);
    });
  }

  for (const length of [16, 8192, 20_000]) {
    test(`a token of ${length} characters works everywhere`, async () => {
      backend.set({ tokenLength: length });
      const first = await signIn(anna);
      assert.equal(first.access_token.length, length);
      assert.equal(first.refresh_token.length, length);
      assert.equal((await get('/occ/v2/shop/users/current', first.access_token)).status, 200);
      const second = await (await refresh(first.refresh_token)).json();
      assert.equal(second.access_token.length, length);
      await revoke(second.refresh_token, 'refresh_token', second.access_token);
      assert.equal((await lives())['customer #2 refresh'], false);
      assert.equal(backend.received({ path: revokePath })[0]?.form?.token, second.refresh_token);
    });
  }
});

describe('the revocation endpoint', limit, () => {
  test('revoking either token ends the whole grant', async () => {
    for (const kind of ['access_token', 'refresh_token']) {
      backend.reset();
      const token = await signIn(anna);
      const response = await revoke(token[kind], kind, token.access_token);
      assert.equal(response.status, 200);
      assert.deepEqual(await lives(), {
        'customer #1 access': false,
        'customer #1 refresh': false,
      });
      assert.equal((await get('/occ/v2/shop/users/current', token.access_token)).status, 401);
      assert.equal((await refresh(token.refresh_token)).status, 400);
    }
  });

  test('revocationEnds token: a revocation ends only the named token', async () => {
    backend.set({ revocationEnds: 'token' });
    const token = await signIn(anna);
    await revoke(token.refresh_token, 'refresh_token', token.access_token);
    assert.deepEqual(await lives(), { 'customer #1 access': true, 'customer #1 refresh': false });
    await revoke(token.access_token, 'access_token', token.access_token);
    assert.deepEqual(await lives(), { 'customer #1 access': false, 'customer #1 refresh': false });
  });

  test('revocationEnds token: a refresh token outlives its access token', async () => {
    backend.set({ revocationEnds: 'token' });
    const token = await signIn(anna);
    await revoke(token.access_token, 'access_token', token.access_token);
    assert.deepEqual(await lives(), { 'customer #1 access': false, 'customer #1 refresh': true });
    assert.equal((await refresh(token.refresh_token)).status, 200);
  });

  test('a dead or missing bearer is refused, and nothing is revoked', async () => {
    const token = await signIn(anna);
    for (const bearer of [undefined, 'unknown']) {
      const response = await revoke(token.access_token, 'access_token', bearer);
      assert.equal(response.status, 401);
      assert.equal(response.headers.get('www-authenticate'), 'Bearer error="invalid_token"');
      assert.equal((await response.json()).error, 'invalid_token');
    }
    assert.equal((await lives())['customer #1 access'], true);
    await backend.expireAccessTokens();
    const late = await revoke(token.refresh_token, 'refresh_token', token.access_token);
    assert.equal(late.status, 401);
    assert.equal((await lives())['customer #1 refresh'], true);
  });

  test('bearerRequired off: a revocation works without a bearer and with a dead one', async () => {
    backend.set({ bearerRequired: false });
    const first = await signIn(anna);
    assert.equal((await revoke(first.access_token, 'access_token')).status, 200);
    const second = await signIn(anna);
    assert.equal((await revoke(second.access_token, 'access_token', 'dead')).status, 200);
    assert.deepEqual(new Set(Object.values(await lives())), new Set([false]));
  });

  test('the revocation of an unknown token succeeds', async () => {
    const { access_token: bearer } = await signIn(anna);
    assert.equal((await revoke('unknown', 'access_token', bearer)).status, 200);
    assert.equal((await lives())['customer #1 access'], true);
  });

  test("another client's token is not revoked", async () => {
    const token = await signIn(anna);
    const form = { token: token.access_token, client_id: 'asm_client' };
    const headers = { authorization: `bearer ${token.access_token}` };
    assert.equal((await post(revokePath, form, { headers })).status, 200);
    assert.equal((await lives())['customer #1 access'], true);
  });

  test('an authorization endpoint that does not exist redirects to the login page', async () => {
    const response = await post('/authorizationserver/oauth/other', {});
    assert.equal(response.status, 302);
    assert.equal(response.headers.get('location'), `${backend.url}/login.jsp`);
  });

  test('another origin may read the login page, with a bearer too', async () => {
    const headers = { origin: 'http://shop.example' };
    const preflight = await ask('/login.jsp', { method: 'OPTIONS', headers });
    assert.equal(preflight.status, 204);
    assert.match(preflight.headers.get('access-control-allow-headers') ?? '', /Authorization/);
    const page = await ask('/login.jsp', { headers });
    assert.equal(page.headers.get('access-control-allow-origin'), 'http://shop.example');
    assert.match(await page.text(), /Login/);
  });
});

describe('the ends of tokens', limit, () => {
  test('an expired access token is refused while its refresh token works', async () => {
    const first = await signIn(anna);
    const { access_token: own } = await (
      await askToken({ grant_type: 'client_credentials' })
    ).json();
    await backend.expireAccessTokens();
    const response = await get('/occ/v2/shop/users/current', first.access_token);
    assert.equal(response.status, 401);
    assert.equal(response.headers.get('www-authenticate'), 'Bearer error="invalid_token"');
    assert.equal((await response.json()).errors[0].type, 'InvalidTokenError');
    assert.equal((await get('/occ/v2/shop/basesites', own)).status, 401);
    const second = await (await refresh(first.refresh_token)).json();
    assert.equal((await get('/occ/v2/shop/users/current', second.access_token)).status, 200);
  });

  for (const end of /** @type {const} */ (['expireRefreshTokens', 'revokeRefreshTokens'])) {
    test(`${end}: a refresh is an invalid grant while the access token works`, async () => {
      const token = await signIn(anna);
      await backend[end]();
      const response = await refresh(token.refresh_token);
      assert.equal(response.status, 400);
      assert.deepEqual(await response.json(), {
        error: 'invalid_grant',
        error_description: `Invalid refresh token: ${token.refresh_token}`,
      });
      assert.deepEqual(await lives(), {
        'customer #1 access': true,
        'customer #1 refresh': false,
      });
    });
  }

  test('the tokens of one owner expire, and those of the others live on', async () => {
    await signIn(anna);
    await signIn(agent);
    await askToken({ grant_type: 'client_credentials' });
    await backend.expireAccessTokens('customer');
    await backend.expireRefreshTokens('agent');
    const left = {
      'customer #1 access': false,
      'customer #1 refresh': true,
      'agent #2 access': true,
      'agent #2 refresh': false,
      'client #3 access': true,
    };
    assert.deepEqual(await lives(), left);
    await backend.expireAccessTokens('client');
    assert.deepEqual(await lives(), { ...left, 'client #3 access': false });
  });

  test('reset forgets tokens, journal, behaviour and new accounts', async () => {
    const token = await signIn(anna);
    backend.set({ sameToken: true, occ: { answer: 500 } });
    backend.reset();
    assert.deepEqual(await backend.tokens(), []);
    assert.deepEqual(backend.journal, []);
    assert.equal(backend.behaviour.sameToken, false);
    assert.equal((await get('/occ/v2/shop/users/current', token.access_token)).status, 401);
    await signIn(anna);
    assert.equal((await lives())['customer #1 access'], true);
  });

  test('two back ends in one process are independent', async () => {
    const other = await startBackend();
    try {
      const { access_token: token } = await signIn(anna);
      const response = await fetch(`${other.url}/occ/v2/shop/users/current`, {
        headers: { authorization: `bearer ${token}` },
      });
      assert.equal(response.status, 401);
      assert.deepEqual(await other.tokens(), []);
      assert.equal(other.journal.length, 1);
    } finally {
      await other.close();
    }
  });
});

describe('the answers that can be set', limit, () => {
  const paths = { token: tokenPath, revoke: revokePath, occ: '/occ/v2/shop/basesites' };
  const endpoints = /** @type {(keyof typeof paths)[]} */ (Object.keys(paths));

  /** @param {keyof typeof paths} endpoint @param {RequestInit} [init] */
  const request = (endpoint, init) =>
    endpoint === 'occ'
      ? ask(paths.occ, init)
      : post(paths[endpoint], { grant_type: 'password', ...anna, token: 'x' }, init);

  for (const endpoint of endpoints) {
    for (const status of /** @type {const} */ ([400, 401, 403, 404, 429, 500, 503])) {
      test(`${endpoint}: ${status} is answered with its Retry-After, and no token is issued`, async () => {
        backend.set({ [endpoint]: { answer: status, retryAfter: 7 } });
        const response = await request(endpoint);
        assert.equal(response.status, status);
        assert.equal(response.headers.get('retry-after'), '7');
        assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
        assert.equal(backend.journal[0]?.status, status);
        assert.deepEqual(await backend.tokens(), []);
      });
    }

    test(`${endpoint}: redirect answers with 302 to the login page`, async () => {
      backend.set({ [endpoint]: { answer: 'redirect' } });
      const response = await request(endpoint);
      assert.equal(response.status, 302);
      assert.equal(response.headers.get('location'), `${backend.url}/login.jsp`);
      assert.equal(backend.journal[0]?.status, 302);
      assert.equal(backend.journal[0]?.location, `${backend.url}/login.jsp`);
      assert.equal(backend.journal.length, 1);
      const page = await request(endpoint, { redirect: 'follow' });
      assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
      assert.deepEqual(
        backend.received({ method: 'GET', path: '/login.jsp' }).map(({ status }) => status),
        [200],
      );
    });

    test(`${endpoint}: redirect-other-origin answers with a Location on another origin`, async () => {
      backend.set({ [endpoint]: { answer: 'redirect-other-origin' } });
      const { port } = new URL(backend.url);
      const response = await request(endpoint);
      assert.equal(response.headers.get('location'), `http://localhost:${port}/login.jsp`);
    });

    test(`${endpoint}: drop closes the connection without an answer`, async () => {
      backend.set({ [endpoint]: { answer: 'drop' } });
      await assert.rejects(request(endpoint), TypeError);
      assert.equal(backend.journal[0]?.status, 'dropped');
      assert.equal(backend.journal[0]?.path, paths[endpoint]);
      assert.equal(backend.journal[0]?.aborted, false);
    });

    test(`${endpoint}: silent never answers, and notes that the client aborted`, async () => {
      backend.set({ [endpoint]: { answer: 'silent' } });
      const giveUp = new AbortController();
      const asked = request(endpoint, { signal: giveUp.signal });
      const [entry] = await backend.waitFor(({ path }) => path === paths[endpoint]);
      assert.equal(entry?.status, null);
      giveUp.abort();
      await assert.rejects(asked, { name: 'AbortError' });
      await backend.waitFor(({ aborted }) => aborted);
      assert.equal(entry?.status, null);
      assert.equal(entry?.answeredAt, null);
    });

    test(`${endpoint}: garbage answers with an HTML page and status 200`, async () => {
      backend.set({ [endpoint]: { answer: 'garbage' } });
      const response = await request(endpoint);
      assert.equal(response.status, 200);
      assert.match(await response.text(), /^<!doctype html>/);
    });

    test(`${endpoint}: endless answers with a body that never ends`, async () => {
      backend.set({ [endpoint]: { answer: 'endless' } });
      const giveUp = new AbortController();
      const response = await request(endpoint, { signal: giveUp.signal });
      assert.equal(response.status, 200);
      assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
      const reader = response.body?.getReader();
      assert.ok(reader);
      for (let chunks = 0; chunks < 3; chunks++) assert.equal((await reader.read()).done, false);
      giveUp.abort();
      await backend.waitFor(({ aborted }) => aborted);
    });

    test(`${endpoint}: hold keeps each answer back until it is released`, async () => {
      backend.set({ [endpoint]: { answer: 'hold' } });
      const asked = [request(endpoint), request(endpoint)];
      await backend.waitFor(({ status }) => status === 'held', 2);
      assert.equal(backend.release(1), 1);
      const [first] = await backend.waitFor(({ status }) => typeof status === 'number');
      assert.equal(first, backend.journal[0]);
      assert.equal(backend.journal[1]?.status, 'held');
      assert.equal(backend.release(), 1);
      assert.equal(backend.release(), 0);
      for (const response of await Promise.all(asked)) {
        assert.equal(response.status, endpoint === 'revoke' ? 401 : 200);
      }
    });

    test(`${endpoint}: reset answers the held requests`, async () => {
      for (const answer of /** @type {const} */ (['hold', 'hold-before'])) {
        backend.set({ [endpoint]: { answer } });
        const asked = request(endpoint);
        await backend.waitFor(({ status }) => status === 'held');
        backend.reset();
        const expected = answer === 'hold-before' ? 503 : endpoint === 'revoke' ? 401 : 200;
        assert.equal((await asked).status, expected);
        assert.deepEqual(await backend.tokens(), []);
      }
    });

    test(`${endpoint}: cors false omits the CORS headers`, async () => {
      const headers = { origin: 'http://shop.example' };
      const name = 'access-control-allow-origin';
      const open = await request(endpoint, { headers });
      assert.equal(open.headers.get(name), 'http://shop.example');
      assert.equal(open.headers.get('access-control-expose-headers'), null);
      assert.equal(open.headers.get('access-control-allow-credentials'), null);
      backend.set({ [endpoint]: { cors: false } });
      const closed = await request(endpoint, { headers });
      assert.equal(closed.headers.get(name), null);
      const preflight = await ask(paths[endpoint], { method: 'OPTIONS', headers });
      assert.equal(preflight.status, 204);
      assert.equal(preflight.headers.get(name), null);
    });

    test(`${endpoint}: times limits the answer to that many requests, and the next is normal`, async () => {
      backend.set({ [endpoint]: { answer: 500, times: 2 } });
      const statuses = [];
      for (let n = 0; n < 3; n++) statuses.push((await request(endpoint)).status);
      assert.deepEqual(statuses, [500, 500, endpoint === 'revoke' ? 401 : 200]);
      assert.deepEqual(backend.behaviour[endpoint], {
        answer: 'normal',
        delayMs: 0,
        only: null,
        times: null,
        retryAfter: null,
        cors: true,
      });
    });

    test(`${endpoint}: a delay ends when the client gives up`, async () => {
      backend.set({ [endpoint]: { delayMs: 600_000 } });
      const giveUp = new AbortController();
      const asked = request(endpoint, { signal: giveUp.signal });
      await backend.waitFor(({ path }) => path === paths[endpoint]);
      giveUp.abort();
      await assert.rejects(asked);
      await backend.waitFor(({ aborted }) => aborted);
    });

    test(`${endpoint}: an answer comes after its delay`, async () => {
      backend.set({ [endpoint]: { delayMs: 30, answer: 500 } });
      assert.equal((await request(endpoint)).status, 500);
      const [entry] = backend.journal;
      // A timer may be early by a millisecond of the clock.
      assert.ok(Number(entry?.answeredAt) - Number(entry?.at) >= 29);
    });
  }

  test('hold: a token is issued at once and answered later', async () => {
    backend.set({ token: { answer: 'hold' } });
    const asked = askToken({ grant_type: 'password', ...anna });
    await backend.waitFor(({ status }) => status === 'held');
    const [token] = await backend.tokens();
    assert.equal(token?.active, true);
    backend.release();
    assert.equal((await (await asked).json()).access_token, token?.token);
  });

  test('hold-before: a token is issued when the request is released', async () => {
    backend.set({ token: { answer: 'hold-before' } });
    const asked = askToken({ grant_type: 'password', ...anna });
    await backend.waitFor(({ status }) => status === 'held');
    assert.deepEqual(await backend.tokens(), []);
    backend.release();
    assert.equal((await asked).status, 200);
    assert.equal((await backend.tokens()).length, 2);
  });

  test('hold: a revocation has taken effect while its answer is held', async () => {
    const token = await signIn(anna);
    backend.set({ revoke: { answer: 'hold' } });
    const asked = revoke(token.access_token, 'access_token', token.access_token);
    await backend.waitFor(({ status }) => status === 'held');
    assert.equal((await lives())['customer #1 access'], false);
    backend.release();
    assert.equal((await asked).status, 200);
  });

  test('hold: a request that the client aborts is no longer held', async () => {
    backend.set({ occ: { answer: 'hold' } });
    const giveUp = new AbortController();
    const asked = ask('/occ/v2/shop/basesites', { signal: giveUp.signal });
    await backend.waitFor(({ status }) => status === 'held');
    giveUp.abort();
    await assert.rejects(asked);
    const [entry] = await backend.waitFor(({ aborted }) => aborted);
    assert.equal(entry?.status, null);
    assert.equal(backend.release(), 0);
  });

  test('only: requests for other grant types are answered normally', async () => {
    const { refresh_token: token } = await signIn(anna);
    backend.set({ token: { answer: 503, only: 'refresh_token' } });
    assert.equal((await refresh(token)).status, 503);
    await signIn(anna);
    backend.set({ token: { only: 'client_credentials', times: 1 } });
    await signIn(anna);
    assert.equal((await askToken({ grant_type: 'client_credentials' })).status, 503);
    assert.equal((await askToken({ grant_type: 'client_credentials' })).status, 200);
  });

  test('only: revocations of the other kind of token are answered normally', async () => {
    backend.set({ revocationEnds: 'token', revoke: { answer: 500, only: 'refresh_token' } });
    const token = await signIn(anna);
    const first = await revoke(token.refresh_token, 'refresh_token', token.access_token);
    assert.equal(first.status, 500);
    const second = await revoke(token.access_token, 'access_token', token.access_token);
    assert.equal(second.status, 200);
  });

  test('only: requests for other resources are answered normally', async () => {
    backend.set({ occ: { answer: 500, only: '/assistedservicewebservices/' } });
    assert.equal((await get('/occ/v2/shop/basesites')).status, 200);
    assert.equal((await get('/assistedservicewebservices/customerlists')).status, 500);
  });

  test('an invalid behaviour is refused by name, and none of it is applied', () => {
    /** @type {[unknown, RegExp][]} */
    const wrong = [
      [{ token: { answer: 418 } }, /token\.answer cannot be 418; allowed: "normal", "redirect"/],
      [{ token: { only: 'access_token' } }, /token\.only .*allowed: null, "password"/],
      [{ revoke: { only: 'password' } }, /revoke\.only .*allowed: null, "access_token"/],
      [{ occ: { only: 'occ' } }, /occ\.only .*the beginning of a path/],
      [{ occ: { delayMs: -1 } }, /occ\.delayMs .*a whole number from 0/],
      [{ occ: { times: 0 } }, /occ\.times .*null or a whole number from 1/],
      [{ revoke: { retryAfter: '7' } }, /revoke\.retryAfter cannot be "7"/],
      [{ revoke: { cors: 'no' } }, /revoke\.cors .*true, false/],
      [{ revoke: { anwser: 500 } }, /revoke\.anwser is not a field; allowed: answer, delayMs/],
      [{ revoke: 500 }, /revoke must be an object/],
      [{ bearerRequired: 1 }, /bearerRequired .*true, false/],
      [{ revocationEnds: 'both' }, /revocationEnds .*"grant", "token"/],
      [{ tokenLength: 1.5 }, /tokenLength .*null or a whole number/],
      [{ accessTokenSeconds: null }, /accessTokenSeconds .*a whole number/],
      [{ __proto__: null, toString: 1 }, /toString is not a field/],
      [null, /behaviour must be an object/],
      [[], /behaviour must be an object/],
    ];
    const untouched = structuredClone(backend.behaviour);
    for (const [change, message] of wrong) {
      assert.throws(() => backend.set(/** @type {any} */ (change)), { message });
    }
    assert.throws(() => backend.set({ sameToken: true, rotate: /** @type {any} */ ('x') }));
    assert.deepEqual(backend.behaviour, untouched);
  });
});

describe('the resources', limit, () => {
  test('a customer sees her own account and cart, under each of her ids', async () => {
    const { access_token: bearer } = await signIn(anna);
    for (const id of ['current', '0001', 'anna.keller@example.com']) {
      const user = await get(`/occ/v2/shop/users/${encodeURIComponent(id)}`, bearer);
      assert.deepEqual(await user.json(), {
        uid: 'anna.keller@example.com',
        customerId: '0001',
        name: 'Anna Keller',
        firstName: 'Anna',
        lastName: 'Keller',
      });
    }
    const cart = await (await get('/occ/v2/shop/users/current/carts/current', bearer)).json();
    assert.equal(cart.user.uid, 'anna.keller@example.com');
    assert.equal(cart.totalItems, 2);
    assert.equal(cart.totalPrice.formattedValue, '€118.00');
    assert.equal((await get('/occ/v2/shop/users/0002', bearer)).status, 403);
    assert.equal((await get('/occ/v2/shop/users/0002/carts/current', bearer)).status, 403);
  });

  test('an agent sees every customer, and has no account of a customer', async () => {
    const { access_token: bearer } = await signIn(agent);
    assert.equal((await (await get('/occ/v2/shop/users/0002', bearer)).json()).name, 'Ben Okafor');
    const cart = await (await get('/occ/v2/shop/users/0002/carts/current', bearer)).json();
    assert.equal(cart.user.uid, 'ben.okafor@example.com');
    assert.equal((await get('/occ/v2/shop/users/current', bearer)).status, 403);
    const unknown = await get('/occ/v2/shop/users/9999', bearer);
    assert.equal(unknown.status, 404);
    assert.equal((await unknown.json()).errors[0].type, 'UnknownIdentifierError');
  });

  test('a request for an account without a bearer is answered with 401', async () => {
    for (const id of ['current', 'anonymous', '0001']) {
      const response = await get(`/occ/v2/shop/users/${id}`);
      assert.equal(response.status, 401);
      assert.equal((await response.json()).errors[0].type, 'UnauthorizedError');
      assert.equal(
        response.headers.get('www-authenticate'),
        'Bearer realm="hybris", error="unauthorized"',
      );
    }
  });

  test('the base sites, the products and an empty cart are public', async () => {
    assert.equal((await get('/occ/v2/shop/basesites')).status, 200);
    const { products } = await (await get('/occ/v2/shop/products/search?query=mug')).json();
    assert.deepEqual(
      products.map((/** @type {{ name: string }} */ product) => product.name),
      ['Enamel mug'],
    );
    const cart = await (await get('/occ/v2/shop/users/anonymous/carts/current')).json();
    assert.equal(cart.totalItems, 0);
  });

  test('a dead bearer is refused even where none is needed', async () => {
    for (const path of ['/occ/v2/shop/basesites', '/assistedservicewebservices/customerlists']) {
      const response = await get(path, 'dead');
      assert.equal(response.status, 401);
      assert.deepEqual(await response.json(), {
        errors: [{ type: 'InvalidTokenError', message: 'Invalid access token' }],
      });
      assert.equal(response.headers.get('www-authenticate'), 'Bearer error="invalid_token"');
    }
  });

  test('HEAD is answered as GET is, without the body', async () => {
    const { access_token: bearer } = await signIn(anna);
    const path = '/occ/v2/shop/users/current';
    /** @type {[string | undefined, number][]} */
    const cases = [
      [bearer, 200],
      ['dead', 401],
      [undefined, 401],
    ];
    for (const [token, status] of cases) {
      const headers = new Headers(token === undefined ? {} : { authorization: `bearer ${token}` });
      const response = await ask(path, { method: 'HEAD', headers });
      assert.equal(response.status, status);
      assert.equal(await response.text(), '');
    }
  });

  test('errors xml: errors are XML, those of the resources and those that are configured', async () => {
    backend.set({ errors: 'xml' });
    const dead = await get('/occ/v2/shop/basesites', 'dead');
    assert.equal(dead.status, 401);
    assert.equal(dead.headers.get('content-type'), 'application/xml');
    assert.equal(
      await dead.text(),
      '<?xml version="1.0" encoding="UTF-8"?>\n<errors><error><type>InvalidTokenError</type>' +
        '<message>Invalid access token</message></error></errors>',
    );
    backend.set({ occ: { answer: 401 } });
    assert.match(
      await (await get('/occ/v2/shop/basesites')).text(),
      /^<\?xml .*\n<errors><error><type>InvalidTokenError</,
    );
  });

  test('challenge off: a 401 gives its reason in the body alone', async () => {
    backend.set({ challenge: false });
    for (const answer of /** @type {const} */ (['normal', 401])) {
      backend.set({ occ: { answer } });
      const dead = await get('/occ/v2/shop/basesites', 'dead');
      assert.equal(dead.status, 401);
      assert.equal(dead.headers.get('www-authenticate'), null);
      assert.equal((await dead.json()).errors[0].type, 'InvalidTokenError');
    }
  });

  test('a customer registers with a token of the client only, and can sign in then', async () => {
    const dora = { uid: 'dora@example.com', password: 'Welcome-4' };
    /** @param {string} [bearer] @param {object} [body] */
    const register = (bearer, body = { ...dora, firstName: 'Dora', lastName: 'Lind' }) =>
      ask('/occ/v2/shop/users', {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(bearer && { authorization: `bearer ${bearer}` }),
        },
        body: JSON.stringify(body),
      });
    const refused = await register();
    assert.equal(refused.status, 401);
    assert.equal((await refused.json()).errors[0].type, 'UnauthorizedError');
    assert.equal((await register((await signIn(anna)).access_token)).status, 401);

    const { access_token: bearer } = await (
      await askToken({ grant_type: 'client_credentials' })
    ).json();
    const incomplete = await register(bearer, dora);
    assert.equal(incomplete.status, 400);
    assert.equal((await incomplete.json()).errors[0].message, 'firstName is missing');
    const response = await register(bearer);
    assert.equal(response.status, 201);
    assert.equal((await response.json()).customerId, '0004');
    assert.equal((await register(bearer)).status, 400);
    await signIn({ username: dora.uid, password: dora.password });
  });

  test('a guest becomes a customer with the number of the order, once', async () => {
    const { access_token: bearer } = await (
      await askToken({ grant_type: 'client_credentials' })
    ).json();
    /** @param {Record<string, string>} form @param {string} [token] */
    const register = (form, token = bearer) =>
      ask('/occ/v2/shop/users', {
        method: 'POST',
        headers: { authorization: `bearer ${token}` },
        body: new URLSearchParams(form),
      });
    const gina = { guid: 'c0ffee01', password: 'Welcome-9' };
    assert.equal((await register(gina, (await signIn(anna)).access_token)).status, 401);
    assert.equal((await register({ guid: 'c0ffee01' })).status, 400);
    assert.equal((await register({ ...gina, guid: 'c0ffee02' })).status, 404);
    const response = await register(gina);
    assert.equal(response.status, 201);
    assert.equal((await response.json()).uid, 'gina.rossi@example.com');
    assert.equal((await register(gina)).status, 400);
    await signIn({ username: 'gina.rossi@example.com', password: 'Welcome-9' });
  });

  test('a customer changes name and title, and an agent does it for a customer', async () => {
    const { access_token: bearer } = await signIn(anna);
    /** @param {string} id @param {object} body @param {string} [token] */
    const change = (id, body, token = bearer) =>
      ask(`/occ/v2/shop/users/${id}`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json', authorization: `bearer ${token}` },
        body: JSON.stringify(body),
      });
    const response = await change('current', { firstName: 'Annabel', titleCode: 'ms' });
    assert.equal(response.status, 200);
    assert.equal(await response.text(), '');
    assert.deepEqual(await (await get('/occ/v2/shop/users/current', bearer)).json(), {
      uid: 'anna.keller@example.com',
      customerId: '0001',
      name: 'Annabel Keller',
      firstName: 'Annabel',
      lastName: 'Keller',
      titleCode: 'ms',
    });
    const wrong = await change('current', { lastName: '' });
    assert.equal(wrong.status, 400);
    assert.equal((await wrong.json()).errors[0].message, 'lastName is missing');
    assert.equal((await change('current', { titleCode: 'lord' })).status, 400);
    assert.equal((await change('0002', { firstName: 'Ben' })).status, 403);

    const { access_token: token } = await signIn(agent);
    assert.equal((await change('0002', { lastName: 'Okonkwo' }, token)).status, 200);
    assert.equal((await (await get('/occ/v2/shop/users/0002', token)).json()).name, 'Ben Okonkwo');
  });

  test('the pages, their components, the titles and the consent templates are public', async () => {
    const home = await (await get('/occ/v2/shop/cms/pages?lang=en&curr=EUR')).json();
    assert.equal(home.label, 'homepage');
    assert.equal(home.template, 'LandingPage2Template');
    const login = await get('/occ/v2/shop/cms/pages?pageType=ContentPage&pageLabelOrId=%2Flogin');
    /** @type {{ position: string, components: { component: { uid: string }[] } }[]} */
    const slots = (await login.json()).contentSlots.contentSlot;
    /** @param {string} position */
    const inSlot = (position) =>
      slots.find((slot) => slot.position === position)?.components.component.map(({ uid }) => uid);
    assert.deepEqual(inSlot('LeftContentSlot'), ['ReturningCustomerLoginComponent']);
    assert.deepEqual(inSlot('HeaderLinks'), ['MyAccountLink', 'SignOutLink']);

    const missing = await get('/occ/v2/shop/cms/pages?pageType=ContentPage&pageLabelOrId=/logout');
    assert.equal(missing.status, 404);
    assert.deepEqual(await missing.json(), {
      errors: [
        { type: 'CMSItemNotFoundError', message: 'No content page found matching /logout.' },
      ],
    });
    const components = await get('/occ/v2/shop/cms/components?componentIds=SignOutLink,Nothing');
    const [link, ...more] = (await components.json()).component;
    assert.equal(link.url, '/logout');
    assert.deepEqual(more, []);

    const { titles } = await (await get('/occ/v2/shop/titles')).json();
    assert.deepEqual(titles[0], { code: 'mr', name: 'Mr.' });
    const consents = await get('/occ/v2/shop/users/anonymous/consenttemplates');
    assert.equal((await consents.json()).consentTemplates[0].id, 'MARKETING_NEWSLETTER');
    assert.equal((await get('/occ/v2/shop/users/current/consenttemplates')).status, 401);
    assert.equal((await get('/occ/v2/shop/cms/pages', 'dead')).status, 401);
  });

  test('the pictures of the products are served, and no other file', async () => {
    const picture = await get('/medias/1001.svg');
    assert.equal(picture.headers.get('content-type'), 'image/svg+xml');
    assert.match(await picture.text(), /^<svg /);
    for (const path of ['/medias/9999.svg', '/medias/mark.svg', '/medias/..%2Findex.html']) {
      assert.equal((await get(path)).status, 404, path);
    }
  });

  test('echo answers the JSON that it got', async () => {
    const { access_token: bearer } = await signIn(anna);
    const body = JSON.stringify({ text: 'größer & schöner', list: [1, null] });
    /** @param {string} text @param {Record<string, string>} headers */
    const echo = (text, headers) =>
      ask('/occ/v2/shop/users/current/echo', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: text,
      });
    const authorization = `bearer ${bearer}`;
    assert.equal(await (await echo(body, { authorization })).text(), body);
    assert.equal((await echo('{', { authorization })).status, 400);
    assert.equal((await echo(body, {})).status, 401);
    assert.equal(backend.received({ path: '/occ/v2/shop/users/current/echo' })[0]?.body, body);
  });

  test('an agent searches customers and sees the lists; a customer is refused', async () => {
    const { access_token: bearer } = await signIn(agent);
    const search = '/assistedservicewebservices/customers/search?baseSite=shop&query=';
    const found = await (await get(`${search}KELLER`, bearer)).json();
    assert.deepEqual(Object.keys(found), ['entries', 'pagination', 'sorts']);
    assert.deepEqual(found.entries, [
      {
        uid: 'anna.keller@example.com',
        customerId: '0001',
        name: 'Anna Keller',
        firstName: 'Anna',
        lastName: 'Keller',
      },
    ]);
    assert.equal((await (await get(search, bearer)).json()).entries.length, 3);
    const lists = await (await get('/assistedservicewebservices/customerlists', bearer)).json();
    assert.deepEqual(lists, {
      userGroups: [
        { uid: 'recentlyActive', name: 'Recently active' },
        { uid: 'b2bProspects', name: 'B2B prospects' },
      ],
    });

    const { access_token: customers } = await signIn(anna);
    for (const path of [search, '/assistedservicewebservices/customerlists']) {
      assert.equal((await get(path, customers)).status, 403);
      assert.equal((await get(path)).status, 401);
    }
  });

  describe('a search for customers', () => {
    /** @param {string} asked */
    async function search(asked) {
      const { access_token: bearer } = await signIn(agent);
      return get(`/assistedservicewebservices/customers/search?baseSite=shop&${asked}`, bearer);
    }

    /** @param {string} asked */
    async function found(asked) {
      const { entries, pagination } = await (await search(asked)).json();
      return {
        names: entries.map((/** @type {{ name: string }} */ { name }) => name),
        pagination,
      };
    }

    for (const [asked, names] of /** @type {[string, string[]][]} */ ([
      ['customerListId=recentlyActive', ['Anna Keller', 'Chloé Müller']],
      ['customerListId=b2bProspects', ['Ben Okafor']],
      ['customerListId=recentlyActive&query=keller', ['Anna Keller']],
      ['customerListId=b2bProspects&query=keller', []],
      ['customerListId=&query=', ['Anna Keller', 'Ben Okafor', 'Chloé Müller']],
    ])) {
      test(`${asked} finds ${names.join(', ') || 'no customer'}`, async () => {
        assert.deepEqual((await found(asked)).names, names);
      });
    }

    test('a customer who has just registered is in no list', async () => {
      const clientToken = await (await askToken({ grant_type: 'client_credentials' })).json();
      const uid = 'dora.novak@example.com';
      const registered = await ask('/occ/v2/shop/users', {
        method: 'POST',
        headers: { authorization: `bearer ${clientToken.access_token}` },
        body: JSON.stringify({ uid, password: 'x', firstName: 'Dora', lastName: 'Novak' }),
      });
      assert.equal(registered.status, 201);
      assert.deepEqual((await found('query=dora')).names, ['Dora Novak']);
      assert.deepEqual((await found('query=dora&customerListId=recentlyActive')).names, []);
    });

    test('a list that does not exist is not found', async () => {
      const response = await search('customerListId=nobodys');
      assert.equal(response.status, 404);
      assert.deepEqual(await response.json(), {
        errors: [{ type: 'UnknownIdentifierError', message: 'There is no such customer list' }],
      });
    });

    for (const { asked, names, ...pagination } of [
      {
        asked: '',
        names: ['Anna Keller', 'Ben Okafor', 'Chloé Müller'],
        ...{ currentPage: 0, pageSize: 20, totalPages: 1, totalResults: 3 },
      },
      {
        asked: 'pageSize=2',
        names: ['Anna Keller', 'Ben Okafor'],
        ...{ currentPage: 0, pageSize: 2, totalPages: 2, totalResults: 3 },
      },
      {
        asked: 'pageSize=2&currentPage=1',
        names: ['Chloé Müller'],
        ...{ currentPage: 1, pageSize: 2, totalPages: 2, totalResults: 3 },
      },
      {
        asked: 'pageSize=2&currentPage=2',
        names: [],
        ...{ currentPage: 2, pageSize: 2, totalPages: 2, totalResults: 3 },
      },
      {
        asked: 'pageSize=1&currentPage=1&customerListId=recentlyActive',
        names: ['Chloé Müller'],
        ...{ currentPage: 1, pageSize: 1, totalPages: 2, totalResults: 2 },
      },
      {
        asked: 'query=nobody',
        names: [],
        ...{ currentPage: 0, pageSize: 20, totalPages: 1, totalResults: 0 },
      },
    ]) {
      test(`the query "${asked}" finds the entries and the pagination of its page`, async () => {
        assert.deepEqual(await found(asked), {
          names,
          pagination: { ...pagination, sort: 'byNameAsc' },
        });
      });
    }

    for (const [asked, message] of [
      ['pageSize=0', 'pageSize must be a whole number, 1 or more'],
      ['pageSize=all', 'pageSize must be a whole number, 1 or more'],
      ['pageSize=', 'pageSize must be a whole number, 1 or more'],
      ['currentPage=-1', 'currentPage must be a whole number, 0 or more'],
      ['currentPage=1.5', 'currentPage must be a whole number, 0 or more'],
    ]) {
      test(`${asked} is refused by name`, async () => {
        const response = await search(asked);
        assert.equal(response.status, 400);
        assert.deepEqual(await response.json(), { errors: [{ type: 'ValidationError', message }] });
      });
    }
  });

  test('unknown resources are answered with 404, and wrong methods with 405', async () => {
    const response = await get('/occ/v2/shop/nothing');
    assert.equal(response.status, 404);
    assert.equal((await response.json()).errors[0].type, 'UnknownResourceError');
    assert.equal((await ask('/occ/v2/shop/basesites', { method: 'DELETE' })).status, 405);
    assert.equal((await get('/nothing')).status, 404);
    const { access_token: bearer } = await signIn(anna);
    assert.equal((await get('/occ/v2/shop/users/%E0%A4', bearer)).status, 400);
  });
});

describe('the journal', limit, () => {
  test('a request is kept in full, with its answer', async () => {
    const token = await signIn(anna);
    await revoke(token.refresh_token, 'refresh_token', token.access_token);
    await get('/occ/v2/shop/products/search?query=a%20b&x=1');
    const [, entry, search] = backend.journal;
    assert.ok(entry && search);
    assert.deepEqual(
      backend.journal.map(({ id }) => id),
      [entry.id - 1, entry.id, entry.id + 1],
    );
    assert.equal(entry.method, 'POST');
    assert.equal(entry.path, revokePath);
    assert.equal(entry.authorization, `bearer ${token.access_token}`);
    assert.equal(entry.headers.authorization, `bearer ${token.access_token}`);
    assert.deepEqual(entry.form, {
      ...client,
      token: token.refresh_token,
      token_type_hint: 'refresh_token',
    });
    assert.equal(
      entry.body,
      `client_id=mobile_android&client_secret=secret&token=${token.refresh_token}` +
        '&token_type_hint=refresh_token',
    );
    assert.equal(entry.status, 200);
    assert.equal(entry.aborted, false);
    assert.ok(Number(entry.answeredAt) >= entry.at);
    assert.deepEqual(search.query, { query: 'a b', x: '1' });
    assert.equal(search.form, null);
    assert.equal(search.authorization, null);
  });

  test('received returns the requests of one method and path, of POST by default', async () => {
    await signIn(anna);
    await get('/occ/v2/shop/basesites');
    assert.equal(backend.received().length, 1);
    assert.equal(backend.received({ path: revokePath }).length, 0);
    assert.equal(backend.received({ method: 'GET' })[0]?.path, '/occ/v2/shop/basesites');
  });

  test('a preflight allows what a storefront sends, and is kept', async () => {
    const response = await ask('/occ/v2/shop/users/current', {
      method: 'OPTIONS',
      headers: {
        origin: 'http://shop.example',
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization',
      },
    });
    assert.equal(response.status, 204);
    assert.equal(response.headers.get('access-control-allow-origin'), 'http://shop.example');
    assert.equal(
      response.headers.get('access-control-allow-headers'),
      'Authorization, Cache-Control, Content-Type, X-Anonymous-Consents, sap-commerce-cloud-user-id',
    );
    assert.equal(
      response.headers.get('access-control-allow-methods'),
      'GET, HEAD, POST, PUT, PATCH, DELETE',
    );
    assert.equal(backend.received({ method: 'OPTIONS' }).length, 1);
  });

  test('a client that goes away in the middle of its request is noted', async () => {
    const { hostname, port } = new URL(backend.url);
    const request = http.request({ hostname, port, path: revokePath, method: 'POST' });
    request.on('error', () => {});
    request.setHeader('content-length', '100');
    request.setHeader('content-type', 'application/x-www-form-urlencoded');
    request.write('token=abc');
    await once(request, 'socket');
    await new Promise((resolve) => request.write('&token_type_hint=x', resolve));
    request.destroy();
    const [entry] = await backend.waitFor(({ aborted }) => aborted);
    assert.equal(entry?.path, revokePath);
    assert.equal(entry?.status, null);
  });

  test('waitFor resolves when enough requests have come', async () => {
    const two = backend.waitFor(({ path }) => path === '/occ/v2/shop/basesites', 2);
    let early = false;
    two.then(() => (early = true));
    await get('/occ/v2/shop/basesites');
    assert.equal(early, false);
    await get('/occ/v2/shop/basesites');
    assert.equal((await two).length, 2);
  });
});

describe('the /dev resources', limit, () => {
  test('behaviour can be read, changed and reset from any origin', async () => {
    const changed = await dev('behaviour', { revoke: { answer: 503 }, sameToken: true });
    assert.equal(changed.status, 200);
    assert.equal(changed.headers.get('access-control-allow-origin'), '*');
    const state = await (await ask('/dev/behaviour')).json();
    assert.equal(state.revoke.answer, 503);
    assert.equal(state.revoke.delayMs, 0);
    assert.equal(state.sameToken, true);
    assert.equal((await revoke('x', 'access_token')).status, 503);
    const reset = await (await dev('behaviour', undefined, 'DELETE')).json();
    assert.equal(reset.revoke.answer, 'normal');
    assert.equal(reset.sameToken, false);
  });

  test('an invalid change of behaviour is answered with 400 and the reason', async () => {
    const response = await dev('behaviour', { token: { answer: 'slow' } });
    assert.equal(response.status, 400);
    assert.match((await response.json()).error, /^token\.answer cannot be "slow"; allowed: /);
    const text = await ask('/dev/behaviour', { method: 'PUT', body: '{' });
    assert.equal(text.status, 400);
    assert.deepEqual(await text.json(), { error: 'the body must be a JSON object' });
    for (const path of ['release', 'expire']) {
      const other = await dev(path, { count: -1, kind: 'x' }, 'POST');
      assert.equal(other.status, 400);
    }
    for (const path of ['release', 'expire']) {
      assert.equal((await dev(path, null, 'POST')).status, 400);
    }
    assert.equal((await ask('/dev/nothing')).status, 404);
  });

  test('a preflight is answered, and nothing of it is in the journal', async () => {
    const response = await dev('behaviour', undefined, 'OPTIONS');
    assert.equal(response.status, 204);
    assert.match(response.headers.get('access-control-allow-methods') ?? '', /PUT.*DELETE/);
    assert.equal(response.headers.get('access-control-allow-headers'), 'Content-Type');
    assert.deepEqual(backend.journal, []);
  });

  test('journal and tokens show no secret, but labels', async () => {
    const token = await signIn(anna);
    await refresh(token.refresh_token);
    await revoke(token.access_token, 'access_token', token.access_token);
    await ask('/occ/v2/shop/users/current?access_token=secret-in-a-url', {
      headers: { authorization: 'bearer secret-elsewhere', cookie: 'secret-cookie' },
    });
    const journal = await (await ask('/dev/journal')).text();
    const tokens = await (await ask('/dev/tokens')).text();
    const secrets = (await backend.tokens()).map((each) => each.token);
    for (const secret of [
      ...secrets,
      anna.password,
      'secret-in',
      'secret-el',
      'secret-co',
      '"secret"',
    ]) {
      assert.equal(journal.includes(secret), false);
      assert.equal(tokens.includes(secret), false);
    }
    const [, refreshed, revoked] = JSON.parse(journal);
    assert.deepEqual(refreshed.labels, { bearer: null, token: 'customer #1 refresh' });
    assert.deepEqual(revoked.labels, { bearer: 'customer #1 access', token: 'customer #1 access' });
    assert.equal(revoked.form.token, `${token.access_token.slice(0, 6)}…`);
    assert.equal(revoked.authorization, `bearer ${token.access_token.slice(0, 6)}…`);
    assert.deepEqual(
      JSON.parse(tokens).map((/** @type {any} */ each) => [each.label, each.active, each.token]),
      (await backend.tokens()).map((each) => [
        each.label,
        each.active,
        `${each.token.slice(0, 6)}…`,
      ]),
    );
    await dev('journal', undefined, 'DELETE');
    assert.deepEqual(backend.journal, []);
  });

  test('POST /dev/release releases the held requests', async () => {
    backend.set({ occ: { answer: 'hold' } });
    const asked = get('/occ/v2/shop/basesites');
    await backend.waitFor(({ status }) => status === 'held');
    assert.deepEqual(await (await dev('release', undefined, 'POST')).json(), { released: 1 });
    assert.equal((await asked).status, 200);
  });

  test('POST /dev/expire makes tokens expire, by kind and owner', async () => {
    await signIn(anna);
    await dev('expire', undefined, 'POST');
    assert.deepEqual(await lives(), { 'customer #1 access': false, 'customer #1 refresh': true });
    await dev('expire', { kind: 'refresh_token' }, 'POST');
    assert.equal((await lives())['customer #1 refresh'], false);
    await signIn(anna);
    await signIn(agent);
    await dev('expire', { kind: 'access_token', owner: 'agent' }, 'POST');
    const { 'customer #2 access': customer, 'agent #3 access': dead } = await lives();
    assert.deepEqual({ customer, dead }, { customer: true, dead: false });
    assert.equal((await dev('expire', { owner: 'nobody' }, 'POST')).status, 400);
  });

  test('/dev/events reports a request when it arrives and when it is answered', async () => {
    const stream = await ask('/dev/events');
    assert.match(stream.headers.get('content-type') ?? '', /^text\/event-stream/);
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    assert.ok(reader);
    let text = '';
    /** @param {RegExp} pattern */
    const until = async (pattern) => {
      while (!pattern.test(text)) text += (await reader.read()).value ?? '';
    };
    backend.set({ token: { answer: 'hold' } });
    await until(/event: behaviour\n/);
    const asked = signIn(anna);
    await until(/"status":"held"/);
    backend.release();
    const { access_token: token } = await asked;
    await until(/"status":200/);
    await until(/event: tokens\n/);
    const seen = [...text.matchAll(/event: request\ndata: (.*)\n/g)].map(([, data]) =>
      JSON.parse(data ?? ''),
    );
    assert.equal(new Set(seen.map(({ id }) => id)).size, 1);
    assert.deepEqual(
      seen.map(({ status }) => status),
      [null, 'held', null, 200],
    );
    assert.equal(text.includes(token), false);
    assert.equal(text.includes(anna.password), false);
    await reader.cancel();
  });
});

describe('starting and ending', limit, () => {
  test('close ends at once, whatever is open', async () => {
    const other = await startBackend();
    other.set({ occ: { answer: 'silent' }, token: { answer: 'hold-before' } });
    const asked = [
      fetch(`${other.url}/occ/v2/shop/basesites`),
      fetch(`${other.url}${tokenPath}`, { method: 'POST' }),
      fetch(`${other.url}/dev/events`).then((response) => response.text()),
    ];
    const ends = Promise.allSettled(asked);
    await other.waitFor(() => true, 2);
    await other.close();
    await other.close();
    assert.deepEqual(
      (await ends).map(({ status }) => status),
      ['rejected', 'rejected', 'rejected'],
    );
    await assert.rejects(fetch(other.url));
  });

  /** @param {Record<string, string>} env */
  function start(env) {
    const main = new URL('./main.js', import.meta.url).pathname;
    const child = spawn(process.execPath, [main], { env: { ...process.env, ...env } });
    const output = { out: '', err: '' };
    child.stdout.on('data', (data) => (output.out += data));
    child.stderr.on('data', (data) => (output.err += data));
    return { child, output };
  }

  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
    test(`the program prints its URL, accounts and clients, and ends cleanly on ${signal}`, async () => {
      const { child, output } = start({ PORT: '0' });
      while (!output.out.includes('Ctrl-C')) await once(child.stdout, 'data');
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(output.out)?.[0];
      assert.ok(url);
      for (const { uid, password } of accounts) {
        assert.ok(output.out.includes(uid) && output.out.includes(password));
      }
      assert.match(output.out, /mobile_android +secret/);
      assert.match(output.out, /\/dev\/behaviour/);
      assert.equal((await fetch(`${url}/occ/v2/shop/basesites`)).status, 200);
      child.kill(signal);
      assert.deepEqual(await once(child, 'exit'), [0, null]);
      assert.equal(output.err, '');
    });
  }

  test('the program reports in one line that a port is taken', async () => {
    const { port } = new URL(backend.url);
    const { child, output } = start({ PORT: port });
    assert.deepEqual(await once(child, 'close'), [1, null]);
    assert.equal(output.err, `Port ${port} is taken: name another one with PORT=…\n`);
    assert.equal(output.out, '');
  });

  test('the program refuses an invalid port', async () => {
    for (const port of ['shop', '70000', '-1']) {
      const { child, output } = start({ PORT: port });
      assert.deepEqual(await once(child, 'close'), [1, null]);
      assert.equal(output.err, `PORT must be a number from 0 to 65535, not ${port}.\n`);
    }
  });
});
