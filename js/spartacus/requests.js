// The bearer on the requests of the storefront, and what becomes of those that a dead token spoils.
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
 * In place of AuthHttpHeaderService and AsmAuthHttpHeaderService: Spartacus' own interceptor neither
 * puts a header on nor catches an error.
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
   * Takes off the mark of requests for agents, which CORS would refuse.
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

/** Who stands before the shop. @param {SessionState} state */
const holder = ({ userId, agentSignedIn }) => `${userId} ${agentSignedIn}`;

/** The interceptor that puts the bearer on, after all that come before it in `providers`. */
export class OccRequests {
  #session = inject(OccSession);
  #options = injectOptions();
  /** How often somebody else has come to stand before the shop. */
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
            ? EMPTY // Whoever asked is gone, and nobody waits for the answer.
            : throwError(error),
        ),
      );
    });
  }

  /**
   * Whether a request is for the API, as far as can be told before the engine has started. The list
   * of base sites is for everybody, and asked for while the configuration is still being made.
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
