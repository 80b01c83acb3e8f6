// The providers that replace Spartacus' own services, with and without the Assisted Service Module.
import { HTTP_INTERCEPTORS } from '@angular/common/http';
import { APP_INITIALIZER, inject } from '@angular/core';
import {
  AuthConfigService,
  AuthStatePersistenceService,
  ConfigInitializerService,
  OAuthFlow,
  OAuthLibWrapperService,
  TokenRevocationInterceptor,
  UserIdService,
} from '@spartacus/core';
import { OAuthService } from 'angular-oauth2-oidc';

import { OccSession } from '../angular/index.js';
import { SessionError } from '../index.js';
import { createSession } from '../inline.js';
import { OccAuth, OccOAuth } from './auth.js';
import { OccAuthStorage, OccUserId } from './identity.js';
import { GIVEN, injectOptions } from './options.js';
import { OccAuthPersistence } from './persistence.js';
import { OccHttpHeader, OccRequests } from './requests.js';
import { takeOver } from './take-over.js';
import { follow } from './transitions.js';

/** @import { HttpHandler, HttpRequest } from '@angular/common/http' */
/** @import { Provider } from '@angular/core' */
/** @import { SessionOptions } from '../index.js' */

/** Must run in an injection context. */
function openSession() {
  const auth = inject(AuthConfigService);
  const config = inject(ConfigInitializerService);
  const options = injectOptions();
  return new OccSession(async () => {
    await new Promise((resolve) =>
      config.getStable('authentication', 'backend').subscribe(resolve),
    );
    if (auth.getOAuthFlow() !== OAuthFlow.ResourceOwnerPasswordFlow) {
      throw new SessionError(
        'invalid-options',
        'authentication.OAuthLibConfig.responseType asks for a flow other than the password grant',
      );
    }
    const session = await createSession(options());
    takeOver(session, options());
    return session;
  });
}

/** Must run in an injection context. */
function startSession() {
  const session = inject(OccSession);
  follow();
  return () => session.opened;
}

/** @param {HttpRequest<unknown>} request @param {HttpHandler} next */
const passOn = (request, next) => next.handle(request);

/**
 * @param {Partial<SessionOptions>} given
 * @param {{ auth: unknown, storage: unknown, header: unknown }} tokens of the services of which ASM
 *   has versions of its own
 * @returns {Provider[]}
 */
export function sessionProviders(given, { auth, storage, header }) {
  return [
    { provide: GIVEN, useValue: given },
    { provide: OccSession, useFactory: openSession },
    { provide: APP_INITIALIZER, useFactory: startSession, multi: true },
    { provide: UserIdService, useFactory: () => new OccUserId() },
    { provide: storage, useFactory: () => new OccAuthStorage() },
    { provide: auth, useFactory: () => new OccAuth() },
    { provide: header, useFactory: () => new OccHttpHeader() },
    { provide: AuthStatePersistenceService, useFactory: () => new OccAuthPersistence() },
    { provide: OAuthLibWrapperService, useFactory: () => new OccOAuth() },
    // The interceptor of angular-oauth2-oidc injects it, and then has nothing to do.
    { provide: OAuthService, useValue: {} },
    // This service would delay every request until the engine has started.
    { provide: TokenRevocationInterceptor, useValue: { intercept: passOn } },
    // The last interceptor of the storefront hides the bearer from the others.
    { provide: HTTP_INTERCEPTORS, useFactory: () => new OccRequests(), multi: true },
  ];
}
