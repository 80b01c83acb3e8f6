// The /dev resources: what a page or a person sees of the back end, and how they change its
// behaviour.
import { PassThrough } from 'node:stream';
import { BehaviourError } from './behaviour.js';

/**
 * @typedef {import('oidc-provider').Context} Context
 * @typedef {import('./index.js').Backend} Backend
 * @typedef {import('./journal.js').Entry} Entry
 */

const secretFields = new Set([
  ...['token', 'access_token', 'refresh_token', 'code', 'code_verifier'],
  ...['password', 'client_secret'],
]);

/** @param {string} value */
const mask = (value) => `${value.slice(0, 6)}…`;

/** @param {string} [authorization] */
const bearerOf = (authorization) => /^bearer +(.+)$/i.exec(authorization ?? '')?.[1];

/** @param {Record<string, string>} fields */
function maskFields(fields) {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      secretFields.has(name) ? (/pass|secret/.test(name) ? '…' : mask(value)) : value,
    ]),
  );
}

/**
 * An entry without its secrets. Its body is left out: any field of it may be one.
 * @param {Entry} entry
 * @param {(token: string | undefined) => string | null} label
 */
function withoutSecrets({ body: _, ...entry }, label) {
  const authorization =
    entry.authorization &&
    entry.authorization.replace(
      /^(\S+ +)?(.+)$/,
      (_all, scheme = '', value) => scheme + mask(value),
    );
  const headers = { ...entry.headers };
  if (authorization) headers.authorization = authorization;
  delete headers.cookie;
  return {
    ...entry,
    authorization,
    headers,
    query: maskFields(entry.query),
    form: entry.form && maskFields(entry.form),
    /** Which tokens these are, in the names of /dev/tokens. */
    labels: {
      bearer: label(bearerOf(entry.authorization ?? '')),
      token: label(entry.form?.token ?? entry.form?.refresh_token),
    },
  };
}

/**
 * @param {Backend} backend
 * @param {() => import('./behaviour.js').BehaviourState} behaviour
 * @param {(token: string | undefined) => string | null} label
 */
export function createDev(backend, behaviour, label) {
  /** @type {Set<PassThrough>} */
  const listeners = new Set();

  /** @param {string} event @param {unknown} data */
  function send(event, data) {
    for (const stream of listeners) {
      stream.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    }
  }

  /** @param {Context} ctx */
  function listen(ctx) {
    const stream = new PassThrough();
    listeners.add(stream);
    ctx.res.once('close', () => listeners.delete(stream));
    stream.write(': connected\n\n');
    ctx.type = 'text/event-stream';
    ctx.body = stream;
  }

  /** @param {Context} ctx */
  async function json(ctx) {
    const chunks = [];
    for await (const chunk of ctx.req) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    if (text === '') return {};
    try {
      const body = JSON.parse(text);
      if (body !== null && typeof body === 'object') return body;
    } catch {
      // Said below.
    }
    throw new BehaviourError('the body must be a JSON object');
  }

  /** @type {Record<string, (ctx: Context) => unknown>} */
  const resources = {
    'GET /dev/behaviour': () => behaviour(),
    'PUT /dev/behaviour': async (ctx) => {
      backend.set(await json(ctx));
      return behaviour();
    },
    'DELETE /dev/behaviour': () => {
      backend.resetBehaviour();
      return behaviour();
    },
    'GET /dev/journal': () => backend.journal.map((entry) => withoutSecrets(entry, label)),
    'DELETE /dev/journal': () => {
      backend.journal.length = 0;
      return [];
    },
    'GET /dev/tokens': async () =>
      (await backend.tokens()).map((token) => ({ ...token, token: mask(token.token) })),
    'POST /dev/release': async (ctx) => {
      const { count } = await json(ctx);
      if (count !== undefined && !(Number.isInteger(count) && count > 0)) {
        throw new BehaviourError('count must be a whole number from 1');
      }
      return { released: backend.release(count) };
    },
    'POST /dev/expire': async (ctx) => {
      const { kind = 'access_token', owner } = await json(ctx);
      if (![undefined, 'customer', 'agent', 'client'].includes(owner)) {
        throw new BehaviourError('owner must be one of "customer", "agent", "client"');
      }
      if (kind === 'access_token') await backend.expireAccessTokens(owner);
      else if (kind === 'refresh_token') await backend.expireRefreshTokens(owner);
      else throw new BehaviourError('kind must be one of "access_token", "refresh_token"');
      return { expired: kind, owner };
    },
  };

  return {
    /** @type {import('oidc-provider').Middleware} */
    async middleware(ctx, next) {
      if (!ctx.path.startsWith('/dev/')) return next();
      ctx.set('Access-Control-Allow-Origin', '*');
      ctx.set('Cache-Control', 'no-store');
      if (ctx.method === 'OPTIONS') {
        ctx.set('Access-Control-Allow-Methods', 'GET, PUT, POST, DELETE');
        ctx.set('Access-Control-Allow-Headers', 'Content-Type');
        ctx.status = 204;
        return;
      }
      if (ctx.method === 'GET' && ctx.path === '/dev/events') return listen(ctx);
      const name = `${ctx.method} ${ctx.path}`;
      const resource = Object.hasOwn(resources, name) ? resources[name] : undefined;
      if (!resource) {
        ctx.status = 404;
        ctx.body = { error: `there is no ${name}; there are ${Object.keys(resources).join(', ')}` };
        return;
      }
      try {
        ctx.body = await resource(ctx);
      } catch (error) {
        if (!(error instanceof BehaviourError)) throw error;
        ctx.status = 400;
        ctx.body = { error: error.message };
      }
    },

    /** @param {Entry} entry */
    requestChanged: (entry) => send('request', withoutSecrets(entry, label)),
    tokensChanged: () => send('tokens', {}),
    behaviourChanged: () => send('behaviour', behaviour()),
  };
}
