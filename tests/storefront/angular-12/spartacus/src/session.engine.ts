// The storefront with the engine.
import { provideOccSession } from 'occ-session/spartacus';

import { fromMeta } from './meta';

export const sessionProviders = [provideOccSession(fromMeta('occ-session-options'))];
