// Signing keys that follow one another, and tokens that expire, on a clock that the tests move.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { InvalidAccessTokenError } from '../../index.mjs';
import { createOn, native } from './manual_host.mjs';

const START = 1_700_000_000;
const LEAD = 600;
const LIFE = 3_600;
const SKEW = 60;

async function onAClock(body) {
  const folder = await mkdtemp(join(tmpdir(), 'tokensmith-'));
  const host = new native.ManualHost(START);
  const authenticator = { key_lead_seconds: LEAD, token_seconds: LIFE };
  const service = await createOn(host, { store: { path: join(folder, 'store.db') }, authenticator });
  try {
    const { admin } = service;
    const { id: appClientId, secret: appSecret } = await admin.createApp('billing');
    const token = async () => (await service.issue({ appClientId, appSecret })).accessToken;
    await body({ admin, token, pass: (seconds) => host.advance(seconds * 1e6) });
  } finally {
    service.close();
    await rm(folder, { recursive: true });
  }
}

test('a key is pending, signs at its time, and stays for its tokens', () =>
  onAClock(async ({ admin, token, pass }) => {
    const states = async () => (await admin.listKeys()).map(({ algorithm, state }) => `${algorithm} ${state}`);
    const tokens = [await token()];
    const second = await admin.rotateKey({ algorithm: 'EdDSA' });
    assert.deepEqual([second.created, second.active].map(Number), [START * 1000, (START + LEAD) * 1000]);
    pass(LEAD - 1);
    tokens.push(await token());
    assert.deepEqual(await states(), ['ES256 active', 'EdDSA pending']);
    pass(1);
    tokens.push(await token());
    assert.deepEqual(await states(), ['ES256 retired', 'EdDSA active']);
    await admin.rotateKey({ algorithm: 'RS256' });
    pass(LEAD);
    tokens.push(await token());
    assert.deepEqual(await states(), ['ES256 retired', 'EdDSA retired', 'RS256 active']);
    const algorithms = tokens.map((text) => JSON.parse(Buffer.from(text.split('.')[0], 'base64url')).alg);
    assert.deepEqual(algorithms, ['ES256', 'ES256', 'EdDSA', 'RS256']);
    for (const text of tokens) admin.verifyAccessToken(text);
  }));

test('a token is good to its end, give or take a minute', () =>
  onAClock(async ({ admin, token, pass }) => {
    const text = await token();
    const expired = (error) => error instanceof InvalidAccessTokenError && error.reason === 'expired';
    pass(LIFE + SKEW - 1);
    const { issued, expires } = admin.verifyAccessToken(text);
    assert.deepEqual([issued, expires].map(Number), [START * 1000, (START + LIFE) * 1000]);
    pass(1);
    assert.throws(() => admin.verifyAccessToken(text), expired);
  }));
