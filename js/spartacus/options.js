// The options of the engine as the storefront's own configuration gives them.
import { inject, InjectionToken } from '@angular/core';
import { AuthConfigService, OccConfig } from '@spartacus/core';

/** @import { SessionOptions } from '../index.js' */

/** Where the engine is to do otherwise than the configuration says. @type {InjectionToken<Partial<SessionOptions>>} */
export const GIVEN = new InjectionToken('options of occ-session');

/**
 * A base URL as Spartacus takes it: absolute, or from the root of the storefront's own origin. What is
 * none of them is left as it is, for the engine to name.
 *
 * @param {string} url
 */
function absolute(url) {
  try {
    return /^(\/|$)/.test(url) ? new URL(url || '/', location.href).href : url;
  } catch {
    return url;
  }
}

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
      apiPrefixes: [api + prefix.replace(/^\/?/, '/'), `${api}/assistedservicewebservices/`],
      // As Spartacus itself: the tabs of a browser share what localStorage holds.
      storage: 'local',
      ...given,
    };
  };
}
