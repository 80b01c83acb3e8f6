// What a page takes of keycloak-js: login, updateToken and logout are methods.
export { default as Keycloak } from 'keycloak-js';
