// As much of a browser as tabs notice of each other: their storages, with the events and the limits
// of those, BroadcastChannel, and pages that sleep, are kept, reloaded, duplicated or killed. Each
// page runs in an asynchronous context of its own, by which the globals that the engine reads are
// those of this page; and time passes in it only as far as the test says.
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { standIn } from './storefront.js';

/**
 * @import { TestContext } from 'node:test'
 * @import { Session, SessionOptions, Storefront } from './storefront.js'
 */

/** The page whose code runs. @type {AsyncLocalStorage<Page>} */
const running = new AsyncLocalStorage();

/** The next turn of the event loop, which the clocks of the pages leave alone. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A timer that is due this soon, in milliseconds, does not wait for the test. */
const AT_ONCE = 20;

/**
 * The whole answer, so that a page has it in one turn.
 *
 * @param {Response} response
 */
async function read(response) {
  const { status, headers } = response;
  const body = await response.arrayBuffer();
  return () => new Response(body.byteLength > 0 ? body : null, { status, headers });
}

/** localStorage of an origin, or sessionStorage of a tab, as each of its pages sees it. */
class Area {
  /** @type {Map<Page, Map<string, string>>} */
  #views = new Map();
  /** Whether other pages see a change only when `show` is called. */
  isLate = false;
  /** @type {(() => void)[]} */
  #late = [];
  /** How many characters fit in. */
  quota = Infinity;

  /** @param {Iterable<[string, string]>} [items] */
  constructor(items) {
    /** What is stored. */
    this.items = new Map(items);
  }

  /** From now on not one character more fits in. */
  fill() {
    this.quota = [...this.items].join().length;
  }

  /** Other pages see what was changed while `isLate`. */
  show() {
    for (const show of this.#late.splice(0)) show();
  }

  /**
   * The Storage object of a page.
   *
   * @param {Page} page
   */
  of(page) {
    const view = new Map(this.items);
    this.#views.set(page, view);
    /** @param {string | null} key @param {(items: Map<string, string>) => void} apply */
    const change = (key, apply) => {
      apply(view);
      apply(this.items);
      for (const [other, seen] of this.#views) {
        if (other === page || other.isGone) continue;
        const show = () => {
          // What was stored last, whoever did it, is what everybody sees in the end.
          seen.clear();
          for (const [name, value] of this.items) seen.set(name, value);
          other.hear(() =>
            other.window.dispatchEvent(Object.assign(new Event('storage'), { key })),
          );
        };
        if (this.isLate) this.#late.push(show);
        else show();
      }
    };
    return {
      /** @param {string} key */
      getItem: (key) => view.get(key) ?? null,
      /** @param {string} key @param {string} value */
      setItem: (key, value) => {
        value = String(value);
        const before = [...view].join().length;
        const after = [...new Map(view).set(key, value)].join().length;
        if (after > before && after > this.quota) {
          throw new DOMException('The quota has been exceeded.', 'QuotaExceededError');
        }
        if (view.get(key) !== value) change(key, (items) => items.set(key, value));
      },
      /** @param {string} key */
      removeItem: (key) => {
        if (view.has(key)) change(key, (items) => items.delete(key));
      },
      clear: () => {
        if (view.size > 0) change(null, (items) => items.clear());
      },
    };
  }
}

/** @param {Browser} browser */
const channelsOf = (browser) =>
  class BroadcastChannel extends EventTarget {
    /** @type {((event: MessageEvent) => void) | null} */
    onmessage = null;
    #page = /** @type {Page} */ (running.getStore());

    /** @param {string} name */
    constructor(name) {
      super();
      this.name = name;
      browser.channels.add(this);
    }

    /** @param {unknown} message */
    postMessage(message) {
      assert.ok(browser.channels.has(this), 'the channel is closed');
      for (const channel of browser.channels) {
        if (channel === this || channel.name !== this.name) continue;
        const data = structuredClone(message);
        channel.#deliver(() => channel.#receive(new MessageEvent('message', { data })));
      }
    }

