// The driver of the vectors sees what it is for: each change of a case, and of a transcript, is found.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { find, isOutOfReach } from './corpus.mjs';
import { Mismatch } from './mismatch.mjs';
import { callLine, compareLines, linesWithout } from './transcript.mjs';

/** [the case, what is changed in its text, into what, what the driver says]. */
const CHANGES = [
  ['the sixth quick request', '"status":429', '"status":200', /429 !== 200/],
  ['the sixth quick request', '"retry-after":"6"', '"retry-after":"5"', /'retry-after': '6'/],
  ['the sixth quick request', '"retry_after_s":6', '"retry_after_s":5', /retry_after_s: 6/],
  ['the sixth quick request', '"text":"too many requests"', '"text":"too many requestt"', /Buffer/],
  ['four members in order', '\\"ExpiresIn\\":3600', '\\"ExpiresIn\\":3601', /Buffer/],
  ['four members in order', '"pragma":"no-cache",', '', /pragma/],
  ['four members in order', '"expires_in_s":3600', '"expires_in_s":1', /expires_in_s: 3600/],
  ['four members in order', '"event":"issued"', '"event":"rejected"', /event: 'issued'/],
  ['just in time', '"answer_at_ms":4999', '"answer_at_ms":4998', /an end at 4998 ms: not within/],
  ['just in time', '"answer_at_ms":4999', '"answer_at_ms":5000', /it ended at 4999 ms/],
  ['an authenticator that hangs', '"answer_at_ms":5000', '"answer_at_ms":5001', /it ended at 5000 ms/],
  ['an authenticator that hangs', '"answer_at_ms":5000', '"answer_at_ms":4999', /an end at 4999 ms: not within/],
  ['a caller that goes away', '"cancelled"', '"timed_out"', /event: 'cancelled'/],
  ['a caller that goes away', '"drop_at_ms":', '"answer_at_ms":', /an end at .* ms: not within/],
  ['byte for byte: spaces around the id', '"app_client_id":" appcl', '"app_client_id":"appcl', /it was given/],
  ['request id: a UUID', '"authenticator":{"receives"', '"authenticator":null,"was":{"receives"', /it was called/],
  ['source: none, said once', '{"event":"source_unknown","request_id":"r1","source":null},', '', /source_unknown/],
  ['refresh: one answer on both paths', 'not valid', 'not vaIid', /Buffer/],
  ['refresh: one answer on both paths', '"reason":"unknown_client"', '"reason":"wrong_secret"', /unknown_client/],
  ['refresh: each path has its cap', '"path":"/token/refresh",', '', /422 !== 401/],
  ['redemption: one after another', '<refresh-2>\\"}"}', '<refresh-1>\\"}"}', /Buffer/],
  ['redemption: one after another', '"app":"<app>"', '"app":"<secret>"', /<app>/],
  ['redemption: a lost answer, inside the grace', '"at_ms":9000', '"at_ms":11000', /Buffer/],
  ['bucket: an exact wait', '"granted":5', '"granted":4', /5 !== 4/],
  ['bucket: an exact wait', '"wait_us":6000000', '"wait_us":5000000', /6 !== 5/],
  ['bucket: an exact wait', '"at_us":5999999', '"at_us":6000000', /1 !== 0/],
  ['bucket: an exact wait', '"steps":', '"refused":true,"steps":', /Missing expected exception/],
  ['bucket: 700,000,000 a second', '"tokens":700000000', '"tokens":1', /Missing expected exception/],
];

/** Some are seen by what does not come, and this is how long it is waited for. */
const PATIENCE_MS = 1_000;

for (const [name, from, to, said] of CHANGES) {
  test(`a change is seen in "${name}": ${from} -> ${to}`, async () => {
    const { vector, perform } = find(name);
    const text = JSON.stringify(vector);
    assert.ok(text.includes(from), 'the case has what is changed');
    await perform(vector);
    const patience = /not within/.test(said.source) ? PATIENCE_MS : undefined;
    const changed = perform(JSON.parse(text.replace(from, to)), patience);
    await assert.rejects(changed, (error) => error instanceof Mismatch && said.test(error.message));
  });
}

test('a call that is not made is seen', async () => {
  const { vector, perform } = find('the sixth quick request');
  vector.steps.shift();
  await assert.rejects(perform(vector), /step 5: the authenticator: it was called/);
});

test('a call too many is seen', async () => {
  const { vector, perform } = find('the sixth quick request');
  vector.steps.unshift(structuredClone(vector.steps[0]));
  await assert.rejects(perform(vector), /step 6: the authenticator: it was not called/);
});

test('a need that nobody has judged is seen', () => {
  assert.ok(isOutOfReach({ name: 'a case', needs: ['panic'] }));
  assert.throws(() => isOutOfReach({ name: 'a case', needs: ['wings'] }), /wings/);
});

test('a line of the transcript that differs, or is missing, is seen', async () => {
  const { vector, perform } = find('the sixth quick request');
  const lines = await perform(vector);
  assert.equal(lines.length, vector.steps.length);
  const bytes = Buffer.from(`${lines.join('\n')}\n`);
  assert.equal(compareLines(lines, linesWithout(bytes, new Set())), lines.length);
  const changed = (from, to) => lines.map((line) => line.replace(from, to));
  const others = [
    changed('"status":429', '"status":503'),
    changed('requests', 'requestt'),
    changed('["retry-after","6"]', '["retry-after","7"]'),
    changed('["cache-control","no-store"],["pragma","no-cache"]', '["pragma","no-cache"],["cache-control","no-store"]'),
    changed('"event":"issued"', '"event":"rejected"'),
    lines.slice(1),
    lines.slice(0, -1),
    lines.with(0, lines[1]),
    [...lines, lines[0]],
  ];
  for (const other of others) {
    assert.throws(() => compareLines(lines, other), assert.AssertionError);
    assert.throws(() => compareLines(other, lines), assert.AssertionError);
  }
});

test('what Rust alone has performed is not compared, and a transcript is of UTF-8', () => {
  const [one, another] = ['one', 'another'].map((name) => callLine(name, 1, undefined, []));
  const both = Buffer.from(`${one}\n${another}\n`);
  assert.deepEqual(linesWithout(both, new Set(['one'])), [another]);
  assert.throws(() => linesWithout(both.subarray(0, -1), new Set()), /last line/);
  assert.throws(() => linesWithout(Buffer.from([0xff, 0x0a]), new Set()), TypeError);
});

test('bytes that are no text are told apart in a transcript', () => {
  const line = (body) => JSON.parse(callLine('a case', 1, { status: 200, headers: {}, body }, [])).body;
  assert.deepEqual(line(Buffer.from('caf\u00e9')), { text: 'caf\u00e9' });
  assert.deepEqual(line(Buffer.from([0x63, 0xe9])), { base64: 'Y+k=' });
  assert.deepEqual(line(Buffer.from([0x63, 0xe8])), { base64: 'Y+g=' });
});
