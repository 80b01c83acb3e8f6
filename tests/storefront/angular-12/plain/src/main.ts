// Angular as it was: a module, zone.js, and an interceptor that is a class.
import 'zone.js';

import { HTTP_INTERCEPTORS, HttpClient, HttpClientModule } from '@angular/common/http';
import {
  ApplicationRef,
  ChangeDetectorRef,
  Component,
  NgModule,
  enableProdMode,
} from '@angular/core';
import { BrowserModule } from '@angular/platform-browser';
import { platformBrowserDynamic } from '@angular/platform-browser-dynamic';
import { OccSession, OccSessionInterceptor, provideOccSession } from 'occ-session/angular';

import { Page, baseUrl, options, tellStable } from '../../../plain/page';

@Component({
  selector: 'shop-state',
  template:
    '<ng-container *ngIf="session.state$ | async as state">{{ state.phase }} as {{ state.userId }}</ng-container>',
})
export class StateComponent {
  constructor(readonly session: OccSession) {}
}

@Component({ selector: 'shop-page', templateUrl: '../../../plain/page.html' })
export class PageComponent extends Page {
  constructor(
    readonly session: OccSession,
    http: HttpClient,
    changes: ChangeDetectorRef,
  ) {
    super(http, changes);
  }
}

@NgModule({
  imports: [BrowserModule, HttpClientModule],
  declarations: [PageComponent, StateComponent],
  providers: [
    provideOccSession({
      baseUrl,
      clientId: 'mobile_android',
      clientSecret: 'secret',
      ...options,
    }),
    { provide: HTTP_INTERCEPTORS, useClass: OccSessionInterceptor, multi: true },
  ],
  bootstrap: [PageComponent],
})
export class ShopModule {
  constructor(application: ApplicationRef) {
    tellStable(application);
  }
}

enableProdMode();
platformBrowserDynamic()
  .bootstrapModule(ShopModule)
  .catch((error) => console.error(error));
