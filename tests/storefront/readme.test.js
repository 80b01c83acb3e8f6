// The documentation's code for applications of Angular and Spartacus compiles.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { blocks, read, section } from '../pages.js';

/** The code around an example in an Angular application. */
const inAngular = `
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

/** The code around an example in a storefront. */
const inSpartacus = `import { NgModule } from '@angular/core';`;

/**
 * Compiles programs with the compiler of an application, and returns its status and output.
 *
 * @param {import('node:test').TestContext} t
 * @param {string} workspace
 * @param {string[]} options
 * @param {string[]} programs
 */
function compile(t, workspace, options, programs) {
  const packages = fileURLToPath(new URL(`${workspace}/node_modules`, import.meta.url));
  // The compiler finds the packages from this folder, and Git ignores it.
  const folder = join(packages, '.readme');
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(folder, { recursive: true });
  const files = programs.map((program, index) => {
    const file = join(folder, `${index}.ts`);
    writeFileSync(file, program);
    return file;
  });
  // The types of the test libraries are left out: they are newer than the compiler of Angular 12.
  const common = [
    ...['--noEmit', '--strict', '--skipLibCheck', '--experimentalDecorators'],
    ...['--typeRoots', folder],
  ];
  const { status, stdout } = spawnSync(
    join(packages, '.bin/tsc'),
    [...common, ...options, ...files],
    { encoding: 'utf8' },
  );
  return { status, stdout };
}

test('the code for Angular applications compiles', (t) => {
  const code = [
    ...blocks(section(read('README.md'), 'Into Angular'), 'ts'),
    ...blocks(read('docs/angular.md'), 'ts'),
  ];
  assert.equal(code.length, 1 + 6);
  const programs = code.map((block) => {
    const imported = /\boccSessionInterceptor\b(?=.*from)/s.test(block)
      ? ''
      : "import { occSessionInterceptor } from 'occ-session/angular';";
    return `${inAngular}${imported}\n${block}`;
  });
  const options = ['--target', 'es2022', '--module', 'preserve', '--lib', 'es2022,dom'];
  assert.deepEqual(compile(t, 'angular-21', options, programs), { status: 0, stdout: '' });
});

test('the code for Spartacus storefronts compiles', (t) => {
  const code = [
    ...blocks(section(read('README.md'), 'Into Spartacus'), 'ts'),
    ...blocks(read('docs/spartacus.md'), 'ts'),
  ];
  assert.equal(code.length, 1 + 1);
  const programs = code.map((block) => `${inSpartacus}\n${block}`);
  const options = [
    ...['--target', 'es2017', '--module', 'es2020', '--moduleResolution', 'node'],
    ...['--lib', 'es2020,dom'],
  ];
  assert.deepEqual(compile(t, 'angular-12', options, programs), { status: 0, stdout: '' });
});
