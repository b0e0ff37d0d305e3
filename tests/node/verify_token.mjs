// A token of the server is good to a JWT library that knows nothing of Tokensmith, whatever it is signed by.
//
// usage: node verify_token.mjs path/to/tokensmith-server
//
// For each algorithm it starts the server on a free port in a folder of its own, gets a token with the
// very `curl` line that it prints, redeems the refresh token of the answer, and verifies both access
// tokens against the server's JWKS with jose.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

import {
  calculateJwkThumbprint,
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  exportJWK,
  generateKeyPair,
  jwtVerify,
} from 'jose';

if (process.argv.length !== 3) {
  console.error('usage: node verify_token.mjs path/to/tokensmith-server');
  process.exit(2);
}

const ALGORITHMS = ['ES256', 'EdDSA', 'RS256'];
const MEMBERS = ['AccessToken', 'ExpiresIn', 'TokenType', 'RefreshToken'];
// What RFC 7518 section 6 and RFC 8037 section 2 call private.
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

// The server, with what came of its printed line and of the refresh token in that.
class Server {
  static async start(algorithm) {
    const server = new Server();
    server.algorithm = algorithm;
    server.folder = mkdtempSync(join(tmpdir(), 'tokensmith-'));
    const options = ['--listen', '127.0.0.1:0', '--log', 'error', '--refresh-route'];
    // ES256 is what a server without a configuration takes.
    if (algorithm !== 'ES256') {
      writeFileSync(join(server.folder, 'server.toml'), `[authenticator]\nalgorithm = "${algorithm}"\n`);
      options.push('--config', 'server.toml');
    }
    server.process = spawn(resolve(process.argv[2]), options, {
      cwd: server.folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    server.ended = new Promise((done) => server.process.once('exit', done));
    try {
      await server.listens();
      await server.gives();
    } catch (error) {
      server.remove();
      throw error;
    }
    return server;
  }

  async listens() {
    const said = [];
    for await (const line of createInterface({ input: this.process.stdout })) {
      said.push(line.trim());
      if (line.startsWith('listening on ')) break;
    }
    this.url = said.at(-1)?.replace('listening on ', '');
    assert(this.url?.startsWith('http://'), 'the server did not start');
    this.id = said.find((line) => line.startsWith('appClientId')).split(/\s+/)[1];
    this.curl = said.find((line) => line.startsWith('curl '));
  }

  async gives() {
    this.answer = JSON.parse(execFileSync('sh', ['-c', this.curl], { encoding: 'utf8' }));
    const redeemed = await this.redeem(this.answer.RefreshToken);
    assert.equal(redeemed.status, 200, 'the refresh token is not redeemed');
    this.refreshed = await redeemed.json();
    this.jwks = createRemoteJWKSet(new URL(`${this.url}/.well-known/jwks.json`));
    this.expected = {
      issuer: 'http://127.0.0.1:8080',
      audience: 'http://127.0.0.1:8080',
      typ: 'at+jwt',
      algorithms: [this.algorithm],
      requiredClaims: ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'],
    };
  }

  redeem(refreshToken) {
    const credentials = JSON.parse(this.curl.match(/-d '(.*)'/)[1]);
    return fetch(`${this.url}/token/refresh`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...credentials, refreshToken }),
    });
  }

  tokens() {
    return [this.answer.AccessToken, this.refreshed.AccessToken];
  }

  verified(token, other = {}) {
    return jwtVerify(token, this.jwks, { ...this.expected, ...other });
  }

  async refuses(other, error) {
    for (const token of this.tokens()) await assert.rejects(this.verified(token, other), error);
  }

  remove() {
    this.process.kill('SIGKILL');
    rmSync(this.folder, { recursive: true });
  }
}

