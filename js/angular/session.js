// The session as an Angular service: it exists before the engine has started, publishes its state
// as an observable, and keeps the engine's timers and requests out of change detection.
import { isPlatformBrowser } from '@angular/common';
import { ErrorHandler, inject, Injector, NgZone, PLATFORM_ID } from '@angular/core';
import { concat, defer, ReplaySubject, Subject } from 'rxjs';
import { distinctUntilChanged, map } from 'rxjs/operators';

import { ANONYMOUS, SessionError } from '../index.js';
import { UNKNOWN, userOf } from './state.js';

/** @import { Observable } from 'rxjs' */
/** @import { Credentials, ExpiredDetail, RevocationDetail, Session } from '../index.js' */
/** @import { OccSessionState, SessionUser } from './state.js' */

/**
 * The session of the application, with the members of `Session` that an application needs. On a
 * server the user is unknown; if the engine could not be started, the user is anonymous. In both
 * cases nobody can sign in, and requests are sent without a bearer.
 */
class InjectedSession {
  #zone;
  /** @type {Session | undefined} */
  #session;
  /** @type {SessionError | undefined} */
  #failure;
  #isOver = false;
  /** The state without an engine. @type {OccSessionState} */
  #without = UNKNOWN;
  #user = userOf(UNKNOWN);
  /** @type {ReplaySubject<OccSessionState>} */
  #state = new ReplaySubject(1);
  /** @type {Subject<ExpiredDetail>} */
  #expired = new Subject();
  /** The events that came before the first subscriber. @type {ExpiredDetail[]} */
  #unheard = [];
  /** @type {Subject<RevocationDetail>} */
  #revocation = new Subject();

  /**
   * Resolves when the engine has started or failed; never rejects.
   *
   * @readonly @type {Promise<void>}
   */
  opened;

  /**
   * The state: the current one as soon as it is known, which is before the application is shown,
   * then each change. On a server it emits the unknown state once.
   *
   * @readonly @type {Observable<OccSessionState>}
   */
  state$ = this.#state.asObservable();

