// A simulated browser, as far as tabs notice each other: their storages with events and limits,
// BroadcastChannel, and pages that are frozen, cached, reloaded, duplicated or killed. Each page
// runs in its own asynchronous context, so that the engine reads the globals of this page; and
// time passes in it only as far as the test says.
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { standIn } from './storefront.js';

/**
 * @import { TestContext } from 'node:test'
 * @import { Session, SessionOptions, Storefront } from './storefront.js'
 */

/** The page whose code is running. @type {AsyncLocalStorage<Page>} */
const running = new AsyncLocalStorage();

/** Waits for the next turn of the event loop, which the clocks of the pages do not affect. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** The longest delay, in milliseconds, of a timer that does not wait for the test. */
const AT_ONCE = 20;

/**
 * Reads the whole response, so that a page gets it in one turn.
 *
 * @param {Response} response
 */
async function read(response) {
  const { status, headers } = response;
  const body = await response.arrayBuffer();
  return () => new Response(body.byteLength > 0 ? body : null, { status, headers });
}

/** The localStorage of an origin, or the sessionStorage of a tab, as each of its pages sees it. */
class Area {
  /** @type {Map<Page, Map<string, string>>} */
  #views = new Map();
  /** True if other pages see a change only when `show` is called. */
  isLate = false;
  /** @type {(() => void)[]} */
  #late = [];
  /** The capacity in characters. */
  quota = Infinity;

  /** @param {Iterable<[string, string]>} [items] */
  constructor(items) {
    /** The stored items. */
    this.items = new Map(items);
  }

  /** Reduces the quota to the present size, so that not one more character fits. */
  fill() {
    this.quota = [...this.items].join().length;
  }

  /** Shows other pages the changes made while `isLate`. */
  show() {
    for (const show of this.#late.splice(0)) show();
  }

  /**
   * Returns the Storage object of a page.
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
          // Every page sees the last write in the end, whichever page made it.
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
  /** The Authorization headers of its OCC requests, '' for none. @type {string[]} */
  bearers = [];
  /** The bodies of its requests to the authorization server. @type {URLSearchParams[]} */
  forms = [];
  /** Its sessions, oldest first. @type {Session[]} */
  sessions = [];
  /** The same sessions without the proxy that runs them in this page. @type {Session[]} */
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

  /** The first session that the page opened. */
  get session() {
    return /** @type {Session} */ (this.sessions[0]);
  }

  /**
   * Opens a session, which runs in this page for every caller.
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

  /** Queues a task, which runs in its own turn once the page is awake. @param {() => void} task */
  post(task) {
    if (this.isGone) return;
    this.#tasks.push(task);
    this.#schedule();
  }

  /** Does the same as post, but a cached page misses the task. @param {() => void} task */
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

  /**
   * @param {typeof globalThis.fetch} fetch
   * @param {RequestInfo | URL} input
   * @param {RequestInit} [init]
   */
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
    // A response that arrives while the page sleeps is handled when it wakes up.
    await new Promise((resolve) => this.post(() => resolve(undefined)));
    return answer();
  }

  // ---- The life of a page -----------------------------------------------------------------------

  /** Freezes the page: it gets no events, and its timers do not run, until it wakes up. */
  freeze() {
    this.isFrozen = true;
  }

  /** Wakes the page up: it gets all pending events, in order. */
  wake() {
    this.isFrozen = false;
    this.#schedule();
  }

  /** Ends the page without any event. */
  kill() {
    this.isGone = true;
    this.#tasks.length = 0;
    this.browser.forget(this);
  }

  /** Ends the page with pagehide: it was closed, or left for another page. */
  leave() {
    this.run(() => this.window.dispatchEvent(new Event('pagehide')));
    this.kill();
  }

  /** @returns {Page} its replacement */
  reload() {
    this.leave();
    return new Page(this.browser, this.area);
  }

  /** Puts the page into the back/forward cache. */
  keep() {
    this.run(() => this.window.dispatchEvent(new Event('pagehide')));
    this.isKept = true;
  }

  /** Shows the page again from the back/forward cache. */
  show() {
    this.isKept = false;
    this.run(() => this.window.dispatchEvent(new Event('pageshow')));
    this.#schedule();
  }

  /** Opens a frame of the same origin in the page. */
  openFrame() {
    return new Page(this.browser, this.area);
  }

  /** Opens a tab that begins with a copy of this one's sessionStorage. */
  duplicate() {
    return new Page(this.browser, new Area(this.area.items));
  }
}

export class Browser {
  /** The time in the pages. */
  now = Date.now();
  /** @type {Set<Page>} */
  pages = new Set();
  /** @type {Set<InstanceType<ReturnType<typeof channelsOf>>>} */
  channels = new Set();
  /** The messages that wait, or undefined if none are held. @type {(() => void)[] | undefined} */
  heldMessages;
  /** The localStorage of the origin. */
  local = new Area();
  /** The number of requests without an answer yet. */
  underWay = 0;
  /** @type {Set<Storefront>} */
  shops = new Set();
  /** @type {Set<{ at: number, page: Page, run: () => void }>} */
  #timers = new Set();

  /**
   * @param {TestContext} t
   * @param {Storefront} shop
   * @param {'session' | 'local'} storage the default storage of sessions
   * @param {{ channel?: boolean }} [options] `channel` is false for no BroadcastChannel
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

  /** Removes a page and its timers. @param {Page} page */
  forget(page) {
    for (const timer of this.#timers) if (timer.page === page) this.#timers.delete(timer);
    this.pages.delete(page);
  }

  /** Opens a tab with an empty sessionStorage. */
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
   * Opens tabs with the same session: the one in which it began, and others that share its storage
   * or, with 'session', are duplicates.
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

  /** Holds messages back until deliverMessages. */
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

  /** Waits until everything has happened that depends neither on time nor on a held answer. */
  async quiet() {
    for (let still = 0; still < 5;) {
      await turn();
      still = this.#isBusy() ? 0 : still + 1;
    }
  }

  /** Runs the next timer that is due by `end`. @param {number} end */
  async #step(end) {
    const [timer] = [...this.#timers].sort((a, b) => a.at - b.at);
    if (!timer || timer.at > end) return false;
    this.#timers.delete(timer);
    this.now = Math.max(this.now, timer.at);
    timer.page.post(timer.run);
    await this.quiet();
    return true;
  }

  /** Lets time pass, and runs the timers that become due. @param {number} ms */
  async pass(ms) {
    const end = this.now + ms;
    await this.quiet();
    while (await this.#step(end));
    this.now = end;
  }

  /** Lets time pass without timers, as when the machine sleeps. @param {number} ms */
  sleep(ms) {
    this.now += ms;
  }

  /**
   * Lets time pass until a promise is settled.
   *
   * @param {Promise<unknown>} promise
   * @returns {Promise<number>} the time it took, in milliseconds
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

  /** The sessions of all open pages. */
  get sessions() {
    return [...this.pages].flatMap(({ sessions }) => sessions);
  }

  /** The phases of the sessions, in the order of their pages. */
  phases() {
    return this.sessions.map(({ state }) => state.phase);
  }

  /**
   * Returns the labels of the valid tokens that no open page would ever revoke.
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

  /** Returns the labels of the tokens in any storage of an open page. */
  async stored() {
    const areas = new Set([...this.pages].map(({ area }) => area).concat(this.local));
    const text = [...areas].flatMap(({ items }) => [...items.values()]).join();
    return (await this.shop.backend.tokens())
      .filter(({ token }) => text.includes(token))
      .map(({ label }) => label);
  }
}
