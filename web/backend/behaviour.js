// How the back end behaves: what can be set while it runs, and the check of what is set.

/**
 * What an endpoint does:
 *
 * | answer                                   |                                                       |
 * | ---------------------------------------- | ----------------------------------------------------- |
 * | `normal`                                 | processes the request and answers it                  |
 * | `100` to `103`                           | the same, with an interim answer before               |
 * | `slow-body`                              | the same, bit by bit                                  |
 * | `64KiB`, `64KiB+1`, `10MiB`              | the same, with blanks up to this length               |
 * | `unknown-type`                           | the same, but the token's type is unknown             |
 * | `drop-in-body`                           | the same, but breaks off within the body              |
 * | `hold`                                   | processes the request, and answers when released      |
 * | `hold-before`                            | processes the request when released                   |
 * | `decide-later`                           | what is set when released                             |
 * | other numbers                            | only answers, with this status; redirects nowhere     |
 * | `redirect`, `redirect-other-origin`      | redirects to the login page                           |
 * | `empty`, `no-token`, `garbage`           | answers 200 with nothing, with `{}`, with HTML        |
 * | `drop`                                   | breaks off before it answers                          |
 * | `drop-in-headers`, `drop-after-headers`  | breaks off there                                      |
 * | `not-http`                               | answers with what is no HTTP                          |
 * | `endless`, `silent`                      | never ends its answer, never answers                  |
 *
 * @typedef {'normal' | 'redirect' | 'redirect-other-origin' | 204 | 300 | 302 | 304 | 307
 *   | 400 | 401 | 403 | 404 | 429 | 500 | 502 | 503 | 100 | 101 | 102 | 103
 *   | 'slow-body' | '64KiB' | '64KiB+1' | '10MiB' | 'unknown-type' | 'empty' | 'no-token' | 'garbage'
 *   | 'drop' | 'drop-in-headers' | 'drop-after-headers' | 'drop-in-body' | 'not-http'
 *   | 'endless' | 'silent' | 'hold' | 'hold-before' | 'decide-later'} Answer
 *
 * @typedef {object} EndpointBehaviour
 * @property {Answer} answer
 * @property {number} delayMs how long an answer is kept back once the request has been processed
 * @property {string | null} only the requests that are meant: token by grant type, revoke by token type hint, occ by the beginning of the path
 * @property {number | null} times how many requests are meant; after them the endpoint is back to normal
 * @property {number | null} retryAfter seconds
 * @property {boolean | 'preflight'} cors whether another origin may ask and read the answer; or ask only
 *
 * @typedef {object} BehaviourState
 * @property {EndpointBehaviour} token
 * @property {EndpointBehaviour} revoke
 * @property {EndpointBehaviour} occ everything below /occ/ and /assistedservicewebservices/
 * @property {'json' | 'xml'} errors the form in which OCC says what is wrong
 * @property {boolean} challenge a 401 has a WWW-Authenticate header
 * @property {boolean} bearerRequired a revocation needs the bearer of a live token
 * @property {'grant' | 'token'} revocationEnds
 * @property {boolean} sameToken a second sign-in is given the token that is still alive
 * @property {number} accessTokenSeconds
 * @property {'number' | 'text' | 'none'} expiresIn how a token response says so
 * @property {boolean} refreshTokens
 * @property {boolean} rotate
 * @property {number | null} tokenLength
 *
 * @typedef {Partial<Omit<BehaviourState, 'token' | 'revoke' | 'occ'>> & {
 *   token?: Partial<EndpointBehaviour>,
 *   revoke?: Partial<EndpointBehaviour>,
 *   occ?: Partial<EndpointBehaviour>,
 * }} BehaviourChange
 *
 * @typedef {'token' | 'revoke' | 'occ'} Endpoint
 * @typedef {{ allows: (value: unknown) => boolean, text: string }} Rule
 */

/** @param {unknown[]} values @returns {Rule} */
const oneOf = (...values) => ({
  allows: (value) => values.includes(value),
  text: values.map((value) => JSON.stringify(value)).join(', '),
});

/** @param {number} least @param {number} most @returns {Rule} */
const integer = (least, most) => ({
  allows: (value) => Number.isInteger(value) && Number(value) >= least && Number(value) <= most,
  text: `a whole number from ${least} to ${most}`,
});

/** @param {Rule} rule @returns {Rule} */
const orNull = (rule) => ({
  allows: (value) => value === null || rule.allows(value),
  text: `null or ${rule.text}`,
});

/** @type {Rule} */
const pathPrefix = {
  allows: (value) => typeof value === 'string' && value.startsWith('/'),
  text: 'the beginning of a path, such as "/occ/"',
};

