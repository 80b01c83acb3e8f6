// What a page takes of occ-session: the session does the rest.
export { createSession } from '../../../dist/index.js';
