// What every page here has: a session, and a note of what was rendered.
import { createSession } from 'occ-session';

export const session = await createSession({
  baseUrl: location.origin,
  clientId: 'mobile_android',
  clientSecret: 'secret',
});

/** One text for each time. @type {string[]} */
const rendered = [];

/** The text of a state, each time that it is rendered. @param {{ phase: string, revoking: number }} state */
export function render({ phase, revoking }) {
  const text = revoking ? `${phase}, revoking ${revoking}` : phase;
  rendered.push(text);
  return text;
}

Object.assign(globalThis, { session, rendered });
