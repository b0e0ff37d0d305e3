import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { TokenService } from '../index.mjs';
import { run } from './child.mjs';
import { TOKENS, request, scripted, settleable, until } from './scripted.mjs';

const ON_TIME = { timeout: 30_000 };
const CLOSED = (error) => error instanceof DOMException && error.name === 'InvalidStateError';

async function assertClosed(script) {
  const { status, headers, body } = await script.handle();
  assert.equal(status, 502);
  assert.equal(headers['cache-control'], 'no-store');
  assert.equal(body, 'the authentication service failed');
  await assert.rejects(script.issue(), CLOSED);
  assert.equal(script.service.inFlight, 0);
}

test('an idle service closes, twice, and then asks nobody', ON_TIME, async () => {
  const script = await scripted();
  assert.equal((await script.handle()).status, 200);
  script.service.close();
  script.service.close();
  await assertClosed(script);
  assert.equal(script.asked, 1);
});

test('a service that was never asked closes', ON_TIME, async () => {
  const script = await scripted();
  script.service.close();
  await assertClosed(script);
});

test('a closed service still knows a wrong argument and an aborted signal', ON_TIME, async () => {
  const script = await scripted();
  script.service.close();
  await assert.rejects(script.handle({ body: 'text' }), TypeError);
  await assert.rejects(script.issue({ source: 7 }), TypeError);
  const signal = AbortSignal.abort('aborted');
  await assert.rejects(script.handle({}, { signal }), (error) => error === 'aborted');
});

test('what is under way when it closes ends as it would', ON_TIME, async () => {
  const script = await scripted({ deadline_ms: 10_000 });
  const gate = settleable();
  script.answer = () => gate.promise;
  const calls = [script.handle({ requestId: 'first' }), script.handle({ requestId: 'second' })];
  await until(() => script.asked === 2);
  script.service.close();
  await assertClosed(script);
  gate.resolve(TOKENS);
  for (const { status } of await Promise.all(calls)) assert.equal(status, 200);
  await until(() => script.events.length >= 2);
  assert.deepEqual(script.events.map((event) => event.name), ['issued', 'issued']);
});

test('what was begun in the tick of the close ends as it would', ON_TIME, async () => {
  const script = await scripted();
  const calls = Array.from({ length: 50 }, () => script.handle());
  script.service.close();
  for (const { status } of await Promise.all(calls)) assert.equal(status, 200);
});

test('a call of a closed service can be cancelled, and has its deadline', ON_TIME, async () => {
  const script = await scripted({ deadline_ms: 200 });
  script.answer = () => new Promise(() => {});
  const controller = new AbortController();
  const [cancelled, hanging] = [script.handle({}, { signal: controller.signal }), script.handle()];
  await until(() => script.asked === 2);
  script.service.close();
  controller.abort('aborted');
  await assert.rejects(cancelled, (error) => error === 'aborted');
  assert.equal((await hanging).status, 502);
});

test('an authenticator and an observer may close their own service', ON_TIME, async () => {
  const script = await scripted();
  script.answer = () => {
    script.service.close();
    return TOKENS;
  };
  assert.equal((await script.handle()).status, 200);
  await assertClosed(script);

  let service;
  const options = { authenticator: () => TOKENS, observer: () => service.close() };
  service = await TokenService.create({ authenticator: { kind: 'host' } }, options);
  assert.equal((await service.handle(request())).status, 200);
  await until(() => service.inFlight === 0);
  while ((await service.handle(request())).status === 200);
});

test('`using` closes it', { ...ON_TIME, skip: !Symbol.dispose }, async () => {
  const script = await scripted();
  script.service[Symbol.dispose]();
  await assertClosed(script);
});

test('the administration of a closed service is closed, too', ON_TIME, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tokensmith-closing-'));
  t.after(() => rm(folder, { recursive: true }));
  const store = { kind: 'sqlite', path: join(folder, 'store.db') };
  const service = await TokenService.create({ store });
  const { admin } = service;
  const app = await admin.createApp('an app');
  const under_way = admin.createApp('another');
  service.close();
  assert.equal(typeof (await under_way).id, 'string', 'what was begun is done');
  await assert.rejects(admin.createApp('a third'), CLOSED);
  await assert.rejects(admin.listApps(), CLOSED);
  await assert.rejects(admin.disableApp(app.id), CLOSED);
  await assert.rejects(admin.enableApp(app.id), CLOSED);
  assert.throws(() => admin.jwks(), CLOSED);
  assert.equal(service.admin, admin);

  // The store is let go of: another service opens it, and finds what was done.
  const next = await TokenService.create({ store });
  const names = (await next.admin.listApps()).map(({ name }) => name).sort();
  assert.deepEqual(names, ['an app', 'another']);
  next.close();
});

test('a closed service lets go of the host, an open one does not', ON_TIME, async () => {
  for (const [how, expected] of Object.entries({
    open: { authenticator: true, observer: true },
    closed: { authenticator: false, observer: false },
    'closed-during-calls': { authenticator: false, observer: false },
    dropped: { authenticator: false, observer: false },
  })) {
    const { code, stdout, stderr } = await run('collectable', { args: [how], flags: ['--expose-gc'] });
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stdout), expected, how);
  }
});
