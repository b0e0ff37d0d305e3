'use strict';

const { exchange, hasLeft } = require('./exchange.cjs');
const { pathOf, refusal, route } = require('./route.cjs');

/** A listener of `node:http`, and a middleware of Express: that has a third argument. */
function nodeHandler(service, options = {}) {
  const { endpoints, source = peer, requestId } = route(service, options);
  const warn = warner();

  return async function tokensmith(req, res, next) {
    const endpoint = endpoints.get(pathOf(req.url));
    if (endpoint === undefined) return next === undefined ? send(res, refusal(404)) : next();
    if (req.method !== 'POST') return send(res, refusal(405));
    if (hasLeft(req)) return; // while the host was busy: its address has gone as well
    const failed = (error, message) => {
      if (next !== undefined) return next(error);
      // A listener's promise is nobody's: what it rejects with would end the process.
      warn(message);
      send(res, refusal(500));
    };
    let caller;
    try {
      caller = { source: source(req), requestId: requestId?.(req) };
    } catch (error) {
      return failed(error, '`source` or `requestId` threw'); // the text may hold anything
    }
    try {
      const answer = await exchange(endpoint, req, res, caller);
      if (answer !== undefined) send(res, answer);
    } catch (error) {
      failed(error, error.message);
    }
  };
}

/** The address of the connection; a socket of the file system has none. */
const peer = (req) => req.socket.remoteAddress;

/**
 * By fields rather than `writeHead`, so that Node counts the bytes and the body is not chunked. Where
 * the host has answered meanwhile, as for being late, its answer stands.
 */
function send(res, { status, headers, body }) {
  if (res.headersSent) return;
  res.statusCode = status;
  for (const name of Object.keys(headers)) res.setHeader(name, headers[name]);
  res.end(body);
}

/** Warns once: a caller may be able to bring about many faults. */
function warner() {
  let warned = false;
  return (message) => {
    if (warned) return;
    warned = true;
    process.emitWarning(`a handler of Tokensmith answered 500: ${message}`, {
      type: 'TokensmithWarning',
      code: 'TOKENSMITH_HANDLER',
    });
  };
}

module.exports = { nodeHandler };
