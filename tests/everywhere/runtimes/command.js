// The suite as a command: node, deno and bun run it. It ends by itself, or something is left behind.
import process from 'node:process';

import { run } from './suite.js';

await run(JSON.parse(process.argv[2]), console.log);
