// What a page takes of @azure/msal-browser: loginRedirect, acquireTokenSilent and logoutRedirect
// are methods of the application.
export { createStandardPublicClientApplication } from '@azure/msal-browser';
