// What `nodeHandler` does for the servers of Node alone.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import * as http2 from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';

import express from 'express';

import { nodeHandler } from '../index.mjs';
import { listening, stopped } from './handlers/servers.mjs';
import { ask, BODY, post } from './handlers/wire.mjs';
import { scripted, until } from './scripted.mjs';

let script;
before(async () => {
  script = await scripted();
});
after(() => script.service.close());

async function serving(listener, use) {
  const server = await listening(createServer(listener));
  try {
    return await use(server);
  } finally {
    await stopped(server);
  }
}

/** What Express is given goes to its error handler: its message, as the answer here. */
function withErrorHandler(app) {
  return app.use((error, _req, res, _next) => res.status(500).send(`${error.name}: ${error.message}`));
}

const REMEDY = /^TypeError: .*mount its handler before body parsers such as `express.json\(\)`/;

for (const [title, parser] of [
  ['express.json()', express.json()],
  ['express.text()', express.text({ type: '*/*' })],
  ['a parser that begins and leaves off', (req, _res, next) => req.once('readable', () => next(req.read(1) && undefined))],
  ['a host that asks for text', (req, _res, next) => next(req.setEncoding('utf8') && undefined)],
]) {
  test(`after ${title} the error names the remedy`, async () => {
    const app = withErrorHandler(express().use(parser, nodeHandler(script.service)));
    const { status, body } = await serving(app, (server) => ask(server, post(BODY)));
    assert.equal(status, 500);
    assert.match(body, REMEDY);
  });
}

test('without a `next` the answer is a 500 and the warning names the remedy', async () => {
  const handler = nodeHandler(script.service);
  const warned = once(process, 'warning');
  const drained = async (req, res) => {
    await buffer(req);
    await handler(req, res);
  };
  const { status, body } = await serving(drained, (server) => ask(server, post(BODY)));
  assert.equal(status, 500);
  assert.equal(body, 'Internal server error.');
  const [warning] = await warned;
  assert.match(warning.message, /mount its handler before body parsers/);
});

test('in Express the other paths, and the parsers after it, are the host’s', async () => {
  const app = express().use(nodeHandler(script.service), express.json());
  app.post('/echo', (req, res) => res.json(req.body));
  await serving(app, async (server) => {
    const echoed = await ask(server, post('{"a":1}', undefined, '/echo'));
    assert.equal(echoed.body, '{"a":1}');
    assert.equal((await ask(server, post(BODY))).status, 200);
    assert.equal((await ask(server, post('', [], '/nowhere'))).status, 404);
  });
});

test('where Express has mounted it, the path is the rest', async () => {
  const router = express.Router().post('/token', nodeHandler(script.service));
  const app = express().use('/api', router).use('/deep/token', nodeHandler(script.service, { path: '/' }));
  await serving(app, async (server) => {
    assert.equal((await ask(server, post(BODY, undefined, '/api/token'))).status, 200);
    assert.equal((await ask(server, post(BODY, undefined, '/deep/token'))).status, 200);
  });
});

test('a request may be in the absolute form', async () => {
  await serving(nodeHandler(script.service), async (server) => {
    assert.equal((await ask(server, post(BODY, undefined, 'http://localhost/token?a'))).status, 200);
    assert.equal((await ask(server, post(BODY, undefined, 'http://localhost/other'))).status, 404);
    assert.equal((await ask(server, post('', [], '*').replace('POST', 'OPTIONS'))).status, 404);
  });
});

test('a socket of the file system has no address, and is answered', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tokensmith-'));
  const server = createServer(nodeHandler(script.service));
  try {
    server.listen(join(folder, 'socket'));
    await once(server, 'listening');
    assert.equal((await ask(server, post(BODY))).status, 200);
    const issued = () => script.events.filter(({ name, source }) => name === 'issued' && source === undefined);
    await until(() => issued().length === 1);
  } finally {
    await stopped(server);
    await rm(folder, { recursive: true });
  }
});

test('HTTP/2 is answered too, and its connection kept after a body that is too long', async () => {
  const warned = [];
  const listener = ({ name }) => warned.push(name);
  process.on('warning', listener);
  const server = http2.createServer(nodeHandler(script.service));
  await listening(server);
  const session = http2.connect(`http://127.0.0.1:${server.address().port}`);
  const asked = async (body) => {
    const stream = session.request({ ':method': 'POST', ':path': '/token', 'content-type': 'application/json' });
    stream.end(body);
    const [headers] = await once(stream, 'response');
    return { status: headers[':status'], body: await text(stream) };
  };
  try {
    assert.equal((await asked(BODY)).status, 200);
    assert.deepEqual(await asked('x'.repeat(20_000)), { status: 422, body: 'the body is too large' });
    assert.equal((await asked(BODY)).status, 200);
  } finally {
    process.off('warning', listener);
    session.destroy();
    await stopped(server);
  }
  assert.deepEqual(warned, []);
});

test('a wrong argument is named', () => {
  const { service } = script;
  for (const [args, name] of [
    [[], 'service'],
    [[{}], 'service'],
    [[service, null], 'options'],
    [[service, 7], 'options'],
    [[service, { path: 'token' }], 'path'],
    [[service, { path: 7 }], 'path'],
    [[service, { source: '192.0.2.1' }], 'source'],
    [[service, { requestId: 7 }], 'requestId'],
  ]) {
    assert.throws(() => nodeHandler(...args), { name: 'TypeError', message: new RegExp(`^\`${name}\` must be `) }, name);
  }
});
