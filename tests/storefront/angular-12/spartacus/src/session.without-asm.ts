// The storefront with the engine, where there is no Assisted Service Module.
import { provideOccSession } from 'occ-session/spartacus/without-asm';

import { fromMeta } from './meta';

export const sessionProviders = [provideOccSession(fromMeta('occ-session-options'))];
