// What the tokens of an app say by its policy, and what a token is to whoever asks.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';

import { AdminError, InvalidAccessTokenError } from '../index.mjs';
import { issuing } from './issuing.mjs';

const { NativeService } = createRequire(import.meta.url)('../native.js');
const HERE = 'http://127.0.0.1:8080';
const POLICY = {
  audience: ['https://invoices.example', 'https://ledger.example'],
  scope: 'invoices:read invoices:write',
  claims: { tenant: 'acme', limits: { rows: 10, ratio: 0.5 }, tags: ['a', null, true] },
  tokenSeconds: 600,
  idClaims: { name: 'Billing' },
};
const refused = (code, message) => (error) =>
  error instanceof AdminError && error.code === code && (message === undefined || error.message === message);

let site;
before(async () => {
  site = await issuing();
});
after(() => site.end());

/** A new app: its id, and what gives it tokens. */
async function app(admin = site.admin) {
  const { id, secret } = await admin.createApp('one more');
  const issue = () => site.service.issue({ appClientId: id, appSecret: secret });
  const refresh = (refreshToken) => site.service.refresh({ appClientId: id, appSecret: secret, refreshToken });
  return { id, issue, refresh };
}

test('a policy is set, read, and in each token that follows', async () => {
  const { id, issue, refresh } = await app();
  const { refreshToken } = await issue();
  assert.deepEqual(await site.admin.appPolicy(id), {});
  assert.equal(await site.admin.setAppPolicy(id, POLICY), undefined);
  assert.deepEqual(await site.admin.appPolicy(id), POLICY);
  for (const { accessToken, expiresIn } of [await issue(), await refresh(refreshToken)]) {
    const payload = JSON.parse(Buffer.from(accessToken.split('.')[1], 'base64url'));
    assert.deepEqual([payload.aud, payload.scope], [POLICY.audience, POLICY.scope]);
    const claims = site.admin.verifyAccessToken(accessToken, { audience: 'https://ledger.example' });
    assert.deepEqual([claims.audience, claims.scope, claims.claims], [POLICY.audience, POLICY.scope, POLICY.claims]);
    assert.deepEqual([claims.expires - claims.issued, expiresIn], [600_000, 600]);
  }
  const { idToken } = await issue();
  const said = JSON.parse(Buffer.from(idToken.split('.')[1], 'base64url'));
  assert.deepEqual([said.aud, said.sub, said.name], [id, `app:${id}`, 'Billing']);
  await site.admin.setAppPolicy(id, { idClaims: {} });
  assert.deepEqual(await site.admin.appPolicy(id), { idClaims: {} });
  assert.equal(typeof (await issue()).idToken, 'string');
  await site.admin.setAppPolicy(id, { audience: 'https://one.example' });
  assert.equal((await issue()).idToken, undefined);
  assert.deepEqual(await site.admin.appPolicy(id), { audience: ['https://one.example'] });
  await site.admin.setAppPolicy(id, {});
  assert.deepEqual(await site.admin.appPolicy(id), {});
});

test('a token is verified for the audience that asks', async () => {
  const { id, issue } = await app();
  const { accessToken: before } = await issue();
  await site.admin.setAppPolicy(id, POLICY);
  const { accessToken } = await issue();
  const wrong = (error) => error instanceof InvalidAccessTokenError && error.reason === 'issuer';
  for (const audience of [undefined, null, HERE, '', 'https://other.example']) {
    assert.throws(() => site.admin.verifyAccessToken(accessToken, { audience }), wrong);
  }
  for (const options of [undefined, {}, { audience: HERE }]) {
    const { audience, claims, scope } = site.admin.verifyAccessToken(before, options);
    assert.deepEqual([audience, claims, scope], [[HERE], {}, undefined]);
  }
  assert.throws(() => site.admin.verifyAccessToken(before, { audience: 'https://ledger.example' }), wrong);
});

const NOT = [
  [{ audience: [] }, '`audience` must be one or more different names of 1 to 512 visible ASCII characters'],
  [{ audience: ['a', 'a'] }, '`audience` must be one or more different names of 1 to 512 visible ASCII characters'],
  [{ scope: 'a  b' }, '`scope` must be different words of visible ASCII without " and \\, with one space between two'],
  [{ claims: [] }, '`claims` must be a JSON object'],
  [{ claims: { sub: 'a' } }, '`claims` must be others than `iss`, `aud`, `sub`, `client_id`, `iat`, `exp`, `nbf`, `jti` and `scope`'],
  [{ idClaims: [] }, '`idClaims` must be a JSON object'],
  [{ claims: { a: 2 ** 53 } }, '`claims` must be without an integer beyond 2^53, which must be written as a string'],
  [{ claims: { a: 'x'.repeat(4_096) } }, '`claims` must be at most 4 KiB of JSON'],
  ...[59, 60.5, 86_401, -1, NaN, Infinity].map((tokenSeconds) => [
    { tokenSeconds },
    '`tokenSeconds` must be from 60 to `max_token_seconds`, and whole',
  ]),
];

