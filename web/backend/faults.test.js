// The faults of the development back end, checked byte by byte where the client depends on it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, afterEach, before, describe, test } from 'node:test';
import { startBackend } from './index.js';

/** @import { Answer } from './behaviour.js' */

/**
 * The limit of a suite: an unanswered request must not block the runner, nor a slow machine fail.
 */
const limit = { timeout: 120_000 };

const tokenPath = '/authorizationserver/oauth/token';
const form = new URLSearchParams({
  ...{ grant_type: 'password', username: 'anna.keller@example.com', password: 'Welcome-1' },
  ...{ client_id: 'mobile_android', client_secret: 'secret' },
});

/** @type {import('./index.js').Backend} */
let backend;

before(async () => {
  backend = await startBackend();
});
afterEach(() => backend.reset());
after(() => backend.close());

/** Resolves with all bytes sent in answer to a token request. @param {Answer} answer */
async function received(answer) {
  backend.set({ token: { answer } });
  const socket = net.connect(Number(new URL(backend.url).port), '127.0.0.1');
  const body = form.toString();
  socket.write(
    `POST ${tokenPath} HTTP/1.1\r\nHost: ${new URL(backend.url).host}\r\nConnection: close\r\n` +
      'Content-Type: application/x-www-form-urlencoded\r\n' +
      `Origin: http://shop.example\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  /** @type {Buffer[]} */
  const chunks = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  await once(socket, 'end');
  const text = Buffer.concat(chunks).toString();
  const at = text.indexOf('\r\n\r\n');
  return { head: text.slice(0, Math.max(at, 0)), body: text.slice(at + 4), text };
}

/** @param {RequestInit} [init] */
const ask = (init) =>
  fetch(backend.url + tokenPath, { method: 'POST', body: form, redirect: 'manual', ...init });

const issued = async () => (await backend.tokens()).map(({ kind }) => kind);
const both = ['access_token', 'refresh_token'];

describe('the faults', limit, () => {
  for (const status of /** @type {const} */ ([100, 101, 102, 103])) {
    test(`${status}: an informational response comes first, and then the normal answer`, async () => {
      const { text } = await received(status);
      assert.match(text, new RegExp(`^HTTP/1.1 ${status} [^\r]+\r\n\r\nHTTP/1.1 200 OK\r\n`));
      assert.match(text, /"token_type":"bearer"/);
      assert.deepEqual(await issued(), both);
    });
  }

  test('204 and 304: the answer has no body, and no token is issued', async () => {
    for (const answer of /** @type {const} */ ([204, 304])) {
      const { head, body } = await received(answer);
      assert.match(head, new RegExp(`^HTTP/1.1 ${answer} `));
      assert.equal(body, '');
    }
    assert.deepEqual(await issued(), []);
  });

  test('300, 302 and 307: the answer has no Location, and no token is issued', async () => {
    for (const answer of /** @type {const} */ ([300, 302, 307])) {
      const { head } = await received(answer);
      assert.match(head, new RegExp(`^HTTP/1.1 ${answer} `));
      assert.doesNotMatch(head, /^location:/im);
    }
    assert.deepEqual(await issued(), []);
  });

  test('502: the answer repeats the submitted form, as SAP Commerce does', async () => {
    const { head, body } = await received(502);
    assert.match(head, /^HTTP\/1.1 502 Bad Gateway\r\n/);
    assert.equal(JSON.parse(body).error, 'bad_gateway');
    assert.match(body, /password=Welcome-1/);
    assert.deepEqual(await issued(), []);
  });

  test('empty, no-token: the answer is 200 without a token, and none is issued', async () => {
    const empty = await received('empty');
    assert.match(empty.head, /^HTTP\/1.1 200 OK\r\n/);
    assert.equal(empty.body, '');
    assert.equal((await received('no-token')).body, '{}');
    assert.deepEqual(await issued(), []);
  });

  test('unknown-type: the issued token has another token_type', async () => {
    const { body } = await received('unknown-type');
    assert.equal(JSON.parse(body).token_type, 'unknown');
    assert.deepEqual(await issued(), both);
  });

  test('slow-body: the answer arrives in several chunks', async () => {
    const { head, body } = await received('slow-body');
    assert.match(head, /^transfer-encoding: chunked$/im);
    const sizes = [...body.matchAll(/^[0-9a-f]+\r$/gm)].map(([size]) => parseInt(size, 16));
    assert.ok(sizes.length > 5);
    assert.ok(sizes.every((size) => size <= 32));
    backend.reset();
    backend.set({ token: { answer: 'slow-body' } });
    assert.equal((await (await ask()).json()).token_type, 'bearer');
  });

  test('64KiB, 64KiB+1, 10MiB: the answer has exactly this length', async () => {
    for (const [answer, length] of /** @type {const} */ ([
      ['64KiB', 65_536],
      ['64KiB+1', 65_537],
      ['10MiB', 10_485_760],
    ])) {
      const { head, body } = await received(answer);
      assert.match(head, /^content-type: application\/json/im);
      assert.equal(body.length, length);
      assert.equal(JSON.parse(body).token_type, 'bearer');
    }
  });

  test('not-http: the answer is not HTTP, and no client can read it', async () => {
    assert.equal((await received('not-http')).text, '550 what do you mean?\r\n\r\n');
    await assert.rejects(ask(), TypeError);
    assert.deepEqual(await issued(), []);
  });

  test('drop-in-headers: the connection is dropped in the middle of the headers', async () => {
    const { text } = await received('drop-in-headers');
    assert.equal(text, 'HTTP/1.1 200 OK\r\nContent-Type: applica');
    assert.equal(backend.journal[0]?.status, 'dropped');
    assert.deepEqual(await issued(), []);
  });

  test('drop-after-headers: the connection is dropped after CORS headers, before the body', async () => {
    const { head, body } = await received('drop-after-headers');
    assert.match(head, /^HTTP\/1.1 200 OK\r\n/);
    assert.match(head, /^access-control-allow-origin: http:\/\/shop.example$/im);
    assert.match(head, /^content-length: 1$/im);
    assert.equal(body, '');
    assert.equal(backend.journal[0]?.status, 'dropped');
    assert.deepEqual(await issued(), []);
  });

  test('drop-in-body: half of the body arrives, and the request was processed', async () => {
    const { head, body } = await received('drop-in-body');
    assert.match(body, /^\{"access_token":"/);
    assert.equal(Number(/^content-length: (\d+)$/im.exec(head)?.[1]) >> 1, body.length);
    assert.equal(backend.journal[0]?.status, 'dropped');
    assert.deepEqual(await issued(), both);
  });

  test('decide-later: the answer is the one that is set when the request is released', async () => {
    backend.set({ token: { answer: 'decide-later' } });
    const first = ask();
    await backend.waitFor(({ status }) => status === 'held');
    assert.deepEqual(await issued(), []);
    backend.set({ token: { answer: 429, times: 1 } });
    assert.equal(backend.release(), 1);
    assert.equal((await first).status, 429);

    backend.set({ token: { answer: 'decide-later' } });
    const second = ask();
    await backend.waitFor(({ status }) => status === 'held');
    backend.set({ token: { answer: 'normal' } });
    backend.release();
    assert.equal((await second).status, 200);
    assert.deepEqual(await issued(), both);
  });

  test('decide-later: a request released undecided is held again, and reset answers it with 503', async () => {
    backend.set({ token: { answer: 'decide-later' } });
    const asked = ask();
    await backend.waitFor(({ status }) => status === 'held');
    assert.equal(backend.release(), 1);
    await backend.waitFor(({ status }) => status === 'held');
    backend.reset();
    assert.equal((await asked).status, 503);
  });

  test('cors preflight: another origin may send the request, and not read the answer', async () => {
    backend.set({ token: { cors: 'preflight' } });
    const headers = { origin: 'http://shop.example' };
    const name = 'access-control-allow-origin';
    const preflight = await fetch(backend.url + tokenPath, { method: 'OPTIONS', headers });
    assert.equal(preflight.headers.get(name), 'http://shop.example');
    assert.equal((await ask({ headers })).headers.get(name), null);
  });
});
