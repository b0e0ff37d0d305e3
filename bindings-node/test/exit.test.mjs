import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { TokenService } from '../index.mjs';
import { run } from './child.mjs';

const ON_TIME = { timeout: 180_000 };

let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tokensmith-exit-'));
});
after(() => rm(folder, { recursive: true }));

/** A folder of its own for the case's store. */
async function ended(name, how) {
  const place = await mkdtemp(join(folder, `${name}-`));
  return { ...(await run('exit', { args: [name, place], ...how })), place };
}

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' };
const EXIT_7 = { ...QUIET, code: 7 };

const cases = {
  idle: QUIET,
  idle_after_calls: QUIET,
  idle_issuer: QUIET,
  closed: QUIET,
  pending: { ...QUIET, stdout: '200\n'.repeat(10) },
  hanging_alone: { ...QUIET, stdout: '502\n' },
  last_lines: { ...QUIET, stdout: 'last 200\nexit 0\n' },
  exit_during_a_call: EXIT_7,
  exit_in_the_tick: EXIT_7,
  exit_by_the_authenticator: EXIT_7,
  exit_by_the_observer: EXIT_7,
  exit_during_create: EXIT_7,
  exit_during_many_creates: EXIT_7,
  exit_during_the_administration: EXIT_7,
  exit_while_the_issuer_signs: EXIT_7,
  work_once_the_exit_has_begun: EXIT_7,
  exit_code_and_a_call: EXIT_7,
  killed: { ...QUIET, code: null, signal: 'SIGTERM' },
  calls_at_exit: QUIET,
};

for (const [name, expected] of Object.entries(cases)) {
  test(`a program ends as it would without us: ${name.replaceAll('_', ' ')}`, ON_TIME, async () => {
    const { code, signal, stdout, stderr, ms } = await ended(name);
    assert.deepEqual({ code, signal, stdout, stderr }, expected);
    // Long before the deadline of a call that hangs, which is 20 s where it would be in the way.
    assert.ok(ms < 15_000, `${ms} ms`);
  });
}

test('an exit during refreshes takes no token away', ON_TIME, async () => {
  const { place, ms: _, ...how } = await ended('exit_while_tokens_are_refreshed');
  assert.deepEqual(how, EXIT_7);
  const { tokens, ...app } = JSON.parse(await readFile(join(place, 'tokens.json'), 'utf8'));
  const limits = { source: false, client: false, client_at_source: false };
  const service = await TokenService.create({ store: { path: join(place, 'store.db') }, limits });
  for (const refreshToken of tokens) await service.refresh({ ...app, refreshToken });
  service.close();
});

test('an uncaught exception of the host is its own', ON_TIME, async () => {
  const { code, signal, stdout, stderr } = await ended('uncaught');
  assert.deepEqual({ code, signal, stdout }, { code: 1, signal: null, stdout: '' });
  assert.match(stderr, /Error: of the host/);
  assert.doesNotMatch(stderr, /FATAL|panicked|Assertion/);
});

test('a service that is being made when the script ends is made', ON_TIME, async () => {
  const { code, signal, stdout, stderr } = await run('exit_mid_create');
  assert.deepEqual({ code, signal, stdout, stderr }, { ...QUIET, stdout: 'made\n' });
});

test('a program without its standard streams ends all the same', ON_TIME, async () => {
  for (const [name, { code, signal }] of Object.entries({ pending: QUIET, exit_during_a_call: EXIT_7 })) {
    const how = await ended(name, { closed: true });
    assert.deepEqual({ code: how.code, signal: how.signal }, { code, signal }, name);
  }
});

// The administration's threads aborted one exit in five before they were made to stop.
test('exits at random moments never end in a crash', ON_TIME, async () => {
  const names = ['exit_during_the_administration', 'exit_while_the_issuer_signs', 'exit_during_many_creates'];
  for (let round = 0; round < 60; round += 1) {
    const name = names[round % names.length];
    const { code, signal, stdout, stderr } = await ended(name);
    assert.deepEqual({ code, signal, stdout, stderr }, EXIT_7, `${name}, round ${round}`);
  }
});

test('what the administration was doing at the exit is done or not begun', ON_TIME, async () => {
  const { place } = await ended('exit_during_the_administration');
  const service = await TokenService.create({ store: { kind: 'sqlite', path: join(place, 'store.db') } });
  for (const app of await service.admin.listApps()) {
    assert.match(app.name, /^app \d+$/);
    assert.equal(app.damaged, false);
  }
  service.close();
});
