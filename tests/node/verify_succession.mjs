// Tokens by three keys that have followed one another, each of another algorithm, are good to a JWT library
// that knows nothing of Tokensmith, by one set of keys.
//
// usage: node verify_succession.mjs FILE, as `cargo xtask tokens FILE` has written it

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { createLocalJWKSet, decodeProtectedHeader, errors, jwtVerify } from 'jose';

const { issuer, audience, appClientId, jwks, tokens } = JSON.parse(await readFile(process.argv[2], 'utf8'));
const expected = { issuer, audience, typ: 'at+jwt' };
const kidOf = (token) => decodeProtectedHeader(token).kid;
const without = (kid) => createLocalJWKSet({ keys: jwks.keys.filter((key) => key.kid !== kid) });

test('there are as many tokens as keys, of three algorithms', () => {
  const algorithms = ['ES256', 'EdDSA', 'RS256'];
  assert.deepEqual(tokens.map(({ algorithm }) => algorithm), algorithms);
  assert.deepEqual(jwks.keys.map(({ alg }) => alg), algorithms);
  assert.deepEqual(tokens.map(({ accessToken }) => kidOf(accessToken)), jwks.keys.map(({ kid }) => kid));
});

for (const { algorithm, accessToken } of tokens) {
  test(`${algorithm}: jose finds the key among the others, and verifies the token`, async () => {
    const { payload, protectedHeader } = await jwtVerify(accessToken, createLocalJWKSet(jwks), expected);
    assert.equal(protectedHeader.alg, algorithm);
    assert.deepEqual([payload.client_id, payload.sub], [appClientId, `app:${appClientId}`]);
  });

  test(`${algorithm}: not without that key, nor by another under its name`, async () => {
    const kid = kidOf(accessToken);
    await assert.rejects(jwtVerify(accessToken, without(kid), expected), errors.JWKSNoMatchingKey);
    for (const other of jwks.keys.filter((key) => key.kid !== kid)) {
      const renamed = createLocalJWKSet({ keys: [{ ...other, kid }] });
      await assert.rejects(jwtVerify(accessToken, renamed, expected), errors.JWKSNoMatchingKey, 'of another algorithm');
    }
  });

  test(`${algorithm}: no other token’s signature will do`, async () => {
    const [header, claims] = accessToken.split('.');
    for (const other of tokens.filter((token) => token.accessToken !== accessToken)) {
      const forged = [header, claims, other.accessToken.split('.')[2]].join('.');
      await assert.rejects(jwtVerify(forged, createLocalJWKSet(jwks), expected), errors.JWSSignatureVerificationFailed);
    }
  });
}
