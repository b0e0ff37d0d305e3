// One set of types, whichever way the package is loaded.
export * from './index.cjs';
