// The memory of a session in Node while a user is signed in, and the rest after many sign-ins and
// sign-outs. Each subject is measured in a process of its own, which this file is too.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

import { baseUrl, createEndpoint, endpoints } from './endpoint.js';
import { spread } from './figures.js';

export const title =
  'Memory in Node: one session in which somebody is signed in, and after 10,000 sign-ins and sign-outs';

const SESSIONS = 500;
const CYCLES = 10_000;
/**
 * The number of cycles before the first comparison: by then Node has compiled and cached its code.
 */
const WARM_UP = 5_000;

const clientId = 'mobile_android';
const clientSecret = 'secret';
const username = 'anna.keller@example.com';
const password = 'Welcome-1';

/**
 * @typedef {{ signIn: () => Promise<unknown>, signOut: () => Promise<unknown> }} Session
 * @typedef {{ folder: string, open: () => Promise<Session>, note?: string }} Subject
 */

/** @type {Record<string, Subject>} */
const subjects = {
  'occ-session': {
    folder: '../../',
    async open() {
      const { createSession } = await import('../../dist/node.js');
      const wasm = await module;
      const session = await createSession({
        ...{ baseUrl, clientId, clientSecret, wasm, storage: 'memory', fetch },
      });
      return {
        signIn: () => session.signIn({ username, password }),
        signOut: () => (session.signOut(), session.settled()),
      };
    },
  },
  'oidc-client-ts': {
    folder: 'node_modules/oidc-client-ts/',
    async open() {
      const { InMemoryWebStorage, UserManager, WebStorageStateStore } =
        await import('oidc-client-ts');
      const manager = new UserManager({
        authority: baseUrl,
        metadata: {
          issuer: baseUrl,
          token_endpoint: endpoints.token,
          revocation_endpoint: endpoints.revoke,
        },
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uri: baseUrl,
        scope: 'basic',
        userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
      });
      return {
        signIn: () =>
          manager.signinResourceOwnerCredentials({ username, password, skipUserInfo: true }),
        async signOut() {
          await manager.revokeTokens();
          await manager.removeUser();
        },
      };
    },
  },
  oauth4webapi: {
    folder: 'node_modules/oauth4webapi/',
    note: 'It keeps no session: that is an object which holds the two tokens.',
    async open() {
      const oauth = await import('oauth4webapi');
      const server = {
        issuer: baseUrl,
        token_endpoint: endpoints.token,
        revocation_endpoint: endpoints.revoke,
      };
      const client = { client_id: clientId };
      const auth = oauth.ClientSecretPost(clientSecret);
      /** @type {import('oauth4webapi').TokenEndpointResponse | undefined} */
      let tokens;
      return {
        async signIn() {
          const parameters = { username, password };
          tokens = await oauth.processGenericTokenEndpointResponse(
            server,
            client,
            await oauth.genericTokenEndpointRequest(server, client, auth, 'password', parameters),
          );
        },
        async signOut() {
          const { refresh_token, access_token } = tokens ?? {};
          tokens = undefined;
          for (const token of [refresh_token, access_token]) {
            await oauth.processRevocationResponse(
              await oauth.revocationRequest(server, client, auth, String(token)),
            );
          }
        },
      };
    },
  },
};

/** The module, compiled once, as a server would. */
const module = Promise.resolve().then(
  () => new WebAssembly.Module(readFileSync(new URL('../../dist/core.wasm', import.meta.url))),
);

/** Resolves with the bytes in use after garbage collection. */
async function used() {
  for (let i = 0; i < 6; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc?.();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { held: heapUsed + external, resident: rss };
}

/** @param {Subject} subject */
async function measureHere({ open }) {
  const endpoint = createEndpoint();
  globalThis.fetch = endpoint.fetch;
  /** @param {Session} session @param {number} times */
  const cycle = async (session, times) => {
    for (let i = 0; i < times; i++) {
      await session.signIn();
      await session.signOut();
      endpoint.requests.length = 0;
    }
  };
  const signedIn = async () => {
    const session = await open();
    await session.signIn();
    return session;
  };
  const first = await open();
  await cycle(first, WARM_UP);
  await Promise.all(Array.from({ length: 20 }, signedIn));

  const none = await used();
  await cycle(first, CYCLES);
  const cycled = await used();

  /** @type {Session[]} */
  const sessions = [];
  for (let i = 0; i < SESSIONS; i++) sessions.push(await signedIn());
  endpoint.requests.length = 0;
  const many = await used();
  // The sessions are still in use, so none of them is collected before.
  await Promise.all(sessions.map((session) => session.signOut()));
  return {
    'one session': (many.held - cycled.held) / SESSIONS,
    'of it resident': (many.resident - cycled.resident) / SESSIONS,
    'after the cycles': cycled.held - none.held,
  };
}

/**
 * @param {import('./figures.js').Options} options
 * @returns {Promise<import('./figures.js').Table>}
 */
export async function measure({ runs = 3, say }) {
  /** @type {import('./figures.js').Row[]} */
  const rows = [];
  for (const [subject, { folder, note }] of Object.entries(subjects)) {
    /** @type {number[][]} */
    const results = [];
    for (let i = 0; i < runs; i++) {
      say(`memory: ${subject}, run ${i + 1} of ${runs}`);
      const args = ['--expose-gc', fileURLToPath(import.meta.url), subject];
      const output = execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 100_000 });
      results.push(Object.values(JSON.parse(output)));
    }
    const file = new URL(`${folder}package.json`, import.meta.url);
    rows.push({
      subject,
      version: JSON.parse(readFileSync(file, 'utf8')).version,
      figures: results[0].map((_, i) => spread(results.map((result) => result[i] / 1024))),
      note,
    });
  }
  return {
    columns: [
      { name: 'one session', unit: 'KiB' },
      { name: 'of it resident', unit: 'KiB' },
      { name: 'more after 10,000 cycles', unit: 'KiB' },
    ],
    rows,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(JSON.stringify(await measureHere(subjects[process.argv[2]])));
  // oidc-client-ts keeps a timer until its token would expire.
  process.exit();
}
