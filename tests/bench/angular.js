// Angular's own linker as a plugin of esbuild: packages for Angular are published half compiled,
// and this finishes the work as `ng build` does.
import { readFile } from 'node:fs/promises';

import { transformAsync } from '@babel/core';
import { createEs2015LinkerPlugin } from '@angular/compiler-cli/linker/babel';
import { ConsoleLogger, LogLevel, NodeJSFileSystem } from '@angular/compiler-cli';

/** @type {import('esbuild').Plugin} */
export const angularLinker = {
  name: 'angular linker',
  setup(context) {
    const linker = createEs2015LinkerPlugin({
      fileSystem: new NodeJSFileSystem(),
      logger: new ConsoleLogger(LogLevel.warn),
      linkerJitMode: false,
      sourceMapping: false,
    });
    context.onLoad({ filter: /\/fesm20\d\d\/.*\.m?js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      if (!source.includes('ɵɵngDeclare')) return { contents: source };
      const linked = await transformAsync(source, {
        filename: path,
        plugins: [linker],
        configFile: false,
        babelrc: false,
        compact: false,
      });
      return { contents: linked?.code ?? source };
    });
  },
};
