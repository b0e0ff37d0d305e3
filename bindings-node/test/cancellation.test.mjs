import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { after, before, beforeEach, test } from 'node:test';

import { TOKENS, scripted, settleable, until } from './scripted.mjs';

const ON_TIME = { timeout: 60_000 };
const never = () => new Promise(() => {});
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

let script;
before(async () => {
  script = await scripted({ deadline_ms: 20_000, max_in_flight: 256 });
});
beforeEach(() => {
  script.answer = () => TOKENS;
  script.events.length = 0;
  script.asked = 0;
});
after(() => script.service.close());

const CALLS = { handle: (options) => script.handle({}, options), issue: (options) => script.issue({}, options) };

for (const [name, call] of Object.entries(CALLS)) {
  test(`${name}: aborted before, it is not begun`, ON_TIME, async () => {
    const reason = { custom: 'reason' };
    await assert.rejects(call({ signal: AbortSignal.abort(reason) }), (error) => error === reason);
    await assert.rejects(call({ signal: AbortSignal.abort() }), { name: 'AbortError' });
    await call();
    await until(() => script.events.length > 0);
    assert.equal(script.asked, 1);
    assert.deepEqual(script.events.map((event) => event.name), ['issued']);
  });

  test(`${name}: aborted while it waits, it ends at once with the reason`, ON_TIME, async () => {
    script.answer = never;
    const controller = new AbortController();
    const reason = new Error('enough');
    const under_way = call({ signal: controller.signal });
    await until(() => script.asked === 1);
    assert.equal(script.service.inFlight, 1);
    const started = performance.now();
    controller.abort(reason);
    await assert.rejects(under_way, (error) => error === reason);
    assert.ok(performance.now() - started < 5_000, 'long before the deadline');
    await until(() => script.events.length > 0);
    assert.equal(script.service.inFlight, 0);
    assert.deepEqual(script.events.map((event) => event.name), ['cancelled']);
  });

  test(`${name}: aborted in the tick of the call, it has one event or none`, ON_TIME, async () => {
    for (let i = 0; i < 100; i += 1) {
      const controller = new AbortController();
      const under_way = call({ signal: controller.signal });
      controller.abort();
      await assert.rejects(under_way, { name: 'AbortError' });
    }
    await call();
    await until(() => script.events.some((event) => event.name === 'issued'));
    const cancelled = script.events.filter((event) => event.name === 'cancelled');
    assert.ok(cancelled.length <= 100);
    assert.equal(script.events.length, cancelled.length + 1);
    assert.equal(script.service.inFlight, 0);
  });

  test(`${name}: aborted after, nothing happens`, ON_TIME, async () => {
    const controller = new AbortController();
    await call({ signal: controller.signal });
    controller.abort();
    await call();
    await until(() => script.events.length === 2);
    assert.deepEqual(script.events.map((event) => event.name), ['issued', 'issued']);
  });

  test(`${name}: signals of a time and of several`, ON_TIME, async () => {
    script.answer = never;
    await assert.rejects(call({ signal: AbortSignal.timeout(20) }), { name: 'TimeoutError' });
    const controller = new AbortController();
    const any = AbortSignal.any([controller.signal, AbortSignal.timeout(60_000)]);
    const under_way = call({ signal: any });
    controller.abort(7);
    await assert.rejects(under_way, (error) => error === 7);
  });
}

test('one signal ends all its calls, and none of another', ON_TIME, async () => {
  script.answer = never;
  const [ending, staying] = [new AbortController(), new AbortController()];
  const calls = Array.from({ length: 20 }, () => script.handle({}, { signal: ending.signal }));
  const other = script.handle({}, { signal: staying.signal });
  await until(() => script.asked === 21);
  ending.abort('all');
  const ends = await Promise.allSettled(calls);
  assert.deepEqual([...new Set(ends.map((end) => end.reason))], ['all']);
  assert.equal(script.service.inFlight, 1);
  staying.abort('other');
  await assert.rejects(other, (reason) => reason === 'other');
});

test('a reason may be any value, but for nothing', ON_TIME, async () => {
  script.answer = never;
  for (const reason of [null, false, 0, '', Symbol('reason'), { then: 7 }]) {
    const controller = new AbortController();
    const under_way = script.handle({}, { signal: controller.signal });
    await until(() => script.service.inFlight === 1);
    controller.abort(reason);
    await under_way.then(assert.fail, (error) => assert.equal(error, reason));
    await until(() => script.service.inFlight === 0);
  }
});

test('the `onabort` of the host is its own', ON_TIME, async () => {
  script.answer = never;
  const controller = new AbortController();
  let told = 0;
  const own = () => {
    told += 1;
  };
  controller.signal.onabort = own;
  const under_way = script.handle({}, { signal: controller.signal });
  await until(() => script.asked === 1);
  assert.equal(controller.signal.onabort, own);
  controller.abort();
  await assert.rejects(under_way);
  assert.equal(controller.signal.onabort, own);
  assert.equal(told, 1);
});

