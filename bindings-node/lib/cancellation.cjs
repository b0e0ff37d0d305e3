'use strict';

const argument = require('./argument.cjs');
const native = require('../native.js');

/**
 * Begins a call with a handle that cancels it when the signal is aborted. The signal's `onabort` is
 * the host's, and is left alone; the listener goes when the call has ended.
 */
async function untilAborted(signal, begin) {
  if (argument.optionalSignal(signal) === undefined) return begin(undefined);
  signal.throwIfAborted();
  const handle = new native.CancelHandle();
  const cancel = () => handle.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const answer = await begin(handle);
    // The addon gives null for what was cancelled before it was done.
    if (answer === null) throw signal.reason;
    return answer;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

module.exports = { untilAborted };
