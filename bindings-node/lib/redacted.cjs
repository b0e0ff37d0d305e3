'use strict';

const { inspect } = require('node:util');

/**
 * Lets `console.log` and its kin print an instance of the class without what it holds, also where
 * it is nested in something else. `JSON.stringify` still gives the fields, as data needs.
 */
function redact(Class) {
  Object.defineProperty(Class.prototype, inspect.custom, {
    value: () => `${Class.name}([REDACTED])`,
    configurable: true,
    writable: true,
  });
  return Class;
}

module.exports = { redact };
