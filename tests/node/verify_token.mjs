// A token of the server is good to a JWT library that knows nothing of Tokensmith.
//
// usage: node verify_token.mjs path/to/tokensmith-server
//
// Starts the server on a free port in a folder of its own, gets a token with the very `curl` line
// that it prints, and verifies the token against the server's JWKS with jose.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

import { calculateJwkThumbprint, createRemoteJWKSet, errors, jwtVerify } from 'jose';

if (process.argv.length !== 3) {
  console.error('usage: node verify_token.mjs path/to/tokensmith-server');
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'tokensmith-'));
const server = spawn(resolve(process.argv[2]), ['--listen', '127.0.0.1:0', '--log', 'error'], {
  cwd: folder,
  stdio: ['ignore', 'pipe', 'inherit'],
});
const ended = new Promise((done) => server.once('exit', done));

const said = [];
for await (const line of createInterface({ input: server.stdout })) {
  said.push(line.trim());
  if (line.startsWith('listening on ')) break;
}
const url = said.at(-1)?.replace('listening on ', '');
assert(url?.startsWith('http://'), `the server did not start: ${said}`);
const id = said.find((line) => line.startsWith('appClientId')).split(/\s+/)[1];
const curl = said.find((line) => line.startsWith('curl '));
const answer = JSON.parse(execFileSync('sh', ['-c', curl], { encoding: 'utf8' }));

const jwks = createRemoteJWKSet(new URL(`${url}/.well-known/jwks.json`));
const expected = {
  issuer: 'http://127.0.0.1:8080',
  audience: 'http://127.0.0.1:8080',
  typ: 'at+jwt',
  algorithms: ['ES256'],
  requiredClaims: ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'],
};

const tests = {
  'the printed line gets a token': () => {
    const members = ['AccessToken', 'ExpiresIn', 'TokenType', 'RefreshToken'];
    assert.deepEqual(Object.keys(answer), members);
    assert.deepEqual([answer.ExpiresIn, answer.TokenType], [3600, 'Bearer']);
  },
  'jose verifies it': async () => {
    const { payload, protectedHeader } = await jwtVerify(answer.AccessToken, jwks, expected);
    assert.equal(payload.client_id, id);
    assert.equal(payload.sub, `app:${id}`);
    assert.equal(payload.exp - payload.iat, answer.ExpiresIn);
    const { keys } = await (await fetch(`${url}/.well-known/jwks.json`)).json();
    assert.equal(keys.length, 1);
    assert.equal(protectedHeader.kid, await calculateJwkThumbprint(keys[0]));
    assert(!('d' in keys[0]));
  },
  'a changed token is refused': async () => {
    const [header, claims] = answer.AccessToken.split('.');
    const token = `${header}.${claims}.${'A'.repeat(86)}`;
    await assert.rejects(jwtVerify(token, jwks, expected), errors.JWSSignatureVerificationFailed);
  },
  'it is no token of another type or audience': async () => {
    for (const other of [{ typ: 'JWT' }, { audience: 'https://elsewhere.test' }]) {
      const verified = jwtVerify(answer.AccessToken, jwks, { ...expected, ...other });
      await assert.rejects(verified, errors.JWTClaimValidationFailed);
    }
  },
  'the server ends well': async () => {
    server.kill('SIGTERM');
    assert.equal(await ended, 0);
  },
};

let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  try {
    await test();
    console.log(`test ${name} ... ok`);
  } catch (error) {
    failed += 1;
    console.log(`test ${name} ... FAILED\n${error.stack}`);
  }
}
server.kill('SIGKILL');
rmSync(folder, { recursive: true });
// The line that `cargo test` ends with, so that all suites are counted alike.
const passed = Object.keys(tests).length - failed;
console.log(`test result: ${failed ? 'FAILED' : 'ok'}. ${passed} passed; ${failed} failed;`);
process.exitCode = failed ? 1 : 0;
