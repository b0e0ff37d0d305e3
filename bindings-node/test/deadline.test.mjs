import assert from 'node:assert/strict';
import { test } from 'node:test';

import { run } from './child.mjs';
import { TOKENS, scripted, settleable, until } from './scripted.mjs';

const ON_TIME = { timeout: 30_000 };
const DEADLINE_MS = 100;
/** What the answer may be late by on a machine with nothing else to do. */
const SLACK_MS = 50;

/** How late a plain timer of the same time is: as late as the machine is busy. */
async function lateness(ms) {
  const started = performance.now();
  await new Promise((resolve) => setTimeout(resolve, ms));
  return performance.now() - started - ms;
}

async function timed(call) {
  const started = performance.now();
  const answer = await call();
  return { answer, ms: performance.now() - started };
}

async function opened(t, keys) {
  const script = await scripted({ deadline_ms: DEADLINE_MS, ...keys });
  t.after(() => script.service.close());
  return script;
}

test('an authenticator that never settles is a 502 at the deadline', ON_TIME, async (t) => {
  const script = await opened(t);
  await script.handle();
  for (const [name, never] of Object.entries({
    promise: () => new Promise(() => {}),
    thenable: () => ({ then() {} }),
    lost: async () => await new Promise(() => {}),
  })) {
    script.answer = never;
    const late = lateness(DEADLINE_MS);
    const { answer, ms } = await timed(() => script.told(name));
    assert.equal(answer.response.status, 502, name);
    assert.deepEqual(answer.events.map((event) => event.name), ['timed_out']);
    assert.ok(ms >= DEADLINE_MS - 1, `${name}: ${ms} ms`);
    assert.ok(ms <= DEADLINE_MS + SLACK_MS + 2 * Math.max(0, await late), `${name}: ${ms} ms`);
    assert.equal(script.service.inFlight, 0);
  }
});

test('the time that an authenticator has is one that a timer takes', ON_TIME, async (t) => {
  // A thousandth of each, times a thousand, is no whole number.
  for (const deadline_ms of [1_001, 1_009, 4_035]) {
    const script = await opened(t, { deadline_ms });
    const budgets = [];
    script.answer = ({ budgetMs }) => {
      budgets.push(budgetMs);
      AbortSignal.timeout(budgetMs);
      return TOKENS;
    };
    assert.equal((await script.handle()).status, 200);
    assert.deepEqual(budgets, [deadline_ms]);
  }
});

test('what settles late is ignored, well or badly', ON_TIME, async (t) => {
  const script = await opened(t);
  const unhandled = [];
  const note = (error) => unhandled.push(error);
  process.on('unhandledRejection', note);
  t.after(() => process.off('unhandledRejection', note));
  for (const [name, settle] of Object.entries({
    resolves: ({ resolve }) => resolve({ ...TOKENS, accessToken: 'late' }),
    rejects: ({ reject }) => reject(new Error('late')),
  })) {
    const slow = settleable();
    script.answer = () => slow.promise;
    const { response } = await script.told(name);
    assert.equal(response.status, 502);
    settle(slow);
    script.answer = () => TOKENS;
    const next = await script.told(`after ${name}`);
    assert.equal(JSON.parse(next.response.body).AccessToken, TOKENS.accessToken);
    const own = script.events.filter((event) => event.requestId === name);
    assert.deepEqual(own.map((event) => event.name), ['timed_out']);
  }
  assert.deepEqual(unhandled, []);
});

test('an authenticator that blocks the loop is a 502 as soon as it runs', ON_TIME, async (t) => {
  const script = await opened(t);
  const BLOCK_MS = 1_000;
  script.answer = () => {
    const end = performance.now() + BLOCK_MS;
    while (performance.now() < end);
    return TOKENS;
  };
  const { answer, ms } = await timed(() => script.told('blocks'));
  assert.equal(answer.response.status, 502);
  assert.deepEqual(answer.events.map((event) => event.name), ['timed_out']);
  assert.ok(ms >= BLOCK_MS, `${ms} ms`);
  assert.ok(ms <= BLOCK_MS + 4 * SLACK_MS, `${ms} ms`);
  script.answer = () => TOKENS;
  assert.equal((await script.handle()).status, 200);
});