test('what is no policy', async () => {
  const { id } = await app();
  await site.admin.setAppPolicy(id, { scope: 'a' });
  for (const [policy, message] of NOT) {
    await assert.rejects(site.admin.setAppPolicy(id, policy), refused('ERR_ADMIN_INVALID', message), message);
  }
  const wrong = [undefined, null, 7, { audience: 7 }, { audience: [7] }, { scope: ['a'] }, { claims: 'a' }, { claims: null }, { tokenSeconds: '600' }];
  for (const policy of wrong) {
    await assert.rejects(site.admin.setAppPolicy(id, policy), { name: 'TypeError', message: /^`\w+` must be / });
  }
  assert.deepEqual(await site.admin.appPolicy(id), { scope: 'a' });
  for (const none of ['appcl-none', '', 'a\nb']) {
    await assert.rejects(site.admin.setAppPolicy(none, {}), refused('ERR_ADMIN_NOT_FOUND'));
    await assert.rejects(site.admin.appPolicy(none), refused('ERR_ADMIN_NOT_FOUND'));
  }
});

test('what an access token is, to any app, until its app is disabled', async () => {
  const [{ id, issue }, other] = [await app(), await app()];
  await site.admin.setAppPolicy(id, POLICY);
  const { accessToken } = await issue();
  const claims = site.admin.verifyAccessToken(accessToken, { audience: POLICY.audience[0] });
  for (const who of [id, other.id]) {
    assert.deepEqual(await site.admin.introspect(who, accessToken), { ...claims, kind: 'access', issuer: HERE });
  }
  assert.equal(await site.admin.revokeToken(id, accessToken), 'unsupported');
  assert.equal((await site.admin.introspect(id, accessToken)).kind, 'access', 'it lives to its end');
  await site.admin.disableApp(id);
  assert.equal(await site.admin.introspect(other.id, accessToken), null);
});

test('what a refresh token is, to its app alone, until it is revoked', async () => {
  const [{ id, issue, refresh }, other] = [await app(), await app()];
  const { refreshToken } = await issue();
  const told = await site.admin.introspect(id, refreshToken);
  const { issued, expires, ...rest } = told;
  assert.deepEqual(rest, { kind: 'refresh', appClientId: id, subject: `app:${id}`, issuer: HERE, claims: {} });
  assert(issued instanceof Date && Math.abs(Date.now() - issued) < 60_000 && expires > issued);
  assert.equal(await site.admin.introspect(other.id, refreshToken), null);
  assert.equal(await site.admin.revokeToken(other.id, refreshToken), 'done', 'it is none of its');
  const { refreshToken: next } = await refresh(refreshToken);
  assert.equal(await site.admin.revokeToken(id, next), 'done');
  assert.equal(await site.admin.introspect(id, next), null);
  await assert.rejects(refresh(next), { code: 'ERR_TOKEN_UNAUTHORIZED' });
});

test('what is no token, no app, and no service', async () => {
  const { id } = await app();
  for (const text of ['', 'none of ours', '€'.repeat(20_000), '.'.repeat(1e6)]) {
    assert.equal(await site.admin.introspect(id, text), null);
    assert.equal(await site.admin.revokeToken(id, text), 'done');
  }
  for (const none of ['appcl-none', '', 'a\nb']) {
    await assert.rejects(site.admin.introspect(none, 'a'), refused('ERR_ADMIN_NOT_FOUND'));
    await assert.rejects(site.admin.revokeToken(none, 'a'), refused('ERR_ADMIN_NOT_FOUND'));
  }
  const closed = await issuing();
  await closed.end();
  for (const call of ['introspect', 'revokeToken', 'setAppPolicy', 'appPolicy']) {
    await assert.rejects(closed.admin[call](id, call === 'setAppPolicy' ? {} : 'a'), { name: 'InvalidStateError' }, call);
  }
});

test('no copy of a token is left', async () => {
  const { id } = await app();
  const copies = [];
  const own = {};
  for (const call of ['introspect', 'revokeToken']) {
    own[call] = NativeService.prototype[call];
    NativeService.prototype[call] = function kept(who, bytes) {
      copies.push(bytes);
      assert(bytes.some((byte) => byte !== 0));
      return own[call].call(this, who, bytes);
    };
  }
  try {
    for (const who of [id, 'appcl-none']) {
      for (const call of Object.keys(own)) await site.admin[call](who, 'a token').catch(() => {});
    }
  } finally {
    Object.assign(NativeService.prototype, own);
  }
  assert.equal(copies.length, 4);
  for (const bytes of copies) assert(bytes.every((byte) => byte === 0));
});
