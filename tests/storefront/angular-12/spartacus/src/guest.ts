// The form with which a guest becomes a customer after an order, and is signed in: checkout's own, on
// a page of its own since there is no checkout here.
import { Component, NgModule } from '@angular/core';
import { ActivatedRoute } from '@angular/router';
import { checkoutTranslationChunksConfig, checkoutTranslations } from '@spartacus/checkout/assets';
import { OrderConfirmationModule } from '@spartacus/checkout/components';
import { provideConfig } from '@spartacus/core';

@Component({
  selector: 'shop-guest-register',
  template: `<cx-guest-register-form
    [guid]="guest.guid"
    [email]="guest.email"
  ></cx-guest-register-form>`,
})
export class GuestRegisterComponent {
  readonly guest = this.route.snapshot.queryParams;

  constructor(private readonly route: ActivatedRoute) {}
}

@NgModule({
  imports: [OrderConfirmationModule],
  declarations: [GuestRegisterComponent],
  providers: [
    provideConfig({
      cmsComponents: { GuestRegisterComponent: { component: GuestRegisterComponent } },
      i18n: { resources: checkoutTranslations, chunks: checkoutTranslationChunksConfig },
    }),
  ],
})
export class GuestFeatureModule {}
