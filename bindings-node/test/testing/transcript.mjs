// What came of the calls, as the text that every driver writes: see tests/vectors/README.md.

import assert from 'node:assert/strict';

/** What came of a call. One that was dropped has no response. */
export function callLine(name, step, response, events) {
  const { status = null, headers = {}, body } = response ?? {};
  const shown = body === undefined ? null : shownBytes(body);
  return JSON.stringify({ case: name, step, status, headers: Object.entries(headers), body: shown, events });
}

/** What came of attempts on a bucket. */
export function takenLine(name, step, granted, retryAfter) {
  return JSON.stringify({ case: name, step, granted, retry_after_s: retryAfter ?? null });
}

/** That there can be no such limiter. */
export function refusedLine(name) {
  return JSON.stringify({ case: name, step: 0, refused: true });
}

/** A text where they are one, as the vectors write bytes. */
function shownBytes(body) {
  const bytes = Buffer.from(body);
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? { text } : { base64: bytes.toString('base64') };
}

/** The lines of a transcript without those of some cases. */
export function linesWithout(bytes, leftOut) {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  assert.ok(text.endsWith('\n'), 'a transcript ends with its last line');
  const lines = text.slice(0, -1).split('\n');
  return lines.filter((line) => !leftOut.has(JSON.parse(line).case));
}

/** Throws at the first line of ours that is not the other's, or is not there. */
export function compareLines(ours, theirs) {
  const most = Math.max(ours.length, theirs.length);
  for (let index = 0; index < most; index += 1) {
    assert.equal(ours[index], theirs[index], `line ${index + 1} of what both performed`);
  }
  const bytes = (lines) => Buffer.from(lines.join('\n'));
  assert.ok(bytes(ours).equals(bytes(theirs)), 'the same bytes');
  return ours.length;
}