    /** @param {() => void} receive */
    #deliver(receive) {
      if (browser.heldMessages) browser.heldMessages.push(() => this.#page.hear(receive));
      else this.#page.hear(receive);
    }

    /** @param {MessageEvent} event */
    #receive(event) {
      if (!browser.channels.has(this)) return;
      this.onmessage?.(event);
      this.dispatchEvent(event);
    }

    close() {
      browser.channels.delete(this);
    }
  };

/** A document in a tab, or in a frame of one. */
export class Page {
  /** The events of its window. */
  window = new EventTarget();
  isFrozen = false;
  isKept = false;
  isGone = false;
  /** The Authorization headers of what it has sent to OCC, '' for none. @type {string[]} */
  bearers = [];
  /** Bodies of what it has sent to the authorization server. @type {URLSearchParams[]} */
  forms = [];
  /** Its sessions, oldest first. @type {Session[]} */
  sessions = [];
  /** The same as they are, without the context that makes them those of this page. @type {Session[]} */
  opened = [];
  /** @type {(() => void)[]} */
  #tasks = [];
  #isScheduled = false;

  /** @param {Browser} browser @param {Area} area the sessionStorage of its tab */
  constructor(browser, area) {
    this.browser = browser;
    this.area = area;
    this.sessionStorage = area.of(this);
    this.localStorage = browser.local.of(this);
    browser.pages.add(this);
  }

  /** The session that the page has opened first. */
  get session() {
    return /** @type {Session} */ (this.sessions[0]);
  }

  /**
   * Opens a session, which runs in this page whoever calls it.
   *
   * @param {Partial<SessionOptions>} [options]
   * @param {Storefront} [shop]
   * @returns {Promise<Session>}
   */
  async open(options, shop = this.browser.shop) {
    this.browser.shops.add(shop);
    /** @type {typeof globalThis.fetch} */
    const fetch = (input, init) => this.#fetch(options?.fetch ?? shop.fetch, input, init);
    const opened = await this.run(() =>
      shop.open({ storage: this.browser.storage, ...options, fetch }),
    );
    /** @type {Session} */
    const session = new Proxy(opened, {
      get: (target, key) =>
        this.run(() => {
          const value = Reflect.get(target, key, target);
          if (typeof value !== 'function') return value;
          return (/** @type {unknown[]} */ ...parameters) =>
            this.run(() => value.apply(target, parameters));
        }),
    });
    this.opened.push(opened);
    this.sessions.push(session);
    return session;
  }

  /** @template T @param {() => T} code @returns {T} */
  run(code) {
    return running.run(this, code);
  }

  get isAsleep() {
    return this.isFrozen || this.isKept;
  }

  get isBusy() {
    return this.#tasks.length > 0 && !this.isAsleep;
  }

  /** Runs in a turn of its own, as soon as the page is awake. @param {() => void} task */
  post(task) {
    if (this.isGone) return;
    this.#tasks.push(task);
    this.#schedule();
  }

  /** As post, but what happens while the page is kept is lost on it. @param {() => void} task */
  hear(task) {
    if (!this.isKept) this.post(task);
  }

