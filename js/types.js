// The shapes of the public API; there is no code in this file.

/**
 * A storage for the session between two pages. Both functions may throw: then the session lasts as
 * long as its page.
 *
 * @typedef {object} SnapshotStorage
 * @property {() => string | null} load returns the text that was saved last, or null
 * @property {(text: string | null) => void} save keeps the text in place of the one before; null:
 *   keep nothing. The text holds access tokens.
 */

/**
 * @typedef {object} SessionOptions
 * @property {string | URL} baseUrl of the commerce back end, such as `https://api.shop.example/`
 * @property {string} clientId OAuth client of the storefront
 * @property {string} [clientSecret] its secret; left out of requests if there is none
 * @property {'legacy' | 'jdk21'} [profile] generation of the back end; default, and the only one in
 *   this version: `'legacy'`
 * @property {string} [agentClientId] OAuth client of the agent's sign-in; default: the customer's
 * @property {string} [agentClientSecret] its secret
 * @property {{ token?: string | URL | undefined, revoke?: string | URL | null | undefined,
 *   authorize?: string | URL | undefined }} [endpoints] default:
 *   `authorizationserver/oauth/{token,revoke,authorize}` below `baseUrl`; `revoke: null`: there is
 *   none, and nothing is sent; `authorize` is not used in this version
 * @property {string} [scope] asked for at sign-in (RFC 6749 section 3.3)
 * @property {(string | URL)[]} [apiPrefixes] requests below these URLs get the bearer; default:
 *   `occ/`, `rest/` and `assistedservicewebservices/` below `baseUrl`. One that begins with a slash
 *   begins at the root of the host, whatever path `baseUrl` has
 * @property {{ authorization?: 'bearer' | 'none' | undefined, timeoutMs?: number | undefined,
 *   retries?: number | undefined }} [revocation] whether a revocation carries the grant's bearer
 *   (default `'bearer'`), after how many milliseconds it is given up (default 10,000), and how often
 *   one that may pass is tried again (default 0)
 * @property {'memory' | 'session' | 'local' | SnapshotStorage} [storage] default `'session'`, and
 *   `'memory'` where there is no page; `'local'` shares the session between tabs
 * @property {string} [storageKey] default `'occ-session'`, `baseUrl` and the client ids
 * @property {boolean} [persistRefreshToken] whether refresh tokens are stored too; default false
 * @property {typeof globalThis.fetch} [fetch] default `globalThis.fetch`
 * @property {URL | string | Response | BufferSource | WebAssembly.Module
 *   | PromiseLike<Response | BufferSource | WebAssembly.Module>}
 *   [wasm] core.wasm, or where it is; default: beside this module
 * @property {AbortSignal} [signal] ends the wait for core.wasm: `createSession` rejects with
 *   `cancelled`
 */

/**
 * @typedef {object} StateMembers
 * @property {'anonymous' | 'customer-signing-in' | 'customer' | 'agent-signing-in'
 *   | 'agent-taking-over' | 'agent' | 'emulating'} phase
 * @property {string} userId the user id in OCC URLs: `'anonymous'`, `'current'`, or the id of the
 *   emulated customer, as it is: `encodeURIComponent` makes it part of a URL
 * @property {boolean} signedIn a customer is signed in or emulated
 * @property {boolean} agentSignedIn
 * @property {boolean} emulating
 * @property {number | null} expiresAt epoch milliseconds of the active access token, if known
 * @property {number} revoking revocations that have not settled
 */

/**
 * A frozen object; another one takes its place when something in it changes.
 *
 * @typedef {Readonly<StateMembers>} SessionState
 */

/**
 * @typedef {object} Credentials
 * @property {string} username
 * @property {string} password
 */

/**
 * The response to a request of the storefront: a `Response`, or the parts that another HTTP client
 * has, with the body as text or as parsed JSON.
 *
 * @typedef {Response | { status: number, body?: unknown,
 *   headers?: { get(name: string): string | null | undefined } | undefined }} Answer
 */

/**
 * The request that was answered: a `Request`, or the known parts of one.
 *
 * @typedef {object} AnsweredRequest
 * @property {string | URL | undefined} [url] no header is given for one outside `apiPrefixes`
 * @property {string | undefined} [method] a GET or HEAD may be retried without a bearer
 * @property {AbortSignal | undefined} [signal] ends the wait
 */

/**
 * The detail of a `revocation` event.
 *
 * @typedef {object} RevocationDetail
 * @property {'customer' | 'agent'} owner
 * @property {'access_token' | 'refresh_token'} token which token, never the token itself
 * @property {'revoked' | 'already-invalid' | 'unsupported' | 'rejected' | 'server-error'
 *   | 'unreachable' | 'timed-out'} outcome
 * @property {number} status HTTP status, 0 if there was none
 */

/**
 * The detail of an `expired` event.
 *
 * @typedef {object} ExpiredDetail
 * @property {'customer' | 'agent'} owner
 */

/**
 * The events of a session, by name.
 *
 * @typedef {object} SessionEvents
 * @property {Event} change `session.state` has changed
 * @property {CustomEvent<RevocationDetail>} revocation a revocation has settled
 * @property {CustomEvent<ExpiredDetail>} expired the server no longer accepts the session's token
 */

/**
 * The events of a session in the type of `addEventListener`.
 *
 * @typedef {object} SessionListening
 * @property {<T extends keyof SessionEvents>(type: T, listener: (event: SessionEvents[T]) => void,
 *   options?: boolean | AddEventListenerOptions) => void} addEventListener
 */

/**
 * `[Symbol.dispose]`, which closes the session, if the compiler knows the symbol.
 *
 * @typedef {SymbolConstructor extends { readonly dispose: infer Key }
 *   ? { [key in Key & symbol]: () => void } : {}} SessionDisposal
 */

export {};
