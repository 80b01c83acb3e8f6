// What the storefront does when somebody comes or goes, by a call, in another tab, or because the
// server no longer takes the token: the actions of its store, messages, and where to go.
import { inject } from '@angular/core';
import { Store } from '@ngrx/store';
import {
  AuthActions,
  AuthRedirectService,
  AuthService,
  GlobalMessageService,
  GlobalMessageType,
  RoutingService,
} from '@spartacus/core';
import { pairwise } from 'rxjs/operators';

import { OccSession } from '../angular/index.js';
import { select } from './identity.js';

/** In an injection context only. */
export function follow() {
  const session = inject(OccSession);
  const store = inject(Store);
  const auth = inject(AuthService);
  const redirect = inject(AuthRedirectService);
  const routing = inject(RoutingService);
  const messages = inject(GlobalMessageService);

  const states = select(session, (state) => state);
  states.pipe(pairwise()).subscribe(([before, now]) => {
    const isOther = before.userId !== now.userId;
    const agentCame = !before.agentSignedIn && now.agentSignedIn;
    const agentLeft = before.agentSignedIn && !now.agentSignedIn;
    const signsIn = isOther && now.signedIn;
    const signsOut = agentCame || agentLeft || (isOther && (before.signedIn || now.agentSignedIn));
    // Where somebody else has come, the store forgets what it knew at once, before anything is loaded
    // for the next. Where nobody has, it does so after the page has taken in that nobody is there: as
    // long as the page shows somebody, it would have what is missing loaded again.
    const actions = [
      ...(agentLeft ? [{ type: '[Auth] Logout Customer Support Agent' }] : []),
      ...(signsOut ? [new AuthActions.Logout()] : []),
    ];
    if (signsIn) for (const action of actions.splice(0)) store.dispatch(action);
    if (signsIn) actions.push(new AuthActions.Login());
    Promise.resolve().then(() => actions.forEach((action) => store.dispatch(action)));
  });

  session.expired$.subscribe(({ owner }) => {
    const key = owner === 'agent' ? 'asm.csagentTokenExpired' : 'httpHandlers.sessionExpired';
    // Where the shopper wanted to go, to come back after signing in.
    redirect.saveCurrentNavigationUrl();
    if (owner === 'customer') routing.go({ cxRoute: 'login' });
    else if (!session.state.signedIn) auth.logout();
    messages.add({ key }, GlobalMessageType.MSG_TYPE_ERROR);
  });
}
