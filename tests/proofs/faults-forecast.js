// The forecast for every token once all users sign out, at a server whose revocations need a living
// bearer and end one token each: R7, R9, R11, R17 and R30, stated once more and independently.

/** @import { Token } from '../../web/backend/index.js' */
/** @import { Expected } from './faults.js' */

/**
 * The tokens of one token response.
 *
 * @typedef {object} Pair
 * @property {Token} access
 * @property {Token} refresh
 *
 * @typedef {object} Meeting a request meets a fault at the back end
 * @property {'access_token' | 'refresh_token' | null} revocation of this token
 * @property {boolean} refresh the refresh for a revocation
 * @property {boolean} isGone nothing is answered at all
 * @property {boolean} isProcessed the server processes the request before the fault comes
 * @property {boolean} haveExpired the refresh tokens, before the first sign-out
 * @property {Expected} expected
 *
 * @typedef {[outcome: string, status: number]} Answer
 */

/** @param {Token[]} tokens @returns {Pair[]} in the order in which they were issued */
export function pairsOf(tokens) {
  return tokens.flatMap((access) => {
    if (access.kind !== 'access_token') return [];
    const refresh = tokens.find(({ label }) => label === access.label.replace('access', 'refresh'));
    return refresh ? [{ access, refresh }] : [];
  });
}

const tokenOf = (/** @type {Token} */ { token }) => token;

/** The status with which the server refuses a refresh token. */
const BAD_REQUEST = 400;

export class Forecast {
  /** The number of revocations of each token. @type {Map<string, number>} */
  revoked = new Map();
  /**
   * The tokens that the server still accepts in the end: nothing could reach them.
   *
   * @type {Set<string>}
   */
  alive = new Set();
  /** The contents of the events. @type {string[]} */
  told = [];
  /** The number of grants that are refreshed for their revocation. */
  refreshes = 0;

  /**
   * @param {Meeting} meeting
   * @param {Token[]} tokens all, in the end
   */
  constructor(meeting, tokens) {
    this.meeting = meeting;
    this.tokens = tokens;
    /** @type {Set<string>} */
    this.known = new Set();
  }

  /** Begins the forecast of revocations. @param {Token[]} before as the server sees them now */
  from(before) {
    this.known = new Set(before.map(({ token }) => token));
    const alive = this.tokens.filter((token) => this.isNew(token));
    this.alive = new Set([...before.filter(({ active }) => active), ...alive].map(tokenOf));
  }

  /** True if the token is issued after that. @param {Token} token */
  isNew = ({ token }) => !this.known.has(token);

  /** @param {Token} token @param {Answer} answer */
  tell({ owner, kind }, [outcome, status]) {
    this.told.push(`${owner} ${kind} ${outcome} ${status}`);
  }

  /**
   * Revokes a token.
   *
   * @param {Token} token
   * @param {boolean} hasBearer one that is alive
   * @returns {Answer}
   */
  ask({ token, kind }, hasBearer) {
    const { revocation, isGone, isProcessed, expected } = this.meeting;
    this.revoked.set(token, (this.revoked.get(token) ?? 0) + 1);
    if (isGone) return ['unreachable', 0];
    const isMet = revocation === kind;
    if (hasBearer && (!isMet || isProcessed)) this.alive.delete(token);
    const isAnswered = !isMet || (isProcessed && expected.revocation[0] === 'revoked');
    if (!isAnswered) return expected.revocation;
    return hasBearer ? ['revoked', 200] : ['already-invalid', 401];
  }

  /**
   * Revokes a grant.
   *
   * @param {Pair} pair
   * @param {boolean} hasBearer its access token is alive, and of a type that can be sent
   * @param {boolean} [mayRefresh]
   * @returns {void}
   */
  revoke(pair, hasBearer, mayRefresh = true) {
    const { access, refresh } = pair;
    let answer = this.ask(refresh, hasBearer);
    if (answer[1] === 401 && mayRefresh) {
      const outcome = this.refresh(pair);
      if (typeof outcome === 'object') {
        this.revoke(outcome.pair, outcome.hasBearer, false);
        return;
      }
      if (outcome > 0) {
        for (const token of [refresh, access]) this.tell(token, ['already-invalid', outcome]);
        return;
      }
      answer = this.ask(refresh, hasBearer);
    }
    // A 401 says nothing of a token that is not its own bearer.
    this.tell(refresh, answer[1] === 401 ? ['rejected', 401] : answer);
    this.tell(access, this.ask(access, hasBearer));
  }

  /**
   * Refreshes a grant for its revocation.
   *
   * @param {Pair} pair
   * @returns {{ pair: Pair, hasBearer: boolean } | number} the pair to revoke instead; or the
   *   status with which it is refused, 0 if it has failed for a passing reason
   */
  refresh({ refresh }) {
    const { refresh: isMet, isProcessed, haveExpired, expected } = this.meeting;
    this.refreshes++;
    if (isMet && !isProcessed) return expected.refused ? expected.revocation[1] : 0;
    const isRead = !isMet || expected.token !== 'lost';
    if (!this.alive.delete(refresh.token)) {
      // The server has seen the token before: it ends everything that it has issued for it since.
      for (const { access, refresh: later } of haveExpired ? [] : pairsOf(this.tokens)) {
        if (later.grantType !== 'refresh_token' || later.owner !== refresh.owner) continue;
        this.alive.delete(access.token);
        this.alive.delete(later.token);
      }
      return isRead ? BAD_REQUEST : 0;
    }
    const pairs = pairsOf(this.tokens);
    const next = pairs
      .slice(pairs.findIndex((each) => each.refresh === refresh) + 1)
      .find(
        ({ access: { owner, grantType }, refresh: given }) =>
          owner === refresh.owner && grantType === 'refresh_token' && this.isNew(given),
      );
    if (!next || !isRead) return 0;
    return { pair: next, hasBearer: !isMet || expected.token === 'given' };
  }
}
