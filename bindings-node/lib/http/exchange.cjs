'use strict';

const { drop, read } = require('./body.cjs');
const { onceClosed } = require('./connection.cjs');
const { consumed } = require('./route.cjs');

// One request of `node:http` and its answer: what the handlers for Node's servers share.

/**
 * The answer as `{ status, headers, body }`, or undefined where the client has gone.
 * It rejects with what is the host's to mend.
 */
async function exchange(endpoint, req, res, caller) {
  // Read by somebody else, or about to be given out as text, which loses what is no UTF-8.
  if (req.readableDidRead || req.readableEncoding) throw consumed();
  if (hasLeft(req)) return undefined;
  const gone = new AbortController();
  const onClose = () => gone.abort();
  res.once('close', onClose);
  // In HTTP/2 each response is told by itself.
  const forget = req.httpVersionMajor < 2 ? onceClosed(req.socket, onClose) : () => {};
  try {
    return await answered(endpoint, req, caller, gone.signal);
  } catch (error) {
    if (gone.signal.aborted) return undefined;
    throw error;
  } finally {
    // It closes in the end, and an abort costs the making of an error.
    res.off('close', onClose);
    forget();
  }
}

/** Whether the client has gone before anyone read its body: there will be no `close` to tell of it. */
function hasLeft(req) {
  // A request that was read whole is destroyed as well.
  return req.destroyed && !req.readableDidRead;
}

async function answered(endpoint, req, caller, signal) {
  // Its `return` is never called: that would destroy the connection together with the body.
  const chunks = req[Symbol.asyncIterator]();
  const next = async () => (await chunks.next()).value;
  const { bytes: body, whole } = await read(next, endpoint.longest);
  const request = { body, contentType: contentType(req), ...caller };
  const answer = await endpoint.answer(request, { signal });
  if (!whole) {
    await drop(next);
    // HTTP/2 has no such field (RFC 9113 section 8.2.2), and ends the stream alone.
    if (req.httpVersionMajor < 2) answer.headers.connection = 'close';
  }
  return answer;
}

/** The one `Content-Type` of a request: with two of them nobody knows what it is. */
function contentType({ headers, rawHeaders }) {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at].length === 12 && rawHeaders[at].toLowerCase() === 'content-type') count += 1;
  }
  return count > 1 ? undefined : headers['content-type'];
}

module.exports = { exchange, hasLeft };
