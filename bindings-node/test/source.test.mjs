// Where a request comes from: what a host may say, and which spellings are one caller.

import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { test } from 'node:test';

import { TokenService } from '../index.mjs';

const credentials = { appClientId: 'app', appSecret: 'secret' };
const body = Buffer.from(JSON.stringify(credentials));

// One token a source and none more for a minute: the second request of a source is a 429.
const limits = { source: { per_minute: 1, burst: 1 }, client_at_source: false, client: false, global: false };
const config = { authenticator: { kind: 'host' }, limits };

async function service(observer) {
  const asked = [];
  const authenticator = async (request) => {
    asked.push(request.source);
    return { accessToken: 'a', refreshToken: 'r', expiresIn: 3600 };
  };
  return { asked, service: await TokenService.create(config, { authenticator, observer }) };
}

/** The statuses of requests from these sources, in turn, to one service. */
async function statuses(...sources) {
  const { service: one } = await service();
  const all = [];
  for (const source of sources) {
    const request = { body, contentType: 'application/json', source };
    all.push((await one.handle(request)).status);
  }
  return all;
}

const ONE_CALLER = [
  ['IPv4, mapped', '192.0.2.1', '::ffff:192.0.2.1'],
  ['IPv4, mapped, in hexadecimal', '192.0.2.1', '::FFFF:c000:201'],
  ['IPv6 at length', '2001:db8::1', '2001:0DB8:0:0:0:0:0:1'],
  ['IPv6 with a zone', 'fe80::1', 'fe80::1%eth0'],
  ['IPv6 with two zones', 'fe80::1%eth0', 'fe80::1%eth1'],
  ['an opaque text', 'tenant-7', 'tenant-7'],
  ['no source, left out or null', undefined, null],
];
for (const [name, one, other] of ONE_CALLER) {
  test(`one caller: ${name}`, async () => {
    assert.deepEqual(await statuses(one, other), [200, 429]);
  });
}

const TWO_CALLERS = [
  ['two addresses', '192.0.2.1', '192.0.2.2'],
  ['an address and a text', '192.0.2.1', '192.0.2.1 '],
  ['a zone is no part of a text', 'tenant', 'tenant%eth0'],
  ['texts that differ in case', 'tenant-a', 'tenant-A'],
  ['an address and none', '192.0.2.1', undefined],
];
for (const [name, one, other] of TWO_CALLERS) {
  test(`two callers: ${name}`, async () => {
    assert.deepEqual(await statuses(one, other), [200, 200]);
  });
}

test('both ways of asking share a bucket', async () => {
  const { service: one } = await service();
  await one.issue({ ...credentials, source: '::ffff:192.0.2.1' });
  const answer = await one.handle({ body, contentType: 'application/json', source: '192.0.2.1' });
  assert.equal(answer.status, 429);
});

test('the authenticator and the observer are told the address in one spelling', async () => {
  const events = [];
  const { service: one, asked } = await service((event) => events.push(event));
  for (const source of ['::ffff:192.0.2.1', '2001:0DB8:0:0:0:0:0:1', 'fe80::1%eth0', 'tenant-7']) {
    await one.issue({ ...credentials, source });
  }
  while (events.length < 4) await setImmediate();
  const told = ['192.0.2.1', '2001:db8::1', 'fe80::1', 'tenant-7'];
  assert.deepEqual(asked, told);
  assert.deepEqual(events.map((event) => event.source), told);
});

const TEXTS = [
  ['128 bytes', 'x'.repeat(128), true],
  ['129 bytes', 'x'.repeat(129), false],
  ['128 bytes of UTF-8', 'é'.repeat(64), true],
  ['130 bytes of UTF-8', 'é'.repeat(65), false],
  ['an address with a zone of 128 bytes', `fe80::1%${'z'.repeat(128)}`, true],
  ['empty', '', false],
];
for (const [name, source, isOne] of TEXTS) {
  test(`${isOne ? 'a source' : 'no source'}: ${name}`, async () => {
    const { service: one, asked } = await service();
    const calls = [
      () => one.handle({ body, contentType: 'application/json', source }),
      () => one.issue({ ...credentials, source }),
    ];
    for (const call of calls) {
      if (isOne) {
        // The second is refused for its source: it got as far as a bucket.
        await call().catch((error) => assert.equal(error.code, 'ERR_TOKEN_RATE_LIMITED'));
      } else {
        await assert.rejects(call, {
          name: 'TypeError',
          message: '`source` must be an address, or 1 to 128 bytes of text',
        });
      }
    }
    assert.equal(asked.length, isOne ? 1 : 0);
  });
}

const NO_TEXTS = [
  ['a number', 7],
  ['a truth value', true],
  ['an object', {}],
  ['an array', ['192.0.2.1']],
  ['a symbol', Symbol('s')],
  ['half a surrogate pair', '\ud800'],
];
for (const [name, source] of NO_TEXTS) {
  test(`no source: ${name}`, async () => {
    const { service: one, asked } = await service();
    const wrong = { name: 'TypeError', message: /^`source` must be / };
    await assert.rejects(one.handle({ body, source }), wrong);
    await assert.rejects(one.issue({ ...credentials, source }), wrong);
    assert.deepEqual(asked, []);
  });
}
