// The options of the engine as the storefront's own configuration gives them.
import { inject, InjectionToken } from '@angular/core';
import { AuthConfigService, OccConfig } from '@spartacus/core';

/** @import { SessionOptions } from '../index.js' */

/** Where the engine is to do otherwise than the configuration says. @type {InjectionToken<Partial<SessionOptions>>} */
export const GIVEN = new InjectionToken('options of occ-session');

/**
 * A base URL as Spartacus takes it: absolute, or from the root of the storefront's own origin.
 *
 * @param {string} url
 */
const absolute = (url) => (/^(\/|$)/.test(url) ? new URL(url || '/', location.href).href : url);

/**
 * In an injection context only.
 *
 * @returns {() => SessionOptions} what the configuration says by then
 */
export function injectOptions() {
  const auth = inject(AuthConfigService);
  const config = inject(OccConfig);
  const given = inject(GIVEN);
  return () => {
    const { baseUrl = '', prefix = '/occ/v2/' } = config.backend?.occ ?? {};
    const api = absolute(baseUrl).replace(/\/?$/, '');
    return {
      baseUrl: absolute(auth.getBaseUrl().replace(/\/authorizationserver$/, '')),
      clientId: auth.getClientId(),
      clientSecret: auth.getClientSecret(),
      scope: auth.getOAuthLibConfig().scope ?? '',
      endpoints: { token: auth.getTokenEndpoint(), revoke: auth.getRevokeEndpoint() },
      apiPrefixes: [api + prefix, `${api}/assistedservicewebservices/`],
      // As Spartacus itself: the tabs of a browser share what localStorage holds.
      storage: 'local',
      ...given,
    };
  };
}