const flag = oneOf(true, false);

const answer = oneOf(
  ...['normal', 'redirect', 'redirect-other-origin', 204, 300, 302, 304, 307],
  ...[400, 401, 403, 404, 429, 500, 502, 503, 100, 101, 102, 103],
  ...['slow-body', '64KiB', '64KiB+1', '10MiB', 'unknown-type', 'empty', 'no-token', 'garbage'],
  ...['drop', 'drop-in-headers', 'drop-after-headers', 'drop-in-body', 'not-http'],
  ...['endless', 'silent', 'hold', 'hold-before', 'decide-later'],
);

/** @param {Rule} only @returns {Record<keyof EndpointBehaviour, Rule>} */
const endpoint = (only) => ({
  answer,
  delayMs: integer(0, 600_000),
  only,
  times: orNull(integer(1, 1_000_000)),
  retryAfter: orNull(integer(0, 86_400)),
  cors: oneOf(true, false, 'preflight'),
});

/** @type {Record<string, Rule | Record<string, Rule>>} */
const rules = {
  token: endpoint(oneOf(null, 'password', 'refresh_token', 'client_credentials')),
  revoke: endpoint(oneOf(null, 'access_token', 'refresh_token')),
  occ: endpoint(orNull(pathPrefix)),
  errors: oneOf('json', 'xml'),
  challenge: flag,
  bearerRequired: flag,
  revocationEnds: oneOf('grant', 'token'),
  sameToken: flag,
  accessTokenSeconds: integer(1, 31_536_000),
  expiresIn: oneOf('number', 'text', 'none'),
  refreshTokens: flag,
  rotate: flag,
  tokenLength: orNull(integer(16, 262_144)),
};

/** @returns {EndpointBehaviour} */
const normal = () => ({
  answer: 'normal',
  delayMs: 0,
  only: null,
  times: null,
  retryAfter: null,
  cors: true,
});

/** @returns {BehaviourState} */
const initial = () => ({
  token: normal(),
  revoke: normal(),
  occ: normal(),
  errors: 'json',
  challenge: true,
  bearerRequired: true,
  revocationEnds: 'grant',
  sameToken: false,
  accessTokenSeconds: 43_200,
  expiresIn: 'number',
  refreshTokens: true,
  rotate: true,
  tokenLength: null,
});

/** What was set makes no sense; the message names the field and what it allows. */
export class BehaviourError extends TypeError {}

/**
 * @param {unknown} change
 * @param {Record<string, Rule | Record<string, Rule>>} allowed
 * @param {string} prefix
 */
function check(change, allowed, prefix = '') {
  if (change === null || typeof change !== 'object' || Array.isArray(change)) {
    throw new BehaviourError(`${prefix.slice(0, -1) || 'behaviour'} must be an object`);
  }
  for (const [field, value] of Object.entries(change)) {
    const rule = Object.hasOwn(allowed, field) ? allowed[field] : undefined;
    const name = prefix + field;
    if (rule === undefined) {
      throw new BehaviourError(
        `${name} is not a field; allowed: ${Object.keys(allowed).join(', ')}`,
      );
    }
    if (typeof rule.allows !== 'function') {
      check(value, /** @type {Record<string, Rule>} */ (rule), `${name}.`);
    } else if (!rule.allows(value)) {
      throw new BehaviourError(`${name} cannot be ${JSON.stringify(value)}; allowed: ${rule.text}`);
    }
  }
}

/** @typedef {ReturnType<typeof createBehaviour>} Behaviour */

/** @param {() => void} changed */
export function createBehaviour(changed) {
  let current = initial();

  return {
    get current() {
      return current;
    },

    /** All of a change or, where a field is wrong, none of it. @param {BehaviourChange} change */
    set(change) {
      check(change, rules);
      const { token, revoke, occ, ...flags } = change;
      current = {
        ...current,
        ...flags,
        token: { ...current.token, ...token },
        revoke: { ...current.revoke, ...revoke },
        occ: { ...current.occ, ...occ },
      };
      changed();
    },

    reset() {
      current = initial();
      changed();
    },

    /**
     * What happens to this request; counts it where only some are meant.
     * @param {Endpoint} name
     * @param {(only: string) => boolean} isMeant
     * @returns {EndpointBehaviour}
     */
    next(name, isMeant) {
      const set = current[name];
      if (set.only !== null && !isMeant(set.only)) return normal();
      if (set.times !== null) {
        const times = set.times - 1;
        current = { ...current, [name]: times > 0 ? { ...set, times } : normal() };
        changed();
      }
      return set;
    },
  };
}
