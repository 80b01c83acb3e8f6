// The fault matrix in Node: R7, R14, R16, R28 and R30 hold in every case.
import assert from 'node:assert/strict';
import process from 'node:process';
import { after, before, describe, mock, test } from 'node:test';
import { createSession } from 'occ-session';
import { idle, WebStorage } from '../node/storefront.js';
import { Client, watchTimers } from './faults-client.js';
import {
  casesOf,
  chosen,
  createRunner,
  faults,
  isFull,
  occurring,
  sayWhatWasRun,
} from './faults.js';

const { cases, omitted } = casesOf('Node');
const matrix = chosen(cases, 'Node');
const runner = createRunner({
  place: 'Node',
  atOnce: 12,
  openClient: () => new Client(createSession),
});

/** What a page could be disturbed by, with the cases that were under way. @type {string[]} */
const noise = [];
/** @param {unknown[]} what */
const note = (...what) =>
  void noise.push(`${what.join(' ')} during ${[...runner.underWay].join('; ')}`);
const events = ['unhandledRejection', 'uncaughtException', 'warning'];

before(() => {
  watchTimers();
  for (const area of ['localStorage', 'sessionStorage']) {
    Object.defineProperty(globalThis, area, { configurable: true, value: new WebStorage() });
  }
  for (const event of events) process.on(event, note);
  for (const method of /** @type {const} */ (['log', 'info', 'debug', 'warn', 'error', 'trace'])) {
    mock.method(console, method, note);
  }
});
after(() => {
  mock.restoreAll();
  for (const event of events) process.off(event, note);
});

describe('in Node', { concurrency: true }, () => {
  for (const fault of faults) {
    const own = matrix.filter((each) => each.fault === fault);
    if (own.length === 0) continue;
    test(`R7, R14, R16, R28, R30: nothing is lost and nothing is told if the back end ${fault.does}`, async () => {
      assert.deepEqual((await Promise.all(own.map(runner.run))).flat(), []);
    });
  }
});

describe('all through it', () => {
  test('R16: nothing is thrown, nothing is left unhandled, and nothing is printed', async () => {
    await idle();
    assert.deepEqual(noise, []);
  });

  test('every fault, request, role and way of storing occurs', (t) => {
    assert.deepEqual(occurring(matrix), occurring(cases));
    assert.equal(runner.cases, matrix.length);
    if (!isFull) assert.ok(matrix.length < cases.length);
    sayWhatWasRun(t, 'Node', runner, omitted);
  });
});
