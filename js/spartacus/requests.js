// The bearer on the requests of the storefront, and the retry of those with a dead token.
import { HttpErrorResponse } from '@angular/common/http';
import { inject } from '@angular/core';
import {
  AuthStorageService,
  InterceptorUtil,
  USE_CUSTOMER_SUPPORT_AGENT_TOKEN,
} from '@spartacus/core';
import { EMPTY, throwError } from 'rxjs';
import { catchError } from 'rxjs/operators';

import { OccSession, sendWithBearer, whenOpened } from '../angular/index.js';
import { select, STAND_IN } from './identity.js';
import { injectOptions } from './options.js';

/** @import { HttpEvent, HttpHandler, HttpRequest } from '@angular/common/http' */
/** @import { Observable } from 'rxjs' */
/** @import { SessionState } from '../index.js' */

/**
 * Replaces AuthHttpHeaderService and AsmAuthHttpHeaderService: Spartacus' own interceptor neither
 * adds a header nor catches an error.
 */
export class OccHttpHeader {
  #storage = inject(AuthStorageService);

  shouldCatchError() {
    return false;
  }

  shouldAddAuthorizationHeader() {
    return false;
  }

  /**
   * Removes the mark of agents' requests, which CORS would refuse.
   *
   * @param {HttpRequest<unknown>} request
   */
  alterRequest(request) {
    return InterceptorUtil.removeHeader(USE_CUSTOMER_SUPPORT_AGENT_TOKEN, request);
  }

  getStableToken() {
    return this.#storage.getToken();
  }

  /** @returns {Observable<HttpEvent<unknown>>} */
  handleExpiredAccessToken() {
    return EMPTY;
  }

  handleExpiredRefreshToken() {}
}

/** Returns a text that is the same while the same user is signed in. @param {SessionState} state */
const holder = ({ userId, agentSignedIn }) => `${userId} ${agentSignedIn}`;

/** The interceptor that adds the bearer, after those before it in `providers`. */
export class OccRequests {
  #session = inject(OccSession);
  #options = injectOptions();
  /** The number of changes of the user. */
  #changes = 0;

  constructor() {
    select(this.#session, holder).subscribe(() => this.#changes++);
  }

  /**
   * @param {HttpRequest<unknown>} request
   * @param {HttpHandler} next
   * @returns {Observable<HttpEvent<unknown>>}
   */
  intercept(request, next) {
    const session = this.#session;
    /** @param {HttpRequest<unknown>} sent */
    const send = (sent) => next.handle(sent);
    if (!this.#waits(request.url)) return send(request);
    const plain = request.headers.get('Authorization')?.endsWith(` ${STAND_IN}`)
      ? request.clone({ headers: request.headers.delete('Authorization') })
      : request;
    return whenOpened(session, () => {
      const { signedIn, agentSignedIn } = session.state;
      if (!signedIn && !agentSignedIn) return send(plain);
      const asked = this.#changes;
      return sendWithBearer(() => session, plain, send).pipe(
        catchError((error) =>
          error instanceof HttpErrorResponse && error.status === 401 && this.#changes !== asked
            ? EMPTY // The user of the request is gone, and nobody waits for the response.
            : throwError(error),
        ),
      );
    });
  }

  /**
   * True if a request is for the API, as far as is known before the engine has started. The list of
   * base sites is public, and is requested while the configuration is still incomplete.
   *
   * @param {string} url
   */
  #waits(url) {
    try {
      const { href, pathname } = new URL(url, globalThis.location?.href);
      const { baseUrl, apiPrefixes = [] } = this.#options();
      return (
        !pathname.endsWith('/basesites') &&
        apiPrefixes.some((prefix) => href.startsWith(new URL(prefix, `${baseUrl}/`).href))
      );
    } catch {
      return false;
    }
  }
}
