// The bearer on the requests of Angular's HttpClient, and a new one where it has expired.
import { HttpContextToken, HttpErrorResponse } from '@angular/common/http';
import { inject, Injector } from '@angular/core';
import { from, throwError } from 'rxjs';
import { catchError, mergeMap, take, throwIfEmpty } from 'rxjs/operators';

import { SessionError } from '../index.js';
import { OccSession } from './session.js';

/** @import { HttpEvent, HttpHandler, HttpRequest } from '@angular/common/http' */
/** @import { Observable } from 'rxjs' */

/**
 * Whether a request is sent as it is, at once, without a bearer:
 * `http.get(url, { context: new HttpContext().set(WITHOUT_BEARER, true) })`.
 *
 * @type {HttpContextToken<boolean>}
 */
export const WITHOUT_BEARER = /* @__PURE__ */ new HttpContextToken(() => false);

/**
 * Goes on once the engine has started, or has failed to: at once, except while the application starts.
 *
 * @template T
 * @param {OccSession} session
 * @param {() => Observable<T>} goOn
 * @returns {Observable<T>} an error if the application ends before
 */
export const whenOpened = (session, goOn) =>
  session.state$.pipe(
    take(1),
    throwIfEmpty(() => new SessionError('closed', 'the application has ended')),
    mergeMap(goOn),
  );

/**
 * Sends a request with the bearer, and once more with a new one if the token has expired. Requests
 * outside of the API, and those that carry an `Authorization` header already, are left as they are.
 *
 * @param {() => OccSession} injectSession asked only where it is needed, since a request for the options
 *   of the session is sent while that is being made
 * @param {HttpRequest<unknown>} request
 * @param {(request: HttpRequest<unknown>) => Observable<HttpEvent<unknown>>} send
 * @returns {Observable<HttpEvent<unknown>>}
 */
export function sendWithBearer(injectSession, request, send) {
  const { url, method } = request;
  if (request.headers.has('Authorization') || request.context.get(WITHOUT_BEARER)) {
    return send(request);
  }
  const session = injectSession();
  /** @param {string} authorization `''`: none */
  const sendWith = (authorization) =>
    send(authorization ? request.clone({ setHeaders: { Authorization: authorization } }) : request);
  /** @param {string} rejected @param {HttpErrorResponse} answer */
  const renew = async (rejected, { status, headers, error }) => {
    // The body comes in the form that the request asked for.
    const isBinary = error instanceof Blob || error instanceof ArrayBuffer;
    const body = isBinary ? await new Response(error).text() : error;
    return session.renew(rejected, { status, headers, body }, { url, method });
  };
  /** @param {unknown} first what a request without a bearer met @param {string} token of the application */
  const sendAsApplication = (first, token) =>
    sendWith(token).pipe(
      catchError((error) => {
        // The token can die before its time: the next request is given another.
        if (error.status === 401) void renew(token, error);
        // Where it takes a customer, the first answer is the one that says so: somebody is to sign in.
        return throwError([401, 403].includes(error.status) ? first : error);
      }),
    );
  return whenOpened(session, () => {
    const authorization = session.authorization(url) ?? '';
    return sendWith(authorization).pipe(
      catchError((error) => {
        if (!(error instanceof HttpErrorResponse && error.status === 401)) return throwError(error);
        return from(renew(authorization, error)).pipe(
          mergeMap((renewed) => {
            if (renewed === undefined) return throwError(error);
            if (!authorization) return sendAsApplication(error, renewed);
            // Whoever was there may have signed out in the moment in which the token came (R21).
            const isGone = renewed && renewed !== session.authorization(url);
            return isGone ? throwError(error) : sendWith(renewed);
          }),
        );
      }),
    );
  });
}

/**
 * The interceptor as a function, for `provideHttpClient(withInterceptors([occSessionInterceptor]))`.
 *
 * @param {HttpRequest<unknown>} request
 * @param {(request: HttpRequest<unknown>) => Observable<HttpEvent<unknown>>} next
 * @returns {Observable<HttpEvent<unknown>>}
 */
export function occSessionInterceptor(request, next) {
  return sendWithBearer(() => inject(OccSession), request, next);
}

/**
 * The interceptor as a class, for
 * `{ provide: HTTP_INTERCEPTORS, useClass: OccSessionInterceptor, multi: true }`.
 */
export class OccSessionInterceptor {
  // No parameter of a constructor, which would take Angular's compiler.
  #injector = inject(Injector);

  /**
   * @param {HttpRequest<unknown>} request
   * @param {HttpHandler} next
   * @returns {Observable<HttpEvent<unknown>>}
   */
  intercept(request, next) {
    return sendWithBearer(
      () => this.#injector.get(OccSession),
      request,
      (sent) => next.handle(sent),
    );
  }
}
