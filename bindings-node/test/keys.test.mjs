// The administration of signing keys, and the verifying of the tokens that they have signed.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';

import { AdminError, InvalidAccessTokenError, TokenError, TokenService } from '../index.mjs';
import { issuing } from './issuing.mjs';
import { UNLIMITED, until } from './scripted.mjs';

const { NativeService } = createRequire(import.meta.url)('../native.js');
const DAY_MS = 86_400_000;
const near = (date, ms) => date instanceof Date && Math.abs(date.getTime() - ms) < 60_000;
const refused = (code) => (error) => error instanceof AdminError && !(error instanceof TokenError) && error.code === code;
const invalid = (reason) => (error) => {
  assert(error instanceof InvalidAccessTokenError && !(error instanceof AdminError) && !(error instanceof TokenError));
  assert.deepEqual({ ...error }, { code: 'ERR_ACCESS_TOKEN_INVALID', reason });
  assert.equal(error.name, 'InvalidAccessTokenError');
  return true;
};
const decoded = (part) => JSON.parse(Buffer.from(part, 'base64url'));
const kids = ({ admin }) => JSON.parse(admin.jwks()).keys.map(({ kid }) => kid);
const token = async ({ issue }) => (await issue()).accessToken;
const kidOf = (accessToken) => decoded(accessToken.split('.')[0]).kid;

let site;
before(async () => {
  site = await issuing();
});
after(() => site.end());

test('one key signs, under the name of its thumbprint', async () => {
  const [key, ...others] = await site.admin.listKeys();
  assert.deepEqual(others, []);
  assert.deepEqual(Object.keys(key), ['kid', 'algorithm', 'state', 'created', 'active']);
  assert.deepEqual([key.algorithm, key.state], ['ES256', 'active']);
  assert(near(key.created, Date.now()) && near(key.active, Date.now()));
  const { crv, kty, x, y } = JSON.parse(site.admin.jwks()).keys[0];
  const thumbprint = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
  assert.deepEqual([key.kid, kidOf(await token(site))], [thumbprint, thumbprint]);
});

test('what is verified says what the token does', async () => {
  const [, part] = (await token(site)).split('.');
  const accessToken = await token(site);
  const { client_id, sub, aud, jti, iat, exp } = decoded(accessToken.split('.')[1]);
  assert.notEqual(decoded(part).jti, jti);
  assert.deepEqual(site.admin.verifyAccessToken(accessToken), {
    appClientId: client_id,
    subject: sub,
    audience: [aud],
    claims: {},
    tokenId: jti,
    issued: new Date(iat * 1000),
    expires: new Date(exp * 1000),
  });
  assert.deepEqual([client_id, exp - iat], [site.app.appClientId, 3_600]);
});

test('a deleted app’s token lives to its end', async () => {
  const { id, secret } = await site.admin.createApp('gone soon');
  const { accessToken } = await site.service.issue({ appClientId: id, appSecret: secret });
  await site.admin.deleteApp(id);
  assert.equal(site.admin.verifyAccessToken(accessToken).appClientId, id);
});

test('what is no access token of this issuer’s', async () => {
  const good = await token(site);
  const [header, claims, signature] = good.split('.');
  const { refreshToken } = await site.issue();
  const malformed = ['', '..', 'a.b.c', ` ${good}`, `${good}\n`, `${good}.${good}`, refreshToken, '€'.repeat(20_000), '.'.repeat(1e6)];
  for (const text of malformed) {
    assert.throws(() => site.admin.verifyAccessToken(text), invalid('malformed'), text.slice(0, 20));
  }
  const longer = { ...decoded(claims), exp: decoded(claims).exp + 1 };
  const changed = Buffer.from(JSON.stringify(longer)).toString('base64url');
  for (const forged of [`${header}.${changed}.${signature}`, `${header}.${claims}.${'A'.repeat(signature.length)}`]) {
    assert.throws(() => site.admin.verifyAccessToken(forged), invalid('signature'));
  }
  const other = await issuing();
  const theirs = await token(other);
  await other.end();
  assert.throws(() => site.admin.verifyAccessToken(theirs), invalid('unknown_key'));
  assert.equal(site.admin.verifyAccessToken(good).appClientId, site.app.appClientId);
});

test('another issuer’s by the same key, and one for another audience', async () => {
  const accessToken = await token(site);
  for (const keys of [{ issuer: 'https://other.example' }, { audience: 'https://api.example' }]) {
    const config = { store: { path: site.path }, authenticator: { kind: 'issuer', ...keys }, limits: UNLIMITED };
    const other = await TokenService.create(config);
    assert.throws(() => other.admin.verifyAccessToken(accessToken), invalid('issuer'));
    const { accessToken: theirs } = await other.issue(site.app);
    assert.equal(other.admin.verifyAccessToken(theirs).appClientId, site.app.appClientId);
    assert.throws(() => site.admin.verifyAccessToken(theirs), invalid('issuer'));
    other.close();
  }
});

