// The storefront as a shopper and an agent see it: Spartacus' own forms and buttons, their contents
// over time, and the tokens at the server and in the storages.
import assert from 'node:assert/strict';
import { startBackend } from '../../web/backend/index.js';
import { complaintsOf, openContext, requestsOf, revokePath } from '../browser/browser.js';
import { serveStorefront } from './site.js';

/** @import { Browser, BrowserContext, Page, Request } from 'playwright-core' */
/** @import { TestContext } from 'node:test' */
/** @import { Backend, Entry } from '../../web/backend/index.js' */
/** @import { Credentials } from '../browser/browser.js' */

/** @typedef {Awaited<ReturnType<typeof serveStorefront>>} Site */
/** @typedef {'stock' | 'engine' | 'without-asm'} Build */

/**
 * The users that the page shows.
 *
 * @typedef {object} Shown
 * @property {string | null} greeting
 * @property {boolean} signInLink
 * @property {boolean} agent
 *
 * @typedef {{ kind: 'alert-danger' | 'alert-success' | 'alert-info' | 'alert-warning', text: string }} Message
 *
 * @typedef {{ at: number } & ({ click: true } | { shown: Shown } | { message: Message })} Sight
 *   in epoch milliseconds, by the clock of the page
 */

const loginPath = '/login.jsp';

/** The beginning of the storage key of the engine's session. */
const engineKey = 'occ-session ';

/** Runs in the page before its scripts, and reports each click and each change on the screen. */
function watch() {
  /** @type {(sight: object) => void} */
  const tell = Reflect.get(globalThis, 'tellTest');
  const now = () => performance.timeOrigin + performance.now();
  /** @type {WeakMap<Element, string>} */
  const known = new WeakMap();
  let before = '';

  function look() {
    const at = now();
    const shown = {
      greeting: document.querySelector('cx-login .cx-login-greet')?.textContent?.trim() ?? null,
      signInLink: document.querySelector('cx-login > a') !== null,
      agent: document.querySelector('cx-asm-main-ui button.logout') !== null,
    };
    if (JSON.stringify(shown) !== before) tell({ at, shown });
    before = JSON.stringify(shown);

    for (const alert of document.querySelectorAll('cx-global-message .alert')) {
      const text = (alert.querySelector('span:not([class])') ?? alert).textContent?.trim() ?? '';
      if (text === '' || known.get(alert) === text) continue;
      known.set(alert, text);
      const kind = [...alert.classList].find((name) => name.startsWith('alert-'));
      tell({ at, message: { kind, text } });
    }
  }

  addEventListener('click', () => tell({ at: now(), click: true }), { capture: true });
  new MutationObserver(look).observe(document, {
    childList: true,
    subtree: true,
    characterData: true,
  });
}

/**
 * Opens one build of the storefront in a separate browser context, at its first page.
 *
 * @param {TestContext} t closes everything at its end
 * @param {object} given
 * @param {Browser} given.browser
 * @param {Build} given.build
 * @param {Backend} [given.backend] a new one by default
 * @param {object} [given.config] more of Spartacus' configuration
 * @param {object} [given.options] the options of provideOccSession
 * @param {string} [given.csp]
 * @param {string} [given.path] the first page
 */
export async function openStorefront(t, { browser, build, backend: given, path = '', ...rest }) {
  const backend = given ?? (await startBackend());
  const site = await serveStorefront({ build, backendUrl: backend.url, ...rest });
  t.after(() => Promise.all([site.close(), given ? undefined : backend.close()]));
  const context = await openContext(t, browser, backend);
  const storefront = await Storefront.open(context, backend, site);
  await storefront.visit(path);
  return storefront;
}

/** @param {Shown} shown */
const customerIsGone = ({ greeting, signInLink }) => greeting === null && signInLink;

/** @param {Shown} shown */
const everybodyIsGone = (shown) => customerIsGone(shown) && !shown.agent;

/** A tab with the storefront. */
export class Storefront {
  /** @type {Sight[]} */
  #sights = [];
  /** @type {Set<() => void>} */
  #waiting = new Set();
  /** @type {Set<Request>} */
  #underWay = new Set();
  #console;

