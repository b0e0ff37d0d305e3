'use strict';

// What the addon throws has a code, and a text that is ours; all else may hold anything.

const CLOSED = 'Closing';
const WRONG = 'InvalidArg';

/** The error that a host sees for one that the addon threw; `otherwise` makes that of a surprise. */
function translated(error, otherwise) {
  if (error?.code === CLOSED) {
    return new DOMException('the service is closed', 'InvalidStateError');
  }
  if (error?.code === WRONG && error.message === 'source') {
    return new TypeError('`source` must be an address, or 1 to 128 bytes of text');
  }
  return otherwise();
}

module.exports = { translated };
