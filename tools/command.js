// Commands: a tool as a program with --help, the processes that it starts, and several of them at a
// time.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** The folder of the checkout. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** An error that a message explains: it is shown without a stack. */
export class ToolError extends Error {}

/**
 * Ends the process with a message; an unexpected error is shown with its stack.
 * @param {unknown} error
 * @returns {never}
 */
export function fail(error) {
  console.error(error instanceof ToolError ? error.message : error);
  process.exit(1);
}

/**
 * Runs a tool if it is the program of this process; a module that imports it runs nothing. With
 * --help it prints the comment at the head of the tool's file instead.
 * @param {ImportMeta} meta of the tool
 * @param {() => unknown} work
 */
export async function main({ url }, work) {
  const file = fileURLToPath(url);
  if (!process.argv[1] || realpathSync(process.argv[1]) !== file) return;
  if (process.argv.includes('--help')) {
    const [comment] = /^(?:\/\/.*\n)+/.exec(readFileSync(file, 'utf8')) ?? [''];
    process.stdout.write(comment.replaceAll(/^\/\/ ?/gm, ''));
    return;
  }
  try {
    await work();
  } catch (error) {
    fail(error);
  }
}

/**
 * Prints the rows of a proof, and makes the process fail if there is a finding.
 * @param {{ what: string, amount: string, findings: number | null }[]} rows
 */
export function conclude(rows) {
  for (const { what, amount, findings } of rows) {
    console.log(`${what}: ${amount}; findings ${findings ?? 'unknown'}`);
  }
  process.exitCode = rows.some(({ findings }) => findings) ? 1 : 0;
}

/**
 * Runs a command that has to succeed, and shows its output only if it fails.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string> }} [options]
 * @returns {{ stdout: string, stderr: string }}
 */
export function run(command, args, { cwd = root, env } = {}) {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) {
    process.stderr.write(`${stdout ?? ''}${stderr ?? ''}`);
    const why = error ? ` (${error.message})` : '';
    throw new ToolError(`Failed in ${cwd}: ${[command, ...args].join(' ')}${why}`);
  }
  return { stdout, stderr };
}

/**
 * Runs a command that may fail.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, limit?: number, isSilent?: boolean }}
 *   [options] limit: after these milliseconds it is killed; isSilent: its output is not kept
 * @returns {Promise<{ status: number | null, timedOut: boolean, stdout: string, stderr: string }>}
 */
export function attempt(command, args, { cwd = root, env, limit, isSilent = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: isSilent ? 'ignore' : ['ignore', 'pipe', 'pipe'],
      timeout: limit,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (data) => (stdout += data));
    child.stderr?.setEncoding('utf8').on('data', (data) => (stderr += data));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, timedOut: child.killed, stdout, stderr }));
  });
}

/**
 * Does the work for each item, some of them at a time, and resolves with the results in order.
 * @template T, R
 * @param {Iterable<T>} items
 * @param {(item: T, worker: number) => R | Promise<R>} work worker: a number below `width`, of
 *   which no two are at work at a time
 * @param {number} [width] default: one for each processor
 * @returns {Promise<R[]>}
 */
export async function atATime(items, work, width = availableParallelism()) {
  /** @type {R[]} */
  const results = [];
  const waiting = [...items].entries();
  const workers = Array.from({ length: width }, async (_, worker) => {
    for (const [i, item] of waiting) results[i] = await work(item, worker);
  });
  await Promise.all(workers);
  return results;
}
