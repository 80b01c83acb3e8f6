// The development back end: one HTTP server with a real OAuth server, a few resources of SAP
// Commerce, and a journal.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createDirectory } from './accounts.js';
import { createBehaviour } from './behaviour.js';
import { allowOrigin, answerPreflight } from './cors.js';
import { createDev } from './dev.js';
import { createFaults } from './faults.js';
import { createJournal } from './journal.js';
import { createOAuth } from './oauth.js';
import { occ } from './occ.js';

export { accounts } from './accounts.js';
export { clients } from './oauth.js';

/**
 * @typedef {import('oidc-provider').Context} Context
 * @typedef {import('./behaviour.js').BehaviourChange} BehaviourChange
 * @typedef {import('./behaviour.js').BehaviourState} BehaviourState
 * @typedef {import('./journal.js').Entry} Entry
 * @typedef {import('./oauth.js').Token} Token
 *
 * @typedef {object} Backend
 * @property {string} url the origin
 * @property {() => Promise<void>} close ends at once, with whatever connections are open
 * @property {Readonly<BehaviourState>} behaviour
 * @property {(change: BehaviourChange) => void} set changes the fields that are named; a wrong one throws
 * @property {() => void} resetBehaviour
 * @property {() => void} reset as if just started: behaviour, journal, accounts, tokens; held requests are answered
 * @property {Entry[]} journal every request but those to /dev/, oldest first
 * @property {(filter?: { path?: string, method?: string }) => Entry[]} received of one method, POST unless told
 * @property {(predicate: (entry: Entry) => boolean, count?: number) => Promise<Entry[]>} waitFor
 * @property {(count?: number) => number} release answers the held requests, oldest first
 * @property {() => Promise<Token[]>} tokens every token issued, and what the OAuth server says of it now
 * @property {(owner?: Token['owner']) => Promise<void>} expireAccessTokens everybody's unless told
 * @property {(owner?: Token['owner']) => Promise<void>} expireRefreshTokens everybody's unless told
 * @property {() => Promise<void>} revokeRefreshTokens
 */

// Tokens may be longer than the headers that Node allows for by default.
const maxHeaderSize = 512 * 1024;

/** @param {{ port?: number }} [options] @returns {Promise<Backend>} */
export async function startBackend({ port = 0 } = {}) {
  const server = createServer({ maxHeaderSize });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  const url = `http://127.0.0.1:${address.port}`;

  const directory = createDirectory();
  const behaviour = createBehaviour(() => dev.behaviourChanged());
  const journal = createJournal((entry) => dev.requestChanged(entry));
  const oauth = createOAuth(url, behaviour, directory, () => dev.tokensChanged());
  const faults = createFaults(url, address.port, behaviour, journal);

  /** @type {Backend} */
  const backend = {
    url,
    async close() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
    get behaviour() {
      return behaviour.current;
    },
    set: behaviour.set,
    resetBehaviour: behaviour.reset,
    reset() {
      behaviour.reset();
      faults.reset();
      journal.empty();
      oauth.reset();
      directory.reset();
    },
    journal: journal.entries,
    received: journal.received,
    waitFor: journal.waitFor,
    release: faults.release,
    tokens: oauth.tokens,
    expireAccessTokens: async (owner) => oauth.expire('access_token', owner),
    expireRefreshTokens: async (owner) => oauth.expire('refresh_token', owner),
    revokeRefreshTokens: oauth.revokeRefreshTokens,
  };
  const dev = createDev(backend, () => behaviour.current, oauth.label);

  oauth.provider
    .use(dev.middleware)
    .use(journaled(journal))
    .use(faults.middleware)
    .use(occ(oauth, directory, behaviour))
    .use(medias)
    .use(loginPage)
    .use(oauth.endpoints);
  oauth.provider.on('error', (error, ctx) => {
    // That a client goes away is no error here: many tests do it.
    if (ctx?.res.socket?.writable) console.error(error);
  });
  server.on('request', oauth.provider.callback());
  return backend;
}

/** @param {import('./journal.js').Journal} journal @returns {import('oidc-provider').Middleware} */
function journaled(journal) {
  return async (ctx, next) => {
    const at = Date.now();
    const { body, complete } = await read(ctx.req);
    const isForm = ctx.get('content-type').startsWith('application/x-www-form-urlencoded');
    const entry = journal.receive({
      at,
      method: ctx.method,
      path: ctx.path,
      query: Object.fromEntries(new URLSearchParams(ctx.querystring)),
      headers: { ...ctx.headers },
      authorization: ctx.get('authorization') || null,
      form: isForm ? Object.fromEntries(new URLSearchParams(body.toString())) : null,
      body: body.toString(),
    });
    ctx.state.entry = entry;
    ctx.state.body = body;
    const gone = () => {
      if (ctx.res.writableFinished || entry.status === 'dropped') return;
      const status = entry.status === 'held' ? null : entry.status;
      journal.update(entry, { aborted: true, status });
    };
    if (!complete) return gone();
    ctx.res.once('close', gone);

    await next();

    if (ctx.respond === false || entry.aborted) return;
    const location = ctx.response.get('location');
    journal.update(entry, {
      status: ctx.status,
      answeredAt: Date.now(),
      ...(location && { location }),
    });
  };
}

/** @param {AsyncIterable<Buffer>} stream */
async function read(stream) {
  const chunks = [];
  try {
    for await (const chunk of stream) chunks.push(chunk);
    return { body: Buffer.concat(chunks), complete: true };
  } catch {
    return { body: Buffer.concat(chunks), complete: false };
  }
}

/** The pictures of the products. @type {import('oidc-provider').Middleware} */
async function medias(ctx, next) {
  const name = /^\/medias\/(\d+\.svg)$/.exec(ctx.path)?.[1];
  const file = name && new URL(`../assets/${name}`, import.meta.url);
  const picture = file && (await readFile(file).catch(() => undefined));
  if (!picture) return next();
  ctx.type = 'svg';
  ctx.body = picture;
}

/**
 * Where an old back end sends whoever asks for something that it does not have. The page belongs to
 * the application that has the token endpoint, and the same origins may read both.
 * @type {import('oidc-provider').Middleware}
 */
function loginPage(ctx, next) {
  if (ctx.path !== '/login.jsp') return next();
  if (ctx.method === 'OPTIONS') return answerPreflight(ctx, true);
  allowOrigin(ctx, true);
  ctx.type = 'html';
  ctx.body = '<!doctype html><title>Login</title><h1>Login</h1>';
}
