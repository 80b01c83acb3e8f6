// What an endpoint does instead of answering properly, and the answers that are held until they are released.
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { allowOrigin, answerPreflight } from './cors.js';
import { revokePath, tokenPath } from './oauth.js';

/**
 * @typedef {import('oidc-provider').Context} Context
 * @typedef {import('./behaviour.js').Endpoint} Endpoint
 * @typedef {{ entry: import('./journal.js').Entry, go: (process: boolean) => void }} Held
 */

/** @param {string} path @returns {Endpoint | null} */
function endpointOf(path) {
  if (path === tokenPath) return 'token';
  if (path === revokePath) return 'revoke';
  return /^\/(occ|assistedservicewebservices)\//.test(path) ? 'occ' : null;
}

/** @type {Record<Endpoint, (ctx: Context, only: string) => boolean>} */
const isMeant = {
  token: (ctx, only) => ctx.state.entry.form?.grant_type === only,
  revoke: (ctx, only) => ctx.state.entry.form?.token_type_hint === only,
  occ: (ctx, only) => ctx.path.startsWith(only),
};

/** @type {Record<number, string>} */
const oauthErrors = {
  400: 'invalid_grant',
  401: 'invalid_token',
  403: 'access_denied',
  404: 'not_found',
  429: 'slow_down',
  500: 'server_error',
  503: 'temporarily_unavailable',
};

/** @type {Record<number, string>} */
const occErrors = {
  400: 'ValidationError',
  401: 'InvalidTokenError',
  403: 'ForbiddenError',
  404: 'NotFoundError',
  429: 'TooManyRequestsError',
  500: 'InternalServerError',
  503: 'ServiceUnavailableError',
};

/** @param {Context} ctx @param {Endpoint} endpoint @param {number} status */
function refuse(ctx, endpoint, status) {
  const message = 'The back end was told to answer like this';
  ctx.status = status;
  if (status === 401) ctx.set('WWW-Authenticate', 'Bearer error="invalid_token"');
  ctx.body =
    endpoint === 'occ'
      ? { errors: [{ type: occErrors[status], message }] }
      : { error: oauthErrors[status], error_description: message };
}

/** A JSON text that is begun and never ends. */
async function* drip() {
  yield '{"access_token":"';
  for (;;) {
    await delay(20);
    yield 'x'.repeat(16);
  }
}

/** Within the event itself, so that nobody sees a client that is gone and still held.
 * @param {Context} ctx @param {() => void} then */
function whenGone(ctx, then) {
  if (ctx.res.closed) then();
  else ctx.res.once('close', then);
}

/** @param {Context} ctx @param {number} ms */
async function pause(ctx, ms) {
  const stop = new AbortController();
  whenGone(ctx, () => stop.abort());
  await delay(ms, undefined, { signal: stop.signal }).catch(() => {});
}

/**
 * @param {string} origin
 * @param {number} port
 * @param {import('./behaviour.js').Behaviour} behaviour
 * @param {import('./journal.js').Journal} journal
 */
export function createFaults(origin, port, behaviour, journal) {
  /** @type {Held[]} */
  const held = [];

  /** @param {Context} ctx @returns {Promise<boolean>} whether the request may be processed */
  function hold(ctx) {
    const { entry } = ctx.state;
    return new Promise((resolve) => {
      /** @param {boolean} process */
      const go = (process) => {
        if (entry.status === 'held') journal.update(entry, { status: null });
        resolve(process);
      };
      held.push({ entry, go });
      journal.update(entry, { status: 'held' });
    });
  }

  /** @param {Context} ctx */
  function letGo(ctx) {
    const at = held.findIndex(({ entry }) => entry === ctx.state.entry);
    if (at >= 0) held.splice(at, 1)[0]?.go(false);
  }

  /**
   * @param {Context} ctx
   * @param {Endpoint} endpoint
   * @param {import('./behaviour.js').Answer} answer
   * @param {() => Promise<void>} next
   */
  async function respond(ctx, endpoint, answer, next) {
    switch (answer) {
      case 'normal':
        return next();
      case 'hold':
        await next();
        whenGone(ctx, () => letGo(ctx));
        await hold(ctx);
        return;
      case 'hold-before':
        // Whoever asked may be gone by then: a server finds out only when it answers.
        return (await hold(ctx)) ? next() : refuse(ctx, endpoint, 503);
      case 'redirect':
        return ctx.redirect(`${origin}/login.jsp`);
      case 'redirect-other-origin':
        return ctx.redirect(`http://localhost:${port}/login.jsp`);
      case 'drop':
        journal.update(ctx.state.entry, { status: 'dropped' });
        ctx.respond = false;
        ctx.res.destroy();
        return;
      case 'silent':
        ctx.respond = false;
        await new Promise((resolve) => whenGone(ctx, () => resolve(undefined)));
        return;
      case 'garbage':
        ctx.type = 'html';
        ctx.body = '<!doctype html><title>Maintenance</title><p>We will be back soon.';
        return;
      case 'endless':
        ctx.status = 200;
        ctx.type = 'json';
        ctx.body = Readable.from(drip());
        return;
      default:
        refuse(ctx, endpoint, answer);
    }
  }

  return {
    /** @type {import('oidc-provider').Middleware} */
    async middleware(ctx, next) {
      const endpoint = endpointOf(ctx.path);
      if (!endpoint) return next();
      if (ctx.method === 'OPTIONS') {
        return answerPreflight(ctx, behaviour.current[endpoint].cors);
      }
      const set = behaviour.next(endpoint, (only) => isMeant[endpoint](ctx, only));
      await respond(ctx, endpoint, set.answer, next);
      if (set.delayMs > 0) await pause(ctx, set.delayMs);
      if (ctx.respond === false) return;
      if (set.retryAfter !== null) ctx.set('Retry-After', String(set.retryAfter));
      allowOrigin(ctx, set.cors);
    },

    /** @param {number} [count] */
    release(count = held.length) {
      const released = held.splice(0, count);
      for (const { go } of released) go(true);
      return released.length;
    },

    /** Answers what is held, but processes nothing more. */
    reset() {
      for (const { go } of held.splice(0)) go(false);
    },
  };
}
