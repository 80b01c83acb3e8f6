// The loot of an attacker's script in the page, in Chromium: for each way, before the session is
// opened and after; and a check that docs/security.md says the same.
import assert from 'node:assert/strict';
import process from 'node:process';
import { after, before, describe, test } from 'node:test';
import { startBackend } from '../../web/backend/index.js';
import { openBrowser } from '../browser/browser.js';
import { read } from '../pages.js';
import { startSite } from './attacker-site.js';
import { ways } from './attacker-ways.js';

/** @import { Page } from 'playwright-core' */
/** @import { Way } from './attacker-ways.js' */
/** @import { Backend } from '../../web/backend/index.js' */

/** The number of attacks at a time. */
const concurrency = 2;

/** @typedef {{ page: Page, backend: Backend, evil: Backend }} World */

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof startSite>>} */
let site;
/** The worlds that are not in use. @type {World[]} */
const worlds = [];

async function openPage() {
  const page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(60_000);
  return page;
}

before(async () => {
  [browser, site] = await Promise.all([openBrowser(), startSite()]);
  for (let i = 0; i < concurrency; i++) {
    const [page, backend, evil] = await Promise.all([openPage(), startBackend(), startBackend()]);
    worlds.push({ page, backend, evil });
  }
});
after(async () => {
  await browser.close();
  await Promise.all(
    [site, ...worlds.flatMap(({ backend, evil }) => [backend, evil])].map((each) => each.close()),
  );
});

/**
 * Returns the requests to a back end, in order: no preflights, and none of the attacker's.
 *
 * @param {Backend} backend
 */
const asked = ({ journal }) =>
  journal
    .filter(({ method }) => method !== 'OPTIONS')
    .map(({ method, path, form, authorization }) => {
      const what = form?.grant_type ?? form?.token_type_hint ?? '';
      return `${method} ${path} ${what} ${authorization ? 'bearer' : ''}`;
    });

/**
 * Attacks a storefront, from the sign-in to the sign-out.
 *
 * @param {string} way
 * @param {string} moment
 * @returns {Promise<{ gives: string, asked: string[] }>}
 */
async function attacked(way, moment) {
  const world = worlds.pop();
  assert.ok(world);
  const { page, backend, evil } = world;
  let isClean = false;
  try {
    const parameters = { way, moment, backend: backend.url, evil: evil.url };
    await page.goto(`${site.url}?${new URLSearchParams(parameters)}`);
    await page.waitForSelector('body[data-phase="over"]', { state: 'attached' });
    const loot = [
      ...JSON.parse((await page.textContent('body')) ?? ''),
      ...evil.journal.flatMap(({ body, authorization }) => [body, String(authorization)]),
    ];
    const issued = await backend.tokens();
    /** @param {string} secret */
    const has = (secret) => loot.some((text) => text.includes(secret));
    /** @param {string} kind */
    const hasToken = (kind) => issued.some((each) => each.kind === kind && has(each.token));
    const gives = [
      hasToken('access_token') && 'access token',
      hasToken('refresh_token') && 'refresh token',
      ['Welcome-1', 'Support-1'].some(has) && 'password',
    ];
    isClean = page.context().serviceWorkers().length === 0;
    return { gives: gives.filter(Boolean).join(', ') || 'nothing', asked: asked(backend) };
  } finally {
    backend.reset();
    evil.reset();
    if (!isClean) {
      await page.context().close();
      world.page = await openPage();
    }
    worlds.push(world);
  }
}

/** The requests without an attack. */
const undisturbed = [
  'POST /authorizationserver/oauth/token password ',
  'GET /occ/v2/shop/users/current  bearer',
  'GET /occ/v2/shop/users/current  bearer',
  'POST /authorizationserver/oauth/token refresh_token ',
  'GET /occ/v2/shop/users/current  bearer',
  'POST /authorizationserver/oauth/token password ',
  'GET /occ/v2/shop/users/0001  bearer',
  'POST /authorizationserver/oauth/revoke refresh_token bearer',
  'POST /authorizationserver/oauth/revoke access_token bearer',
  'POST /authorizationserver/oauth/revoke refresh_token bearer',
  'POST /authorizationserver/oauth/revoke access_token bearer',
];

const limit = { timeout: 120_000 };
const isFull = process.env.OCC_PROOF === 'full';
let tries = 0;

/**
 * Returns the moments at which a way is tried: in the short form one, if both give the same.
 *
 * @param {Way} way
 */
const momentsOf = ({ before: first, after: second, harmless }) =>
  /** @type {const} */ (['before', 'after']).filter((moment) =>
    first === null
      ? moment === 'after'
      : isFull || first !== second || moment === (harmless ? 'before' : 'after'),
  );

describe('what an attacker in the page can reach', { concurrency }, () => {
  for (const way of ways) {
    for (const moment of momentsOf(way)) {
      const expected = way[moment];
      const gives = expected === 'nothing' ? 'no token and no password' : `the ${expected}`;
      test(`${way.name}, ${moment} the session is opened: gives ${gives}`, limit, async () => {
        const result = await attacked(way.name, moment);
        assert.equal(result.gives, expected);
        if (way.harmless) assert.deepEqual(result.asked, undisturbed);
        if (way.ends) {
          // The progress of each session depends on when it hears of the end.
          assert.ok(result.asked.some((request) => request.includes('/users/anonymous')));
          // R31: a session revokes tokens that only it has.
          const revoke = 'POST /authorizationserver/oauth/revoke';
          assert.deepEqual(
            [...new Set(result.asked.filter((request) => request.startsWith(revoke)))],
            [`${revoke} refresh_token bearer`, `${revoke} access_token bearer`],
          );
        }
        tries++;
      });
    }
  }
});

/** The ways in the tables of docs/security.md: several in a row have the same result. */
function published() {
  const tables = read('docs/security.md').matchAll(
    /^\| way +\| before +\| after +\|\n\|[-| ]+\|\n((?:\|.*\|\n)+)/gm,
  );
  return [...tables].flatMap(([, rows = '']) =>
    rows
      .trim()
      .split('\n')
      .flatMap((row) => {
        const [cell = '', first, second] = row
          .slice(1, -1)
          .split('|')
          .map((each) => each.trim());
        const names = [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
        return (names.length > 0 ? names : [cell]).map((name) => [name, first, second]);
      }),
  );
}

test('docs/security.md states the observed result of each way', (t) => {
  assert.deepEqual(
    published().sort(),
    ways.map(({ name, before: first, after: second }) => [name, first ?? '–', second]).sort(),
  );
  const closed = ways.filter(({ after: second }) => second === 'nothing').length;
  const amount = `${ways.length} ways, ${tries} tries, ${closed} give nothing to a late script`;
  t.diagnostic(`proof: what an attacker in the page can reach, Chromium: ${amount}`);
});
