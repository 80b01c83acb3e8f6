// The last step of the link, called by CMake: strips a WebAssembly module of everything that the
// project does not use. Emscripten exports functions for JavaScript of its own that is not used
// here, different ones in each release; and a C library function that needs WASI would link
// silently.
//
//   node tools/finish-module.js MODULE WASM_METADCE WASM_OPT IS_DEBUG [IMPORT...]
//
// IS_DEBUG 1: names are kept, and nothing is optimised.
import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import process from 'node:process';

const [path, metadce, optimise, isDebug, ...allowed] = process.argv.slice(2);
const module = new WebAssembly.Module(readFileSync(path));

const others = WebAssembly.Module.imports(module)
  .filter((wanted) => wanted.module !== 'env' || !allowed.includes(wanted.name))
  .map((wanted) => `${wanted.module}.${wanted.name}`);
if (others.length > 0) {
  console.error(`${path} imports what no host gives: ${others.join(', ')}`);
  process.exit(1);
}

const kept = WebAssembly.Module.exports(module)
  .map(({ name }) => name)
  .filter((name) => name === 'memory' || name.startsWith('occ_'));
const graph = `${path}.graph.json`;
const finished = `${path}.finished`;
writeFileSync(graph, JSON.stringify(kept.map((name) => ({ name, export: name, root: true }))));
const names = isDebug === '1' ? ['-g'] : [];
execFileSync(metadce, ['--all-features', ...names, '--graph-file', graph, path, '-o', finished], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
if (isDebug !== '1') {
  const passes = ['--flatten', '--rereloop', '-Oz', '-Oz', '--converge'];
  execFileSync(optimise, ['--all-features', ...passes, finished, '-o', finished]);
}
rmSync(graph);
renameSync(finished, path);
