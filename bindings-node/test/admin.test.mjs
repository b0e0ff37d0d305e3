// The embedded issuer, administered while it serves, and every code of an error.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { AdminError, ConfigError, TokenError, TokenService } from '../index.mjs';
import * as tokensmith from '../index.mjs';
import { scripted } from './scripted.mjs';

let folder;
before(async () => void (folder = await mkdtemp(join(tmpdir(), 'tokensmith-'))));
after(() => rm(folder, { recursive: true }));

const limits = { source: false, client: false, client_at_source: false };
const config = (name, keys = {}) => ({ store: { kind: 'sqlite', path: join(folder, name) }, limits, ...keys });

async function withService(service, body) {
  try {
    await body(service);
  } finally {
    service.close();
  }
}

test('an app is made, listed, disabled and enabled', async () => {
  await withService(await TokenService.create(config('apps.db')), async (service) => {
    const { id, secret } = await service.admin.createApp('billing');
    const issue = () => service.issue({ appClientId: id, appSecret: secret });
    const tokens = await issue();
    assert.deepEqual([tokens.tokenType, tokens.expiresIn], ['Bearer', 3600]);
    const [app, ...others] = await service.admin.listApps();
    assert.deepEqual(others, []);
    assert.deepEqual({ ...app, created: 0 }, { id, name: 'billing', enabled: true, created: 0, damaged: false });
    assert(Math.abs(Date.now() - app.created.getTime()) < 60_000);
    await service.admin.disableApp(id);
    assert.equal((await service.admin.listApps())[0].enabled, false);
    await assert.rejects(issue(), { code: 'ERR_TOKEN_UNAUTHORIZED' });
    await service.admin.enableApp(id);
    await issue();
    const [header] = tokens.accessToken.split('.');
    const { kid } = JSON.parse(Buffer.from(header, 'base64url'));
    const { keys } = JSON.parse(service.admin.jwks());
    assert.deepEqual(keys.map((key) => [key.kid, key.kty, key.d]), [[kid, 'EC', undefined]]);
  });
});

const refused = (code) => (error) => error instanceof AdminError && !(error instanceof TokenError) && error.code === code;

test('every code of the administration', async () => {
  const service = await TokenService.create(config('codes.db'));
  await withService(service, async ({ admin }) => {
    for (const name of ['', 'x'.repeat(129), 'a\nb']) {
      await assert.rejects(admin.createApp(name), refused('ERR_ADMIN_INVALID'));
    }
    for (const id of ['appcl-none', '', 'a\nb']) {
      await assert.rejects(admin.disableApp(id), refused('ERR_ADMIN_NOT_FOUND'));
      await assert.rejects(admin.enableApp(id), refused('ERR_ADMIN_NOT_FOUND'));
    }
    await writeFile(join(folder, 'codes.db'), 'this is no database any more, and so the next write fails');
    await assert.rejects(admin.createApp('billing'), refused('ERR_ADMIN_STORE'));
  });
  await assert.rejects(service.admin.listApps(), { name: 'InvalidStateError' });
  assert.throws(() => service.admin.jwks(), { name: 'InvalidStateError' });
});

const { RejectedError, ThrottledError } = tokensmith;
const ENDINGS = [
  ['ERR_TOKEN_UNAUTHORIZED', 'UnauthorizedError', 401, undefined, () => Promise.reject(new RejectedError())],
  ['ERR_TOKEN_RATE_LIMITED', 'RateLimitedError', 429, 7, () => Promise.reject(new ThrottledError(6.5))],
  ['ERR_TOKEN_DOWNSTREAM', 'DownstreamError', 502, undefined, () => Promise.reject(new Error('x'))],
];
for (const [code, name, status, retryAfter, answer] of ENDINGS) {
  test(`${code} is a ${name} with the status ${status}`, async () => {
    const script = await scripted();
    script.answer = answer;
    const error = await script.issue().catch((thrown) => thrown);
    assert(error instanceof tokensmith[name] && error instanceof TokenError);
    assert.deepEqual([error.code, error.name, error.status, error.retryAfter], [code, name, status, retryAfter]);
    assert.equal((await script.handle()).status, status);
  });
}

const WRONG = [
  ['an unknown key', 'deadline', { store: { kind: 'sqlite', path: 'x' }, deadline: 1 }, {}],
  ['no authenticator', 'authenticator.kind', { authenticator: { kind: 'host' } }, {}],
  ['one too many', 'authenticator.kind', { store: { kind: 'sqlite', path: 'x' } }, { authenticator: async () => {} }],
  ['no store', 'store.path', {}, {}],
];
for (const [name, key, wrong, options] of WRONG) {
  test(`ERR_TOKEN_CONFIG names \`${key}\`: ${name}`, async () => {
    const error = await TokenService.create(wrong, options).catch((thrown) => thrown);
    assert(error instanceof ConfigError && error instanceof TokenError);
    assert.deepEqual([error.code, error.key, error.status], ['ERR_TOKEN_CONFIG', key, undefined]);
  });
}
