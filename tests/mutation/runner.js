// The test runner of Stryker: it runs the tests that reach a mutant in one process, those first
// that have found the most mutants so far, and stops at the first failure.
import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';

import { INSTRUMENTER_CONSTANTS } from '@stryker-mutator/api/core';
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import {
  determineHitLimitReached,
  DryRunStatus,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner';

import { load, programs, tests } from './node-test.js';

/** @import { InstrumenterContext } from '@stryker-mutator/api/core' */
/** @import { CompleteDryRunResult, MutantRunOptions, TestResult, TestRunner } from '@stryker-mutator/api/test-runner' */

const folder = new URL('../node/', import.meta.url);

/** Other files test the back end, or the documentation with programs of their own. */
const usesEngine = /from '(occ-session(\/\w+)?|\.\/storefront\.js)'/;

const { NAMESPACE, ACTIVE_MUTANT_ENV_VARIABLE } = INSTRUMENTER_CONSTANTS;

/**
 * The object through which the mutated code is controlled, and reports its coverage.
 *
 * @type {InstrumenterContext}
 */
const context = {};
Reflect.set(globalThis, NAMESPACE, context);

/** @param {string} id @returns {Promise<TestResult>} */
async function runTest(id) {
  const start = performance.now();
  const failure = await tests.get(id)?.();
  const result = { id, name: id, timeSpentMs: performance.now() - start };
  return failure
    ? { ...result, status: TestStatus.Failed, failureMessage: failure.stack ?? failure.message }
    : { ...result, status: TestStatus.Success };
}

/** @implements {TestRunner} */
class Runner {
  /** The number of mutants that each test has found. @type {Map<string, number>} */
  #found = new Map();

  capabilities() {
    // A module cannot be loaded twice: for code that runs while it loads Stryker starts a new
    // process.
    return { reloadEnvironment: false };
  }

  async #load() {
    if (tests.size > 0) return;
    for (const name of readdirSync(folder).sort()) {
      const file = new URL(name, folder);
      if (!name.endsWith('.test.js') || !usesEngine.test(readFileSync(file, 'utf8'))) continue;
      await load(String(file));
    }
  }

  /** @returns {Promise<CompleteDryRunResult>} */
  async dryRun() {
    await this.#load();
    /** @type {TestResult[]} */
    const results = [];
    for (const id of tests.keys()) {
      context.currentTestId = id;
      results.push(await runTest(id));
    }
    delete context.currentTestId;
    const { mutantCoverage } = context;
    return {
      status: DryRunStatus.Complete,
      tests: results,
      ...(mutantCoverage && { mutantCoverage }),
    };
  }

  /** @param {MutantRunOptions} options */
  async mutantRun({ activeMutant, testFilter, hitLimit }) {
    context.activeMutant = activeMutant.id;
    // The processes that tests start are mutated too.
    process.env[ACTIVE_MUTANT_ENV_VARIABLE] = activeMutant.id;
    // Stops endless loops.
    Object.assign(context, { hitLimit, hitCount: hitLimit && 0 });
    await this.#load();
    const found = (/** @type {string} */ id) => this.#found.get(id) ?? 0;
    /** @type {TestResult[]} */
    const results = [];
    const ids = [...new Set([...(testFilter ?? tests.keys()), ...programs])];
    ids.sort((a, b) => found(b) - found(a));
    for (const id of ids) {
      const result = await runTest(id);
      const endless = determineHitLimitReached(context.hitCount, hitLimit);
      if (endless) return toMutantRunResult(endless);
      results.push(result);
      if (result.status === TestStatus.Failed) {
        this.#found.set(id, found(id) + 1);
        break;
      }
    }
    return toMutantRunResult({ status: DryRunStatus.Complete, tests: results });
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'occ-session', Runner)];
