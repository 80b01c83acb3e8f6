// The rules for the JavaScript of every part, and which globals each part may know.
import js from '@eslint/js';
import globals from 'globals';

export default [
  { ignores: ['build/', 'dist/', 'js/numbers.js'] },
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-else-return': 'error',
      'no-shadow': 'error',
      'no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
    },
  },
  {
    // Published: nothing here may print, and only what every runtime has may be used.
    files: ['js/**/*.js'],
    languageOptions: { globals: globals['shared-node-browser'] },
    rules: { 'no-console': 'error' },
  },
  {
    files: ['js/**/*.js', 'web/*.js'],
    ignores: ['js/node.js', 'web/server.js'],
    languageOptions: { globals: globals.browser },
  },
  {
    files: ['*.js', 'tools/**/*.js', 'tests/**/*.js', 'web/server.js', 'web/backend/**/*.js'],
    languageOptions: { globals: globals.node },
  },
  {
    // Functions that a test hands to the page run there.
    files: [
      'tests/bench/**/*.js',
      'tests/browser/**/*.js',
      'tests/everywhere/**/*.js',
      'tests/storefront/*.js',
    ],
    languageOptions: { globals: globals.browser },
  },
];
