// The examples for Node, started as a reader would start them, and asked over HTTP: each answers 200,
// 401, 422 and 429 as the contract says.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { createLocalJWKSet, jwtVerify } from 'jose';

const examples = fileURLToPath(new URL('../../examples/', import.meta.url));
const JSON_TYPE = { 'content-type': 'application/json' };
const MEMBERS = ['AccessToken', 'ExpiresIn', 'TokenType', 'RefreshToken'];

/** A program of an example, and the lines that it prints until `count` of them are no log. */
async function started(program, count, env = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'tokensmith-'));
  const child = spawn(process.execPath, [join(examples, program)], {
    cwd: folder, // where its data go
    env: { ...process.env, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const lines = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('{"level"') && lines.push(line) === count) break;
  }
  child.stdout.resume();
  assert.equal(lines.length, count, `${program} ended early`);
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill();
    const [code, signal] = await ended;
    await rm(folder, { recursive: true });
    return code ?? signal;
  };
  return { lines, stop };
}

/** What a printed `curl` line asks for. */
function curled(line) {
  const [, body, url] = /-d '(.*)' (http:\S+)$/.exec(line);
  return { credentials: JSON.parse(body), url };
}

async function ask(url, body) {
  const response = await fetch(url, {
    method: 'POST',
    headers: JSON_TYPE,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** The five answers that each example has in common; gives the tokens. */
async function keepsTheContract(url, credentials) {
  const granted = await ask(url, credentials);
  assert.equal(granted.status, 200);
  assert.equal(granted.headers.get('content-type'), 'application/json');
  assert.equal(granted.headers.get('cache-control'), 'no-store');
  const tokens = JSON.parse(granted.text);
  assert.deepEqual(Object.keys(tokens), MEMBERS);
  assert.equal(tokens.TokenType, 'Bearer');

  for (const wrong of [{ appSecret: 'wrong' }, { appClientId: 'nobody-1' }]) {
    const rejected = await ask(url, { ...credentials, ...wrong });
    assert.equal(rejected.status, 401);
    assert.equal(rejected.headers.get('www-authenticate'), 'AppSecret realm="token"');
  }
  for (const body of ['', '{}', '[]', '{"appClientId":1,"appSecret":"x"}', `"${'x'.repeat(9_000)}"`]) {
    assert.equal((await ask(url, body)).status, 422);
  }
  assert.equal((await fetch(url)).status, 405);

  // Wrong secrets drain the bucket of the app at this address.
  let limited;
  for (let i = 0; i < 10 && limited?.status !== 429; i += 1) {
    limited = await ask(url, { ...credentials, appSecret: 'wrong' });
  }
  assert.equal(limited.status, 429);
  assert.match(limited.headers.get('retry-after'), /^[1-9][0-9]*$/);
  assert.equal((await ask(url, credentials)).status, 429);
  return tokens;
}

describe('node-express', { timeout: 60_000 }, () => {
  let server;
  before(async () => {
    server = await started('node-express/server.mjs', 2);
  });
  after(async () => assert.equal(await server.stop(), 0));

  test('answers as the contract says, and takes its own tokens', async () => {
    const { credentials, url } = curled(server.lines[0]);
    const hello = async (token) =>
      fetch(new URL('/hello', url), { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });
    const { AccessToken } = await keepsTheContract(url, credentials);
    assert.deepEqual(await (await hello(AccessToken)).json(), { hello: credentials.appClientId });
    for (const token of [undefined, 'x', `${AccessToken}x`]) assert.equal((await hello(token)).status, 401);
  });
});

describe('node-fastify', { timeout: 60_000 }, () => {
  let server;
  before(async () => {
    server = await started('node-fastify/server.mjs', 2);
  });
  after(async () => assert.equal(await server.stop(), 0));

  test('answers as the contract says, with tokens that its keys verify', async () => {
    const { credentials, url } = curled(server.lines[0]);
    const { AccessToken } = await keepsTheContract(url, credentials);
    const jwks = await (await fetch(new URL('/.well-known/jwks.json', url))).json();
    const { payload } = await jwtVerify(AccessToken, createLocalJWKSet(jwks), { typ: 'at+jwt' });
    assert.equal(payload.client_id, credentials.appClientId);
  });
});

describe('node-custom-authenticator', { timeout: 60_000 }, () => {
  let directory;
  let server;
  before(async () => {
    directory = await started('node-custom-authenticator/directory.mjs', 2);
    const DIRECTORY = directory.lines[0].replace('DIRECTORY=', '');
    server = await started('node-custom-authenticator/server.mjs', 1, { DIRECTORY });
  });
  after(async () => assert.equal(await server.stop(), 0));

  test('answers as the contract says, and a directory that is gone is a 502', async () => {
    const credentials = JSON.parse(directory.lines[1]);
    const [url] = server.lines;
    await keepsTheContract(url, credentials);
    await directory.stop();
    // Another app: the first has no more tries here.
    const failed = await ask(url, { ...credentials, appClientId: 'demo-2' });
    assert.equal(failed.status, 502);
    assert.equal(failed.text.includes('ECONNREFUSED'), false);
  });
});
