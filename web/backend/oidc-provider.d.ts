// The part of oidc-provider (and of Koa, which it is built on) that the back end uses: the package carries no types.
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';
  import type { Readable } from 'node:stream';

  export interface Context {
    method: string;
    path: string;
    querystring: string;
    query: Record<string, string | string[] | undefined>;
    headers: Record<string, string | string[] | undefined>;
    req: IncomingMessage | Readable;
    res: ServerResponse;
    status: number;
    type: string;
    body: any;
    respond: boolean;
    response: { get(name: string): string };
    state: Record<string, any>;
    oidc: { client: any; params: Record<string, string | undefined> };
    get(name: string): string;
    set(name: string, value: string): void;
    remove(name: string): void;
    vary(name: string): void;
    redirect(url: string): void;
  }

  export type Middleware = (ctx: Context, next: () => Promise<void>) => unknown;

  export class Provider {
    constructor(issuer: string, configuration: object);
    static readonly ctx: Context | undefined;
    readonly AccessToken: any;
    readonly RefreshToken: any;
    readonly ClientCredentials: any;
    readonly Grant: any;
    use(middleware: Middleware): this;
    on(event: string, listener: (...args: any[]) => void): this;
    registerGrantType(
      name: string,
      handler: (ctx: Context) => Promise<void>,
      parameters: string[],
    ): void;
    callback(): (request: IncomingMessage, response: ServerResponse) => void;
  }

  export const errors: { InvalidGrant: new (description: string) => Error };
}
