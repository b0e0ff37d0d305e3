// A panic of ours is a 502 or a typed error: the process lives, and the next call is answered.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { setImmediate } from 'node:timers/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { DownstreamError, Limiter, TokenService } from '../../index.mjs';
import { createWith, native } from './manual_host.mjs';

const config = { authenticator: { kind: 'host' } };
const credentials = { appClientId: 'app', appSecret: 'secret' };
const body = Buffer.from(JSON.stringify(credentials));
const request = { body, contentType: 'application/json', source: '192.0.2.1' };
const tokens = async () => ({ accessToken: 'a', refreshToken: 'r', expiresIn: 3600 });

/** What a host sees of any failure downstream: nothing of the panic. */
const failed = {
  name: 'DownstreamError',
  code: 'ERR_TOKEN_DOWNSTREAM',
  status: 502,
  message: 'the authentication service failed',
};

function panicking(options) {
  const make = (text, _, observe) => native.createPanickingService(text, observe);
  return createWith(make, config, { authenticator: tokens, ...options });
}

async function anotherIsAnswered() {
  const service = await TokenService.create(config, { authenticator: tokens });
  assert.equal((await service.handle(request)).status, 200);
}

test('a panic on the thread of the host is an exception', async () => {
  assert.throws(() => native.panicAtOnce(), Error);
  await anotherIsAnswered();
});

test('a panic on a thread of ours is a rejection', async () => {
  await assert.rejects(native.panicLater(), Error);
  await anotherIsAnswered();
});

test('a panic of the authenticator is a 502, again and again', async () => {
  const events = [];
  const service = await panicking({ observer: (event) => events.push(event) });
  for (const calls of [1, 2, 3]) {
    const { status, headers, body } = await service.handle(request);
    assert.equal(status, 502);
    assert.equal(headers['content-type'], 'text/plain; charset=utf-8');
    assert.equal(body.includes('planted'), false);
    while (events.length < calls) await setImmediate();
    const { name, kind } = events[calls - 1];
    assert.deepEqual([name, kind], ['downstream_failed', 'panic']);
    assert.equal(service.inFlight, 0);
  }
  await anotherIsAnswered();
});

test('a panic of the authenticator is a typed error of `issue`', async () => {
  const service = await panicking();
  await assert.rejects(service.issue(credentials), failed);
  await assert.rejects(service.issue(credentials), (error) => error instanceof DownstreamError);
  assert.equal(service.inFlight, 0);
  await anotherIsAnswered();
});

const { createService } = native;

/** A service of which one call of the addon panics in place of what it does. */
async function withPanicIn(method, panic) {
  let made;
  const make = async (...all) => (made = await createService(...all));
  const service = await createWith(make, config, { authenticator: tokens });
  Object.defineProperty(made, method, { value: panic, configurable: true });
  return { service, mend: () => delete made[method] };
}

for (const [where, panic] of [
  ['at once', () => native.panicAtOnce()],
  ['later', (answers) => native.panicInCall(answers)],
]) {
  test(`a call of the addon that panics ${where} is a 502`, async () => {
    const { service, mend } = await withPanicIn('handle', panic);
    const { status, body } = await service.handle(request);
    assert.equal(status, 502);
    assert.equal(body.includes('planted'), false);
    mend();
    assert.equal((await service.handle(request)).status, 200);
  });

  test(`a call of the addon that panics ${where} is a typed error`, async () => {
    const { service, mend } = await withPanicIn('issue', panic);
    await assert.rejects(service.issue(credentials), failed);
    mend();
    assert.equal((await service.issue(credentials)).accessToken, 'a');
  });
}

for (const [where, panic] of [
  ['at once', () => native.panicAtOnce()],
  ['later', () => native.panicLater()],
]) {
  test(`a service whose making panics ${where} is a typed error`, async () => {
    await assert.rejects(createWith(panic, config, { authenticator: tokens }), failed);
    await anotherIsAnswered();
  });
}

test('a limiter whose addon panics throws a typed error', () => {
  const limiter = new Limiter({ perMinute: 1, burst: 1 });
  const { tryAcquire } = native.Limiter.prototype;
  native.Limiter.prototype.tryAcquire = () => native.panicAtOnce();
  try {
    assert.throws(() => limiter.tryAcquire('key'), failed);
  } finally {
    native.Limiter.prototype.tryAcquire = tryAcquire;
  }
  assert.deepEqual(limiter.tryAcquire('key'), { allowed: true });
});

test('the process ends as its script does, whatever has panicked', () => {
  const script = `
    import { createWith, native } from './manual_host.mjs';
    try { native.panicAtOnce(); } catch {}
    await native.panicLater().catch(() => {});
    const make = (config) => native.createPanickingService(config);
    const config = ${JSON.stringify(config)};
    const service = await createWith(make, config, { authenticator: async () => {} });
    const body = Buffer.from('${body}');
    console.log((await service.handle({ body, contentType: 'application/json' })).status);
    process.exitCode = 7;
  `;
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  const args = ['--input-type=module', '--eval', script];
  const ended = spawnSync(process.execPath, args, { cwd, encoding: 'utf8', timeout: 60_000 });
  assert.deepEqual([ended.status, ended.stdout, ended.stderr], [7, '502\n', '']);
});
