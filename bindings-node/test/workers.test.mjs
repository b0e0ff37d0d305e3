import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { run } from './child.mjs';

// A process of its own for each: what goes wrong here ends it (nodejs/node#58484).
const ROUNDS = {
  answers: 2,
  reenters: 2,
  loads: 4,
  terminate_during_a_call: 4,
  terminate_during_many_calls: 4,
  terminate_while_blocked: 2,
  terminate_during_create: 4,
  exit_in_a_thread: 4,
  throw_in_a_thread: 4,
  beside_the_main_thread: 2,
  terminate_during_the_administration: 8,
  exit_with_busy_threads: 1,
  exit_during_the_administration: 1,
};

let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tokensmith-workers-'));
});
after(() => rm(folder, { recursive: true }));

for (const [name, rounds] of Object.entries(ROUNDS)) {
  test(`worker threads: ${name.replaceAll('_', ' ')}`, { timeout: 120_000 }, async () => {
    const { code, signal, stdout, stderr } = await run('workers', { args: [name, String(rounds), folder] });
    assert.deepEqual({ code, signal, stdout, stderr }, { code: 0, signal: null, stdout: '', stderr: '' });
  });
}
