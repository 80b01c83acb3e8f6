// The public API as a storefront uses it, for tsc alone: what is right must compile, and what is
// wrong must not.
import { createSession, SessionError } from 'occ-session';
import type {
  Credentials,
  ExpiredDetail,
  RevocationDetail,
  Session,
  SessionErrorCode,
  SessionOptions,
  SessionState,
  SnapshotStorage,
} from 'occ-session';
import * as inline from 'occ-session/inline';

/** Compiles only where both types are the same; `any` is the same as nothing else. */
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_isSame: Same<A, B>): void {}

// ---- Opening ------------------------------------------------------------------------------------

same<Parameters<typeof createSession>, [options: SessionOptions]>(true);
same<ReturnType<typeof createSession>, Promise<Session>>(true);
same<typeof inline.createSession, typeof createSession>(true);
same<typeof inline.SessionError, typeof SessionError>(true);

const storage: SnapshotStorage = { load: () => null, save: (_text: string | null) => {} };

const least: SessionOptions = { baseUrl: 'https://api.shop.example', clientId: 'mobile_android' };

const most: SessionOptions = {
  baseUrl: new URL('https://api.shop.example'),
  clientId: 'mobile_android',
  clientSecret: 'secret',
  profile: 'legacy',
  agentClientId: 'asm',
  agentClientSecret: 'secret',
  endpoints: { token: '/token', revoke: null, authorize: new URL('https://id.shop.example') },
  scope: 'basic',
  apiPrefixes: ['occ/', new URL('https://api.shop.example/rest/')],
  revocation: { authorization: 'none', timeoutMs: 1_000, retries: 2 },
  storage,
  storageKey: 'shop',
  persistRefreshToken: true,
  fetch: globalThis.fetch,
  wasm: fetch('https://cdn.shop.example/core.wasm'),
};

// What is left to the default may be named, in what is inside of an option too.
const defaults: SessionOptions = {
  ...least,
  clientSecret: undefined,
  endpoints: { token: undefined, revoke: undefined, authorize: undefined },
  revocation: { authorization: undefined, timeoutMs: undefined, retries: undefined },
  storage: undefined,
  wasm: undefined,
};

const sources: SessionOptions['wasm'][] = [
  'https://cdn.shop.example/core.wasm',
  new URL('https://cdn.shop.example/core.wasm'),
  new Response(),
  new Uint8Array(8),
  new ArrayBuffer(8),
  new WebAssembly.Module(new Uint8Array(8)),
  WebAssembly.compile(new Uint8Array(8)),
];

// @ts-expect-error: whose session is it?
createSession({ clientId: 'mobile_android' });
// @ts-expect-error: at which client?
createSession({ baseUrl: 'https://api.shop.example' });
// @ts-expect-error: there is no such storage
createSession({ ...least, storage: 'cookie' });
// @ts-expect-error: an option that does not exist
createSession({ ...least, persistRefreshTokens: true });
// @ts-expect-error: null has a meaning for the revocation endpoint alone
createSession({ ...least, endpoints: { token: null } });
// @ts-expect-error: there must be options
createSession();

// ---- The session --------------------------------------------------------------------------------

declare const session: Session;
const anna: Credentials = { username: 'anna.keller@example.com', password: 'Welcome-1' };
const { signal } = new AbortController();

same<ReturnType<Session['signIn']>, Promise<void>>(true);
session.signIn(anna);
session.signIn(anna, {});
session.signIn(anna, { signal });
session.signIn(anna, { signal: undefined });
session.signInAgent(anna, { signal, customerId: '0001' });
session.signInAgent(anna, { customerId: undefined });
session.emulate('0001');
// @ts-expect-error: a customer signs in with a password
session.signIn({ username: 'anna.keller@example.com' });
// @ts-expect-error: a customer acts for nobody else
session.signIn(anna, { customerId: '0001' });
// @ts-expect-error: an id is text
session.emulate(1);

same<Session['signOut'], () => Promise<void>>(true);
same<Session['signOutAgent'], () => Promise<void>>(true);
same<Session['settled'], (options?: { signal?: AbortSignal | undefined }) => Promise<void>>(true);
same<Session['close'], () => void>(true);
// @ts-expect-error: whoever stands before the shop signs out
session.signOut('0001');

// Can be handed to whoever takes a fetch.
const send: typeof globalThis.fetch = (...request) => session.fetch(...request);
same<ReturnType<Session['fetch']>, Promise<Response>>(true);
session.fetch(new Request('https://api.shop.example/occ/v2/shop/users/current'), { signal });

same<ReturnType<Session['authorization']>, string | undefined>(true);
session.authorization();
session.authorization(new URL('https://api.shop.example/occ/'));
same<ReturnType<Session['renew']>, Promise<string | undefined>>(true);
session.renew('bearer 1', new Response(), new Request('https://api.shop.example/occ/'));
session.renew('bearer 1', { status: 401 }, { url: new URL('https://api.shop.example/'), signal });
session.renew('bearer 1', { status: 401, headers: new Headers(), body: { errors: [] } });
session.settled({ signal });
// @ts-expect-error: what was the answer?
session.renew('bearer 1');
// @ts-expect-error: an answer has a status
session.renew('bearer 1', { body: '' });
// @ts-expect-error: which header was refused?
session.renew();

// ---- The state ----------------------------------------------------------------------------------

same<Session['state'], SessionState>(true);
same<
  SessionState['phase'],
  | 'anonymous'
  | 'customer-signing-in'
  | 'customer'
  | 'agent-signing-in'
  | 'agent-taking-over'
  | 'agent'
  | 'emulating'
>(true);
same<SessionState['userId'], string>(true);
same<SessionState['signedIn'], boolean>(true);
same<SessionState['agentSignedIn'], boolean>(true);
same<SessionState['emulating'], boolean>(true);
same<SessionState['expiresAt'], number | null>(true);
same<SessionState['revoking'], number>(true);
// @ts-expect-error: the session changes its state, nobody else
session.state.phase = 'customer';
// @ts-expect-error: nor is it replaced
session.state = { ...session.state };

// ---- Events -------------------------------------------------------------------------------------

session.addEventListener('change', (event) => same<typeof event, Event>(true));
session.addEventListener('revocation', ({ detail }) => {
  same<typeof detail, RevocationDetail>(true);
  same<typeof detail.owner, 'customer' | 'agent'>(true);
  same<typeof detail.token, 'access_token' | 'refresh_token'>(true);
  same<typeof detail.status, number>(true);
});
session.addEventListener('expired', ({ detail }) => same<typeof detail, ExpiredDetail>(true), {
  once: true,
  signal,
});
const listener = () => {};
session.addEventListener('change', listener);
session.removeEventListener('change', listener);
const target: EventTarget = session;

// ---- Errors -------------------------------------------------------------------------------------

const error: Error = new SessionError('closed', 'closed', { cause: target });
if (error instanceof SessionError) same<typeof error.code, SessionErrorCode>(true);
same<
  SessionErrorCode,
  | 'invalid-options'
  | 'invalid-credentials'
  | 'already-signed-in'
  | 'agent-signed-in'
  | 'no-agent'
  | 'unreachable'
  | 'server-error'
  | 'unexpected-response'
  | 'token-too-large'
  | 'cancelled'
  | 'closed'
  | 'wasm-unavailable'
  | 'platform-unavailable'
>(true);
// @ts-expect-error: there is no such code
new SessionError('signed-out', 'signed out');

// @ts-expect-error: sessions are made by createSession
new Session();

export { defaults, most, send, sources };
