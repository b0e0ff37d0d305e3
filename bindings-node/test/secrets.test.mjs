// The administration of secrets and of refresh tokens, in the embedded issuer.

import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';

import { AdminError, TokenError } from '../index.mjs';
import { issuing } from './issuing.mjs';
import { until } from './scripted.mjs';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const refused = (code) => (error) => error instanceof AdminError && !(error instanceof TokenError) && error.code === code;
const UNAUTHORIZED = { code: 'ERR_TOKEN_UNAUTHORIZED' };

let site;
before(async () => {
  site = await issuing();
});
after(() => site.end());

/** A new app: its id, and tokens for a secret of its. */
async function app() {
  const { id, secret } = await site.admin.createApp('one more');
  const issue = (appSecret = secret) => site.service.issue({ appClientId: id, appSecret });
  const refresh = (refreshToken) => site.service.refresh({ appClientId: id, appSecret: secret, refreshToken });
  return { id, secret, issue, refresh, first: async () => (await issue()).refreshToken };
}

/** An app's two secrets, the second of which has that id: they may be of one second, and are dated by it. */
async function byAge(app, latter) {
  const secrets = await site.admin.listSecrets(app);
  assert.equal(secrets.length, 2);
  return secrets.sort((one, other) => (one.id === latter) - (other.id === latter));
}

const near = (date, ms) => date instanceof Date && Math.abs(date.getTime() - ms) < 60_000;

test('a rotated secret is good beside the former one, for a day', async () => {
  const { id, secret, issue } = await app();
  const rotated = await site.admin.rotateSecret(id);
  assert.notEqual(rotated.secret, secret);
  await issue(secret);
  await issue(rotated.secret);
  const [former, latter] = await byAge(id, rotated.id);
  for (const { created, lastUsed, revoked } of [former, latter]) {
    assert(near(created, Date.now()));
    assert.equal(revoked, false);
    assert.equal(lastUsed.getTime() % HOUR_MS, 0);
    assert(Date.now() - lastUsed.getTime() < HOUR_MS + 60_000);
  }
  assert(near(former.expires, Date.now() + DAY_MS));
  assert.deepEqual(Object.keys(latter).sort(), ['created', 'id', 'kind', 'lastUsed', 'revoked'], 'it has no end');
  await until(() => site.events.some(({ name, appClientId }) => name === 'secret_rotated' && appClientId === id));
});

test('the overlap is the caller’s to choose, in whole seconds up to 90 days', async () => {
  const { id, secret, issue } = await app();
  const most = 90 * 86_400;
  for (const overlapSeconds of [-1, 0.5, most + 1, most + 0.001, Infinity, NaN, 1e300]) {
    await assert.rejects(site.admin.rotateSecret(id, { overlapSeconds }), (error) => {
      assert.equal(error.message, '`overlapSeconds` must be at most 90 days, in whole seconds');
      return refused('ERR_ADMIN_INVALID')(error);
    });
  }
  assert.equal((await site.admin.listSecrets(id)).length, 1);
  const second = await site.admin.rotateSecret(id, { overlapSeconds: most });
  assert(near((await byAge(id, second.id))[0].expires, Date.now() + 90 * DAY_MS));
  const third = await site.admin.rotateSecret(id, { overlapSeconds: 0 });
  for (const none of [secret, second.secret]) await assert.rejects(issue(none), UNAUTHORIZED);
  await issue(third.secret);
  assert.deepEqual((await site.admin.listSecrets(id)).map((one) => one.id), [third.id]);
});

test('a third live secret is refused, until one is revoked', async () => {
  const { id, secret, issue } = await app();
  const second = await site.admin.rotateSecret(id);
  await assert.rejects(site.admin.rotateSecret(id), refused('ERR_ADMIN_LIMIT'));
  const [former] = await byAge(id, second.id);
  await site.admin.revokeSecret(former.id);
  await site.admin.revokeSecret(former.id);
  await assert.rejects(issue(secret), UNAUTHORIZED);
  await issue(second.secret);
  const [revoked] = await byAge(id, second.id);
  assert.deepEqual([revoked.id, revoked.revoked, 'expires' in revoked], [former.id, true, false]);
  const third = await site.admin.rotateSecret(id);
  await issue(third.secret);
});

test('a secret that was never used says so', async () => {
  const { id } = await app();
  const [only] = await site.admin.listSecrets(id);
  assert.deepEqual(Object.keys(only).sort(), ['created', 'id', 'kind', 'revoked']);
  assert.equal(only.kind, 'generated');
});

