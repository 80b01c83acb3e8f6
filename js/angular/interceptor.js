// The bearer on the requests of Angular's HttpClient, and a retry with a new one if it has expired.
import { HttpContextToken, HttpErrorResponse } from '@angular/common/http';
import { inject, Injector } from '@angular/core';
import { from, throwError } from 'rxjs';
import { catchError, mergeMap, take, throwIfEmpty } from 'rxjs/operators';

import { SessionError } from '../index.js';
import { OccSession } from './session.js';

/** @import { HttpEvent, HttpHandler, HttpRequest } from '@angular/common/http' */
/** @import { Observable } from 'rxjs' */

/**
 * True for a request that is sent at once and unchanged, without a bearer:
 * `http.get(url, { context: new HttpContext().set(WITHOUT_BEARER, true) })`.
 *
 * @type {HttpContextToken<boolean>}
 */
export const WITHOUT_BEARER = /* @__PURE__ */ new HttpContextToken(() => false);

/**
 * Continues once the engine has started or failed: at once, except while the application starts.
 *
 * @template T
 * @param {OccSession} session
 * @param {() => Observable<T>} goOn
 * @returns {Observable<T>} fails if the application ends first
 */
export const whenOpened = (session, goOn) =>
  session.state$.pipe(
    take(1),
    throwIfEmpty(() => new SessionError('closed', 'the application has ended')),
    mergeMap(goOn),
  );

/**
 * Sends a request with the bearer, and retries it once with a new one if the token has expired.
 * Requests outside the API, and those with an `Authorization` header, are left unchanged.
 *
 * @param {() => OccSession} injectSession is called only if the session is needed: a request for
 *   its options is sent while it is being created
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
  /** @param {string} authorization `''`: no header */
  const sendWith = (authorization) =>
    send(authorization ? request.clone({ setHeaders: { Authorization: authorization } }) : request);
  /** @param {string} rejected @param {HttpErrorResponse} answer */
  const renew = async (rejected, { status, headers, error }) => {
    // The body has the type that the request asked for.
    const isBinary = error instanceof Blob || error instanceof ArrayBuffer;
    const body = isBinary ? await new Response(error).text() : error;
    return session.renew(rejected, { status, headers, body }, { url, method });
  };
  /**
   * @param {unknown} first the error of the request without a bearer
   * @param {string} token of the application
   */
  const sendAsApplication = (first, token) =>
    sendWith(token).pipe(
      catchError((error) => {
        // The token can die before its time: the next request gets another.
        if (error.status === 401) void renew(token, error);
        // The resource needs a signed-in customer: the first error tells the storefront so.
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
            // The user may have signed out at the moment when the token came (R21).
            const isGone = renewed && renewed !== session.authorization(url);
            return isGone ? throwError(error) : sendWith(renewed);
          }),
        );
      }),
    );
  });
}

/**
 * The interceptor as a function, for
 * `provideHttpClient(withInterceptors([occSessionInterceptor]))`.
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
  // A constructor parameter would need Angular's compiler.
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
