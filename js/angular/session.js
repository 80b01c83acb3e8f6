// The session as something that Angular injects: it is there before the engine is, tells its state as
// an observable, and keeps the engine's timers and requests from holding up change detection.
import { isPlatformBrowser } from '@angular/common';
import { ErrorHandler, inject, Injector, NgZone, PLATFORM_ID } from '@angular/core';
import { ReplaySubject, Subject } from 'rxjs';

import { SessionError } from '../index.js';

/** @import { Observable } from 'rxjs' */
/** @import { Credentials, ExpiredDetail, RevocationDetail, Session, SessionState } from '../index.js' */

/** @type {SessionState} */
const ANONYMOUS = Object.freeze({
  phase: /** @type {const} */ ('anonymous'),
  userId: 'anonymous',
  signedIn: false,
  agentSignedIn: false,
  emulating: false,
  expiresAt: null,
  revoking: 0,
});

/**
 * The session of the application, with the members of `Session` that an application needs. On a
 * server, and where the engine could not be started, nobody is signed in and nobody can sign in.
 */
export class OccSession {
  #zone;
  /** @type {Session | undefined} */
  #session;
  /** @type {SessionError | undefined} */
  #failure;
  /** @type {ReplaySubject<SessionState>} */
  #state = new ReplaySubject(1);
  /** @type {Subject<ExpiredDetail>} */
  #expired = new Subject();
  /** @type {Subject<RevocationDetail>} */
  #revocation = new Subject();

  /**
   * Resolves when the engine has started, or has failed to; never rejects.
   *
   * @readonly @type {Promise<void>}
   */
  opened;

  /**
   * The state: the present one as soon as it is known, which is before the application is shown, then
   * each other one.
   *
   * @readonly @type {Observable<SessionState>}
   */
  state$ = this.#state.asObservable();

  /** @readonly @type {Observable<ExpiredDetail>} */
  expired$ = this.#expired.asObservable();

  /** @readonly @type {Observable<RevocationDetail>} */
  revocation$ = this.#revocation.asObservable();

  /**
   * In an injection context only.
   *
   * @param {() => Promise<Session>} open
   */
  constructor(open) {
    this.#zone = inject(NgZone);
    const injector = inject(Injector);
    if (isPlatformBrowser(inject(PLATFORM_ID))) {
      this.opened = this.#open(open, (error) => injector.get(ErrorHandler).handleError(error));
    } else {
      this.#failure = new SessionError('closed', 'there is no session on a server');
      this.opened = Promise.resolve();
      this.#state.next(ANONYMOUS);
    }
  }

  /** @param {() => Promise<Session>} open @param {(error: Error) => void} report */
  async #open(open, report) {
    try {
      // What the engine waits for, hours for a token to expire, is no reason to call the
      // application unstable.
      const session = await this.#zone.runOutsideAngular(open);
      session.addEventListener('change', () => this.#tell(this.#state, session.state));
      session.addEventListener('expired', ({ detail }) => this.#tell(this.#expired, detail));
      session.addEventListener('revocation', ({ detail }) => this.#tell(this.#revocation, detail));
      this.#session = session;
    } catch (cause) {
      const { code = 'invalid-options', message } = /** @type {SessionError} */ (cause);
      this.#failure = new SessionError(code, `occ-session could not be started: ${message}`, {
        cause,
      });
      report(this.#failure);
    }
    this.#tell(this.#state, this.state);
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

  /** Why the engine could not be started; `ErrorHandler` has been told. @returns {SessionError | undefined} */
  get failure() {
    return this.#failure;
  }

  /** The state at this moment; anonymous while the engine is being started. @returns {SessionState} */
  get state() {
    return this.#session?.state ?? ANONYMOUS;
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

  /** See {@link Session.signOut}: done when the call returns, unless the engine is being started. */
  async signOut() {
    if (!this.#session) await this.opened;
    if (this.#session) this.#use((session) => session.signOut());
  }

  /** See {@link Session.signOutAgent}: done when the call returns, as with {@link signOut}. */
  async signOutAgent() {
    if (!this.#session) await this.opened;
    if (this.#session) this.#use((session) => session.signOutAgent());
  }

  /** See {@link Session.settled}. */
  async settled() {
    await this.#session?.settled();
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
   * @param {string} rejected
   * @param {string | URL} [url]
   * @returns {Promise<string | undefined>}
   */
  async renew(rejected, url) {
    return this.#session && this.#use((session) => session.renew(rejected, url));
  }

  /** Angular calls it when the application ends. */
  async ngOnDestroy() {
    // That nobody is there any more is not because somebody has signed out.
    for (const subject of [this.#state, this.#expired, this.#revocation]) subject.complete();
    if (!this.#session) await this.opened;
    this.#session?.close();
  }
}
