// The code of the README, as a newcomer runs it.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = await readFile(join(root, 'README.md'), 'utf8');
const blocks = (page) => [...page.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code);
const [server, host, refreshing, verifying, policies, importing, ...others] = blocks(readme);

let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tokensmith-'));
  await mkdir(join(folder, 'node_modules'));
  await symlink(root, join(folder, 'node_modules', 'tokensmith'));
});
after(() => rm(folder, { recursive: true }));

test('the server answers 200, 401, 404, 405, 422 and 429', { timeout: 60_000 }, async () => {
  await writeFile(join(folder, 'server.mjs'), server);
  const child = spawn(process.execPath, ['server.mjs'], {
    cwd: folder,
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = await once(createInterface(child.stdout), 'line');
    const [, right, url] = /-d '(.*)' (http:\S+)$/.exec(line);
    const ask = (body, init = {}) =>
      fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body, ...init });
    const granted = await ask(right);
    assert.equal(granted.status, 200);
    assert.deepEqual(Object.keys(await granted.json()), ['AccessToken', 'ExpiresIn', 'TokenType', 'RefreshToken']);
    const wrong = await ask(JSON.stringify({ ...JSON.parse(right), appSecret: 'wrong' }));
    assert.equal(wrong.status, 401);
    assert.equal(wrong.headers.get('www-authenticate'), 'AppSecret realm="token"');
    for (const body of ['{}', `"${'x'.repeat(9_000)}"`, 'x'.repeat(1_000_000)]) assert.equal((await ask(body)).status, 422);
    const limited = await ask(right);
    assert.equal(limited.status, 429);
    assert.match(limited.headers.get('retry-after'), /^[1-9][0-9]*$/);
    assert.equal((await fetch(url)).status, 405);
    assert.equal((await fetch(`${url}s`)).status, 404);
  } finally {
    child.kill();
    await once(child, 'exit');
  }
});

test('an authenticator of the host issues', async () => {
  await writeFile(join(folder, 'host.mjs'), host);
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['host.mjs'], { cwd: folder });
  assert.deepEqual({ stdout, stderr }, { stdout: '3600\n', stderr: '' });
});

test('a refresh token is redeemed, and a secret rotated', async () => {
  await writeFile(join(folder, 'refreshing.mjs'), refreshing);
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['refreshing.mjs'], { cwd: folder });
  assert.equal(stderr, '');
  const lines = stdout.trimEnd().split('\n');
  assert.equal(lines.length, 2);
  // Only the former has an end, and both were used.
  assert.equal(lines.filter((line) => line.split(' ').length === 4 && / undefined /.test(line)).length, 1);
  for (const line of lines) assert.match(line, /^[0-9A-Za-z]{12} [0-9TZ:.-]+ \S+ [0-9TZ:.-]+$/);
});

test('an access token is verified, and a key rotated', async () => {
  assert.deepEqual(others, [], 'each block of code is run here');
  await writeFile(join(folder, 'verifying.mjs'), verifying);
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['verifying.mjs'], { cwd: folder });
  const lines = ['true', 'ERR_ACCESS_TOKEN_INVALID malformed', 'ES256 active', 'EdDSA pending', ''];
  assert.deepEqual({ stdout, stderr }, { stdout: lines.join('\n'), stderr: '' });
});

test('an app’s policy is in its tokens, which are told of and revoked', async () => {
  await writeFile(join(folder, 'policies.mjs'), policies);
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['policies.mjs'], { cwd: folder });
  assert.deepEqual({ stdout, stderr }, { stdout: 'invoices:read acme\nrefresh\ndone null\n', stderr: '' });
});

test('apps are imported', async () => {
  await writeFile(join(folder, 'importing.mjs'), importing);
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['importing.mjs'], { cwd: folder });
  assert.deepEqual({ stdout, stderr }, { stdout: '2\nBearer\n', stderr: '' });
});

test('the first page’s server answers', { timeout: 60_000 }, async () => {
  const [first] = blocks(await readFile(join(root, '..', 'README.md'), 'utf8'));
  // Any free port: something else may have that of the page.
  const code = first.replace('.listen(8080)', '.listen(0, function () { console.log(this.address().port); })');
  assert.notEqual(code, first);
  await writeFile(join(folder, 'first.mjs'), code);
  const child = spawn(process.execPath, ['first.mjs'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [port] = await once(createInterface(child.stdout), 'line');
    assert.equal((await fetch(`http://127.0.0.1:${port}/token`, { method: 'POST', body: '{}' })).status, 422);
  } finally {
    child.kill();
    await once(child, 'exit');
  }
});
