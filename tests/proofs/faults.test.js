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

/** Anything that could disturb a page, with the cases under way. @type {string[]} */
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
    test(`R7, R14, R16, R28, R30: nothing is lost and nothing leaks if the back end ${fault.does}`, async () => {
      assert.deepEqual((await Promise.all(own.map(runner.run))).flat(), []);
    });
  }
});

describe('during the whole fault matrix', () => {
  test('R16: the engine throws nothing, leaves no rejection unhandled and prints nothing', async () => {
    await idle();
    assert.deepEqual(noise, []);
  });

  test('every fault, request, role and storage occurs in the matrix', (t) => {
    assert.deepEqual(occurring(matrix), occurring(cases));
    assert.equal(runner.cases, matrix.length);
    if (!isFull) assert.ok(matrix.length < cases.length);
    sayWhatWasRun(t, 'Node', runner, omitted);
  });
});
