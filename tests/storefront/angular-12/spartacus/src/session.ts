// The stock storefront: Spartacus keeps the session itself.
import { Provider } from '@angular/core';

export const sessionProviders: Provider[] = [];
