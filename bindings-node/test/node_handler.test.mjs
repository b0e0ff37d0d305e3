// What `nodeHandler` does for the servers of Node alone.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import * as http2 from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import express from 'express';

import { nodeHandler } from '../index.mjs';
import { listening, stopped } from './handlers/servers.mjs';
import { ask, BODY, connected, post, response } from './handlers/wire.mjs';
import { scripted, settleable, TOKENS, until } from './scripted.mjs';

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

/** What a program of Node would have died of. */
async function unhandledIn(use) {
  const unhandled = [];
  const note = (error) => unhandled.push(error);
  process.on('unhandledRejection', note);
  try {
    await use();
    // It is told of once the microtasks are done.
    await setImmediate();
  } finally {
    process.off('unhandledRejection', note);
  }
  return unhandled;
}

test('where the host has answered, its answer stands', async () => {
  const handler = nodeHandler(script.service);
  for (const [how, answer] of Object.entries({
    whole: (res) => res.writeHead(503).end('busy'),
    begun: (res) => res.writeHead(503, { 'content-length': 4 }).write('bu') && res.end('sy'),
  })) {
    for (const target of ['/token', '/elsewhere']) {
      const unhandled = await unhandledIn(() =>
        serving(
          async (req, res) => {
            answer(res);
            await handler(req, res);
          },
          async (server) => {
            const socket = await connected(server);
            socket.write(post(BODY, undefined, target));
            const text = await once(socket, 'data');
            assert.match(String(text), /^HTTP\/1.1 503 /, how);
            socket.destroy();
          },
        ),
      );
      assert.deepEqual(unhandled, [], `${how} ${target}`);
    }
  }
});

test('where the host answers a call that is late, its answer stands', async () => {
  const handler = nodeHandler(script.service);
  const gate = settleable();
  const handled = settleable();
  script.answer = () => gate.promise;
  const late = (req, res) => {
    handler(req, res).then(handled.resolve, handled.reject);
    res.writeHead(503, { 'content-length': 4 }).write('bu');
    handled.promise.then(() => res.end('sy'), () => res.end('sy'));
    until(() => script.service.inFlight === 1).then(() => gate.resolve(TOKENS));
  };
  const { status, body } = await serving(late, (server) => ask(server, post(BODY)));
  script.answer = () => TOKENS;
  assert.deepEqual({ status, body }, { status: 503, body: 'busy' });
  await handled.promise;
});

test('what somebody has added to every object is no header', async () => {
  Object.prototype.added = 'x\ny';
  try {
    const { status, fields } = await serving(nodeHandler(script.service), (server) => ask(server, post(BODY)));
    assert.equal(status, 200);
    assert.equal(Object.hasOwn(fields, 'added'), false);
  } finally {
    delete Object.prototype.added;
  }
});

/** Runs the handler once the client has gone, as behind a middleware that waits. */
function afterTheClient(handler, handled) {
  return async (req, res, next) => {
    await once(res, 'close');
    await handler(req, res, next).then(handled.resolve, handled.reject);
  };
}

for (const [name, start] of Object.entries({
  'node:http': (late) => createServer(late),
  Express: (late, failed) => createServer(express().use(late, (error, _req, _res, _next) => failed(error))),
})) {
  test(`a client that has gone before the handler runs is no fault of the host: ${name}`, async () => {
    const warned = [];
    const note = (warning) => warned.push(warning);
    process.on('warning', note);
    const handled = settleable();
    const asked = script.asked;
    const server = start(afterTheClient(nodeHandler(script.service), handled), (error) => warned.push(error));
    await listening(server);
    try {
      const socket = await connected(server);
      server.once('request', () => socket.destroy());
      socket.write(post(BODY));
      await handled.promise;
      await setImmediate();
    } finally {
      process.off('warning', note);
      await stopped(server);
    }
    assert.deepEqual(warned, []);
    assert.equal(script.asked, asked);
  });
}

test('a request that a gateway has made, without a connection, is answered', async () => {
  const req = new IncomingMessage({ remoteAddress: '192.0.2.1' });
  Object.assign(req, { complete: true, method: 'POST', url: '/token', headers: { 'content-type': 'application/json' } });
  req.push(BODY);
  req.push(null);
  const res = new ServerResponse(req);
  await nodeHandler(script.service)(req, res);
  assert.equal(res.statusCode, 200);
});

test('a call that was answered is none of its connection’s any more', async (t) => {
  const abort = t.mock.method(AbortController.prototype, 'abort');
  await serving(nodeHandler(script.service), async (server) => {
    const connecting = once(server, 'connection');
    const socket = await connected(server);
    const [connection] = await connecting;
    for (let i = 0; i < 3; i += 1) {
      socket.write(post(BODY));
      assert.equal((await response(socket)).status, 200);
    }
    socket.destroy();
    await once(connection, 'close');
    await setImmediate();
  });
  // Each would be a closure that the connection keeps, and an error that is made for nobody.
  assert.equal(abort.mock.callCount(), 0);
});

test('an HTTP/2 client that has gone is cancelled, and no fault of the host', async () => {
  const warned = [];
  const note = (warning) => warned.push(warning);
  process.on('warning', note);
  const handled = settleable();
  const handler = nodeHandler(script.service);
  const server = http2.createServer((req, res) => {
    const run = req.headers['x-late'] ? afterTheClient(handler, handled) : handler;
    run(req, res);
  });
  await listening(server);
  const session = http2.connect(`http://127.0.0.1:${server.address().port}`);
  const asking = (fields) => {
    const stream = session.request({ ':method': 'POST', ':path': '/token', 'content-type': 'application/json', ...fields });
    stream.on('error', () => {}).end(BODY);
    return stream;
  };
  try {
    script.answer = () => new Promise(() => {});
    const before = script.events.length;
    const stream = asking();
    await until(() => script.service.inFlight === 1);
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await until(() => script.events.slice(before).some(({ name }) => name === 'cancelled'));
    const late = asking({ 'x-late': '1' });
    await once(server, 'request');
    late.close(http2.constants.NGHTTP2_CANCEL);
    await handled.promise;
    await setImmediate();
  } finally {
    script.answer = () => TOKENS;
    process.off('warning', note);
    session.destroy();
    await stopped(server);
  }
  assert.deepEqual(warned, []);
});
