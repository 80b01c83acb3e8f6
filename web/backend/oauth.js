// The OAuth server: oidc-provider with the endpoints, grants and answers of SAP Commerce.
import { generateKeyPairSync } from 'node:crypto';
import { Readable } from 'node:stream';
import { Store } from './adapter.js';
import { quietly } from './quiet.js';

const { Provider, errors } = await quietly(() => import('oidc-provider'));

/**
 * @typedef {import('oidc-provider').Context} Context
 * @typedef {import('./accounts.js').Account} Account
 *
 * @typedef {object} Token
 * @property {string} label
 * @property {'access_token' | 'refresh_token'} kind
 * @property {string} token
 * @property {string} grantType
 * @property {string | null} username
 * @property {'customer' | 'agent' | 'client'} owner
 * @property {string} clientId
 * @property {boolean} active
 * @property {number} issuedAt epoch milliseconds
 *
 * @typedef {{ owner: Token['owner'], account: Readonly<Account> | undefined }} Bearer
 * @typedef {ReturnType<typeof createOAuth>} OAuth
 */

export const tokenPath = '/authorizationserver/oauth/token';
export const revokePath = '/authorizationserver/oauth/revoke';
const authorizePath = '/authorizationserver/oauth/authorize';

/** The clients of SAP's sample data. */
export const clients = Object.freeze([
  Object.freeze({ id: 'mobile_android', secret: 'secret' }),
  Object.freeze({ id: 'asm_client', secret: 'secret' }),
]);

const tokenKinds = new Set(['AccessToken', 'ClientCredentials', 'RefreshToken']);
const defaultScope = 'basic openid';
const refreshTokenSeconds = 30 * 24 * 3600;

/**
 * @param {string} issuer
 * @param {import('./behaviour.js').Behaviour} behaviour
 * @param {import('./accounts.js').Directory} directory
 * @param {() => void} changed told whenever a token may have come alive or died
 */
