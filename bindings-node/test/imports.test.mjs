// Apps that are brought from elsewhere, with their secrets or with what was kept of these.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';

import { AdminError } from '../index.mjs';
import { issuing } from './issuing.mjs';

const { NativeService } = createRequire(import.meta.url)('../native.js');
const PLAIN = { appClientId: 'billing', appSecret: 'correct horse battery staple' };
// bcrypt of `U*U`, as in the tests of its authors.
const LEGACY = { appClientId: 'legacy', secretHash: '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW' };
const lines = (...apps) => apps.map((app) => JSON.stringify(app)).join('\n');

let site;
before(async () => {
  site = await issuing({ authenticator: { verify_legacy_hashes: true } });
});
after(() => site.end());

const ids = async () => (await site.admin.listApps()).map(({ id }) => id).sort();
const issue = ({ appClientId, appSecret }) => site.service.issue({ appClientId, appSecret });

test('apps have tokens by the secrets that they had', async () => {
  const before = await ids();
  const other = { appClientId: 'payroll', appSecret: 'another horse', name: 'Payroll, Berlin' };
  assert.equal(await site.admin.importJsonLines(lines(PLAIN, other, LEGACY)), 3);
  assert.deepEqual(await ids(), [...before, 'billing', 'legacy', 'payroll'].sort());
  const { name } = (await site.admin.listApps()).find(({ id }) => id === 'payroll');
  assert.equal(name, 'Payroll, Berlin');
  const { accessToken } = await issue(PLAIN);
  assert.equal(site.admin.verifyAccessToken(accessToken).appClientId, 'billing');
  const kinds = async (id) => (await site.admin.listSecrets(id)).map(({ kind }) => kind);
  assert.deepEqual([await kinds('billing'), await kinds('legacy')], [['argon2id'], ['bcrypt']]);
  await issue({ appClientId: 'legacy', appSecret: 'U*U' });
  await assert.rejects(issue({ ...PLAIN, appSecret: other.appSecret }), { code: 'ERR_TOKEN_UNAUTHORIZED' });
});

test('all, or none', async () => {
  const before = await ids();
  const planted = 'a-planted-secret';
  const good = { appClientId: 'one-more', appSecret: planted };
  const wrong = [
    planted,
    lines(good, { appClientId: planted }),
    lines(good, { ...good }),
    lines(good, { appClientId: 'another', appSecret: planted, secretHash: planted }),
    lines(good, { appClientId: 'another', secretHash: planted }),
    lines(good, { appClientId: 'another', appSecret: `${planted}\n` }),
    lines(good, { ...LEGACY, appClientId: 'another', [planted]: 1 }),
  ];
  for (const text of wrong) {
    await assert.rejects(site.admin.importJsonLines(text), (error) => {
      assert(error instanceof AdminError && error.code === 'ERR_ADMIN_INVALID');
      assert.match(error.message, text === planted ? /^line 1: / : /^line 2: /);
      return !inspect(error).includes(planted);
    });
  }
  assert.deepEqual(await ids(), before);
  assert.equal(await site.admin.importJsonLines(''), 0);
});

test('bcrypt has to be allowed', async () => {
  const strict = await issuing();
  await assert.rejects(strict.admin.importJsonLines(lines(LEGACY)), { code: 'ERR_ADMIN_INVALID', message: /verify_legacy_hashes/ });
  await strict.end();
  await assert.rejects(strict.admin.importJsonLines(lines(PLAIN)), { name: 'InvalidStateError' });
});

test('no copy of the secrets is left', async () => {
  const copies = [];
  const { importJsonLines } = NativeService.prototype;
  NativeService.prototype.importJsonLines = function kept(bytes) {
    copies.push(bytes);
    return importJsonLines.call(this, bytes);
  };
  try {
    await site.admin.importJsonLines(lines({ appClientId: 'wiped', appSecret: 'a secret' }));
    await assert.rejects(site.admin.importJsonLines('a secret'), { code: 'ERR_ADMIN_INVALID' });
  } finally {
    NativeService.prototype.importJsonLines = importJsonLines;
  }
  assert.deepEqual(copies.map((bytes) => bytes.every((byte) => byte === 0)), [true, true]);
});
