// Refresh tokens are redeemed, by the embedded issuer.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, beforeEach, test } from 'node:test';

import { ConfigError, TokenError, UnauthorizedError } from '../index.mjs';
import { issuing } from './issuing.mjs';
import { credentials, request, scripted, until } from './scripted.mjs';

/** The addon as the facade has it. */
const native = createRequire(import.meta.url)('../native.js');
const ON_TIME = { timeout: 60_000 };
const MOST_BODY = 24 * 1_024;
const MOST_TOKEN = 16 * 1_024;
const UNAUTHORIZED = (error) => error instanceof UnauthorizedError && error.code === 'ERR_TOKEN_UNAUTHORIZED';

let site;
before(async () => {
  site = await issuing();
});
beforeEach(() => {
  site.events.length = 0;
});
after(() => site.end());

test('a refresh gives an access token and the successor', ON_TIME, async () => {
  const { accessToken, refreshToken } = await site.issue();
  const tokens = await site.refresh(refreshToken);
  assert.deepEqual([tokens.tokenType, tokens.expiresIn], ['Bearer', 3600]);
  assert.notEqual(tokens.accessToken, accessToken);
  assert.notEqual(tokens.refreshToken, refreshToken);
  await site.refresh(tokens.refreshToken);
  assert.equal(site.service.canRefresh, true);
});

test('who lost the answer has the same successor again', ON_TIME, async () => {
  const lost = await site.first();
  const { refreshToken } = await site.refresh(lost);
  assert.equal((await site.refresh(lost)).refreshToken, refreshToken);
  await site.refresh(refreshToken);
});

test('one that is used again after its successor ends the family: 401', ON_TIME, async () => {
  const stolen = await site.first();
  const { refreshToken: second } = await site.refresh(stolen);
  const { refreshToken: third } = await site.refresh(second);
  await assert.rejects(site.refresh(stolen), UNAUTHORIZED);
  await assert.rejects(site.refresh(third), UNAUTHORIZED);
  await until(() => site.events.filter(({ name }) => name === 'rejected').length === 2);
  const reasons = site.events.filter(({ name }) => name === 'rejected').map(({ reason }) => reason);
  assert.deepEqual(reasons, ['refresh_reused', 'refresh_revoked']);
});

test('it is one path with the rest: credentials are judged, and the source is told', ON_TIME, async () => {
  const refreshToken = await site.first();
  const ask = (keys) => site.service.refresh({ ...site.app, refreshToken, ...keys });
  for (const keys of [
    { appSecret: 'wrong' },
    { appClientId: 'appcl-none' },
    { refreshToken: '' },
    { refreshToken: 'none of ours' },
    { refreshToken: `${refreshToken}\n` },
    { refreshToken: 'x'.repeat(MOST_TOKEN + 1) },
  ]) {
    await assert.rejects(ask(keys), UNAUTHORIZED, JSON.stringify(keys).slice(0, 50));
  }
  await ask({ appSecret: Buffer.from(site.app.appSecret), source: '2001:db8::1' });
  await until(() => site.events.some(({ source }) => source?.startsWith('2001:db8:')));
});

test('a secret that is given as bytes is zeros afterwards', ON_TIME, async () => {
  const refreshToken = await site.first();
  const appSecret = Buffer.from(site.app.appSecret);
  await site.service.refresh({ ...site.app, appSecret, refreshToken });
  assert(appSecret.every((byte) => byte === 0));
  const wrong = Buffer.from('wrong');
  await assert.rejects(site.service.refresh({ ...site.app, appSecret: wrong, refreshToken }), UNAUTHORIZED);
  assert(wrong.every((byte) => byte === 0));
});

test('of a token no more is copied than shows that it is too long, and the copy is zeros afterwards', ON_TIME, async () => {
  const { prototype } = native.NativeService;
  const copies = [];
  const own = {};
  for (const [name, at] of [['refresh', 3], ['revokeRefreshToken', 1]]) {
    own[name] = prototype[name];
    prototype[name] = function kept(...args) {
      copies.push(args[at]);
      assert(args[at].some((byte) => byte !== 0));
      return own[name].apply(this, args);
    };
  }
  try {
    for (const token of ['a token', 'x'.repeat(MOST_TOKEN + 1), 'x'.repeat(1_000_000)]) {
      await assert.rejects(site.refresh(token), UNAUTHORIZED);
      await site.admin.revokeRefreshToken(site.app.appClientId, token);
    }
  } finally {
    Object.assign(prototype, own);
  }
  const lengths = [7, MOST_TOKEN + 1, MOST_TOKEN + 1];
  assert.deepEqual(copies.map((copy) => copy.length), lengths.flatMap((length) => [length, length]));
  for (const copy of copies) assert(copy.every((byte) => byte === 0));
});

