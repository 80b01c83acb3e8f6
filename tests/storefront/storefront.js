// The storefront as a shopper and an agent have it: Spartacus' own forms and buttons, what they show
// and when, and what the server and the storages hold meanwhile.
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
 * Who the page shows to be there.
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

/** Where the engine keeps its session. */
const engineKey = 'occ-session ';

/** Runs in the page before anything of it, and tells of each click and of each change on the screen. */
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
 * Opens one build of the storefront in a browser context of its own, at its first page.
 *
 * @param {TestContext} t everything ends with it
 * @param {object} given
 * @param {Browser} given.browser
 * @param {Build} given.build
 * @param {Backend} [given.backend] one of its own, unless given
 * @param {object} [given.config] more of Spartacus' configuration
 * @param {object} [given.options] what provideOccSession is given
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

/** One tab with the storefront. */
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
    /** What the page asks for by itself, "GET /path"; filled as it does. */
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

  /** Loads a page and waits until it shows who is there. @param {string} [path] */
  async visit(path = '') {
    await this.page.goto(this.site.url + path);
    await this.#isShown();
  }

  async reload() {
    await this.page.reload();
    await this.#isShown();
  }

  /** Another tab, opened by hand, which shares what localStorage holds. @param {string} [path] */
  async newTab(path = '') {
    const tab = await Storefront.open(this.page.context(), this.backend, this.site);
    await tab.visit(path);
    return tab;
  }

  #isShown() {
    return this.page.locator('cx-login > a, cx-login .cx-login-greet').first().waitFor();
  }

  // ---- The customer ----------------------------------------------------------------------------

  /** Goes to the sign-in page, unless there, and sends the form. @param {Credentials} credentials */
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

  /** The header's link. */
  async clickSignOut() {
    await this.page.locator('cx-login a', { hasText: 'Sign Out' }).click();
  }

  /** The customer, emulated or not, by the header's link; in milliseconds until the page shows it. */
  async signOut() {
    await this.clickSignOut();
    return this.#expect(customerIsGone, 'the customer is shown as signed out');
  }

  /** Fills in the form for new customers and sends it.
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

  /** Opens the bar for agents, unless it is, and sends its form. @param {Credentials} credentials */
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

  /** Types into the search field. @param {string} text @returns {Promise<string[]>} the customers found */
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

  /** The bar's End Session. */
  async endEmulation() {
    await this.page.locator('cx-customer-emulation button').click();
    await this.page.locator('cx-customer-selection').waitFor();
    return this.#expect(customerIsGone, 'the emulated customer is gone');
  }

  async clickSignOutAgent() {
    await this.page.locator('cx-asm-main-ui button.logout').click();
  }

  /** By the button of the bar; in milliseconds until the page shows it. */
  async signOutAgent() {
    await this.clickSignOutAgent();
    return this.#expect(({ agent }) => !agent, 'the agent is shown as signed out');
  }

  // ---- What the page shows ---------------------------------------------------------------------

  /** Who the page shows to be there. @returns {Promise<Shown>} */
  async shown() {
    const last = (await this.#everything()).findLast((sight) => 'shown' in sight);
    return last && 'shown' in last
      ? last.shown
      : { greeting: null, signInLink: false, agent: false };
  }

  /** "Hi, Anna Keller", or null. */
  async greeting() {
    return (await this.shown()).greeting;
  }

  /** Whether neither a customer nor an agent is shown. */
  async isShownSignedOut() {
    return everybodyIsGone(await this.shown());
  }

  /** Waits until the page shows it. @param {(shown: Shown) => boolean} isSo @param {string} what */
  async waitUntilShown(isSo, what = `${isSo}`) {
    const within = 8_000;
    await this.#everything();
    const found = await this.#until(() => {
      const last = this.#sights.findLast((sight) => 'shown' in sight);
      return last && 'shown' in last && isSo(last.shown) ? last : undefined;
    }, within);
    assert.ok(found, `waited ${within} ms until the page shows: ${what}`);
  }

  /**
   * How long after the last click the page showed neither a customer nor an agent, in milliseconds by
   * the clock of the page; undefined where it does not within the time given.
   *
   * @param {number} within
   */
  signedOutAfter(within) {
    return this.#after(everybodyIsGone, within);
  }

  /** The messages that were shown since the tab was opened, however short. */
  async messages() {
    return (await this.#everything()).flatMap((sight) =>
      'message' in sight ? [sight.message] : [],
    );
  }

  /** Errors and warnings on the console, and what nobody has caught, up to now. */
  get complaints() {
    // Of a password field without the attribute Chromium tells in its verbose notes.
    return this.#console.filter((line) => !line.startsWith('verbose: '));
  }

  /** Waits until no request of the page is under way; false where one still is after the time given.
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

  /** What was seen up to now: what the page has told comes before its answer. */
  async #everything() {
    await this.page.evaluate(() => undefined);
    return this.#sights;
  }

  /**
   * What is found as soon as it is there; undefined where it is not within the time given.
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
    const within = 8_000;
    const after = await this.#after(isSo, within);
    assert.ok(after !== undefined, `waited ${within} ms until ${what}`);
    return after;
  }

  // ---- What the storages hold ------------------------------------------------------------------

  /** @returns {Promise<any>} what the engine has stored in localStorage, or null */
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
   * Which of all the tokens that the server ever issued are in localStorage or sessionStorage, under
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

  // ---- What the server has received ------------------------------------------------------------

  /** The place in the journal up to which it has been received now. */
  mark() {
    return this.backend.journal.at(-1)?.id ?? 0;
  }

  /**
   * What was received after a mark, preflights left out.
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
   * Which tokens the server was asked to revoke, in the order in which it was, and each under which
   * bearer, by their labels.
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

  /** The page that an old server sends everybody to, as often as it was asked for. @param {number} [mark] */
  loginPage(mark = 0) {
    const requests = this.since(mark, { path: loginPath });
    return {
      requests: requests.length,
      withBearer: requests.filter(({ authorization }) => authorization !== null).length,
    };
  }

  /** The tokens of customers and agents that the server says are active, by their labels. */
  async tokensAlive() {
    const tokens = await this.backend.tokens();
    return tokens
      .filter(({ owner, active }) => active && owner !== 'client')
      .map(({ label }) => label);
  }
}