test('a deleted app is gone with its secrets', async () => {
  const { id, issue } = await app();
  await site.admin.deleteApp(id);
  await assert.rejects(issue(), UNAUTHORIZED);
  await assert.rejects(site.admin.listSecrets(id), refused('ERR_ADMIN_NOT_FOUND'));
  assert(!(await site.admin.listApps()).some((app) => app.id === id));
});

test('a refresh token is revoked with its family, and another’s is let be', async () => {
  const { id, first, refresh } = await app();
  const [mine, other] = [await first(), await first()];
  const { refreshToken: next } = await refresh(mine);
  await site.admin.revokeRefreshToken(id, mine);
  for (const token of [mine, next]) await assert.rejects(refresh(token), UNAUTHORIZED);
  const theirs = await app();
  await site.admin.revokeRefreshToken(theirs.id, other);
  await refresh(other);
  // Revoked already, so no error.
  for (const token of [mine, '', 'none of ours', 'x'.repeat(100_000)]) await site.admin.revokeRefreshToken(id, token);
});

test('the refresh tokens of an app, and those of all', async () => {
  const [one, other] = [await app(), await app()];
  const [ofOne, ofOther] = [await one.first(), await other.first()];
  await site.admin.revokeRefreshTokensOf(one.id);
  await assert.rejects(one.refresh(ofOne), UNAUTHORIZED);
  const { refreshToken } = await other.refresh(ofOther);
  await site.admin.revokeAllRefreshTokens();
  await assert.rejects(other.refresh(refreshToken), UNAUTHORIZED);
});

test('the ledger is purged, and takes up the time', async () => {
  assert.equal(await site.admin.purgeRefreshTokens(), 0);
  const { first, refresh } = await app();
  const token = await first();
  assert.equal(await site.admin.resetRefreshClock(), undefined);
  await assert.rejects(refresh(token), UNAUTHORIZED);
});

const OF_AN_APP = ['deleteApp', 'rotateSecret', 'listSecrets', 'revokeRefreshTokensOf'];
const NONE = ['appcl-none', '', 'a\nb'];

test('who is not there', async () => {
  for (const call of [...OF_AN_APP, 'revokeSecret']) {
    for (const id of NONE) await assert.rejects(site.admin[call](id), refused('ERR_ADMIN_NOT_FOUND'), `${call} ${id}`);
  }
  for (const id of NONE) {
    await assert.rejects(site.admin.revokeRefreshToken(id, 'r'), refused('ERR_ADMIN_NOT_FOUND'), id);
  }
});

const REST = {
  revokeSecret: (admin) => admin.revokeSecret('x'),
  deleteApp: (admin) => admin.deleteApp('appcl-none'),
  rotateSecret: (admin) => admin.rotateSecret('appcl-none'),
  listSecrets: (admin) => admin.listSecrets('appcl-none'),
};
const OF_THE_LEDGER = {
  revokeAllRefreshTokens: (admin) => admin.revokeAllRefreshTokens(),
  purgeRefreshTokens: (admin) => admin.purgeRefreshTokens(),
  resetRefreshClock: (admin) => admin.resetRefreshClock(),
};

test('a store that fails, and a service that is closed', async () => {
  const failing = await issuing();
  const family = await failing.first();
  // Other files in their places: what was read before of these may still be known.
  for (const file of [failing.path, failing.path.replace(/\.db$/, '.ledger.db')]) {
    await rm(file);
    await writeFile(file, 'this is no database');
  }
  const { appClientId } = failing.app;
  const revoke = {
    revokeRefreshToken: (admin) => admin.revokeRefreshToken(appClientId, family),
    revokeRefreshTokensOf: (admin) => admin.revokeRefreshTokensOf(appClientId),
  };
  for (const [name, call] of Object.entries({ ...REST, ...OF_THE_LEDGER, ...revoke })) {
    await assert.rejects(call(failing.admin), refused('ERR_ADMIN_STORE'), name);
  }
  await assert.rejects(failing.refresh(family), { code: 'ERR_TOKEN_DOWNSTREAM' });
  await failing.end();
  for (const [name, call] of Object.entries({ ...REST, ...OF_THE_LEDGER, ...revoke })) {
    await assert.rejects(call(failing.admin), { name: 'InvalidStateError' }, name);
  }
});
