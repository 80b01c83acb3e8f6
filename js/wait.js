// Waiting until a signal aborts.
import { own } from './own.js';

/**
 * Resolves with the result, or with undefined once the signal aborts.
 *
 * @template T
 * @param {AbortSignal | null | undefined} signal
 * @param {(resolve: (value?: T) => void, reject: (error: Error) => void) => void} begin
 * @returns {Promise<T | undefined>}
 */
export async function waitFor(signal, begin) {
  if (signal?.aborted) return undefined;
  const waiting = new AbortController();
  /** @type {Promise<T | undefined>} */
  const coming = new Promise((resolve, reject) => {
    signal?.addEventListener('abort', () => resolve(undefined), own({ signal: waiting.signal }));
    begin(resolve, reject);
  });
  return coming.finally(() => waiting.abort());
}
