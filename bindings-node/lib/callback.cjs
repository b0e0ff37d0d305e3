'use strict';

const { isPromise } = require('node:util/types');

/**
 * Calls a function of the host for what it does, not for what it gives. What it throws, at once or
 * in a promise of any realm, would end the process: `failed` hears that it did, and not what.
 */
function unheard(call, failed) {
  try {
    const result = call();
    // Not the promise's own `then` or `catch`: a host may have replaced them.
    if (isPromise(result)) Promise.prototype.then.call(result, undefined, failed);
  } catch {
    failed();
  }
}

module.exports = { unheard };