test('calls that wait while something else blocks the loop are 502 and the next is 200', ON_TIME, async (t) => {
  const script = await opened(t);
  const waiting = Array.from({ length: 32 }, () => script.handle());
  const end = performance.now() + 3 * DEADLINE_MS;
  while (performance.now() < end);
  for (const { status } of await Promise.all(waiting)) assert.equal(status, 502);
  assert.equal(script.asked, 0, 'nobody is asked for a call that has ended');
  assert.equal((await script.handle()).status, 200);
  assert.equal(script.asked, 1);
  assert.equal(script.service.inFlight, 0);
});

test('a token of a hundred megabytes is a 502, and not copied', ON_TIME, async () => {
  const { code, stdout, stderr } = await run('huge_token');
  assert.equal(code, 0, stderr);
  const { statuses, grownMiB } = JSON.parse(stdout);
  assert.deepEqual(statuses, [502]);
  // Sixty-four calls at once, and not one copy.
  assert.ok(grownMiB < 50, `${grownMiB} MiB`);
});

test('a body of a hundred megabytes is a 422, and not copied', ON_TIME, async () => {
  const { code, stdout, stderr } = await run('huge_body');
  assert.equal(code, 0, stderr);
  const { statuses, grownMiB } = JSON.parse(stdout);
  assert.deepEqual(statuses, [422]);
  assert.ok(grownMiB < 50, `${grownMiB} MiB`);
});

test('no place is left: 429 at once, and a place is free again after', ON_TIME, async (t) => {
  const script = await opened(t, { deadline_ms: 5_000, max_in_flight: 3 });
  const gate = settleable();
  script.answer = () => gate.promise;
  const waiting = [script.handle(), script.handle(), script.handle()];
  await until(() => script.asked === 3);
  assert.equal(script.service.inFlight, 3);
  const { response, events } = await script.told('one too many');
  assert.equal(response.status, 429);
  assert.equal(response.headers['retry-after'], '1');
  assert.deepEqual(events.map(({ name, by }) => [name, by]), [['rate_limited', 'capacity']]);
  assert.equal(script.asked, 3);
  gate.resolve(TOKENS);
  for (const { status } of await Promise.all(waiting)) assert.equal(status, 200);
  assert.equal(script.service.inFlight, 0);
  assert.equal((await script.handle()).status, 200);
});

test('an authenticator that hangs gives its place back at the deadline', ON_TIME, async (t) => {
  const script = await opened(t, { max_in_flight: 2 });
  script.answer = () => new Promise(() => {});
  for (const { status } of await Promise.all([script.handle(), script.handle()])) {
    assert.equal(status, 502);
  }
  script.answer = () => TOKENS;
  assert.equal((await script.handle()).status, 200);
});

test('an authenticator may ask the service again', ON_TIME, async (t) => {
  const script = await opened(t, { deadline_ms: 5_000, max_in_flight: 4 });
  script.answer = async ({ appClientId }) => {
    const depth = Number(appClientId.slice('app-'.length));
    if (depth === 1) return TOKENS;
    return script.issue({ appClientId: `app-${depth - 1}` });
  };
  const tokens = await script.issue({ appClientId: 'app-4' });
  assert.equal(tokens.accessToken, TOKENS.accessToken);
  // One deeper than there are places: the innermost is refused, and each outer one fails with it.
  await assert.rejects(script.issue({ appClientId: 'app-5' }), { name: 'DownstreamError' });
  assert.equal(script.service.inFlight, 0);
});

test('each of a thousand calls at once has its own answer', ON_TIME, async (t) => {
  const script = await opened(t, { deadline_ms: 20_000, max_in_flight: 1_000 });
  script.answer = async ({ appClientId }) => {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
    return { ...TOKENS, accessToken: `token-of-${appClientId}` };
  };
  const ids = Array.from({ length: 1_000 }, (_, index) => `app-${index}`);
  const answers = await Promise.all(ids.map((appClientId) => script.issue({ appClientId })));
  assert.deepEqual(answers.map((tokens) => tokens.accessToken), ids.map((id) => `token-of-${id}`));
  assert.equal(script.service.inFlight, 0);
});
