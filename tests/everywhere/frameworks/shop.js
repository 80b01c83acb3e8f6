// The common part of all pages here: a session, and a record of the rendered texts.
import { createSession } from 'occ-session';

export const session = await createSession({
  baseUrl: location.origin,
  clientId: 'mobile_android',
  clientSecret: 'secret',
});

/** The rendered texts, in order. @type {string[]} */
const rendered = [];

/**
 * Renders the text of a state, and records it.
 *
 * @param {{ phase: string, revoking: number }} state
 */
export function render({ phase, revoking }) {
  const text = revoking ? `${phase}, revoking ${revoking}` : phase;
  rendered.push(text);
  return text;
}

Object.assign(globalThis, { session, rendered });
