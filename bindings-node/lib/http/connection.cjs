'use strict';

// Who waits on a connection of `node:http`. A response that waits behind another one of its connection is
// told by nobody that this was closed, and of many listeners on one socket Node warns.

const waiting = new WeakMap();

/** Calls the function once the connection is closed, unless what this gives was called before. */
function onceClosed(socket, call) {
  const calls = waiting.get(socket) ?? watch(socket);
  calls.add(call);
  return () => calls.delete(call);
}

function watch(socket) {
  const calls = new Set();
  waiting.set(socket, calls);
  // What stands for a socket where there is none, as in tests and behind gateways, may tell nothing.
  socket.once?.('close', () => {
    for (const call of calls) call();
  });
  return calls;
}

module.exports = { onceClosed };