  #schedule() {
    if (this.#isScheduled || !this.isBusy) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      if (!this.isBusy) return;
      const task = this.#tasks.shift();
      if (task) this.run(task);
      this.#schedule();
    });
  }

  /** @param {typeof globalThis.fetch} fetch @param {RequestInfo | URL} input @param {RequestInit} [init] */
  async #fetch(fetch, input, init) {
    const { browser } = this;
    if (this.isGone) return new Promise(() => {});
    if (input instanceof Request) this.bearers.push(input.headers.get('authorization') ?? '');
    else this.forms.push(new URLSearchParams(String(init?.body)));
    browser.underWay++;
    const answer = await running
      .exit(async () => read(await fetch(input, init)))
      .catch((error) => () => Promise.reject(error))
      .finally(() => browser.underWay--);
    // What is answered while the page sleeps is heard when it wakes up.
    await new Promise((resolve) => this.post(() => resolve(undefined)));
    return answer();
  }

  // ---- What may become of a page ---------------------------------------------------------------

  /** Hears nothing, and its timers do not run, until it wakes up. */
  freeze() {
    this.isFrozen = true;
  }

  /** Hears everything, in order. */
  wake() {
    this.isFrozen = false;
    this.#schedule();
  }

  /** Is away without having been told. */
  kill() {
    this.isGone = true;
    this.#tasks.length = 0;
    this.browser.forget(this);
  }

  /** Is away: closed, or left for another page. */
  leave() {
    this.run(() => this.window.dispatchEvent(new Event('pagehide')));
    this.kill();
  }

  /** @returns {Page} the one that takes its place */
  reload() {
    this.leave();
    return new Page(this.browser, this.area);
  }

  /** Is left, and kept for the way back. */
  keep() {
    this.run(() => this.window.dispatchEvent(new Event('pagehide')));
    this.isKept = true;
  }

  /** Is gone back to. */
  show() {
    this.isKept = false;
    this.run(() => this.window.dispatchEvent(new Event('pageshow')));
    this.#schedule();
  }

  /** A frame of the same origin in the page. */
  openFrame() {
    return new Page(this.browser, this.area);
  }

  /** A tab that begins with what this one has in its sessionStorage. */
  duplicate() {
    return new Page(this.browser, new Area(this.area.items));
  }
}

export class Browser {
  /** What time it is in the pages. */
  now = Date.now();
  /** @type {Set<Page>} */
  pages = new Set();
  /** @type {Set<InstanceType<ReturnType<typeof channelsOf>>>} */
  channels = new Set();
  /** Where there is a list, messages wait in it. @type {(() => void)[] | undefined} */
  heldMessages;
  /** The localStorage of the origin. */
  local = new Area();
  /** How many requests have no answer yet. */
  underWay = 0;
  /** @type {Set<Storefront>} */
  shops = new Set();
  /** @type {Set<{ at: number, page: Page, run: () => void }>} */
  #timers = new Set();

  /**
   * @param {TestContext} t
   * @param {Storefront} shop
   * @param {'session' | 'local'} storage what sessions are opened with
   * @param {{ channel?: boolean }} [options] whether there is a BroadcastChannel
   */
  constructor(t, shop, storage, { channel = true } = {}) {
    this.shop = shop;
    this.storage = storage;
    const Channel = channel ? channelsOf(this) : undefined;
    const page = () => running.getStore();
    standIn(t, 'localStorage', { get: () => page()?.localStorage });
    standIn(t, 'sessionStorage', { get: () => page()?.sessionStorage });
    standIn(t, 'BroadcastChannel', { get: () => page() && Channel });
    for (const name of /** @type {const} */ (['addEventListener', 'removeEventListener'])) {
      standIn(t, name, {
        get: () => {
          const window = page()?.window;
          return window?.[name].bind(window);
        },
      });
    }
    const { setTimeout, clearTimeout } = globalThis;
    const { now } = Date;
    standIn(t, 'setTimeout', {
      value: (/** @type {[() => void, number?]} */ ...parameters) => {
        const owner = page();
        return owner ? this.#setTimer(owner, ...parameters) : setTimeout(...parameters);
      },
    });
    standIn(t, 'clearTimeout', {
      value: (/** @type {any} */ timer) =>
        page() ? this.#timers.delete(timer) : clearTimeout(timer),
    });
    standIn(t, 'now', { value: () => (page() ? this.now : now.call(Date)) }, Date);
  }

