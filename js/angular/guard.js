// A guard of Angular's router. The router itself is not imported: an application may have none.
import { inject } from '@angular/core';

import { OccSession } from './session.js';

/**
 * Returns a guard for pages of customers (Angular 14.2 and later). In a browser it waits until the
 * user is known. On a server it lets every request pass, since the user is never known there.
 *
 * @template T
 * @param {(...where: any[]) => T} otherwise returns the result for an anonymous user, such as a
 *   `UrlTree`. It gets the arguments of the guard and runs in an injection context.
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
    // The injection context ends with the first wait.
    const instead = otherwise(...where);
    await session.opened;
    return session.user.signedIn === false ? instead : true;
  };
}