const tests = {
  'the printed line gets a token, and its refresh token another': (server) => {
    for (const answer of [server.answer, server.refreshed]) {
      assert.deepEqual(Object.keys(answer), MEMBERS);
      assert.deepEqual([answer.ExpiresIn, answer.TokenType], [3600, 'Bearer']);
    }
    assert.notEqual(server.refreshed.RefreshToken, server.answer.RefreshToken);
  },
  'jose verifies both': async (server) => {
    const names = new Set();
    for (const token of server.tokens()) {
      const { payload, protectedHeader } = await server.verified(token);
      assert.equal(protectedHeader.alg, server.algorithm);
      assert.equal(payload.client_id, server.id);
      assert.equal(payload.sub, `app:${server.id}`);
      assert.equal(payload.exp - payload.iat, server.answer.ExpiresIn);
      names.add(payload.jti);
    }
    assert.equal(names.size, 2, 'two tokens have one name');
  },
  'the key is found by its thumbprint, and nothing of it is private': async (server) => {
    const { keys } = await (await fetch(`${server.url}/.well-known/jwks.json`)).json();
    assert.equal(keys.length, 1);
    assert.deepEqual([keys[0].alg, keys[0].use], [server.algorithm, 'sig']);
    const thumbprint = await calculateJwkThumbprint(keys[0]);
    for (const token of server.tokens()) {
      assert.equal((await server.verified(token)).protectedHeader.kid, thumbprint);
    }
    assert.deepEqual(Object.keys(keys[0]).filter((member) => PRIVATE.includes(member)), []);
  },
  'another key refuses it, by that name too': async (server) => {
    const { publicKey } = await generateKeyPair(server.algorithm, { extractable: true });
    for (const token of server.tokens()) {
      const { kid } = (await server.verified(token)).protectedHeader;
      const key = { ...(await exportJWK(publicKey)), alg: server.algorithm };
      const named = createLocalJWKSet({ keys: [{ ...key, kid }] });
      await assert.rejects(jwtVerify(token, named, server.expected), errors.JWSSignatureVerificationFailed);
      const unnamed = createLocalJWKSet({ keys: [{ ...key, kid: 'other' }] });
      await assert.rejects(jwtVerify(token, unnamed, server.expected), errors.JWKSNoMatchingKey);
    }
  },
  'changed claims and a changed signature are refused': async (server) => {
    for (const token of server.tokens()) {
      const [header, claims, signature] = token.split('.');
      const longer = JSON.parse(Buffer.from(claims, 'base64url'));
      longer.exp += 1;
      const changed = Buffer.from(JSON.stringify(longer)).toString('base64url');
      for (const forged of [
        `${header}.${changed}.${signature}`,
        `${header}.${claims}.${'A'.repeat(signature.length)}`,
        `${header}.${claims}.`,
      ]) {
        await assert.rejects(server.verified(forged), errors.JWSSignatureVerificationFailed);
      }
    }
  },
  'it is no token of another issuer, audience or type': async (server) => {
    for (const [claim, other] of [
      ['iss', { issuer: 'https://elsewhere.test' }],
      ['aud', { audience: 'https://elsewhere.test' }],
      ['typ', { typ: 'JWT' }],
    ]) {
      await server.refuses(other, { name: 'JWTClaimValidationFailed', claim });
    }
  },
  'it is no token of another algorithm': async (server) => {
    const algorithms = ALGORITHMS.filter((algorithm) => algorithm !== server.algorithm);
    await server.refuses({ algorithms }, errors.JOSEAlgNotAllowed);
  },
  'it is good until it expires': async (server) => {
    for (const token of server.tokens()) {
      const { exp } = (await server.verified(token)).payload;
      await server.verified(token, { currentDate: new Date((exp - 1) * 1000) });
      const late = { currentDate: new Date(exp * 1000) };
      await assert.rejects(server.verified(token, late), errors.JWTExpired);
    }
  },
  'an access token redeems nothing': async (server) => {
    assert.equal((await server.redeem(server.answer.AccessToken)).status, 401);
  },
  'the server ends well': async (server) => {
    server.process.kill('SIGTERM');
    assert.equal(await server.ended, 0);
  },
};

let passed = 0;
let failed = 0;
async function run(name, test) {
  try {
    await test();
    passed += 1;
    console.log(`test ${name} ... ok`);
  } catch (error) {
    failed += 1;
    console.log(`test ${name} ... FAILED\n${error.stack}`);
  }
}

for (const algorithm of ALGORITHMS) {
  let server;
  await run(`${algorithm}: the server starts`, async () => {
    server = await Server.start(algorithm);
  });
  if (!server) continue;
  for (const [name, test] of Object.entries(tests)) await run(`${algorithm}: ${name}`, () => test(server));
  server.remove();
}
// The line that `cargo test` ends with, so that all suites are counted alike.
console.log(`test result: ${failed ? 'FAILED' : 'ok'}. ${passed} passed; ${failed} failed;`);
process.exitCode = failed ? 1 : 0;
