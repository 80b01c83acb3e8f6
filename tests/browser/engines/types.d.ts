// The interface of a browser for the tests. Each file beside this one is an adapter.

/** Opens a browser with its own profile. */
export type Open = (options?: {
  /** True to block cookies, and with them all storage, in all pages, if the browser can do that. */
  blocksCookies?: boolean;
}) => Promise<Browser>;

export interface Browser {
  /** The version that the browser reports. */
  readonly version: string;
  /** The reasons for missing abilities of this browser, by the name of the ability. */
  readonly cannot: Readonly<Record<string, string>>;
  newContext(): Promise<Context>;
  close(): Promise<void>;
}

/** A set of pages that share a storage, which begins empty. */
export interface Context {
  newPage(): Promise<Page>;
  close(): Promise<void>;
}

export interface Page {
  /** Resolves when the page has loaded. */
  goto(url: string): Promise<void>;
  reload(): Promise<void>;
  /** Runs a function in the page, and awaits its result; argument and result are JSON. */
  evaluate<Result>(act: () => Result | Promise<Result>): Promise<Result>;
  evaluate<Result, Argument>(
    act: (argument: Argument) => Result | Promise<Result>,
    argument: Argument,
  ): Promise<Result>;
  /** Opens a window from a script of the page. */
  openWindow(url: string): Promise<Page>;
  /** Freezes the page until it wakes up and gets all pending events, if the browser can do that. */
  sleep?(): Promise<void>;
  wakeUp?(): Promise<void>;
  /** Closes the tab from outside. */
  close(): Promise<void>;
  isClosed(): Promise<boolean>;
  /** Collects complaints and requests of the page from now on, without the browser's own notes. */
  listen(): Promise<Heard>;
}

export interface Heard {
  /** Resolves with console messages, errors and unhandled rejections. */
  complaints(): Promise<string[]>;
  /** Resolves with the requests of the page. */
  requests(): Promise<string[]>;
}