  /** @param {Page} page @param {Backend} backend @param {Site} site */
  constructor(page, backend, site) {
    this.page = page;
    this.backend = backend;
    this.site = site;
    /** The requests of the page, "GET /path"; filled as they are sent. */
    this.requests = requestsOf(page);
    this.#console = complaintsOf(page);
    page.on('request', (request) => this.#underWay.add(request));
    const ended = (/** @type {Request} */ request) => {
      this.#underWay.delete(request);
      this.#changed();
    };
    page.on('requestfinished', ended);
    page.on('requestfailed', ended);
  }

  /** @param {BrowserContext} context @param {Backend} backend @param {Site} site */
  static async open(context, backend, site) {
    const storefront = new Storefront(await context.newPage(), backend, site);
    const { page } = storefront;
    await page.exposeFunction('tellTest', (/** @type {Sight} */ sight) => storefront.#see(sight));
    await page.addInitScript(watch);
    return storefront;
  }

  // ---- Pages -----------------------------------------------------------------------------------

  /** Loads a page and waits until it shows the user or the sign-in link. @param {string} [path] */
  async visit(path = '') {
    await this.page.goto(this.site.url + path);
    await this.#isShown();
  }

  async reload() {
    await this.page.reload();
    await this.#isShown();
  }

  /** Opens another tab, which shares localStorage. @param {string} [path] */
  async newTab(path = '') {
    const tab = await Storefront.open(this.page.context(), this.backend, this.site);
    await tab.visit(path);
    return tab;
  }

  #isShown() {
    return this.page.locator('cx-login > a, cx-login .cx-login-greet').first().waitFor();
  }

  // ---- The customer ----------------------------------------------------------------------------

  /**
   * Goes to the sign-in page if necessary, and submits the form.
   *
   * @param {Credentials} credentials
   */
  async submitSignIn({ username, password }) {
    const form = this.page.locator('cx-login-form');
    if (!(await form.isVisible())) await this.page.locator('cx-login > a').click();
    await form.locator('[formcontrolname=userId]').fill(username);
    await form.locator('[formcontrolname=password]').fill(password);
    await form.locator('button[type=submit]').click();
  }

  /** @param {Credentials} credentials */
  async signIn(credentials) {
    await this.submitSignIn(credentials);
    await this.page.locator('cx-login .cx-login-greet').waitFor();
    await this.page.locator('cx-login-form').waitFor({ state: 'detached' });
  }

  /** Clicks the header's link. */
  async clickSignOut() {
    await this.page.locator('cx-login a', { hasText: 'Sign Out' }).click();
  }

  /** Signs the customer out, emulated or not. Resolves with the delay until the page shows it. */
  async signOut() {
    await this.clickSignOut();
    return this.#expect(customerIsGone, 'the customer is shown as signed out');
  }

  /** Fills in the form for new customers and submits it.
   * @param {Credentials & { firstName: string, lastName: string }} customer */
  async register({ username, password, firstName, lastName }) {
    await this.visit('login/register');
    const form = this.page.locator('cx-register');
    const fields = {
      firstname: firstName,
      lastname: lastName,
      email: username,
      password,
      confirmpassword: password,
    };
    for (const [name, value] of Object.entries(fields)) {
      await form.locator(`[name=${name}]`).fill(value);
    }
    await form.locator('[name=termsandconditions]').check();
    await form.locator('button[type=submit]').click();
  }

  // ---- The agent -------------------------------------------------------------------------------

  /**
   * Opens the bar for agents if necessary, and submits its form.
   *
   * @param {Credentials} credentials
   */
  async submitAgentSignIn({ username, password }) {
    const form = this.page.locator('cx-csagent-login-form');
    if (!(await form.isVisible())) await this.visit('?asm=true');
    await form.locator('[formcontrolname=userId]').fill(username);
    await form.locator('[formcontrolname=password]').fill(password);
    await form.locator('button[type=submit]').click();
  }

  /** @param {Credentials} credentials */
  async signInAgent(credentials) {
    await this.submitAgentSignIn(credentials);
    await this.page.locator('cx-asm-main-ui button.logout').waitFor();
  }

  /**
   * Types into the search field.
   *
   * @param {string} text
   * @returns {Promise<string[]>} the customers found
   */
  async search(text) {
    await this.page.locator('cx-customer-selection [formcontrolname=searchTerm]').fill(text);
    const results = this.page.locator('.asm-results button');
    await results.first().waitFor();
    return results.allInnerTexts();
  }

  /** Searches a customer and starts the session. @param {string} name */
  async emulate(name) {
    await this.search(name);
    await this.page.locator('.asm-results button', { hasText: name }).first().click();
    await this.page.locator('cx-customer-selection button[type=submit]').click();
    await this.page.locator('cx-customer-emulation').waitFor();
    await this.page.locator('cx-login .cx-login-greet', { hasText: name }).waitFor();
  }

  /** Clicks the bar's End Session. */
  async endEmulation() {
    await this.page.locator('cx-customer-emulation button').click();
    await this.page.locator('cx-customer-selection').waitFor();
    return this.#expect(customerIsGone, 'the emulated customer is gone');
  }

  async clickSignOutAgent() {
    await this.page.locator('cx-asm-main-ui button.logout').click();
  }

  /** Signs the agent out by the bar, and resolves with the delay until the page shows it. */
  async signOutAgent() {
    await this.clickSignOutAgent();
    return this.#expect(({ agent }) => !agent, 'the agent is shown as signed out');
  }

  // ---- The contents of the page ----------------------------------------------------------------

  /** Resolves with the users that the page shows. @returns {Promise<Shown>} */
  async shown() {
    const last = (await this.#everything()).findLast((sight) => 'shown' in sight);
    return last && 'shown' in last
      ? last.shown
      : { greeting: null, signInLink: false, agent: false };
  }

  /** Resolves with the greeting, as "Hi, Anna Keller", or with null. */
  async greeting() {
    return (await this.shown()).greeting;
  }

  /** Resolves with true if neither a customer nor an agent is shown. */
  async isShownSignedOut() {
    return everybodyIsGone(await this.shown());
  }

  /**
   * Waits until the shown users satisfy a predicate.
   *
   * @param {(shown: Shown) => boolean} isSo
   * @param {string} what
   */
  async waitUntilShown(isSo, what = `${isSo}`) {
    const within = 30_000;
    await this.#everything();
    const found = await this.#until(() => {
      const last = this.#sights.findLast((sight) => 'shown' in sight);
      return last && 'shown' in last && isSo(last.shown) ? last : undefined;
    }, within);
    assert.ok(found, `waited ${within} ms until the page shows: ${what}`);
  }

