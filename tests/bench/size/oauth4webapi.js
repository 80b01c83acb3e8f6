// What a page takes of oauth4webapi, which has functions for single requests: those that the page's
// own session, as it is measured here, calls, and that session.
export { open } from '../peers/oauth4webapi.js';
