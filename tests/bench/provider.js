// The OAuth server of the comparison, which belongs to none of the subjects: it has all that they
// need (discovery, password grant, code flow with PKCE, refresh, revocation), and the back end's
// faults.
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { Store } from '../../web/backend/adapter.js';
import { createBehaviour } from '../../web/backend/behaviour.js';
import { allowOrigin, answerPreflight } from '../../web/backend/cors.js';
import { createFaults } from '../../web/backend/faults.js';
import { createJournal } from '../../web/backend/journal.js';
import { revokePath, tokenPath } from '../../web/backend/oauth.js';
import { quietly } from '../../web/backend/quiet.js';
import { startNetwork } from './network.js';

const { Provider } = await quietly(() => import('oidc-provider'));

/** @import { Entry } from '../../web/backend/journal.js' */

/** @typedef {Awaited<ReturnType<typeof startProvider>>} OAuthServer */

const authorizePath = '/authorizationserver/oauth/authorize';
/** The last page of a sign-out: the measured page stays. */
const endPath = '/session/end';

/** The addresses that Auth0's SDK uses in any case. @type {Record<string, string>} */
const otherNames = {
  '/authorize': authorizePath,
  '/oauth/token': tokenPath,
  '/oauth/revoke': revokePath,
};

export const clientId = 'bench';
export const user = { username: 'anna.keller@example.com', password: 'Welcome-1' };

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const key = { ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig' };
const daySeconds = 24 * 3600;
const monthSeconds = 30 * daySeconds;

/**
 * @param {object} [options]
 * @param {boolean} [options.slash] true if the issuer's name ends with one, as Auth0's does
 * @param {number} [options.roundTrip] milliseconds to the server and back
 */
export async function startProvider({ slash = false, roundTrip = 0 } = {}) {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  const network = roundTrip > 0 ? await startNetwork(address.port, roundTrip) : undefined;
  const port = network?.port ?? address.port;
  const url = `http://127.0.0.1:${port}`;

  const store = new Store();
  const behaviour = createBehaviour(() => {});
  const journal = createJournal(() => {});
  const faults = createFaults(url, port, behaviour, journal);

  const provider = new Provider(slash ? `${url}/` : url, {
    adapter: (/** @type {string} */ model) => store.adapter(model),
    jwks: { keys: [key] },
    clients: [
      {
        client_id: clientId,
        token_endpoint_auth_method: 'none',
        grant_types: ['password', 'authorization_code', 'refresh_token'],
        response_types: ['code'],
        redirect_uris: ['http://127.0.0.1/'],
      },
    ],
    clientAuthMethods: ['none'],
    clientBasedCORS: () => true,
    scopes: ['openid', 'offline_access', 'basic'],
    routes: {
      token: tokenPath,
      revocation: revokePath,
      authorization: authorizePath,
      end_session: endPath,
    },
    findAccount: (/** @type {unknown} */ _ctx, /** @type {string} */ id) => ({
      accountId: id,
      claims: () => ({ sub: id }),
    }),
    ttl: {
      AccessToken: () => behaviour.current.accessTokenSeconds,
      AuthorizationCode: 60,
      RefreshToken: monthSeconds,
      Grant: monthSeconds,
      IdToken: daySeconds,
      Session: monthSeconds,
    },
    issueRefreshToken: () => true,
    rotateRefreshToken: true,
    revokeGrantPolicy: () => true,
    renderError(/** @type {import('oidc-provider').Context} */ ctx, /** @type {object} */ answer) {
      ctx.body = answer;
    },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      revocation: { enabled: true, allowedPolicy: () => true },
    },
  });

  /** Finds the living token of this kind with this text.
   * @param {'AccessToken' | 'RefreshToken'} kind @param {string} value */
  async function find(kind, value) {
    const found = await provider[kind].find(value);
    return found?.isValid ? found : undefined;
  }

  /**
   * Tokens by the grant that they belong to.
   *
   * @type {Map<string, [kind: 'AccessToken' | 'RefreshToken', value: string][]>}
   */
  const grants = new Map();
  for (const [event, kind] of /** @type {const} */ ([
    ['access_token.saved', 'AccessToken'],
    ['refresh_token.saved', 'RefreshToken'],
  ])) {
    provider.on(event, ({ grantId, jti }) => {
      grants.set(grantId, [...(grants.get(grantId) ?? []), [kind, jti]]);
    });
  }

  /** @param {string} scope */
  async function newGrant(scope) {
    const grant = new provider.Grant({ accountId: user.username, clientId });
    grant.addOIDCScope(scope);
    return grant.save();
  }

  provider.registerGrantType(
    'password',
    async (ctx) => {
      const { client, params } = ctx.oidc;
      const scope = params.scope ?? 'basic';
      const grantId = await newGrant(scope);
      const values = { accountId: user.username, client, grantId, gty: 'password', scope };
      const access = new provider.AccessToken(values);
      ctx.body = {
        access_token: await access.save(),
        refresh_token: await new provider.RefreshToken(values).save(),
        token_type: 'Bearer',
        expires_in: access.expiration,
        scope,
      };
    },
    ['username', 'password', 'scope'],
  );

  /** Signs every user in, who always agrees; the server itself checks the code.
   * @type {import('oidc-provider').Middleware} */
  async function authorize(ctx, next) {
    if (ctx.path !== authorizePath || ctx.method !== 'GET') return next();
    const asked = new URLSearchParams(ctx.querystring);
    const scope = asked.get('scope') ?? 'openid';
    const code = new provider.AuthorizationCode({
      accountId: user.username,
      client: await provider.Client.find(clientId),
      grantId: await newGrant(scope),
      gty: 'authorization_code',
      redirectUri: asked.get('redirect_uri'),
      codeChallenge: asked.get('code_challenge'),
      codeChallengeMethod: asked.get('code_challenge_method'),
      nonce: asked.get('nonce') ?? undefined,
      scope,
    });
    const target = new URL(asked.get('redirect_uri') ?? '');
    target.searchParams.set('code', await code.save());
    target.searchParams.set('state', asked.get('state') ?? '');
    ctx.redirect(target.href);
  }

  /** @type {import('oidc-provider').Middleware} */
  async function resource(ctx, next) {
    if (ctx.path === endPath) {
      ctx.status = 204;
      return;
    }
    if (ctx.path === '/login.jsp') {
      if (ctx.method === 'OPTIONS') return answerPreflight(ctx, true);
      allowOrigin(ctx, true);
      ctx.body = 'Please log in.';
      return;
    }
    if (!ctx.path.startsWith('/occ/')) return next();
    const value = /^bearer +(.+)$/i.exec(ctx.get('authorization'))?.[1] ?? '';
    if (await find('AccessToken', value)) {
      ctx.body = {};
    } else {
      ctx.status = 401;
      ctx.set('WWW-Authenticate', 'Bearer error="invalid_token"');
      ctx.body = { errors: [{ type: 'InvalidTokenError' }] };
    }
  }

  /** @type {import('oidc-provider').Middleware} */
  async function journaled(ctx, next) {
    ctx.path = otherNames[ctx.path] ?? ctx.path;
    const at = Date.now();
    const chunks = [];
    try {
      for await (const chunk of ctx.req) chunks.push(chunk);
    } catch {
      // The client has gone away.
      return;
    }
    let body = Buffer.concat(chunks);
    const isForm = ctx.get('content-type').startsWith('application/x-www-form-urlencoded');
    const form = isForm ? Object.fromEntries(new URLSearchParams(body.toString())) : null;
    ctx.state.entry = journal.receive({
      at,
      method: ctx.method,
      path: ctx.path,
      query: Object.fromEntries(new URLSearchParams(ctx.querystring)),
      headers: ctx.headers,
      authorization: ctx.get('authorization') || null,
      form,
      body: body.toString(),
    });
    if (ctx.path === revokePath) {
      // This server would see a header as a second way of naming the client; Okta's SDK has only
      // that.
      delete ctx.headers.authorization;
      if (form && !form.client_id) body = Buffer.from(`${body}&client_id=${clientId}`);
      ctx.headers['content-length'] = String(body.length);
    }
    ctx.req = Readable.from(body);
    ctx.res.once('close', () => {
      if (!ctx.res.writableFinished) journal.update(ctx.state.entry, { aborted: true });
    });
    await next();
    // An empty answer has no type, and some libraries read the type before the empty body.
    if (ctx.path === revokePath && ctx.status === 200) ctx.remove('Content-Type');
    // Each library sends headers of its own, which its own servers know.
    if (ctx.method === 'OPTIONS') {
      ctx.set('Access-Control-Allow-Headers', ctx.get('access-control-request-headers'));
    }
    if (ctx.respond !== false) {
      journal.update(ctx.state.entry, { status: ctx.status, answeredAt: Date.now() });
    }
  }

  provider.use(journaled).use(faults.middleware).use(resource).use(authorize);
  provider.on('server_error', () => {
    // A client that goes away is no error here.
  });
  server.on('request', provider.callback());

  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set();
  server.on('connection', (socket) => sockets.add(socket));

  return {
    url,
    journal,
    set: behaviour.set,
    disconnect: () => network?.disconnect(),
    release: faults.release,

    /** @param {(entry: Entry) => boolean} isMeant @param {number} count */
    received: (isMeant, count = 1) => journal.waitFor(isMeant, count),

    /** The bytes on the wire, in both directions. */
    bytes: () => [...sockets].reduce((sum, each) => sum + each.bytesRead + each.bytesWritten, 0),

    /** For each grant since the last reset, true if one of its tokens is still accepted. */
    async alive() {
      const tokens = [...grants.values()];
      const lives = await Promise.all(
        tokens.map((each) => Promise.all(each.map(([kind, value]) => find(kind, value)))),
      );
      return lives.map((each) => each.some(Boolean));
    },

    /** Expires the access tokens, which only the server knows. */
    expireAccessTokens: () => store.expire(({ kind }) => kind === 'AccessToken'),

    /** Ends every grant at the server, which only the server knows. */
    endGrants: () => store.clear(),

    reset() {
      behaviour.reset();
      faults.reset();
      journal.empty();
      grants.clear();
      store.clear();
    },

    async close() {
      await network?.close();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
