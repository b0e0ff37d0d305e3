// What `fetchHandler` does besides what all handlers do.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { fetchHandler } from '../index.mjs';
import { BODY } from './handlers/wire.mjs';
import { scripted, settleable, TOKENS } from './scripted.mjs';

const URL_ = 'https://tokens.example/token';
const json = { 'content-type': 'application/json' };

let script;
before(async () => {
  script = await scripted();
});
after(() => script.service.close());

const posted = (init) => new Request(URL_, { method: 'POST', headers: json, body: BODY, ...init });

test('a request is answered by a response', async () => {
  const handler = fetchHandler(script.service, { source: () => '192.0.2.1' });
  const response = await handler(posted());
  assert.ok(response instanceof Response);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'application/json');
  assert.equal((await response.json()).AccessToken, TOKENS.accessToken);
  assert.equal((await handler(posted({ body: null }))).status, 422);
  assert.equal((await handler(new Request(URL_))).status, 405);
  assert.equal((await handler(new Request(`${URL_}/x`, { method: 'POST' }))).status, 404);
});

test('its functions are given all that it was given', async () => {
  const heard = [];
  const source = (...args) => {
    heard.push(args);
    return null;
  };
  const handler = fetchHandler(script.service, { source, requestId: source });
  const request = posted();
  await handler(request, 'one', 2);
  assert.deepEqual(heard, [
    [request, 'one', 2],
    [request, 'one', 2],
  ]);
});

test('a body that was read before rejects with the remedy', async () => {
  const handler = fetchHandler(script.service, { source: () => null });
  const request = posted();
  await request.json();
  await assert.rejects(handler(request), { name: 'TypeError', message: /mount its handler before body parsers/ });
});

test('the request’s own signal cancels the call, with its reason', async () => {
  const asked = settleable();
  const { promise, resolve } = settleable();
  script.answer = () => {
    asked.resolve();
    return promise;
  };
  const aborter = new AbortController();
  const answer = fetchHandler(script.service, { source: () => null })(posted({ signal: aborter.signal }));
  const reason = new Error('the caller has gone');
  await Promise.all([assert.rejects(answer, reason), asked.promise.then(() => aborter.abort(reason))]);
  resolve(TOKENS);
  script.answer = () => TOKENS;
});

test('where a body breaks off, it rejects and asks nobody', async () => {
  const before = script.asked;
  const body = new ReadableStream({
    start: (controller) => controller.error(new Error('broken')),
  });
  const answer = fetchHandler(script.service, { source: () => null })(posted({ body, duplex: 'half' }));
  await assert.rejects(answer, { message: 'broken' });
  assert.equal(script.asked, before);
});

test('a body that is no bytes rejects without a word of it', async () => {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(BODY);
      controller.close();
    },
  });
  const answer = fetchHandler(script.service, { source: () => null })(posted({ body, duplex: 'half' }));
  await assert.rejects(answer, { name: 'TypeError', message: 'the body of the request must be bytes' });
});

test('a body without end is refused, and let go of', async () => {
  const cancelled = settleable();
  let given = 0;
  const body = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array((given += 4_096) && 4_096)),
    cancel: cancelled.resolve,
  });
  const response = await fetchHandler(script.service, { source: () => null })(posted({ body, duplex: 'half' }));
  assert.equal(response.status, 422);
  await cancelled.promise;
  assert.ok(given < 100_000, `${given} bytes were taken`);
});

test('the while that a long body is given ends with the body', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  const body = 'x'.repeat(20_000);
  const response = await fetchHandler(script.service, { source: () => null })(posted({ body }));
  assert.equal(response.status, 422);
  assert.equal(timers(), before);
});

test('it demands a source', () => {
  for (const options of [{}, { source: '192.0.2.1' }]) {
    assert.throws(() => fetchHandler(script.service, options), { message: '`source` must be a function' });
  }
  assert.throws(() => fetchHandler(script.service), { message: '`options` must be an object' });
});
