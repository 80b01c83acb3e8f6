// Angular without zone.js, as a new application is.
import { AsyncPipe } from '@angular/common';
import { HttpClient, provideHttpClient, withInterceptors } from '@angular/common/http';
import { ChangeDetectorRef, Component, inject } from '@angular/core';
import { bootstrapApplication } from '@angular/platform-browser';
import { OccSession, occSessionInterceptor, provideOccSession } from 'occ-session/angular';
import { injectSessionState } from 'occ-session/angular/signals';

import { Page, baseUrl, options, tellStable } from '../../plain/page';

@Component({ selector: 'shop-state', template: '{{ state().phase }} as {{ state().userId }}' })
class State {
  protected readonly state = injectSessionState();
}

@Component({
  selector: 'shop-page',
  templateUrl: '../../plain/page.html',
  imports: [AsyncPipe, State],
})
class ShopPage extends Page {
  protected readonly session = inject(OccSession);

  constructor() {
    super(inject(HttpClient), inject(ChangeDetectorRef));
  }
}

bootstrapApplication(ShopPage, {
  providers: [
    provideOccSession({
      baseUrl,
      clientId: 'mobile_android',
      clientSecret: 'secret',
      ...options,
    }),
    provideHttpClient(withInterceptors([occSessionInterceptor])),
  ],
})
  .then(tellStable)
  .catch((error) => console.error(error));
