// The options of the engine, from the storefront's own configuration.
import { inject, InjectionToken } from '@angular/core';
import { AuthConfigService, OccConfig } from '@spartacus/core';

/** @import { SessionOptions } from '../index.js' */

/**
 * The options that differ from the configuration.
 *
 * @type {InjectionToken<Partial<SessionOptions>>}
 */
export const GIVEN = new InjectionToken('options of occ-session');

/**
 * Resolves a base URL as Spartacus does: absolute, or from the root of the storefront's own origin.
 * Any other text is left unchanged, for the engine to name.
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
 * Must run in an injection context.
 *
 * @returns {() => SessionOptions} the options from the configuration at the time of the call
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
      // The tabs of a browser share the session, as with Spartacus itself.
      storage: 'local',
      ...given,
    };
  };
}