test('no copy of a token is left, whether it is good or not', async () => {
  const accessToken = await token(site);
  const copies = [];
  const { verifyAccessToken } = NativeService.prototype;
  NativeService.prototype.verifyAccessToken = function verify(bytes, audience) {
    copies.push(bytes);
    assert(bytes.some((byte) => byte !== 0));
    return verifyAccessToken.call(this, bytes, audience);
  };
  try {
    site.admin.verifyAccessToken(accessToken);
    const long = 'x'.repeat(1e6);
    for (const text of [`${accessToken}x`, long]) assert.throws(() => site.admin.verifyAccessToken(text), invalid('malformed'));
  } finally {
    NativeService.prototype.verifyAccessToken = verifyAccessToken;
  }
  assert.deepEqual(copies.map(({ length }) => length), [accessToken.length, accessToken.length + 1, 16_385]);
  for (const bytes of copies) assert(bytes.every((byte) => byte === 0));
});

test('a key is rotated, and the former dropped', async () => {
  const rotating = await issuing();
  const { admin, events } = rotating;
  try {
    const former = await token(rotating);
    const [first] = await admin.listKeys();
    const second = await admin.rotateKey({ algorithm: 'EdDSA' });
    assert.deepEqual([second.algorithm, second.state], ['EdDSA', 'pending']);
    assert(near(second.created, Date.now()) && near(second.active, Date.now() + DAY_MS));
    assert.deepEqual(await admin.listKeys(), [first, second]);
    assert.deepEqual(kids(rotating), [first.kid, second.kid], 'published before it signs');
    await until(() => events.some(({ name, kid }) => name === 'key_rotated' && kid === second.kid));
    for (const options of [undefined, {}, { algorithm: 'RS256' }]) {
      await assert.rejects(admin.rotateKey(options), refused('ERR_ADMIN_LIMIT'));
    }
    assert.equal(kidOf(await token(rotating)), first.kid);

    await admin.revokeKey(first.kid);
    assert.throws(() => admin.verifyAccessToken(former), invalid('unknown_key'));
    const latter = await token(rotating);
    assert.equal(kidOf(latter), second.kid);
    assert.equal(decoded(latter.split('.')[0]).alg, 'EdDSA');
    admin.verifyAccessToken(latter);
    assert.deepEqual((await admin.listKeys()).map(({ kid, state }) => [kid, state]), [[second.kid, 'active']]);
    const third = await admin.rotateKey({ algorithm: null });
    assert.equal(third.algorithm, 'EdDSA', 'as the former');
  } finally {
    await rotating.end();
  }
});

test('the only key that is dropped is followed by another', async () => {
  const dropping = await issuing({ authenticator: { algorithm: 'RS256' } });
  const [{ kid }] = await dropping.admin.listKeys();
  await dropping.admin.revokeKey(kid);
  const [next, ...others] = await dropping.admin.listKeys();
  assert.deepEqual([next.algorithm, next.state, others], ['RS256', 'active', []]);
  assert.notEqual(next.kid, kid);
  assert.equal(kidOf(await token(dropping)), next.kid);
  await dropping.end();
});

test('what is no key and no algorithm', async () => {
  for (const kid of ['', 'a\nb', 'x'.repeat(100_000), (await site.admin.listKeys())[0].kid.slice(1)]) {
    await assert.rejects(site.admin.revokeKey(kid), refused('ERR_ADMIN_NOT_FOUND'));
  }
  for (const algorithm of ['', 'es256', 'none', 'HS256', 'RS512']) {
    await assert.rejects(site.admin.rotateKey({ algorithm }), (error) => {
      assert.equal(error.message, '`algorithm` must be `ES256`, `EdDSA` or `RS256`');
      return refused('ERR_ADMIN_INVALID')(error);
    });
  }
  assert.equal((await site.admin.listKeys()).length, 1);
});

test('a store that fails, and a service that is closed', async () => {
  const failing = await issuing();
  const accessToken = await token(failing);
  const [{ kid }] = await failing.admin.listKeys();
  await rm(failing.path);
  await writeFile(failing.path, 'this is no database');
  await assert.rejects(failing.admin.rotateKey(), refused('ERR_ADMIN_STORE'));
  await assert.rejects(failing.admin.revokeKey(kid), refused('ERR_ADMIN_STORE'));
  assert.equal((await failing.admin.listKeys())[0].kid, kid, 'it has them in memory');
  failing.admin.verifyAccessToken(accessToken);
  await failing.end();
  const closed = { name: 'InvalidStateError' };
  await assert.rejects(failing.admin.listKeys(), closed);
  await assert.rejects(failing.admin.rotateKey(), closed);
  await assert.rejects(failing.admin.revokeKey(kid), closed);
  assert.throws(() => failing.admin.verifyAccessToken(accessToken), closed);
});
