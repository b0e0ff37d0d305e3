import assert from 'node:assert/strict';
import { test } from 'node:test';

import { run } from './child.mjs';

// `npm run stress` makes ten times as many calls, and then its bound is the contract's. Here a
// single small object that each call leaves behind is found, and a hundred bytes outside the heap.
const CALLS = 100_000;
const SLACK_MIB = 3;

test('a hundred thousand calls with every fault leave nothing behind', { timeout: 300_000 }, async () => {
  const how = { flags: ['--expose-gc'], args: [String(CALLS), String(SLACK_MIB)], watchdog: 290_000 };
  const { code, signal, stdout, stderr } = await run('../../stress/stress', how);
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' }, stdout);
  const outcomes = JSON.parse(/^outcomes (.*)$/m.exec(stdout)[1]);
  for (const outcome of ['200', '401', '429', '502', 'aborted']) assert.ok(outcomes[outcome] > 1_000, stdout);
});
