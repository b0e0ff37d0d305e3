'use strict';

const { setTimeout: sleep } = require('node:timers/promises');
const { isUint8Array } = require('node:util/types');

// A body is read to its end or to the first byte that is too much. What is left of a longer one is
// read and dropped, some of it and for a while, so that a caller who writes it all before reading
// finds the answer, and not a connection that was reset.

const DROPPED_BYTES = 64 * 1_024;
const DROPPED_FOR_MS = 1_000;

/**
 * `next` gives the next bytes, or undefined at the end. No more than the limit and what one read
 * brings is ever held.
 */
async function read(next, longest) {
  const chunks = [];
  let size = 0;
  while (size <= longest) {
    const chunk = await next();
    if (chunk === undefined) return { bytes: Buffer.concat(chunks, size), whole: true };
    // What Node would say of it quotes it, and it may be a secret.
    if (!isUint8Array(chunk)) throw new TypeError('the body of the request must be bytes');
    chunks.push(chunk);
    size += chunk.length;
  }
  return { bytes: Buffer.concat(chunks, longest + 1), whole: false };
}

/** Whether it came to its end, broke off or took too long makes no difference: the answer follows. */
async function drop(next) {
  const enough = new AbortController();
  const late = sleep(DROPPED_FOR_MS, undefined, enough);
  await Promise.race([late, dropSome(next)]).catch(() => {});
  late.catch(() => {});
  enough.abort();
}

async function dropSome(next) {
  for (let dropped = 0; dropped < DROPPED_BYTES; ) {
    const chunk = await next();
    if (chunk === undefined) return;
    dropped += chunk.length;
  }
}

module.exports = { drop, read };
