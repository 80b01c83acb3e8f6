// The suite as a command for node, deno and bun. It ends by itself unless something is left behind.
import process from 'node:process';

import { run } from './suite.js';

await run(JSON.parse(process.argv[2]), console.log);