test('over HTTP the answer has what `handle` has', ON_TIME, async () => {
  const refreshToken = await site.first();
  const { status, headers, body } = await site.service.handleRefresh(site.request({ refreshToken }, { requestId: 'r-1' }));
  assert.equal(status, 200);
  assert.deepEqual(headers, (await site.service.handle(site.request())).headers);
  const members = JSON.parse(body);
  assert.deepEqual(Object.keys(members), ['AccessToken', 'ExpiresIn', 'TokenType', 'RefreshToken']);
  assert.equal((await site.refresh(refreshToken)).refreshToken, members.RefreshToken);
  await until(() => site.events.some(({ name, requestId }) => name === 'issued' && requestId === 'r-1'));
  const ask = async (members, fields) => (await site.service.handleRefresh(site.request(members, fields))).status;
  assert.equal(await ask({}), 422);
  assert.equal(await ask({ refreshToken: 7 }), 422);
  assert.equal(await ask({ refreshToken }, { contentType: 'text/plain' }), 422);
  assert.equal(await ask({ refreshToken: 'none of ours' }), 401);
  assert.equal(await ask({ refreshToken, appSecret: 'wrong' }), 401);
});

test('a body has at most 24 KiB', ON_TIME, async () => {
  const longest = async (length, members) => {
    const fitting = site.request(members).body;
    const body = Buffer.concat([fitting, Buffer.alloc(length - fitting.length, ' ')]);
    return site.service.handleRefresh({ ...site.request(), body });
  };
  assert.equal((await longest(MOST_BODY, { refreshToken: await site.first() })).status, 200);
  const refused = await longest(MOST_BODY + 1, { refreshToken: await site.first() });
  assert.deepEqual([refused.status, refused.body], [422, 'the body is too large']);
  // One that the core would find well-formed, if it saw the whole.
  assert.equal((await longest(MOST_BODY * 100, { refreshToken: await site.first() })).status, 422);
});

const CALLS = {
  refresh: (refreshToken, options) => site.refresh(refreshToken, options),
  handleRefresh: (refreshToken, options) => site.service.handleRefresh(site.request({ refreshToken }), options),
};
for (const [name, call] of Object.entries(CALLS)) {
  test(`${name}: aborted before, it is not begun`, ON_TIME, async () => {
    const refreshToken = await site.first();
    const reason = { custom: 'reason' };
    await assert.rejects(call(refreshToken, { signal: AbortSignal.abort(reason) }), (error) => error === reason);
    const controller = new AbortController();
    await call(refreshToken, { signal: controller.signal });
    controller.abort();
    await until(() => site.events.length >= 2);
    assert.deepEqual(site.events.map((event) => event.name), ['issued', 'issued']);
  });

  // The disk may be faster than the abort, so it is tried until some came between.
  test(`${name}: aborted once it has begun, it rejects, and goes on to its end`, ON_TIME, async () => {
    const reason = new Error('enough');
    const begun = () => site.service.inFlight > 0;
    let aborted = 0;
    let asked = 0;
    for (; aborted < 3; asked += 1) {
      assert(asked < 1_000, 'no abort came before the answer');
      const refreshToken = await site.first();
      const controller = new AbortController();
      const answer = call(refreshToken, { signal: controller.signal });
      const late = performance.now() + 20;
      while (!begun() && performance.now() < late);
      const inTime = begun();
      controller.abort(reason);
      const error = await answer.then(() => undefined, (thrown) => thrown);
      assert(error === undefined || error === reason, `${error}`);
      if (inTime && error === reason) aborted += 1;
      // Spent, and not lost: the caller shows it again.
      await call(refreshToken);
    }
    await until(() => !begun() && site.events.length >= 2 * asked + aborted);
    assert.deepEqual([...new Set(site.events.map((event) => event.name))], ['issued']);
  });

  test(`${name}: what is under way when the service closes ends as it would`, ON_TIME, async () => {
    const closing = await issuing();
    try {
      const refreshTokens = [await closing.first(), await closing.first()];
      const answers = refreshTokens.map((refreshToken) =>
        name === 'refresh'
          ? closing.refresh(refreshToken)
          : closing.service.handleRefresh(closing.request({ refreshToken })),
      );
      closing.service.close();
      for (const answer of await Promise.all(answers)) {
        if (name === 'refresh') assert.equal(answer.tokenType, 'Bearer');
        else assert.equal(answer.status, 200);
      }
      await assert.rejects(closing.refresh('any'), { name: 'InvalidStateError' });
      assert.equal((await closing.service.handleRefresh(closing.request({ refreshToken: 'any' }))).status, 502);
    } finally {
      await closing.end();
    }
  });
}

test('many callers with one token have one successor', ON_TIME, async () => {
  const refreshToken = await site.first();
  const all = await Promise.all(Array.from({ length: 64 }, () => site.refresh(refreshToken)));
  assert.equal(new Set(all.map((tokens) => tokens.refreshToken)).size, 1);
});

test('where nothing redeems, both calls are an error of the configuration', ON_TIME, async () => {
  const { service, asked } = await scripted();
  assert.equal(service.canRefresh, false);
  const config = (error) =>
    error instanceof ConfigError &&
    error instanceof TokenError &&
    error.code === 'ERR_TOKEN_CONFIG' &&
    error.message === 'no refresher is configured';
  await assert.rejects(service.refresh(credentials({ refreshToken: 'r' })), config);
  await assert.rejects(service.handleRefresh(request()), config);
  assert.equal(asked, 0);
  service.close();
  await assert.rejects(service.refresh(credentials({ refreshToken: 'r' })), config);
});
