'use strict';

const argument = require('./argument.cjs');
const native = require('../native.js');

/**
 * Begins a call with a handle that cancels it when the signal is aborted. The signal's `onabort` is
 * the host's, and is left alone; the listener goes when the last call of the signal has ended.
 */
async function untilAborted(signal, begin) {
  if (argument.optionalSignal(signal) === undefined) return begin(undefined);
  if (signal.aborted) throw reasonOf(signal);
  const handle = new native.CancelHandle();
  listen(signal, handle);
  try {
    const answer = await begin(handle);
    // The addon gives null for what was cancelled before it was done.
    if (answer === null) throw reasonOf(signal);
    return answer;
  } finally {
    ignore(signal, handle);
  }
}

/** Not every signal that a host may have says why. */
function reasonOf({ reason }) {
  return reason === undefined ? new DOMException('This operation was aborted', 'AbortError') : reason;
}

// One listener a signal, however many calls it has: Node warns of a leak where there are many, and
// a host may well end all its calls by one signal.
const listeners = new WeakMap();

function listen(signal, handle) {
  const listener = listeners.get(signal) ?? addListener(signal);
  listener.handles.add(handle);
}

function addListener(signal) {
  const handles = new Set();
  const cancel = () => {
    for (const handle of handles) handle.cancel();
  };
  signal.addEventListener('abort', cancel, { once: true });
  const listener = { handles, cancel };
  listeners.set(signal, listener);
  return listener;
}

function ignore(signal, handle) {
  const { handles, cancel } = listeners.get(signal);
  handles.delete(handle);
  if (handles.size > 0) return;
  signal.removeEventListener('abort', cancel);
  listeners.delete(signal);
}

module.exports = { untilAborted };