test('a late answer of a cancelled call is ignored, and goes to no other', ON_TIME, async () => {
  const slow = settleable();
  script.answer = () => slow.promise;
  const controller = new AbortController();
  const under_way = script.issue({}, { signal: controller.signal });
  await until(() => script.asked === 1);
  controller.abort();
  await assert.rejects(under_way);
  script.answer = () => pause(5).then(() => ({ ...TOKENS, accessToken: 'own' }));
  const next = script.issue();
  slow.resolve({ ...TOKENS, accessToken: 'late' });
  assert.equal((await next).accessToken, 'own');
});

test('calls that race their abort end once, with an answer or with the reason', ON_TIME, async () => {
  const AT_ONCE = 100;
  script.answer = () => pause(Math.random() * 4).then(() => TOKENS);
  const all = (call) => Promise.all(Array.from({ length: AT_ONCE }, (_, index) => call(index)));
  await all(() => script.handle());
  // As long as such calls take here and now: a busy machine must not decide every race.
  const started = performance.now();
  await all(() => script.handle());
  const usual = performance.now() - started;
  await until(() => script.events.length === 2 * AT_ONCE);
  script.events.length = 0;

  const ends = { answered: 0, aborted: 0 };
  const one = async (index) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(index), Math.random() * 2 * usual);
    try {
      const { status } = await script.handle({ requestId: `race-${index}` }, { signal: controller.signal });
      assert.equal(status, 200);
      ends.answered += 1;
    } catch (error) {
      assert.equal(error, index);
      ends.aborted += 1;
    }
  };
  for (let round = 0; round < 20; round += 1) await all((index) => one(round * AT_ONCE + index));
  assert.ok(ends.answered > 0 && ends.aborted > 0, JSON.stringify(ends));
  await until(() => script.service.inFlight === 0);
  await script.told('the last');
  const told = script.events.map((event) => event.requestId);
  assert.equal(new Set(told).size, told.length, 'no call has two events');
  const issued = script.events.filter((event) => event.name === 'issued').length - 1;
  assert.ok(issued >= ends.answered, `${issued} issued, ${ends.answered} answered`);
});

test('a signal that lives long has one listener while there are calls, and then none', ON_TIME, async (t) => {
  const warnings = [];
  const note = (warning) => warnings.push(warning.name);
  process.on('warning', note);
  t.after(() => process.off('warning', note));
  const { signal } = new AbortController();
  const count = () => getEventListeners(signal, 'abort').length;
  for (let i = 0; i < 10_000; i += 100) {
    const calls = Array.from({ length: 100 }, () => script.handle({}, { signal }));
    assert.equal(count(), 1);
    await Promise.all(calls);
    assert.equal(count(), 0);
  }
  script.answer = () => Promise.reject(new Error('an error'));
  await assert.rejects(script.issue({}, { signal }));
  await assert.rejects(script.issue({ source: '' }, { signal }), TypeError);
  assert.equal(count(), 0);
  await pause(1);
  assert.deepEqual(warnings, []);
});

/** As some frameworks give with their requests: it looks like a signal, and knows no reason. */
class OwnSignal extends EventTarget {
  aborted = false;

  abort() {
    this.aborted = true;
    this.dispatchEvent(new Event('abort'));
  }
}

test('a signal may be of the host’s own making, or of another realm', ON_TIME, async () => {
  script.answer = never;
  const signal = new OwnSignal();
  const under_way = script.handle({}, { signal });
  await until(() => script.asked === 1);
  signal.abort();
  await assert.rejects(under_way, { name: 'AbortError' });
  await assert.rejects(script.issue({}, { signal }), { name: 'AbortError' });
  assert.equal(getEventListeners(signal, 'abort').length, 0);
  assert.equal(script.asked, 1);
});

test('a signal that is none is an argument error', ON_TIME, async () => {
  for (const signal of [null, {}, 'abort', new EventTarget(), { aborted: false }, { addEventListener() {} }]) {
    await assert.rejects(script.handle({}, { signal }), TypeError);
  }
  assert.equal(script.asked, 0);
});

test('the bytes of a secret are wiped, however the call ends', ON_TIME, async () => {
  const secret = () => new TextEncoder().encode('a-secret');
  const wiped = (bytes) => bytes.every((byte) => byte === 0);
  const before = secret();
  await assert.rejects(script.issue({ appSecret: before }, { signal: AbortSignal.abort() }));
  const during = secret();
  script.answer = never;
  const controller = new AbortController();
  const under_way = script.issue({ appSecret: during }, { signal: controller.signal });
  await until(() => script.asked === 1);
  controller.abort();
  await assert.rejects(under_way);
  assert.ok(wiped(before) && wiped(during));
});
