// A storefront without the Assisted Service Module.
import { NgModule } from '@angular/core';

@NgModule()
export class AsmFeatureModule {}
