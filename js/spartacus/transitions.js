// The reactions of the storefront to a sign-in or sign-out, by a call, in another tab, or because
// the server no longer accepts the token: the actions of its store, messages, and navigation.
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

/** Must run in an injection context. */
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
    // If another user has signed in, the store forgets its data at once, before any is loaded for
    // the new user. If nobody has, it does so after the page shows the anonymous user: a page that
    // still shows the last user would load the missing data again.
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
    // The page is remembered, and opened after the sign-in.
    redirect.saveCurrentNavigationUrl();
    if (owner === 'customer') routing.go({ cxRoute: 'login' });
    else if (!session.state.signedIn) auth.logout();
    messages.add({ key }, GlobalMessageType.MSG_TYPE_ERROR);
  });
}