  /**
   * Resolves with the delay from the last click until the page showed neither a customer nor an
   * agent, in milliseconds by the clock of the page, or with undefined after the time limit.
   *
   * @param {number} within
   */
  signedOutAfter(within) {
    return this.#after(everybodyIsGone, within);
  }

  /** Resolves with all messages shown since the tab was opened, however briefly. */
  async messages() {
    return (await this.#everything()).flatMap((sight) =>
      'message' in sight ? [sight.message] : [],
    );
  }

  /** Returns the console's errors and warnings, and uncaught errors, up to now. */
  get complaints() {
    // Chromium's verbose notes report password fields without the autocomplete attribute.
    return this.#console.filter((line) => !line.startsWith('verbose: '));
  }

  /** Waits until no request of the page is pending, and resolves with false after the time limit.
   * @param {number} [within] */
  async isIdle(within = 8_000) {
    const found = await this.#until(() => this.#underWay.size === 0 || undefined, within);
    return found ?? false;
  }

  /** @param {Sight} sight */
  #see(sight) {
    this.#sights.push(sight);
    this.#changed();
  }

  #changed() {
    for (const look of [...this.#waiting]) look();
  }

  /** Resolves with all sights up to now: the page reports them before it answers. */
  async #everything() {
    await this.page.evaluate(() => undefined);
    return this.#sights;
  }

  /**
   * Resolves with the result of `find` once there is one, or with undefined after the time limit.
   *
   * @template T
   * @param {() => T | undefined} find
   * @param {number} within
   * @returns {Promise<T | undefined>}
   */
  #until(find, within) {
    return new Promise((resolve) => {
      const look = () => {
        const found = find();
        if (found !== undefined) end(found);
      };
      /** @param {T} [found] */
      const end = (found) => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(found);
      };
      const timer = setTimeout(end, within, undefined);
      this.#waiting.add(look);
      look();
    });
  }

  /** @param {(shown: Shown) => boolean} isSo @param {number} within */
  async #after(isSo, within) {
    await this.#everything();
    const clicked = this.#sights.findLastIndex((sight) => 'click' in sight);
    const click = this.#sights[clicked];
    assert.ok(click, 'nothing has been clicked');
    const found = await this.#until(
      () => this.#sights.slice(clicked).find((sight) => 'shown' in sight && isSo(sight.shown)),
      within,
    );
    return found && found.at - click.at;
  }

  /** @param {(shown: Shown) => boolean} isSo @param {string} what @returns {Promise<number>} */
  async #expect(isSo, what) {
    const within = 30_000;
    const after = await this.#after(isSo, within);
    assert.ok(after !== undefined, `waited ${within} ms until ${what}`);
    return after;
  }

  // ---- The storages ----------------------------------------------------------------------------

  /** @returns {Promise<any>} the engine's snapshot in localStorage, or null */
  storedByEngine() {
    return this.page.evaluate((start) => {
      const key = Object.keys(localStorage).find((each) => each.startsWith(start));
      return key ? JSON.parse(localStorage[key]) : null;
    }, engineKey);
  }

  /** @param {string} key @returns {Promise<any>} the JSON kept under it in localStorage, or null */
  stored(key) {
    return this.page.evaluate((name) => JSON.parse(localStorage.getItem(name) ?? 'null'), key);
  }

  /**
   * Resolves with the labels of all issued tokens that are in localStorage or sessionStorage, under
   * the engine's key and under any other.
   */
  async storedTokens() {
    const items = await this.page.evaluate(() =>
      [localStorage, sessionStorage].flatMap((area) => Object.entries(area)),
    );
    const tokens = await this.backend.tokens();
    /** @param {(key: string) => boolean} isMeant */
    const within = (isMeant) => {
      const texts = items.filter(([key]) => isMeant(key)).map((item) => item.join(' '));
      return tokens
        .filter(({ token }) => texts.some((text) => text.includes(token)))
        .map(({ label }) => label);
    };
    return {
      engine: within((key) => key.startsWith(engineKey)),
      elsewhere: within((key) => !key.startsWith(engineKey)),
    };
  }

  // ---- The requests at the server --------------------------------------------------------------

  /** Returns the id of the last request in the journal. */
  mark() {
    return this.backend.journal.at(-1)?.id ?? 0;
  }

  /**
   * Returns the requests received after a mark, without preflights.
   *
   * @param {number} mark
   * @param {{ path?: string, method?: string }} [filter]
   * @returns {Entry[]}
   */
  since(mark, { path, method } = {}) {
    return this.backend.journal.filter(
      (entry) =>
        entry.id > mark &&
        entry.method !== 'OPTIONS' &&
        (path === undefined || entry.path === path) &&
        (method === undefined || entry.method === method),
    );
  }

  /**
   * Resolves with the revocation requests in the order received: the labels of the token and of the
   * bearer.
   *
   * @param {number} [mark]
   */
  async revocations(mark = 0) {
    const tokens = await this.backend.tokens();
    /** @param {string | undefined} value */
    const label = (value) => tokens.find(({ token }) => token === value)?.label ?? 'unknown token';
    return this.since(mark, { path: revokePath, method: 'POST' }).map(
      ({ form, authorization }) =>
        `${label(form?.token)} under ${label(authorization?.replace(/^bearer /i, ''))}`,
    );
  }

  /** Counts the requests for the login page of an old server. @param {number} [mark] */
  loginPage(mark = 0) {
    const requests = this.since(mark, { path: loginPath });
    return {
      requests: requests.length,
      withBearer: requests.filter(({ authorization }) => authorization !== null).length,
    };
  }

  /** Resolves with the labels of the valid tokens of customers and agents. */
  async tokensAlive() {
    const tokens = await this.backend.tokens();
    return tokens
      .filter(({ owner, active }) => active && owner !== 'client')
      .map(({ label }) => label);
  }
}
