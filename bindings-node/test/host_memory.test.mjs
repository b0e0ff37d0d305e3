// The host's own memory: what it does with its bytes while a call is under way is its affair.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { scripted, TOKENS } from './scripted.mjs';

const ON_TIME = { timeout: 30_000 };
const SECRET = 'a-secret';
const BODY = `{"appClientId":"appcl-1234","appSecret":"${SECRET}"}`;

let script;
before(async () => {
  script = await scripted();
});
beforeEach(() => {
  script.answer = ({ appSecret }) => {
    assert.equal(appSecret, SECRET);
    return TOKENS;
  };
});
after(() => script.service.close());

/** The text as bytes with memory of their own, which can be given away and may change its size. */
function owned(text) {
  const bytes = new Uint8Array(new ArrayBuffer(text.length, { maxByteLength: text.length }), 0, text.length);
  bytes.set(Buffer.from(text));
  return bytes;
}

const giveAway = ({ buffer }) => structuredClone(buffer, { transfer: [buffer] });

/** What may become of the bytes once a call has been given them. */
const FATES = {
  'written over': (bytes) => bytes.fill(120),
  'given away': giveAway,
  'made smaller': ({ buffer }) => buffer.resize(0),
};

for (const [fate, befall] of Object.entries(FATES)) {
  test(`a body that is ${fate} after the call began is read as it was`, ON_TIME, async () => {
    const bytes = owned(BODY);
    const answer = script.handle({ body: bytes });
    befall(bytes);
    assert.equal((await answer).status, 200);
  });

  test(`a secret that is ${fate} after the call began is read as it was`, ON_TIME, async () => {
    const bytes = owned(SECRET);
    const tokens = script.issue({ appSecret: bytes });
    befall(bytes);
    assert.equal((await tokens).accessToken, TOKENS.accessToken);
  });

  test(`a body that is ${fate} by a getter beside it is no crash`, ON_TIME, async () => {
    const bytes = owned(BODY);
    const request = {
      body: bytes,
      get contentType() {
        befall(bytes);
        return 'application/json';
      },
    };
    assert.equal((await script.service.handle(request)).status, 422);
  });
}

test('bytes that lie outside of their memory are none', ON_TIME, async () => {
  const bytes = owned(BODY);
  bytes.buffer.resize(10);
  assert.equal((await script.handle({ body: bytes })).status, 422);
  const secret = owned(SECRET);
  giveAway(secret);
  await assert.rejects(script.issue({ appSecret: secret }), (error) => !String(error).includes(SECRET));
});

test('a secret is wiped also where its `fill` is the host’s', ON_TIME, async () => {
  const secret = owned(SECRET);
  secret.fill = () => assert.fail('it was asked');
  await script.issue({ appSecret: secret });
  assert.ok(secret.every((byte) => byte === 0));
});

test('memory that other threads may write to is refused, whatever it says of itself', ON_TIME, async () => {
  const shared = new Uint8Array(new SharedArrayBuffer(8));
  const disguised = new Uint8Array(new SharedArrayBuffer(8));
  Object.defineProperty(disguised, 'buffer', { value: new ArrayBuffer(8) });
  for (const bytes of [shared, disguised]) {
    const wrong = { name: 'TypeError', message: /must be a Uint8Array of memory that is not shared$/ };
    await assert.rejects(script.handle({ body: bytes }), wrong);
    await assert.rejects(script.issue({ appSecret: bytes }), wrong);
  }
});
