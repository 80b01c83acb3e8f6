// The Assisted Service Module, as Spartacus' schematics install it.
import { NgModule } from '@angular/core';
import { AsmRootModule, ASM_FEATURE } from '@spartacus/asm/root';
import { provideConfig } from '@spartacus/core';
import { asmTranslationChunksConfig, asmTranslations } from '@spartacus/asm/assets';

@NgModule({
  imports: [AsmRootModule],
  providers: [
    provideConfig({
      featureModules: {
        [ASM_FEATURE]: { module: () => import('@spartacus/asm').then((m) => m.AsmModule) },
      },
      i18n: { resources: asmTranslations, chunks: asmTranslationChunksConfig },
    }),
  ],
})
export class AsmFeatureModule {}
