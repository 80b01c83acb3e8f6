// The signs of a dead access token in a response (R42): the one place that knows those of SAP
// Commerce, Spring and RFC 6750 section 3.1.
import { EMPTY, readBody } from './shim.js';

/** @import { Answer } from './types.js' */

/** The errors of OCC by their type, and those of OAuth by their code, in JSON and in XML. */
const DEAD =
  /\b(type|error(_code)?)("\s*:\s*"|>\s*)(Invalid(Bearer)?TokenError|invalid_token)\s*["<]/;

/** @param {Answer} answer the body of a `Response` can still be read afterwards */
async function textOf(answer) {
  if ('bodyUsed' in answer) {
    return new TextDecoder().decode((await readBody(answer.clone())) ?? EMPTY);
  }
  const { body } = answer;
  return typeof body === 'string' ? body : JSON.stringify(body ?? '');
}

/**
 * @param {Answer} answer of status 401
 * @returns {Promise<boolean | undefined>} undefined: the response is unreadable
 */
export async function saysDead(answer) {
  const challenge = answer.headers?.get('www-authenticate') ?? '';
  if (/\binvalid_token\b/.test(challenge)) return true;
  // A body that is used or broken, or longer than 64 KiB, cannot be read; a Blob is an empty
  // object.
  const text = await textOf(answer).catch(() => '');
  return /\w/.test(challenge + text) ? DEAD.test(text) : undefined;
}
