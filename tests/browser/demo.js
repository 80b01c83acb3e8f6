// The demo page as a visitor sees it: its forms and buttons, and its contents.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startDemo } from '../../web/server.js';
import {
  complaintsOf,
  openBrowser,
  openContext,
  revocations,
  tokenPath,
  waitForPhase,
} from './browser.js';

/** @import { BrowserContextOptions, Page } from 'playwright-core' */
/** @import { TestContext } from 'node:test' */
/** @import { Backend } from '../../web/backend/index.js' */

/** @typedef {import('./browser.js').Credentials} Credentials */

/** Starts the browser and the demo of one test file, which end with it. */
export async function startShop() {
  const [browser, demo] = await Promise.all([openBrowser(), startDemo()]);
  test.after(async () => {
    await browser.close();
    await demo.close();
  });
  const { backend } = demo;

  return {
    backend,

    /**
     * @param {TestContext} t
     * @param {string} [query]
     * @param {BrowserContextOptions & { clock?: boolean }} [options]
     */
    async open(t, query = '', { clock = false, ...options } = {}) {
      const context = await openContext(t, browser, backend, options);
      const page = await context.newPage();
      if (clock) await page.clock.install();
      const shop = new Shop(page, backend);
      await page.goto(`${demo.url}${query}`);
      await waitForPhase(page, 'anonymous');
      await shop.get('products').locator('img').first().waitFor();
      return shop;
    },
  };
}

class Shop {
  /** @param {Page} page @param {Backend} backend */
  constructor(page, backend) {
    this.page = page;
    this.backend = backend;
    this.complaints = complaintsOf(page);
  }

  /** @param {string} id */
  get(id) {
    return this.page.getByTestId(id);
  }

  /** @param {string} phase */
  async is(phase) {
    await waitForPhase(this.page, phase);
    assert.equal(await this.get('phase').innerText(), phase);
  }

  /** @param {string} id @param {string | RegExp} text */
  async shows(id, text) {
    await this.get(id).filter({ hasText: text }).waitFor();
  }

  /**
   * Chooses a behaviour of the back end.
   *
   * @param {'behaviour-revoke' | 'behaviour-token'} id
   * @param {string} option
   */
  async choose(id, option) {
    await this.get(id).selectOption(option);
    await this.page.getByText('Set, from the next request on.').waitFor();
  }

  /** Fills in the form and sends it. @param {Credentials} credentials */
  async submitSignIn({ username, password }) {
    if (!(await this.get('username').isVisible())) await this.get('sign-in').click();
    await this.get('username').fill(username);
    await this.get('password').fill(password);
    await this.get('submit-sign-in').click();
  }

  /** @param {Credentials} credentials @param {string} name */
  async signIn(credentials, name) {
    await this.submitSignIn(credentials);
    await this.is('customer');
    await this.shows('greeting', `Hi, ${name}`);
  }

  /** @param {Credentials} credentials */
  async submitAgent({ username, password }) {
    if (!(await this.get('agent-username').isVisible())) await this.get('asm-toggle').click();
    await this.get('agent-username').fill(username);
    await this.get('agent-password').fill(password);
    await this.get('agent-sign-in').click();
  }

  /** Emulates a customer that the search finds. @param {string} query @param {string} name */
  async emulate(query, name) {
    await this.get('customer-query').fill(query);
    await this.get('customer-query').press('Enter');
    await this.shows('customer-results', name);
    await this.get('customer-result').filter({ hasText: name }).click();
    await this.is('emulating');
    await this.shows('greeting', `Hi, ${name}`);
  }

  /** Waits until the page's list of tokens agrees with the server. */
  async showsTokens() {
    const expected = (await this.backend.tokens()).map(({ label, active }) => `${label} ${active}`);
    await this.page.waitForFunction((lines) => {
      const items = document.querySelectorAll('[data-testid="tokens"] li[data-label]');
      const shown = [...items].map((item) => {
        const { label, active } = /** @type {HTMLElement} */ (item).dataset;
        return `${label} ${active}`;
      });
      return JSON.stringify(shown.sort()) === lines;
    }, JSON.stringify(expected.sort()));
  }

  /**
   * Asserts the revocations in their order, that the OAuth server received nothing else but
   * `tokenRequests` token requests, and that the page showed no fault.
   *
   * @param {{ tokenRequests: number, revoked: string[] }} expected
   */
  async received({ tokenRequests, revoked }) {
    assert.deepEqual(await revocations(this.backend), revoked);
    const posts = this.backend.received();
    assert.equal(posts.filter(({ path }) => path === tokenPath).length, tokenRequests);
    assert.equal(posts.length, tokenRequests + revoked.length);
    this.sawNothing();
  }

  /** Asserts that there was no message and no error, and that no request followed a redirect. */
  sawNothing() {
    assert.deepEqual(this.complaints, []);
    assert.deepEqual(
      this.backend.journal.filter(({ path }) => path === '/login.jsp'),
      [],
    );
  }

  /** Waits until the page shows that every revocation has settled. */
  async settled() {
    await this.shows('revoking', /^0$/);
  }
}
