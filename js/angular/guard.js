// A guard of Angular's router. The router itself is not imported: an application may have none.
import { inject } from '@angular/core';

import { OccSession } from './session.js';

/**
 * A guard for pages of customers, as a function (Angular 14.2 and later). In a browser it waits until
 * it is known who is there. On a server it lets everybody pass, since that is never known there.
 *
 * @template T
 * @param {(...where: any[]) => T} otherwise where nobody is signed in: what the router is given instead,
 *   such as a `UrlTree`. It is called with what the router gives to a guard, in an injection context.
 * @returns {(...where: any[]) => Promise<true | T>}
 * @example
 * const account = {
 *   path: 'account',
 *   canActivate: [signedInGuard(() => inject(Router).parseUrl('/sign-in'))],
 *   loadComponent: () => import('./account'),
 * };
 */
export function signedInGuard(otherwise) {
  return async (...where) => {
    const session = inject(OccSession);
    // Now, since there is no injection context after a wait.
    const instead = otherwise(...where);
    await session.opened;
    return session.user.signedIn === false ? instead : true;
  };
}
