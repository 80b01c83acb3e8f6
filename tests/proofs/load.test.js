// Many sign-ins in one session, and many sessions in one process: afterwards the memory is as
// before, and no timer, listener, channel or session is left behind.
import assert from 'node:assert/strict';
import { once, getEventListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import process from 'node:process';
import { after, before, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { createSession } from 'occ-session';
import { anna, standIn, standInWindow, WebStorage } from '../node/storefront.js';

const isFull = process.env.OCC_PROOF === 'full';
const CYCLES = isFull ? 10_000 : 500;
const SESSIONS = isFull ? 1_000 : 100;
/**
 * The number of cycles before the first comparison: by then Node has compiled and cached its code.
 */
const WARM_UP = 2_000;

/** The tolerance in bytes: one object kept for each cycle of the full form is more. */
const SLACK = 300_000;
/** The memory of one core, in bytes. */
const CORE = 524_288;

setFlagsFromString('--expose-gc');
/** @type {() => void} */
const collect = runInNewContext('gc');

/** Returns the memory in use after garbage collection. */
async function memory() {
  for (let i = 0; i < 6; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return { heapUsed, external, arrayBuffers };
}

/**
 * The resources that keep a process alive: timers and message ports; fetch's sockets are not ours.
 */
const resources = () =>
  process.getActiveResourcesInfo().filter((name) => /^(Timeout|Immediate|MessagePort)/.test(name));

/**
 * A plain HTTP server in place of the back end, which needs longer for a sign-in than everything
 * else together: it issues tokens, and revokes them.
 */
let baseUrl = '';
let issued = 0;
/** @type {Set<string>} */
const alive = new Set();
const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  const form = new URLSearchParams(body);
  if (request.url?.endsWith('/token')) {
    const [access, refresh] = [`access-${++issued}`, `refresh-${issued}`];
    alive.add(access).add(refresh);
    const tokens = { access_token: access, refresh_token: refresh };
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ ...tokens, token_type: 'bearer', expires_in: 3600 }));
    return;
  }
  alive.delete(form.get('token') ?? '');
  response.end();
});

before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  baseUrl = `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`;
});
after(() => server.close().closeAllConnections());

const wasm = new WebAssembly.Module(
  readFileSync(new URL(import.meta.resolve('occ-session/core.wasm'))),
);

/** @param {number} bytes */
const kilobytes = (bytes) => `${bytes >= 0 ? '+' : ''}${Math.round(bytes / 1000)} kB`;

/**
 * @param {Awaited<ReturnType<typeof memory>>} from
 * @param {Awaited<ReturnType<typeof memory>>} to
 * @param {number} [cores] the number of known additional cores
 */
function compare(from, to, cores = 0) {
  const heap = to.heapUsed - from.heapUsed;
  const external = to.external - from.external - cores * CORE;
  assert.ok(heap < SLACK, `the heap has grown by ${kilobytes(heap)}`);
  assert.ok(external < SLACK, `external memory has grown by ${kilobytes(external)}`);
  return `heap ${kilobytes(heap)}, external ${kilobytes(external)}`;
}

test('R27: after many sign-ins and sign-outs in one session the memory is what it was', async (t) => {
  /** @type {WebAssembly.Memory[]} */
  const memories = [];
  const { instantiate } = WebAssembly;
  t.mock.method(WebAssembly, 'instantiate', async (/** @type {[any, any]} */ ...given) => {
    const linked = /** @type {any} */ (await instantiate(...given));
    memories.push((linked.instance ?? linked).exports.memory);
    return linked;
  });
  const session = await createSession({ baseUrl, clientId: 'shop', storage: 'memory', wasm });
  let outcomes = 0;
  session.addEventListener(
    'revocation',
    ({ detail }) => (outcomes += Number(detail.outcome === 'revoked')),
  );
  const cycle = async () => {
    await session.signIn(anna);
    session.signOut();
    await session.settled();
  };
  for (let i = 0; i < WARM_UP; i++) await cycle();
  const from = await memory();
  const idle = resources();
  for (let i = 0; i < CYCLES; i++) await cycle();
  const grown = compare(from, await memory());
  assert.equal(outcomes, 2 * (WARM_UP + CYCLES));
  assert.equal(alive.size, 0);
  assert.deepEqual(
    memories.slice(0, 1).map(({ buffer }) => buffer.byteLength),
    [CORE],
  );
  assert.deepEqual(resources(), idle);
  t.diagnostic(`proof: sign-ins and sign-outs in one session: ${CYCLES}, ${grown}`);
  session.close();
});

test('many sessions, opened, used and closed, leave nothing behind', async (t) => {
  const window = standInWindow(t);
  const areas = { sessionStorage: new WebStorage(), localStorage: new WebStorage() };
  for (const [name, value] of Object.entries(areas)) standIn(t, name, { value });
  const idle = resources();
  /** @type {WeakRef<object>[]} */
  const sessions = [];
  const use = async (/** @type {number} */ i) => {
    const session = await createSession({
      baseUrl,
      clientId: 'shop',
      storage: /** @type {const} */ (['memory', 'session', 'local'])[i % 3],
      storageKey: `shop-${i}`,
      wasm,
    });
    sessions.push(new WeakRef(session));
    await session.signIn(anna);
    // Some are closed while a revocation is under way, some while a user is signed in.
    if (i % 2) session.signOut();
    if (i % 4 === 1) await session.settled();
    session.close();
    // The signed-in user and the server's tokens are meant to outlive a session.
    for (const { items } of Object.values(areas)) items.clear();
    alive.clear();
  };
  const left = () => sessions.filter((session) => session.deref()).length;
  for (let i = 0; i < WARM_UP; i++) await use(i);
  const from = await memory();
  const kept = left();
  for (let i = 0; i < SESSIONS; i++) await use(WARM_UP + i);
  // The sessions that were closed during a revocation wait for its answer.
  for (let i = 0; i < 20 && resources().length > idle.length; i++) await memory();
  assert.deepEqual(resources(), idle);
  for (const type of ['pagehide', 'storage', 'pageshow']) {
    assert.deepEqual(getEventListeners(window, type), []);
  }
  // V8 may keep the session that was used last, and its core with it.
  for (let i = 0; i < 20 && left() > 1; i++) await memory();
  assert.ok(left() <= 1, `${left()} sessions are left`);
  const to = await memory();
  const grown = compare(from, to, left() - kept);
  t.diagnostic(`proof: sessions opened, used and closed in one process: ${SESSIONS}, ${grown}`);
});
