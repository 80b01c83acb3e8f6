// Collects console output, errors and policy violations in the page, for drivers that cannot report
// them.

/** @type {string[]} */
const seen = [];
Reflect.set(globalThis, 'seen', seen);

for (const level of /** @type {const} */ (['debug', 'error', 'info', 'log', 'trace', 'warn'])) {
  const print = console[level];
  console[level] = (...values) => {
    seen.push(`${level}: ${values.join(' ')}`);
    print.apply(console, values);
  };
}
addEventListener('error', ({ error, message }) => seen.push(`${error ?? message}`));
addEventListener('unhandledrejection', ({ reason }) => seen.push(`${reason}`));
addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
  seen.push(`${violatedDirective} forbids ${blockedURI}`),
);
