// The shop on a server.
import { mergeApplicationConfig } from '@angular/core';
import { bootstrapApplication, type BootstrapContext } from '@angular/platform-browser';
import { provideServerRendering, RenderMode, type ServerRoute, withRoutes } from '@angular/ssr';

import { App, BASE_URL, config } from './app';

declare const process: { env: Record<string, string> };

const serverRoutes: ServerRoute[] = [
  { path: 'orders', renderMode: RenderMode.Client },
  { path: '**', renderMode: RenderMode.Server },
];

const onServer = mergeApplicationConfig(config, {
  providers: [
    provideServerRendering(withRoutes(serverRoutes)),
    { provide: BASE_URL, useFactory: () => process.env['OCC_BASE_URL'] },
  ],
});

export default (context: BootstrapContext) => bootstrapApplication(App, onServer, context);
