'use strict';

const { unheard } = require('./callback.cjs');

/**
 * The function that the addon tells of events. What the host's observer throws would end the
 * process: it is caught, and said once as a warning, without its text.
 */
function observeFunction(observer) {
  let warned = false;
  const failed = () => {
    if (warned) return;
    warned = true;
    process.emitWarning('the observer of a TokenService threw; its errors are ignored', {
      type: 'TokensmithWarning',
      code: 'TOKENSMITH_OBSERVER',
    });
  };
  return (event) => unheard(() => observer(event), failed);
}

module.exports = { observeFunction };
