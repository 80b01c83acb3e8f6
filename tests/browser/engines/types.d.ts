// What the tests ask of a browser, whatever drives it. Each file beside this one is an adapter.

/** Opens a browser, with a profile of its own. */
export type Open = (options?: {
  /** Whether it keeps cookies, and with them all storage, from every page, where it can do that. */
  blocksCookies?: boolean;
}) => Promise<Browser>;

export interface Browser {
  /** As the browser itself says it. */
  readonly version: string;
  /** What this browser cannot be brought to do, by the name of the ability: the reason. */
  readonly cannot: Readonly<Record<string, string>>;
  newContext(): Promise<Context>;
  close(): Promise<void>;
}

/** Pages that share a storage, which begins empty. */
export interface Context {
  newPage(): Promise<Page>;
  close(): Promise<void>;
}

export interface Page {
  /** Resolves when the page has loaded. */
  goto(url: string): Promise<void>;
  reload(): Promise<void>;
  /** Runs a function in the page, and waits for what it promises; argument and result are JSON. */
  evaluate<Result>(act: () => Result | Promise<Result>): Promise<Result>;
  evaluate<Result, Argument>(
    act: (argument: Argument) => Result | Promise<Result>,
    argument: Argument,
  ): Promise<Result>;
  /** Opens a window from a script of the page. */
  openWindow(url: string): Promise<Page>;
  /** Runs nothing, until it wakes up and hears everything: where the browser can be told. */
  sleep?(): Promise<void>;
  wakeUp?(): Promise<void>;
  /** Closes the tab from outside. */
  close(): Promise<void>;
  isClosed(): Promise<boolean>;
  /** What the page has let be seen of a fault since the call, but for what the browser notes by itself. */
  listen(): Promise<Heard>;
}

export interface Heard {
  /** Messages on the console, errors, rejections that nobody handled. */
  complaints(): Promise<string[]>;
  /** What the page has asked for by itself. */
  requests(): Promise<string[]>;
}
