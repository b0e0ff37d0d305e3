import assert from 'node:assert/strict';
import { test } from 'node:test';

import { TokenService } from '../index.mjs';
import { run } from './child.mjs';
import { TOKENS, config, request, scripted, settleable, until } from './scripted.mjs';

const ON_TIME = { timeout: 30_000 };

/** Keeps the loop from running, as a host does that works. */
function block(ms) {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

for (const how of ['throws', 'rejects', 'rejects_elsewhere', 'throws_nothing', 'patched_promise']) {
  test(`an observer that ${how.replaceAll('_', ' ')} costs a warning without its text`, ON_TIME, async () => {
    const { code, signal, stdout, stderr } = await run('observer', { args: [how] });
    assert.deepEqual({ code, signal, stdout }, { code: 0, signal: null, stdout: '200\n'.repeat(20) });
    assert.equal(stderr.match(/TokensmithWarning/g)?.length, 1, stderr);
    assert.match(stderr, /TOKENSMITH_OBSERVER/);
    assert.doesNotMatch(stderr, /planted/);
  });
}

test('an observer that gives a promise or anything else is heard out', ON_TIME, async () => {
  for (const result of [Promise.resolve(), { then: 7 }, new Proxy({}, {}), 7, null]) {
    let told = 0;
    const service = await TokenService.create(config(), {
      authenticator: () => TOKENS,
      observer: () => {
        told += 1;
        return result;
      },
    });
    assert.equal((await service.handle(request())).status, 200);
    await until(() => told === 1);
    service.close();
  }
});

test('events that the host has no time for are dropped and counted, none is lost unsaid', ON_TIME, async () => {
  const CALLS = 5_000;
  const WAITING = 1_024;
  const script = await scripted({ deadline_ms: 20_000, max_in_flight: 1 });
  const gate = settleable();
  script.answer = () => gate.promise;
  const first = script.handle();
  await until(() => script.asked === 1);

  const calls = Array.from({ length: CALLS }, () => script.handle());
  assert.equal(script.events.length, 0);
  // The calls are refused while the loop does not run: the queue takes what it has room for.
  let dropped;
  const blocked_until = performance.now() + 10_000;
  do {
    block(10);
    dropped = script.service.droppedEvents;
  } while (dropped < CALLS - WAITING && performance.now() < blocked_until);
  assert.equal(dropped, CALLS - WAITING);
  for (const { status } of await Promise.all(calls)) assert.equal(status, 429);
  await until(() => script.events.length === WAITING);

  gate.resolve(TOKENS);
  assert.equal((await first).status, 200);
  await until(() => script.events.length === WAITING + 1);
  assert.equal(script.events.at(-1).name, 'issued');
  assert.equal(script.service.droppedEvents, CALLS - WAITING);
  script.service.close();
  assert.equal(script.service.droppedEvents, CALLS - WAITING);
});

// As long as an answer waits for a turn of the loop, there are no more events than calls.
test('calls that follow upon calls leave time for the observer', ON_TIME, async () => {
  const [AT_ONCE, CALLS] = [256, 50_000];
  const script = await scripted({ max_in_flight: AT_ONCE });
  let left = CALLS;
  const caller = async () => {
    while (left-- > 0) assert.equal((await script.handle({ body: Buffer.from('{}') })).status, 422);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, caller));
  await until(() => script.events.length === CALLS);
  assert.equal(script.service.droppedEvents, 0);
  script.service.close();
});

test('a slow observer delays its events and no answer', ON_TIME, async () => {
  const events = [];
  const service = await TokenService.create(config(), {
    authenticator: () => TOKENS,
    observer: (event) => {
      block(5);
      events.push(event);
    },
  });
  for (let i = 0; i < 50; i += 1) assert.equal((await service.handle(request())).status, 200);
  await until(() => events.length === 50);
  assert.equal(service.droppedEvents, 0);
  service.close();
});

test('an observer may ask the service again', ON_TIME, async () => {
  const script = await scripted();
  let again = 3;
  const events = script.events;
  events.push = function push(event) {
    if (again > 0) {
      again -= 1;
      script.handle();
    }
    return Array.prototype.push.call(this, event);
  };
  await script.handle();
  await until(() => events.length === 4);
  script.service.close();
});
