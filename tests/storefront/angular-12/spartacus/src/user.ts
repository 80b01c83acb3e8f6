// Sign-in, registration and profile, as Spartacus' schematics install them.
import { NgModule } from '@angular/core';
import {
  provideConfig,
  UserOccTransitional_4_2_Module,
  UserTransitional_4_2_Module,
} from '@spartacus/core';
import {
  userAccountTranslationChunksConfig,
  userAccountTranslations,
} from '@spartacus/user/account/assets';
import { USER_ACCOUNT_FEATURE, UserAccountRootModule } from '@spartacus/user/account/root';
import {
  userProfileTranslationChunksConfig,
  userProfileTranslations,
} from '@spartacus/user/profile/assets';
import { USER_PROFILE_FEATURE, UserProfileRootModule } from '@spartacus/user/profile/root';

@NgModule({
  imports: [
    UserTransitional_4_2_Module,
    UserOccTransitional_4_2_Module,
    UserAccountRootModule,
    UserProfileRootModule,
  ],
  providers: [
    provideConfig({
      featureModules: {
        [USER_ACCOUNT_FEATURE]: {
          module: () => import('@spartacus/user/account').then((m) => m.UserAccountModule),
        },
        [USER_PROFILE_FEATURE]: {
          module: () => import('@spartacus/user/profile').then((m) => m.UserProfileModule),
        },
      },
      i18n: { resources: userAccountTranslations, chunks: userAccountTranslationChunksConfig },
    }),
    provideConfig({
      i18n: { resources: userProfileTranslations, chunks: userProfileTranslationChunksConfig },
    }),
  ],
})
export class UserFeatureModule {}
