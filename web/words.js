// The messages for a shopper or an agent whose sign-in fails, by the code of the error.

/** @type {Record<string, string>} */
const SIGN_IN = {
  'invalid-credentials': 'The name or the password is not right.',
  'already-signed-in': 'Somebody is signed in already. Sign out first.',
  'agent-signed-in':
    'An agent is signed in or signing in. Choose a customer in the assisted service bar, or sign out the agent first.',
  unreachable: 'The shop’s sign-in cannot be reached right now. Please try again in a moment.',
  'server-error': 'The shop’s sign-in is out of order right now. Please try again later.',
  'unexpected-response':
    'The shop’s sign-in gave an answer that makes no sense. Please try again later.',
  'token-too-large': 'The shop’s sign-in gave an answer that is too long.',
  closed: 'This page has ended its session. Please load it again.',
};

/**
 * Returns the message for a failed sign-in.
 * @param {unknown} error the reason with which a sign-in was rejected
 * @returns {string} empty if the user who began it cancelled it
 */
export function wordsFor(error) {
  const code = /** @type {{ code?: string }} */ (error)?.code;
  if (code === 'cancelled') return '';
  return SIGN_IN[code ?? ''] ?? 'The sign-in did not work. Please try again later.';
}
