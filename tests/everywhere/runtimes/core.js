// The result of an import of occ-session/core.wasm. Here it is undefined: where a runtime can
// import one, runtimes.test.js puts another file in place of this one.
/** @type {import('occ-session').SessionOptions['wasm']} */
const core = undefined;
export default core;
