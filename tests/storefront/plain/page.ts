// The page of both applications. It imports nothing of Angular, since each of the two has its own
// version.

/** The part of HttpClient that is used. */
interface Http {
  request(
    method: string,
    url: string,
    options: {
      observe: 'response';
      body?: unknown;
      headers?: Record<string, string>;
      responseType?: 'json';
    },
  ): {
    subscribe(observer: {
      next(response: { status: number; body: unknown }): void;
      error(error: { status: number; error: unknown }): void;
    }): unknown;
  };
}

/** Returns a setting that the server has written into the page for this visit. */
function meta(name: string) {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? '';
}

export const baseUrl = meta('occ-backend-base-url');
export const options: object = JSON.parse(meta('occ-session-options') || '{}');

/** Shows in the page if the application is stable, for a test to read. */
export function tellStable(application: {
  isStable: { subscribe(next: (stable: boolean) => void): unknown };
}) {
  application.isStable.subscribe((stable) => {
    document.body.dataset['stable'] = `${stable}`;
  });
}

/** Resolves with the user named in the body. */
async function userOf(body: any) {
  const user = body instanceof Blob ? JSON.parse(await body.text()) : body;
  return user.uid ?? '';
}

export abstract class Page {
  /** The result of the last action. */
  answer = '';

  constructor(
    private http: Http,
    private changes: { markForCheck(): void },
  ) {}

  show(done: Promise<unknown>) {
    this.answer = '';
    done
      .then((text) => `${text ?? 'done'}`)
      .catch((error) => `${error.code}`)
      .then((answer) => {
        this.answer = answer;
        this.changes.markForCheck();
      });
  }

  load(userId?: string, responseType = 'json') {
    return this.send('GET', `users/${userId}`, { responseType });
  }

  async loadTimes(times: number, userId?: string) {
    const all = Array.from({ length: times }, () => this.load(userId));
    return (await Promise.all(all)).join(', ');
  }

  loadAs(Authorization: string, userId?: string) {
    return this.send('GET', `users/${userId}`, { headers: { Authorization } });
  }

  search() {
    return this.send('GET', 'products/search');
  }

  register() {
    const body = { uid: 'dora@example.com', password: 'Welcome-4', firstName: 'D', lastName: 'E' };
    return this.send('POST', 'users', { body });
  }

  /** Loads the URL from the query of the address. */
  loadElsewhere() {
    return this.send('GET', new URLSearchParams(location.search).get('other') ?? '');
  }

  private send(
    method: string,
    url: string,
    more: { body?: unknown; headers?: Record<string, string>; responseType?: string } = {},
  ): Promise<string> {
    return new Promise((resolve) => {
      this.http
        .request(method, new URL(url, `${baseUrl}/occ/v2/shop/`).href, {
          ...more,
          // HttpClient has a declaration for each type, and none for any of them.
          responseType: more.responseType as 'json',
          observe: 'response',
        })
        .subscribe({
          next: async ({ status, body }) => resolve(`${status} ${await userOf(body)}`.trim()),
          error: ({ status }) => resolve(`${status}`),
        });
    });
  }
}
