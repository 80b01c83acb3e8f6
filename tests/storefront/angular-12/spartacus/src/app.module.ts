// A small Spartacus storefront: a home page, sign-in, registration, the profile, and the bar for agents.
import { HttpClientModule } from '@angular/common/http';
import { NgModule } from '@angular/core';
import { ReactiveFormsModule } from '@angular/forms';
import { BrowserModule } from '@angular/platform-browser';
import { EffectsModule } from '@ngrx/effects';
import { StoreModule } from '@ngrx/store';
import { translationChunksConfig, translations } from '@spartacus/assets';
import { AnonymousConsentsModule, AuthModule, provideConfig } from '@spartacus/core';
import {
  AppRoutingModule,
  BannerModule,
  BaseStorefrontModule,
  BreadcrumbModule,
  CmsParagraphModule,
  HamburgerMenuModule,
  IconConfig,
  IconResourceType,
  layoutConfig,
  LinkModule,
  LoginRouteModule,
  LogoutModule,
  mediaConfig,
  StorefrontComponent,
} from '@spartacus/storefront';

import { AsmFeatureModule } from './asm';
import { GuestFeatureModule } from './guest';
import { fromMeta } from './meta';
import { sessionProviders } from './session';
import { UserFeatureModule } from './user';

/** In place of Font Awesome, which would be fetched from another host. */
const icons: IconConfig = {
  icon: {
    symbols: { CLOSE: '✕', SUCCESS: '✓', INFO: 'i', WARNING: '!', ERROR: '!' },
    resources: [
      {
        type: IconResourceType.TEXT,
        types: ['CLOSE', 'SUCCESS', 'INFO', 'WARNING', 'ERROR'],
      },
    ],
  },
};

@NgModule({
  imports: [
    BrowserModule,
    HttpClientModule,
    // The bar for agents needs it in the root module.
    ReactiveFormsModule,
    StoreModule.forRoot({}),
    EffectsModule.forRoot([]),
    AppRoutingModule,
    BaseStorefrontModule,
    AuthModule.forRoot(),
    AnonymousConsentsModule.forRoot(),
    LoginRouteModule,
    LogoutModule,
    BannerModule,
    BreadcrumbModule,
    CmsParagraphModule,
    HamburgerMenuModule,
    LinkModule,
    UserFeatureModule,
    GuestFeatureModule,
    AsmFeatureModule,
  ],
  providers: [
    provideConfig(layoutConfig),
    provideConfig(mediaConfig),
    provideConfig(icons),
    provideConfig({
      // The development back end speaks plain HTTP.
      authentication: { OAuthLibConfig: { requireHttps: false } },
      context: { baseSite: ['shop'], language: ['en'], currency: ['EUR'] },
      features: { level: '4.3' },
      i18n: { resources: translations, chunks: translationChunksConfig, fallbackLang: 'en' },
    }),
    provideConfig(fromMeta('storefront-config')),
    ...sessionProviders,
  ],
  bootstrap: [StorefrontComponent],
})
export class AppModule {}
