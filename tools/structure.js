// Draws the includes and imports into CONTRIBUTING.md, and fails if there is a circle among them.
//
//   node tools/structure.js [--check]
//
// An arrow that follows from others is left out. With --check nothing is written: it fails if the
// drawing is out of date.
import { readFileSync } from 'node:fs';
import { join, posix, relative } from 'node:path';

import { filesIn } from './build.js';
import { main, root } from './command.js';
import { keepPage } from './pages.js';

/** The needs of each file, by name without suffix. @typedef {Map<string, Set<string>>} Graph */

/**
 * @param {string} folder
 * @param {RegExp} suffix of the files; a header and its source are one
 * @param {RegExp} needs matches the name of a needed file in a line
 * @param {(name: string, needed: string) => string} resolve
 * @returns {Graph}
 */
function graphOf(folder, suffix, needs, resolve) {
  /** @type {Graph} */
  const graph = new Map();
  for (const path of filesIn(join(root, folder)).filter((file) => suffix.test(file))) {
    const name = relative(join(root, folder), path).replace(suffix, '');
    const needed = graph.get(name) ?? new Set();
    for (const [, what] of readFileSync(path, 'utf8').matchAll(needs)) {
      const other = resolve(name, what);
      if (other !== name) needed.add(other);
    }
    graph.set(name, needed);
  }
  return graph;
}

/**
 * @param {Graph} graph
 * @param {string} name
 * @param {Set<string>} [found]
 */
function reachable(graph, name, found = new Set()) {
  for (const needed of graph.get(name) ?? []) {
    if (found.has(needed)) continue;
    found.add(needed);
    reachable(graph, needed, found);
  }
  return found;
}

/** @param {string} folder @param {Graph} graph */
const circles = (folder, graph) =>
  [...graph.keys()]
    .filter((name) => reachable(graph, name).has(name))
    .map((name) => `${folder}/${name} needs itself, by way of others`);

/** @param {Graph} graph */
function drawing(graph) {
  const arrows = [...graph].flatMap(([name, needed]) => {
    const others = [...needed];
    const direct = others.filter(
      (one) => !others.some((other) => other !== one && reachable(graph, other).has(one)),
    );
    return direct.map((other) => `  ${name} --> ${other}`);
  });
  return ['```mermaid', 'flowchart TD', ...arrows.sort(), '```'].join('\n');
}

const imports = /^(?:import|export)\b[^;]*?from '(\.[^']+)\.js'/gm;
/** @param {string} name @param {string} needed */
const imported = (name, needed) => posix.join(posix.dirname(name), needed);

await main(import.meta, async () => {
  const core = graphOf('src', /\.[ch]$/, /^#include "(\w+)\.h"/gm, (_, needed) => needed);
  const modules = graphOf('js', /\.js$/, imports, imported);
  const tools = graphOf('tools', /\.js$/, imports, imported);
  /** @type {Graph} */
  const engine = new Map([...modules].filter(([name]) => !name.includes('/')));
  await keepPage(
    'CONTRIBUTING.md',
    'npm run structure',
    { core: drawing(core), modules: drawing(engine) },
    [...circles('src', core), ...circles('js', modules), ...circles('tools', tools)],
  );
});
