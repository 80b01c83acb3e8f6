// The growth of the cost with the number of sessions in one Node process: each opens, signs in,
// puts its header on a request, and signs out, all of them at the same time.
import { readFileSync } from 'node:fs';

import { createSession } from '../../dist/node.js';
import { baseUrl, createEndpoint, endpoints } from './endpoint.js';
import { spread } from './figures.js';

const dist = new URL('../../dist/', import.meta.url);
const { version } = JSON.parse(readFileSync(new URL('../package.json', dist), 'utf8'));

export const title = `Scale: what the sessions of occ-session ${version} in one Node process do a second`;

const SIZES = [1, 10, 100, 1000];
/** The number of calls of each kind in one run, whatever the number of sessions. */
const CALLS = 1000;
const OPENINGS = 100;
const HEADERS = 20_000;

const anna = { username: 'anna.keller@example.com', password: 'Welcome-1' };
const resource = `${baseUrl}occ/v2/shop/users/current`;

/**
 * Returns the calls per second if each round makes `calls` of them.
 * @param {number} total
 * @param {number} calls
 * @param {() => unknown} round
 */
async function rate(total, calls, round) {
  const start = performance.now();
  for (let done = 0; done < total; done += calls) await round();
  return (Math.ceil(total / calls) * calls * 1000) / (performance.now() - start);
}

/**
 * One run with this many sessions.
 * @param {number} size
 * @param {WebAssembly.Module} wasm
 */
async function run(size, wasm) {
  const { fetch, requests } = createEndpoint();
  const open = () =>
    createSession({
      ...{ baseUrl, clientId: 'mobile_android', clientSecret: 'secret' },
      ...{ storage: 'memory', wasm, fetch },
    });
  /** @type {import('../../dist/node.js').Session[]} */
  let sessions = [];
  const opened = await rate(OPENINGS, size, async () => {
    for (const session of sessions) session.close();
    sessions = await Promise.all(Array.from({ length: size }, open));
  });

  // Sign-ins and sign-outs alternate, and each has a clock of its own.
  let signingIn = 0;
  let signingOut = 0;
  const rounds = Math.ceil(CALLS / size);
  let headers = 0;
  for (let i = 0; i < rounds; i++) {
    const begin = performance.now();
    await Promise.all(sessions.map((session) => session.signIn(anna)));
    const between = performance.now();
    signingIn += between - begin;
    if (i === 0) {
      headers = await rate(HEADERS, size, () => {
        for (const session of sessions) session.authorization(resource);
      });
    }
    const last = performance.now();
    await Promise.all(sessions.map((session) => (session.signOut(), session.settled())));
    signingOut += performance.now() - last;
  }
  const signIns = rounds * size;
  const sent = requests.length;
  if (sent !== 3 * signIns) throw new Error(`${sent} requests, not ${3 * signIns}`);
  for (const session of sessions) session.close();

  // The same requests without a session measure Node's cost of its answers.
  requests.length = 0;
  const alone = await rate(signIns, size, () =>
    Promise.all(
      sessions.map(async () => {
        await (await fetch(endpoints.token, { body: 'grant_type=password' })).arrayBuffer();
        await fetch(endpoints.revoke, { body: 'token=refresh' });
        await fetch(endpoints.revoke, { body: 'token=access' });
      }),
    ),
  );
  const perSecond = 1000 * signIns;
  return {
    'sessions opened': opened,
    'sign-ins': perSecond / signingIn,
    'headers put on requests': headers,
    'sign-outs': perSecond / signingOut,
    'the answers to both, without a session': alone,
  };
}

/**
 * @param {import('./figures.js').Options} options
 * @returns {Promise<import('./figures.js').Table>}
 */
export async function measure({ runs = 7, say }) {
  const wasm = new WebAssembly.Module(readFileSync(new URL('core.wasm', dist)));
  /** @type {Awaited<ReturnType<typeof run>>[][]} */
  const results = SIZES.map(() => []);
  // The first run compiles the code, which is no cost of the sessions.
  for (let i = -1; i < runs; i++) {
    for (const [at, size] of SIZES.entries()) {
      const result = await run(size, wasm);
      globalThis.gc?.();
      if (i >= 0) results[at].push(result);
    }
    say(`scale: run ${i + 1} of ${runs}`);
  }
  const calls = /** @type {(keyof Awaited<ReturnType<typeof run>>)[]} */ (
    Object.keys(results[0][0])
  );
  return {
    columns: SIZES.map((size) => ({
      name: size === 1 ? '1 session' : `${size.toLocaleString('en')} sessions`,
      unit: 'per second',
    })),
    rows: calls.map((call) => ({
      subject: call,
      version: '',
      figures: results.map((each) => spread(each.map((result) => result[call]))),
    })),
    notes: [
      'All sessions at the same time; a fetch that answers at once takes the place of the network.',
    ],
  };
}
