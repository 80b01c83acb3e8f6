// What the README says to write in an Angular application, as its compiler sees it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const workspace = fileURLToPath(new URL('./angular-21/', import.meta.url));

/** What stands around the code of the README in an application. */
const around = `
  import { HTTP_INTERCEPTORS, HttpClient, HttpClientModule, HttpContext, httpResource, provideHttpClient,
    withInterceptors } from '@angular/common/http';
  import { provideHttpClientTesting } from '@angular/common/http/testing';
  import { Component, computed, inject, NgModule } from '@angular/core';
  import { TestBed } from '@angular/core/testing';
  import { bootstrapApplication, BrowserModule } from '@angular/platform-browser';
  import { Router, Routes } from '@angular/router';
  import { RenderMode, ServerRoute } from '@angular/ssr';
  import { firstValueFrom } from 'rxjs';
  declare const App: new () => object;
  declare const usersUrl: string;
`;

test('the code for Angular applications compiles', (t) => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const [section] = readme.split('\n## Put it into an Angular application\n')[1].split('\n## ');
  const blocks = [...section.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
  assert.equal(blocks.length, 6);
  // Where the packages are found, and Git looks for nothing.
  const folder = join(workspace, 'node_modules/.readme');
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(folder, { recursive: true });
  const files = blocks.map((code, index) => {
    const file = join(folder, `${index}.ts`);
    const imported = /\boccSessionInterceptor\b(?=.*from)/s.test(code)
      ? ''
      : "import { occSessionInterceptor } from 'occ-session/angular';";
    writeFileSync(file, `${around}${imported}\n${code}`);
    return file;
  });
  const options = [
    ...['--noEmit', '--strict', '--skipLibCheck', '--experimentalDecorators'],
    ...['--target', 'es2022', '--module', 'preserve', '--lib', 'es2022,dom'],
  ];
  const { status, stdout } = spawnSync(
    join(workspace, 'node_modules/.bin/tsc'),
    [...options, ...files],
    {
      encoding: 'utf8',
    },
  );
  assert.deepEqual({ status, stdout }, { status: 0, stdout: '' });
});