export function createOAuth(issuer, behaviour, directory, changed) {
  const store = new Store();
  const provider = new Provider(issuer, {
    adapter: (/** @type {string} */ model) => store.adapter(model),
    jwks: { keys: [signingKey()] },
    clients: clients.map(({ id, secret }) => ({
      client_id: id,
      client_secret: secret,
      token_endpoint_auth_method: 'client_secret_post',
      grant_types: ['password', 'refresh_token', 'client_credentials'],
      response_types: [],
      redirect_uris: [],
      id_token_signed_response_alg: 'ES256',
    })),
    clientAuthMethods: ['client_secret_post'],
    clientBasedCORS: () => true,
    scopes: ['openid', 'basic'],
    routes: { token: tokenPath, revocation: revokePath, authorization: authorizePath },
    findAccount: (/** @type {unknown} */ _ctx, /** @type {string} */ id) =>
      directory.byUid(id) && { accountId: id, claims: async () => ({ sub: id }) },
    formats: {
      // Six bits for each character of a token.
      bitsOfOpaqueRandomness: (
        /** @type {unknown} */ _ctx,
        /** @type {{ kind: string }} */ token,
      ) => ((tokenKinds.has(token.kind) && behaviour.current.tokenLength) || 43) * 6,
    },
    ttl: {
      AccessToken: () => behaviour.current.accessTokenSeconds,
      ClientCredentials: () => behaviour.current.accessTokenSeconds,
      RefreshToken: refreshTokenSeconds,
      Grant: refreshTokenSeconds,
      IdToken: 3600,
      Interaction: 3600,
      Session: 3600,
    },
    issueRefreshToken: () => behaviour.current.refreshTokens,
    rotateRefreshToken: () => behaviour.current.rotate && behaviour.current.refreshTokens,
    revokeGrantPolicy: () => true,
    renderError(/** @type {Context} */ ctx, /** @type {object} */ answer) {
      ctx.body = answer;
    },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      clientCredentials: { enabled: true },
      revocation: { enabled: true, allowedPolicy: mayRevoke },
    },
  });

  /**
   * @param {unknown} _ctx
   * @param {{ clientId: string }} client
   * @param {{ clientId: string, grantId: string | undefined }} token
   */
  function mayRevoke(_ctx, client, token) {
    // A token without its grant is revoked alone: the rest of the grant lives on.
    if (behaviour.current.revocationEnds === 'token') token.grantId = undefined;
    return token.clientId === client.clientId;
  }

  /** @param {{ accountId?: string }} token @returns {Token['owner']} */
  const ownerOf = ({ accountId = '' }) => directory.byUid(accountId)?.owner ?? 'client';

  /** Names of the tokens that were issued; whether one is alive only the server knows.
   * @type {Omit<Token, 'active'>[]} */
  let issued = [];
  let answers = 0;
  /** @type {WeakMap<object, number>} */
  let numbers = new WeakMap();

  for (const event of ['access_token', 'refresh_token', 'client_credentials']) {
    provider.on(`${event}.saved`, (token) => {
      const ctx = Provider.ctx;
      if (!ctx) return;
      const number = numbers.get(ctx) ?? ++answers;
      numbers.set(ctx, number);
      const owner = ownerOf(token);
      const kind = event === 'refresh_token' ? 'refresh_token' : 'access_token';
      issued.push({
        label: `${owner} #${number} ${kind === 'refresh_token' ? 'refresh' : 'access'}`,
        kind,
        token: token.jti,
        grantType: ctx.oidc.params.grant_type ?? '',
        username: token.accountId ?? null,
        owner,
        clientId: token.clientId,
        issuedAt: Date.now(),
      });
    });
  }

  /** @param {string} value */
  const findAccess = async (value) =>
    (await provider.AccessToken.find(value)) ?? (await provider.ClientCredentials.find(value));

  /** @param {Omit<Token, 'active'>} token */
  async function find({ kind, token }) {
    const found = await (kind === 'refresh_token'
      ? provider.RefreshToken.find(token)
      : findAccess(token));
    return found?.isValid ? found : undefined;
  }

  /** @param {Context} ctx */
  async function passwordGrant(ctx) {
    const { client, params } = ctx.oidc;
    const account = directory.authenticate(params.username, params.password);
    if (!account) throw new errors.InvalidGrant('Bad credentials');
    if (behaviour.current.sameToken) {
      const alive = await aliveTokens(account.uid, client.clientId);
      if (alive) {
        ctx.body = alive;
        return;
      }
    }

    const scope = params.scope ?? defaultScope;
    const grant = new provider.Grant({ accountId: account.uid, clientId: client.clientId });
    grant.addOIDCScope(scope);
    const grantId = await grant.save();
    const values = { accountId: account.uid, client, grantId, gty: 'password', scope };
    const access = new provider.AccessToken(values);
    ctx.body = {
      access_token: await access.save(),
      refresh_token: behaviour.current.refreshTokens
        ? await new provider.RefreshToken(values).save()
        : undefined,
      expires_in: access.expiration,
      scope,
    };
  }
  provider.registerGrantType('password', passwordGrant, ['username', 'password', 'scope']);

  /** The answer that hands out once more what this user and client already hold.
   * @param {string} uid @param {string} clientId */
  async function aliveTokens(uid, clientId) {
    const held = issued.filter((token) => token.username === uid && token.clientId === clientId);
    const found = (await Promise.all(held.reverse().map(find))).filter(Boolean);
    const access = found.find((token) => token.kind === 'AccessToken');
    if (!access) return undefined;
    const refresh = found.find(
      (token) => token.kind === 'RefreshToken' && token.grantId === access.grantId,
    );
    return {
      access_token: access.jti,
      refresh_token: refresh?.jti,
      // Always less than the first answer said, even within the same second.
      expires_in: access.remainingTTL - 1,
      scope: access.scope,
    };
  }

  /**
   * @param {string} authorization
   * @returns {Promise<Bearer | null>} null for a dead or unknown token
   */
  async function bearer(authorization) {
    const value = /^bearer +(.+)$/i.exec(authorization)?.[1];
    const token = value && (await findAccess(value));
    if (!token?.isValid) return null;
    const account = directory.byUid(token.accountId);
    return { owner: account?.owner ?? 'client', account };
  }

  /** The token endpoint's answers as SAP Commerce words them. @param {Context} ctx */
  function sayItAsSap(ctx) {
    const { body } = ctx;
    if (body?.access_token) {
      ctx.body = {
        access_token: body.access_token,
        token_type: 'bearer',
        refresh_token: behaviour.current.refreshTokens ? body.refresh_token : undefined,
        expires_in: lifetime(body.expires_in, behaviour.current.expiresIn),
        scope: body.scope ?? defaultScope,
      };
    } else if (body?.error === 'invalid_grant') {
      const { grant_type: grantType, refresh_token: token } = ctx.state.entry.form ?? {};
      body.error_description =
        grantType === 'refresh_token' ? `Invalid refresh token: ${token}` : 'Bad credentials';
    }
  }

  /** @type {import('oidc-provider').Middleware} */
  async function endpoints(ctx, next) {
    const isOAuth = ctx.path.startsWith('/authorizationserver/');
    if (isOAuth && ![tokenPath, revokePath, authorizePath].includes(ctx.path)) {
      // SAP Commerce sends whoever asks for an authorization endpoint that it does not have to log
      // in.
      ctx.redirect(`${issuer}/login.jsp`);
      return;
    }
    if (ctx.method !== 'POST') return next();

    if (ctx.path === revokePath) {
      const authorization = ctx.get('authorization');
      if (behaviour.current.bearerRequired && !(await bearer(authorization))) {
        ctx.status = 401;
        ctx.set('WWW-Authenticate', 'Bearer error="invalid_token"');
        const value = authorization.split(' ')[1] ?? '';
        ctx.body = { error: 'invalid_token', error_description: `Invalid access token: ${value}` };
        return;
      }
      // To oidc-provider a bearer would be a second way of naming the client.
      delete ctx.headers.authorization;
    }
    // The body has been read for the journal; the server reads it again.
    ctx.req = Readable.from(ctx.state.body);
    await next();
    if (ctx.path === tokenPath) sayItAsSap(ctx);
    changed();
  }

  return {
    provider,
    endpoints,
    bearer,

    /** @returns {Promise<Token[]>} */
    tokens: () =>
      Promise.all(
        issued.map(async (token) => ({ ...token, active: (await find(token)) !== undefined })),
      ),

    /** @param {string | undefined} value */
    label: (value) => issued.find((token) => token.token === value)?.label ?? null,

    /** @param {Token['kind']} kind @param {Token['owner']} [owner] everybody's unless told */
    expire(kind, owner) {
      store.expire(
        (record) =>
          (record.kind === 'RefreshToken' ? 'refresh_token' : 'access_token') === kind &&
          tokenKinds.has(record.kind ?? '') &&
          (owner === undefined || ownerOf(record) === owner),
      );
      changed();
    },

    async revokeRefreshTokens() {
      const refresh = issued.filter((token) => token.kind === 'refresh_token');
      for (const token of await Promise.all(refresh.map(find))) await token?.destroy();
      changed();
    },

    reset() {
      store.clear();
      issued = [];
      numbers = new WeakMap();
      answers = 0;
      changed();
    },
  };
}

/**
 * What a token response says of the time that its token lives.
 *
 * @param {number} seconds
 * @param {import('./behaviour.js').BehaviourState['expiresIn']} form
 */
function lifetime(seconds, form) {
  // A token that has been made is already some milliseconds old, and SAP rounds down.
  const left = Math.max(0, seconds - 1);
  return { number: left, text: String(left), none: undefined }[form];
}

function signingKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ format: 'jwk' });
}
