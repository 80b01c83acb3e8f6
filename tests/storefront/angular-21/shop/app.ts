// A shop with pages for customers, as docs/angular.md says to write it: guards, resources, and what a server
// renders where it is not known who is there.
import { httpResource, provideHttpClient, withFetch, withInterceptors } from '@angular/common/http';
import {
  type ApplicationConfig,
  Component,
  computed,
  DOCUMENT,
  inject,
  InjectionToken,
} from '@angular/core';
import { provideClientHydration } from '@angular/platform-browser';
import {
  provideRouter,
  Router,
  RouterLink,
  RouterOutlet,
  type Routes,
  withEnabledBlockingInitialNavigation,
} from '@angular/router';
import {
  OccSession,
  occSessionInterceptor,
  provideOccSession,
  signedInGuard,
} from 'occ-session/angular';
import { injectSessionUser } from 'occ-session/angular/signals';

/** Where the back end is, which the server has written into the page. */
export const BASE_URL = new InjectionToken('base URL', {
  factory: () =>
    inject(DOCUMENT).querySelector<HTMLMetaElement>('meta[name="occ-backend-base-url"]')?.content ??
    '',
});

const injectApi = () => `${inject(BASE_URL)}/occ/v2/shop`;

@Component({
  selector: 'shop-home',
  template: `<p id="page">Home</p>
    <p id="products">{{ products.status() }}</p>`,
})
class Home {
  private readonly api = injectApi();
  protected readonly products = httpResource(() => `${this.api}/products/search`);
}

@Component({
  selector: 'shop-account',
  template: `<p id="page">Account</p>
    <p id="email">{{ account.hasValue() ? account.value().uid : account.status() }}</p>`,
})
class Account {
  private readonly api = injectApi();
  private readonly user = injectSessionUser();
  protected readonly account = httpResource<{ uid: string }>(() => {
    const { signedIn, userId } = this.user();
    return signedIn ? `${this.api}/users/${encodeURIComponent(userId)}` : undefined;
  });
}

@Component({
  selector: 'shop-sign-in',
  template: `<p id="page">Please sign in</p>
    <button (click)="signIn()">Sign in</button>`,
})
class SignIn {
  private readonly session = inject(OccSession);
  private readonly router = inject(Router);

  protected async signIn() {
    await this.session.signIn({ username: 'anna.keller@example.com', password: 'Welcome-1' });
    await this.router.navigateByUrl('/account');
  }
}

@Component({
  selector: 'shop-root',
  imports: [RouterLink, RouterOutlet],
  template: `<nav><a routerLink="/">Home</a> <a routerLink="/account">Account</a></nav>
    @switch (who()) {
      @case ('customer') {
        <p id="who">Welcome back</p>
        <button (click)="session.signOut()">Sign out</button>
      }
      @case ('unknown') {
        <p id="who">…</p>
      }
      @default {
        <p id="who">You are not signed in</p>
      }
    }
    <router-outlet />`,
})
export class App {
  protected readonly session = inject(OccSession);
  private readonly user = injectSessionUser();
  protected readonly who = computed(() => this.user().phase);
}

const customersOnly = signedInGuard(() => inject(Router).parseUrl('/sign-in'));

const routes: Routes = [
  { path: '', component: Home },
  { path: 'sign-in', component: SignIn },
  { path: 'account', component: Account, canActivate: [customersOnly] },
  { path: 'orders', component: Account, canActivate: [customersOnly] },
];

export const config: ApplicationConfig = {
  providers: [
    provideOccSession(() => ({
      baseUrl: inject(BASE_URL),
      clientId: 'mobile_android',
      clientSecret: 'secret',
    })),
    provideHttpClient(withFetch(), withInterceptors([occSessionInterceptor])),
    provideRouter(routes, withEnabledBlockingInitialNavigation()),
    provideClientHydration(),
  ],
};
