// The bearer on the requests of Angular's HttpClient, and a new one where it has expired.
import { HttpErrorResponse } from '@angular/common/http';
import { inject } from '@angular/core';
import { from, throwError } from 'rxjs';
import { catchError, mergeMap, take } from 'rxjs/operators';

import { OccSession } from './session.js';

/** @import { HttpEvent, HttpHandler, HttpRequest } from '@angular/common/http' */
/** @import { Observable } from 'rxjs' */

/** @param {HttpRequest<unknown>} request @param {string | undefined} authorization */
const withAuthorization = (request, authorization) =>
  authorization ? request.clone({ setHeaders: { Authorization: authorization } }) : request;

/**
 * Whether an answer says that the access token is dead (RFC 6750 section 3.1, and SAP Commerce).
 *
 * @param {HttpErrorResponse} response
 */
async function isInvalidToken({ headers, error }) {
  if (/\binvalid_token\b/.test(headers.get('www-authenticate') ?? '')) return true;
  // The body comes in the form that the request asked for.
  const body =
    error instanceof Blob || error instanceof ArrayBuffer
      ? await new Response(error).text()
      : typeof error === 'string'
        ? error
        : JSON.stringify(error);
  return /"type"\s*:\s*"Invalid(Bearer)?TokenError"/.test(body);
}

/**
 * Sends a request with the bearer, and once more with a new one if the token has expired. Requests
 * outside of the API, and those that carry an `Authorization` header already, are left as they are.
 *
 * @param {OccSession} session
 * @param {HttpRequest<unknown>} request
 * @param {(request: HttpRequest<unknown>) => Observable<HttpEvent<unknown>>} send
 * @returns {Observable<HttpEvent<unknown>>}
 */
export function sendWithBearer(session, request, send) {
  if (request.headers.has('Authorization')) return send(request);
  /** @param {unknown} error @param {string} rejected */
  const renew = async (error, rejected) =>
    error instanceof HttpErrorResponse &&
    error.status === 401 &&
    (!rejected || (await isInvalidToken(error)))
      ? session.renew(rejected, request.url)
      : undefined;
  /** @param {string} renewed @param {string | undefined} before */
  const sendAgain = (renewed, before) =>
    send(withAuthorization(request, renewed)).pipe(
      catchError((error) => {
        // The application's own token can die before its time: the next request is given another.
        if (!before && error.status === 401) void session.renew(renewed);
        return throwError(error);
      }),
    );
  // The state is known at once, except while the application starts.
  return session.state$.pipe(
    take(1),
    mergeMap(() => {
      const authorization = session.authorization(request.url);
      return send(withAuthorization(request, authorization)).pipe(
        catchError((error) =>
          from(renew(error, authorization ?? '')).pipe(
            mergeMap((renewed) =>
              renewed ? sendAgain(renewed, authorization) : throwError(error),
            ),
          ),
        ),
      );
    }),
  );
}

/**
 * The interceptor as a function, for `provideHttpClient(withInterceptors([occSessionInterceptor]))`.
 *
 * @param {HttpRequest<unknown>} request
 * @param {(request: HttpRequest<unknown>) => Observable<HttpEvent<unknown>>} next
 * @returns {Observable<HttpEvent<unknown>>}
 */
export function occSessionInterceptor(request, next) {
  return sendWithBearer(inject(OccSession), request, next);
}

/**
 * The interceptor as a class, for
 * `{ provide: HTTP_INTERCEPTORS, useClass: OccSessionInterceptor, multi: true }`.
 */
export class OccSessionInterceptor {
  // No parameter of a constructor, which would take Angular's compiler.
  #session = inject(OccSession);

  /**
   * @param {HttpRequest<unknown>} request
   * @param {HttpHandler} next
   * @returns {Observable<HttpEvent<unknown>>}
   */
  intercept(request, next) {
    return sendWithBearer(this.#session, request, (sent) => next.handle(sent));
  }
}
