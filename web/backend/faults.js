// What an endpoint does instead of answering properly, and the answers that are held until they are
// released.
import { STATUS_CODES } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { allowOrigin, answerPreflight } from './cors.js';
import { revokePath, tokenPath } from './oauth.js';
import { refuse as refuseAsOcc } from './occ.js';

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
  502: 'bad_gateway',
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
  502: 'BadGatewayError',
  503: 'ServiceUnavailableError',
};

/** How long an answer is, with blanks at its end. @type {Record<string, number>} */
const lengths = { '64KiB': 65_536, '64KiB+1': 65_537, '10MiB': 10_485_760 };

/** All that is written before the connection ends. @type {Record<string, string>} */
const fragments = {
  'not-http': '550 what do you mean?\r\n\r\n',
  'drop-in-headers': 'HTTP/1.1 200 OK\r\nContent-Type: applica',
};

/** @param {Context} ctx */
const textOf = (ctx) => (typeof ctx.body === 'object' ? JSON.stringify(ctx.body) : ctx.body || '');

/**
 * @param {Context} ctx
 * @param {number} length
 * @param {import('./behaviour.js').EndpointBehaviour['cors']} cors
 */
function writeHead(ctx, length, cors) {
  allowOrigin(ctx, cors === true);
  ctx.res.setHeader('Content-Type', 'application/json');
  ctx.res.setHeader('Content-Length', length);
  ctx.res.flushHeaders();
}

/** A JSON text that is begun and never ends. */
async function* drip() {
  yield '{"access_token":"';
  for (;;) {
    await delay(20);
    yield 'x'.repeat(16);
  }
}

/** @param {string} text */
async function* inPieces(text) {
  for (let at = 0; at < text.length; at += 32) {
    await delay(5);
    yield text.slice(at, at + 32);
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

  /** @param {Context} ctx @param {Endpoint} endpoint @param {number} status */
  function refuse(ctx, endpoint, status) {
    const message = 'The back end was told to answer like this';
    const challenge = status === 401 ? 'Bearer error="invalid_token"' : undefined;
    if (endpoint === 'occ') {
      const type = occErrors[status] ?? '';
      return refuseAsOcc(ctx, { status, type, message, challenge }, behaviour.current);
    }
    ctx.status = status;
    if (challenge) ctx.set('WWW-Authenticate', challenge);
    // As SAP Commerce does, it repeats what nobody may see.
    const text = `${message}: ${ctx.state.entry.body}`;
    ctx.body = { error: oauthErrors[status], error_description: text };
  }

  /**
   * The connection ends when this much is written.
   *
   * @param {Context} ctx
   * @param {() => void} write
   */
  function breakOff(ctx, write) {
    journal.update(ctx.state.entry, { status: 'dropped' });
    ctx.respond = false;
    write();
    ctx.res.socket?.end();
  }

  /**
   * @param {Context} ctx
   * @param {Endpoint} endpoint
   * @param {import('./behaviour.js').EndpointBehaviour} set
   * @param {() => Promise<void>} next
   */
  async function respond(ctx, endpoint, { answer, cors }, next) {
    switch (answer) {
      case 'normal':
        return next();
      case 100:
      case 101:
      case 102:
      case 103:
        ctx.res.socket?.write(`HTTP/1.1 ${answer} ${STATUS_CODES[answer]}\r\n\r\n`);
        return next();
      case 'slow-body':
        await next();
        ctx.body = Readable.from(inPieces(textOf(ctx)));
        ctx.type = 'json';
        return;
      case '64KiB':
      case '64KiB+1':
      case '10MiB':
        await next();
        ctx.body = textOf(ctx).padEnd(lengths[answer]);
        ctx.type = 'json';
        return;
      case 'unknown-type':
        await next();
        if (ctx.body?.token_type) ctx.body.token_type = 'unknown';
        return;
      case 'drop-in-body':
        await next();
        return breakOff(ctx, () => {
          const text = textOf(ctx) || '{}';
          writeHead(ctx, text.length, cors);
          ctx.res.write(text.slice(0, text.length / 2));
        });
      case 'drop-after-headers':
        ctx.status = 200;
        return breakOff(ctx, () => writeHead(ctx, 1, cors));
      case 'drop-in-headers':
      case 'not-http':
        return breakOff(ctx, () => ctx.res.socket?.write(fragments[answer]));
      case 'drop':
        journal.update(ctx.state.entry, { status: 'dropped' });
        ctx.respond = false;
        ctx.res.destroy();
        return;
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
      case 'silent':
        ctx.respond = false;
        await new Promise((resolve) => whenGone(ctx, () => resolve(undefined)));
        return;
      case 'empty':
        ctx.status = 200;
        ctx.body = '';
        return;
      case 'no-token':
        ctx.body = {};
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
        refuse(ctx, endpoint, answer === 'decide-later' ? 503 : answer);
    }
  }

  return {
    /** @type {import('oidc-provider').Middleware} */
    async middleware(ctx, next) {
      const endpoint = endpointOf(ctx.path);
      if (!endpoint) return next();
      if (ctx.method === 'OPTIONS') {
        return answerPreflight(ctx, behaviour.current[endpoint].cors !== false);
      }
      const decide = () => behaviour.next(endpoint, (only) => isMeant[endpoint](ctx, only));
      let set = decide();
      // What is answered without being released is refused, as `hold-before` does it.
      while (set.answer === 'decide-later' && (await hold(ctx))) set = decide();
      await respond(ctx, endpoint, set, next);
      if (set.delayMs > 0) await pause(ctx, set.delayMs);
      if (ctx.respond === false) return;
      if (set.retryAfter !== null) ctx.set('Retry-After', String(set.retryAfter));
      allowOrigin(ctx, set.cors === true);
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
