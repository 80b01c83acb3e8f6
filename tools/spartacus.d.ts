// The declarations of the package do not speak of Spartacus, and are made without it.
declare module '@ngrx/store';
declare module '@spartacus/asm/root';
declare module '@spartacus/core';
declare module 'angular-oauth2-oidc';