  /**
   * The user: like {@link state$}, but it emits only when a user signs in or out. Load the data of
   * a user from this one, since the state also changes with each refresh.
   *
   * @readonly @type {Observable<SessionUser>}
   */
  user$ = this.#state.pipe(
    map(() => this.user),
    distinctUntilChanged(),
  );

  /**
   * The server no longer accepts the session's token. Events without a subscriber, such as at the
   * start, are kept for the next one.
   *
   * @readonly @type {Observable<ExpiredDetail>}
   */
  expired$ = defer(() => concat(this.#unheard.splice(0), this.#expired));

  /** @readonly @type {Observable<RevocationDetail>} */
  revocation$ = this.#revocation.asObservable();

  /**
   * Must run in an injection context.
   *
   * @param {() => Promise<Session>} open runs in that context, in a browser only
   */
  constructor(open) {
    this.#zone = inject(NgZone);
    const injector = inject(Injector);
    if (isPlatformBrowser(inject(PLATFORM_ID))) {
      this.opened = this.#open(open, (error) => injector.get(ErrorHandler).handleError(error));
    } else {
      this.#failure = new SessionError('closed', 'there is no session on a server');
      this.opened = Promise.resolve();
      this.#state.next(UNKNOWN);
    }
  }

  /** @param {() => Promise<Session>} open @param {(error: Error) => void} report */
  async #open(open, report) {
    try {
      // The engine waits hours for a token to expire, which must not make the application unstable.
      const session = await this.#zone.runOutsideAngular(open);
      session.addEventListener('change', () => this.#tellState());
      session.addEventListener('expired', ({ detail }) => {
        if (this.#expired.observers.length) this.#tell(this.#expired, detail);
        else this.#unheard.push(detail);
      });
      session.addEventListener('revocation', ({ detail }) => this.#tell(this.#revocation, detail));
      this.#session = session;
    } catch (cause) {
      const { code = 'invalid-options', message = cause } = Object(cause);
      const failure = new SessionError(code, `occ-session could not be started: ${message}`, {
        cause,
      });
      this.#failure = failure;
      this.#without = ANONYMOUS;
      // A handler may throw. The error is reported to the page, and the application still starts.
      queueMicrotask(() => this.#isOver || report(failure));
    }
    this.#tellState();
  }

  #tellState() {
    const { state } = this;
    // The user is updated at every change, not on demand: a customer who signs out and in again is
    // another user.
    this.#user = userOf(state, this.#user);
    this.#tell(this.#state, state);
  }

  /** @template T @param {Subject<T>} subject @param {T} value */
  #tell(subject, value) {
    this.#zone.run(() => subject.next(value));
  }

  /**
   * @template T
   * @param {(session: Session) => T} use
   */
  #use(use) {
    const session = this.#session;
    if (!session) throw this.#failure ?? new SessionError('closed', 'the engine is being started');
    return this.#zone.runOutsideAngular(() => use(session));
  }

  /**
   * The reason why the engine could not be started; `ErrorHandler` has it too.
   *
   * @returns {SessionError | undefined}
   */
  get failure() {
    return this.#failure;
  }

  /** The current state; unknown until the engine has started. @returns {OccSessionState} */
  get state() {
    return this.#session?.state ?? this.#without;
  }

  /** The current user: the same object until a user signs in or out. @returns {SessionUser} */
  get user() {
    return (this.#user = userOf(this.state, this.#user));
  }

  /**
   * See {@link Session.signIn}.
   *
   * @param {Credentials} credentials
   * @param {{ signal?: AbortSignal | undefined }} [options]
   * @returns {Promise<void>}
   */
  async signIn(credentials, options) {
    await this.opened;
    return this.#use((session) => session.signIn(credentials, options));
  }

  /**
   * See {@link Session.signInAgent}.
   *
   * @param {Credentials} credentials
   * @param {{ signal?: AbortSignal | undefined, customerId?: string | undefined }} [options]
   * @returns {Promise<void>}
   */
  async signInAgent(credentials, options) {
    await this.opened;
    return this.#use((session) => session.signInAgent(credentials, options));
  }

  /** See {@link Session.emulate}. @param {string} customerId */
  emulate(customerId) {
    this.#use((session) => session.emulate(customerId));
  }

  /**
   * See {@link Session.signOut}: complete when the call returns, unless the engine is still
   * starting.
   */
  async signOut() {
    if (!this.#session) await this.opened;
    if (this.#session) this.#use((session) => session.signOut());
  }

  /** See {@link Session.signOutAgent}: complete when the call returns, as with {@link signOut}. */
  async signOutAgent() {
    if (!this.#session) await this.opened;
    if (this.#session) this.#use((session) => session.signOutAgent());
  }

  /**
   * See {@link Session.settled}.
   *
   * @param {{ signal?: AbortSignal | undefined }} [options]
   * @returns {Promise<void>}
   */
  async settled(options) {
    if (this.#session) await this.#use((session) => session.settled(options));
  }

  /**
   * See {@link Session.authorization}.
   *
   * @param {string | URL} [url]
   * @returns {string | undefined}
   */
  authorization(url) {
    return this.#session && this.#use((session) => session.authorization(url));
  }

  /**
   * See {@link Session.renew}.
   *
   * @param {Parameters<Session['renew']>} answered
   * @returns {Promise<string | undefined>}
   */
  async renew(...answered) {
    return this.#session && this.#use((session) => session.renew(...answered));
  }

  /**
   * See {@link Session.fetch}. It waits for the engine; without one it is the global `fetch`.
   *
   * @readonly @type {typeof globalThis.fetch}
   */
  fetch = async (input, init) => {
    await this.opened;
    if (!this.#session) return fetch(input, init);
    return this.#use((session) => session.fetch(input, init));
  };

  /** Angular calls this when the application ends. */
  async ngOnDestroy() {
    this.#isOver = true;
    // Closing changes the state, but nobody has signed out: subscribers must not see it.
    for (const subject of [this.#state, this.#expired, this.#revocation]) subject.complete();
    if (!this.#session) await this.opened;
    this.#session?.close();
  }
}

/**
 * The type of the injected session. It has no private members, so a fake can be assigned to it.
 *
 * @typedef {Omit<InjectedSession, 'ngOnDestroy'>} OccSession
 */

/**
 * The injection token of the session.
 *
 * @type {{ new (open: () => Promise<Session>): OccSession, readonly prototype: OccSession }}
 */
export const OccSession = InjectedSession;