  /** @param {Page} page @param {() => void} run @param {number} [ms] */
  #setTimer(page, run, ms = 0) {
    const timer = { at: this.now + ms, page, run };
    if (ms > AT_ONCE) this.#timers.add(timer);
    else page.post(run);
    return timer;
  }

  /** @param {Page} page that has gone */
  forget(page) {
    for (const timer of this.#timers) if (timer.page === page) this.#timers.delete(timer);
    this.pages.delete(page);
  }

  /** A tab with an empty sessionStorage. */
  openTab() {
    return new Page(this, new Area());
  }

  /** Opens a tab, with a session. @param {Partial<SessionOptions>} [options] */
  async open(options) {
    const page = this.openTab();
    await page.open(options);
    return page;
  }

  /**
   * Tabs that have the same session: one in which it was begun, and others that share its storage or,
   * with 'session', are duplicates.
   *
   * @param {number} count
   * @param {(first: Page) => Promise<unknown>} begin
   * @param {Partial<SessionOptions>} [options]
   */
  async openTabs(count, begin, options) {
    const first = await this.open(options);
    await begin(first);
    const pages = [first];
    while (pages.length < count) {
      const page = this.storage === 'session' ? first.duplicate() : this.openTab();
      await page.open(options);
      pages.push(page);
    }
    await this.quiet();
    return pages;
  }

  /** Messages wait until they are delivered. */
  holdMessages() {
    this.heldMessages = [];
  }

  deliverMessages() {
    const held = this.heldMessages ?? [];
    this.heldMessages = undefined;
    for (const deliver of held) deliver();
  }

  #isBusy() {
    let held = 0;
    for (const { backend } of this.shops) {
      held += backend.journal.filter(({ status }) => status === 'held').length;
    }
    return this.underWay > held || [...this.pages].some(({ isBusy }) => isBusy);
  }

  /** Everything that need not wait for the time, or for an answer that is held, has happened. */
  async quiet() {
    for (let still = 0; still < 5;) {
      await turn();
      still = this.#isBusy() ? 0 : still + 1;
    }
  }

  /** Runs the next timer that is due by then. @param {number} end */
  async #step(end) {
    const [timer] = [...this.#timers].sort((a, b) => a.at - b.at);
    if (!timer || timer.at > end) return false;
    this.#timers.delete(timer);
    this.now = Math.max(this.now, timer.at);
    timer.page.post(timer.run);
    await this.quiet();
    return true;
  }

  /** Time passes. @param {number} ms */
  async pass(ms) {
    const end = this.now + ms;
    await this.quiet();
    while (await this.#step(end));
    this.now = end;
  }

  /** The machine sleeps, or timers do not run since every tab is in the background. @param {number} ms */
  sleep(ms) {
    this.now += ms;
  }

  /**
   * Time passes until a promise is settled.
   *
   * @param {Promise<unknown>} promise
   * @returns {Promise<number>} how many milliseconds it took
   */
  async passUntil(promise) {
    const start = this.now;
    let isSettled = false;
    const settle = () => void (isSettled = true);
    promise.then(settle, settle);
    await this.quiet();
    while (!isSettled) assert.ok(await this.#step(start + 60_000), 'nothing comes of it in 60 s');
    return this.now - start;
  }

  /** Every session of the pages that are there. */
  get sessions() {
    return [...this.pages].flatMap(({ sessions }) => sessions);
  }

  /** The phases of the sessions, in the order of their pages. */
  phases() {
    return this.sessions.map(({ state }) => state.phase);
  }

  /**
   * Labels of the tokens that the server takes though no page that is there would ever revoke them.
   * The tokens of one grant share a number.
   */
  async orphans() {
    const tokens = await this.shop.backend.tokens();
    /** @param {string} label */
    const grant = (label) => label.replace(/ \w+$/, '');
    const bearers = this.sessions.map((session) => session.authorization()?.slice(7));
    const held = tokens.filter(({ token }) => bearers.includes(token));
    return tokens
      .filter(
        (token) => token.active && !held.some(({ label }) => grant(label) === grant(token.label)),
      )
      .map(({ label }) => label);
  }

  /** Labels of the tokens that are in any storage of a page that is there. */
  async stored() {
    const areas = new Set([...this.pages].map(({ area }) => area).concat(this.local));
    const text = [...areas].flatMap(({ items }) => [...items.values()]).join();
    return (await this.shop.backend.tokens())
      .filter(({ token }) => text.includes(token))
      .map(({ label }) => label);
  }
}
