// What an import of occ-session/core.wasm gives. Here nothing: where a runtime can import one,
// runtimes.test.js puts another file in the place of this one.
/** @type {import('occ-session').SessionOptions['wasm']} */
const core = undefined;
export default core;
