// The adapters in Node: their services in an injector of the real Angular, under their names in the
// real Spartacus, with stand-ins for the services of the storefront itself.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { build } from 'esbuild';

const workspace = fileURLToPath(new URL('./angular-12/', import.meta.url));

const entry = `
  import '@angular/compiler';
  export {
    HTTP_INTERCEPTORS,
    HttpContext,
    HttpErrorResponse,
    HttpHeaders,
    HttpRequest,
  } from '@angular/common/http';
  export { ErrorHandler, inject, Injector, NgZone, PLATFORM_ID } from '@angular/core';
  export { Store } from '@ngrx/store';
  export * from '@spartacus/asm/root';
  export * from '@spartacus/core';
  export { BehaviorSubject, from, NEVER, of, throwError } from 'rxjs';
  export { mergeMap } from 'rxjs/operators';
  export {
    OccSession,
    OccSessionInterceptor,
    provideOccSession as provideInAngular,
    SessionError,
    sendWithBearer,
    signedInGuard,
    WITHOUT_BEARER,
  } from 'occ-session/angular';
  export { OccSessionTesting, provideOccSessionTesting } from 'occ-session/angular/testing';
  export { provideOccSession } from 'occ-session/spartacus';
  export { provideOccSession as provideWithoutAsm } from 'occ-session/spartacus/without-asm';
`;

/**
 * Resolves with the exports of Angular, Spartacus and the adapters.
 *
 * @returns {Promise<Record<string, any>>}
 */
export async function importServices() {
  const folder = await mkdtemp(join(tmpdir(), 'services-'));
  try {
    await build({
      stdin: { contents: entry, resolveDir: workspace },
      bundle: true,
      outfile: join(folder, 'services.cjs'),
      format: 'cjs',
      platform: 'node',
      logLevel: 'error',
      mainFields: ['es2015_ivy_ngcc', 'module_ivy_ngcc', 'es2015', 'module', 'main'],
    });
    const { default: names } = await import(String(pathToFileURL(join(folder, 'services.cjs'))));
    return names;
  } finally {
    await rm(folder, { recursive: true });
  }
}
