// Several clients on one origin: each has its own session, and none is overwritten before its
// tokens are revoked.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { startBackend } from '../../web/backend/index.js';
import { Browser } from './browser.js';
import { anna, ben, limit, Storefront, useStorefront } from './storefront.js';

/** @import { TestContext } from 'node:test' */

const storefront = useStorefront();
const bytes = readFileSync(new URL(import.meta.resolve('occ-session/core.wasm')));

/** Opens a second back end. @param {TestContext} t */
async function openSecond(t) {
  const shop = new Storefront(await startBackend());
  t.after(() => shop.close());
  return shop;
}

for (const storage of /** @type {const} */ (['session', 'local'])) {
  describe(`clients of one origin (storage: '${storage}')`, limit, () => {
    test('R24, R25: two back ends have a session each, also after a reload', async (t) => {
      const shop = storefront();
      const second = await openSecond(t);
      const browser = new Browser(t, shop, storage);
      const page = browser.openTab();
      const [german, english] = [await page.open(), await page.open({}, second)];
      await german.signIn(anna);
      await browser.quiet();
      assert.equal(english.state.phase, 'anonymous');
      await english.signIn(ben);
      await browser.quiet();
      assert.equal((await shop.getUser(german)).uid, anna.username);
      assert.equal((await second.getUser(english)).uid, ben.username);

      const next = page.reload();
      const again = [await next.open(), await next.open({}, second)];
      assert.equal((await shop.getUser(again[0])).uid, anna.username);
      assert.equal((await second.getUser(again[1])).uid, ben.username);
      again[1].signOut();
      await browser.pass(10_000);
      assert.equal(again[0].state.phase, 'customer');
      assert.deepEqual(await shop.revoked(), []);
      assert.deepEqual(await second.revoked(), ['customer #1 access']);
    });

    test('R24, R25: two clients of one back end have a session each', async (t) => {
      const shop = storefront();
      const browser = new Browser(t, shop, storage);
      const page = browser.openTab();
      const [one, other] = [await page.open(), await page.open({ clientId: 'asm_client' })];
      await one.signIn(anna);
      await other.signIn(ben);
      await browser.quiet();
      assert.equal((await shop.getUser(one)).uid, anna.username);
      assert.equal((await shop.getUser(other)).uid, ben.username);
      one.signOut();
      await browser.pass(10_000);
      assert.equal((await shop.getUser(other)).uid, ben.username);
      assert.deepEqual((await shop.alive()).sort(), ['customer #2 access', 'customer #2 refresh']);
    });

    test('R25: a session under the key of earlier versions is taken over once', async (t) => {
      const shop = storefront();
      const browser = new Browser(t, shop, storage);
      // The snapshot of an earlier version: a living token and its refresh token.
      const before = await browser.open({ storage: 'memory' });
      await before.session.signIn(anna);
      const access = await shop.token('customer #1 access');
      const refresh = await shop.token('customer #1 refresh');
      const page = browser.openTab();
      const area = storage === 'local' ? page.localStorage : page.sessionStorage;
      const { url } = shop.backend;
      area.setItem(
        'occ-session',
        `{"v":1,"for":"${url}/ mobile_android mobile_android","epoch":7,"active":{"owner":"customer",` +
          `"number":4711,"expires":${browser.now + 3_600_000},"access":"${access}","refresh":"${refresh}"}}`,
      );
      // Another client leaves it alone, and so does a session with another storage or key.
      for (const options of /** @type {const} */ ([
        { clientId: 'asm_client' },
        { storageKey: 'mine' },
        { storage: 'memory' },
      ])) {
        const stranger = await page.open(options);
        assert.equal(stranger.state.phase, 'anonymous');
        assert.ok(area.getItem('occ-session')?.includes(access));
      }

      const options = { persistRefreshToken: true };
      const session = await page.open(options);
      assert.equal(session.state.phase, 'customer');
      assert.equal(session.authorization(), `Bearer ${access}`);
      assert.equal(area.getItem('occ-session'), null);
      const next = page.reload();
      const again = await next.open(options);
      assert.equal(again.authorization(), `Bearer ${access}`);
      again.signOut();
      await browser.pass(10_000);
      assert.deepEqual(await shop.alive(), []);
      assert.deepEqual(await browser.stored(), []);
      assert.equal((await next.reload().open(options)).state.phase, 'anonymous');
    });

    test('R26: a snapshot under the key of earlier versions does not replace an existing session', async (t) => {
      const shop = storefront();
      const browser = new Browser(t, shop, storage);
      const page = await browser.open();
      await page.session.signIn(anna);
      const bearer = page.session.authorization();
      const next = page.reload();
      const area = storage === 'local' ? next.localStorage : next.sessionStorage;
      area.setItem(
        'occ-session',
        `{"v":1,"for":"${shop.backend.url}/ mobile_android mobile_android","epoch":99,` +
          '"active":{"owner":"customer","number":4711,"expires":0,"access":"other"}}',
      );
      const session = await next.open();
      assert.equal(session.authorization(), bearer);
    });

    for (const isSameBackend of [true, false]) {
      test(`R7: under a given storageKey, the session of another ${isSameBackend ? 'client' : 'back end'} is revoked before it is overwritten`, async (t) => {
        const shop = storefront();
        const second = isSameBackend ? shop : await openSecond(t);
        const browser = new Browser(t, shop, storage);
        const page = browser.openTab();
        const shared = { storageKey: 'shop', persistRefreshToken: true };
        const first = await page.open(shared);
        await first.signIn(anna);
        const next = page.reload();
        // The compiled module serves the other session too.
        const wasm = isSameBackend ? undefined : new WebAssembly.Module(bytes);
        const session = await next.open({ ...shared, clientId: 'asm_client', wasm }, second);
        assert.equal(session.state.phase, 'anonymous');
        // Its own client may still resume it.
        await browser.pass(10_000);
        assert.deepEqual(await shop.revoked(), []);
        assert.equal((await shop.alive()).length, 2);

        // Client secrets are never stored; a back end of public clients works without.
        shop.backend.set({ revoke: { answer: 204 } });
        await session.signIn(ben);
        await browser.pass(10_000);
        const revocations = shop.backend
          .received({ path: '/authorizationserver/oauth/revoke' })
          .map(({ form, authorization }) => [
            form?.token,
            form?.token_type_hint,
            form?.client_id,
            authorization,
          ]);
        const access = await shop.token('customer #1 access');
        const refresh = await shop.token('customer #1 refresh');
        const bearer = `Bearer ${access}`;
        assert.deepEqual(revocations, [
          [refresh, 'refresh_token', 'mobile_android', bearer],
          [access, 'access_token', 'mobile_android', bearer],
        ]);
        assert.equal(session.state.phase, 'customer');
        assert.equal((await second.getUser(session)).uid, ben.username);
        const items = (storage === 'local' ? browser.local : next.area).items;
        assert.equal([...items.values()].join().includes(access), false);
        assert.equal([...items.values()].join().includes(refresh), false);
      });
    }

    test('R7, R26: a text under a given storageKey that is not a snapshot is overwritten without a request', async (t) => {
      const shop = storefront();
      const browser = new Browser(t, shop, storage);
      const own = `{"v":1,"for":"${shop.backend.url}/ mobile_android mobile_android","epoch":`;
      const texts = ['', 'null', '{', '{"v":1}', '{"v":1,"for":"https://x/ a a","epoch":1}'];
      for (const text of [
        ...texts,
        `${own}1.5}`,
        `${own}1,"active":{}}`,
        `${own}1,"customer":7}`,
      ]) {
        const page = browser.openTab();
        const area = storage === 'local' ? page.localStorage : page.sessionStorage;
        area.setItem('shop', text);
        const session = await page.open({ storageKey: 'shop' });
        await session.signIn(anna);
        assert.equal((await shop.getUser(session)).uid, anna.username);
        session.signOut();
        await browser.pass(10_000);
        page.leave();
        assert.equal(
          page.forms.every((form) => form.get('client_id') === 'mobile_android'),
          true,
        );
        assert.equal(page.forms.length, 3);
      }
    });
  });
}
