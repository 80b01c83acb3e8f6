// A session for unit tests of an Angular application: without an engine, a server or a token.
import { BehaviorSubject, Subject } from 'rxjs';
import { distinctUntilChanged, map } from 'rxjs/operators';

import { ANONYMOUS } from '../index.js';
import { OccSession } from './index.js';
import { UNKNOWN, userOf } from './state.js';

/** @import { Provider } from '@angular/core' */
/** @import { Observable } from 'rxjs' */
/** @import { Credentials, ExpiredDetail, OccSessionState, RevocationDetail, SessionError, SessionState } from './index.js' */

/**
 * The members of the state that a test sets; the others follow from the phase.
 *
 * @typedef {Partial<Omit<SessionState, 'phase'>> & { phase?: OccSessionState['phase'] }} TestingState
 */

/** @param {TestingState} given @returns {OccSessionState} */
function stateOf({ phase = 'anonymous', ...given }) {
  if (phase === 'unknown') return UNKNOWN;
  const signedIn = ['customer', 'agent-taking-over', 'emulating'].includes(phase);
  const emulating = phase === 'emulating';
  return Object.freeze({
    ...ANONYMOUS,
    phase,
    userId: signedIn ? 'current' : 'anonymous',
    signedIn,
    agentSignedIn: emulating || phase === 'agent',
    emulating,
    ...given,
  });
}

/**
 * A fake of {@link OccSession}. Every sign-in succeeds at once, whatever the password, and requests
 * are sent without a bearer. A test sets the user with {@link set}.
 *
 * @implements {OccSession}
 */
export class OccSessionTesting {
  /** @type {BehaviorSubject<OccSessionState>} */
  #state;
  #user = userOf(UNKNOWN);
  /** @type {Subject<ExpiredDetail>} */
  #expired = new Subject();

  /** @readonly */
  opened = Promise.resolve();

  /** @readonly @type {SessionError | undefined} */
  failure;

  /** @param {TestingState} [state] */
  constructor(state = {}) {
    this.#state = new BehaviorSubject(stateOf(state));
    this.state$ = this.#state.asObservable();
    this.user$ = this.#state.pipe(
      map(() => this.user),
      distinctUntilChanged(),
    );
    this.expired$ = this.#expired.asObservable();
    /** @type {Observable<RevocationDetail>} */
    this.revocation$ = new Subject();
  }

  get state() {
    return this.#state.value;
  }

  get user() {
    return (this.#user = userOf(this.state, this.#user));
  }

  /** Sets the state. @param {TestingState} state */
  set(state) {
    this.#state.next(stateOf(state));
  }

  /** Ends the session of a customer or an agent as expired. @param {'customer' | 'agent'} owner */
  expire(owner = 'customer') {
    this.set({});
    this.#expired.next({ owner });
  }

  /** @param {Credentials} _credentials @param {{ signal?: AbortSignal | undefined }} [_options] */
  async signIn(_credentials, _options) {
    this.set({ phase: 'customer' });
  }

  /**
   * @param {Credentials} _credentials
   * @param {{ signal?: AbortSignal | undefined, customerId?: string | undefined }} [options]
   */
  async signInAgent(_credentials, { customerId } = {}) {
    if (customerId) this.emulate(customerId);
    else this.set({ phase: 'agent' });
  }

  /** @param {string} userId */
  emulate(userId) {
    this.set({ phase: 'emulating', userId });
  }

  async signOut() {
    this.set({ phase: this.state.emulating ? 'agent' : 'anonymous' });
  }

  async signOutAgent() {
    if (this.state.agentSignedIn) this.set({});
  }

  async settled() {}

  /** @returns {string | undefined} */
  authorization() {
    return undefined;
  }

  /** @returns {Promise<string | undefined>} */
  async renew() {
    return undefined;
  }

  /** @readonly @type {typeof globalThis.fetch} */
  fetch = (input, init) => fetch(input, init);
}

/**
 * Takes the place of `provideOccSession` in unit tests. The state is known from the start, so a
 * request reaches the `HttpTestingController` as soon as it is subscribed to.
 *
 * @param {TestingState} [state] default: the anonymous state
 * @returns {Provider[]}
 * @example
 * TestBed.configureTestingModule({
 *   providers: [
 *     provideOccSessionTesting({ phase: 'customer' }),
 *     provideHttpClient(withInterceptors([occSessionInterceptor])),
 *     provideHttpClientTesting(),
 *   ],
 * });
 * TestBed.inject(OccSessionTesting).set({ phase: 'anonymous' });
 */
export function provideOccSessionTesting(state) {
  return [
    { provide: OccSessionTesting, useFactory: () => new OccSessionTesting(state) },
    { provide: OccSession, useExisting: OccSessionTesting },
  ];
}
