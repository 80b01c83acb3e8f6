// What the page of a subject has as a global, and what the provider uses of oidc-provider beyond
// the back end's part.
import type { Bench } from './page.js';
import 'oidc-provider';

declare global {
  var bench: Bench;
}

declare module 'oidc-provider' {
  interface Provider {
    readonly AuthorizationCode: any;
    readonly Client: any;
  }
}
