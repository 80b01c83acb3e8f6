// oidc-provider writes notices for people who run it in production to the console; here they only
// disturb.

/**
 * @template T
 * @param {() => T | Promise<T>} work
 * @returns {Promise<T>}
 */
export async function quietly(work) {
  const { info, warn } = console;
  /** @param {(...args: unknown[]) => void} print */
  const withoutNotices =
    (print) =>
    (/** @type {unknown[]} */ ...args) => {
      if (!String(args[0]).includes('oidc-provider')) print.apply(console, args);
    };
  console.info = withoutNotices(info);
  console.warn = withoutNotices(warn);
  try {
    return await work();
  } finally {
    console.info = info;
    console.warn = warn;
  }
}
