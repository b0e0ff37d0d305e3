// What all handlers have in common, in a real server of each kind.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { RejectedError } from '../index.mjs';
import { SERVERS, stopped } from './handlers/servers.mjs';
import { ask, BODY, connected, post, response } from './handlers/wire.mjs';
import { scripted, settleable, TOKENS, until } from './scripted.mjs';

const MOST = 8_192;
const ISSUED = '{"AccessToken":"an-access-token","ExpiresIn":3600,"TokenType":"Bearer","RefreshToken":"a-refresh-token"}';
/** Not a contract of theirs: how the connection goes on is the runtime's, where it is not ours. */
const CLOSES = new Set(['node:http', 'Express', 'Fastify']);

for (const [name, start] of Object.entries(SERVERS)) {
  describe(name, { timeout: 60_000 }, () => {
    let script;
    let server;
    let warned;
    const warn = ({ code, message }) => warned.push(`${code}: ${message}`);
    beforeEach(async () => {
      warned = [];
      process.on('warning', warn);
      script = await scripted();
      server = await start(script.service);
    });
    afterEach(async () => {
      await stopped(server);
      script.service.close();
      process.off('warning', warn);
    });

    test('answers as the service does, to the byte', async () => {
      const { status, fields, body } = await ask(server, post(BODY));
      assert.equal(status, 200);
      assert.equal(body, ISSUED);
      const { headers } = await script.handle();
      for (const [field, value] of Object.entries(headers)) assert.equal(fields[field], value, field);
      assert.equal(fields['content-length'], String(ISSUED.length));
    });

    test('passes each refusal on', async () => {
      script.answer = () => {
        throw new RejectedError();
      };
      const rejected = await ask(server, post(BODY));
      assert.equal(rejected.status, 401);
      assert.equal(rejected.fields['www-authenticate'], 'AppSecret realm="token"');
      assert.equal((await ask(server, post('{}'))).status, 422);
      script.answer = () => {
        throw new Error('upstream');
      };
      assert.equal((await ask(server, post(BODY))).status, 502);
    });

    for (const [title, fields, status] of [
      ['none', [], 422],
      ['an empty one', ['Content-Type: '], 422],
      ['no type at all', ['Content-Type: nonsense'], 422],
      ['another type', ['Content-Type: application/x-www-form-urlencoded'], 422],
      ['two of them', ['Content-Type: application/json', 'Content-Type: application/json'], 422],
      ['one with a charset', ['content-TYPE: application/json; charset=UTF-8'], 200],
    ]) {
      test(`judges Content-Type, ${title}, as the contract does`, async () => {
        assert.equal((await ask(server, post(BODY, fields))).status, status);
      });
    }

    test('takes a body of the longest size, and none that is one byte longer', async () => {
      assert.equal((await ask(server, post(BODY.padEnd(MOST)))).status, 200);
      const refused = await ask(server, post(BODY.padEnd(MOST + 1)));
      assert.equal(refused.status, 422);
      assert.equal(refused.body, 'the body is too large');
      if (CLOSES.has(name)) assert.equal(refused.fields.connection, 'close');
    });

    test('answers a body that has no end, after a while', async () => {
      const socket = await connected(server);
      const size = 100 * 1_024 * 1_024;
      socket.write(`POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${size}\r\n\r\n`);
      socket.write('x'.repeat(2 * MOST));
      const begun = performance.now();
      assert.equal((await response(socket)).status, 422);
      const took = performance.now() - begun;
      socket.destroy();
      assert.ok(took > 900 && took < 10_000, `${took} ms`);
    });

    test('answers a caller who writes and writes, before the while is over', async () => {
      const socket = await connected(server);
      const size = 100 * 1_024 * 1_024;
      socket.write(`POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${size}\r\n\r\n`);
      let written = 0;
      const writing = setInterval(() => {
        if (written < size / 2 && socket.write('x'.repeat(4_096))) written += 4_096;
      }, 1);
      const begun = performance.now();
      try {
        assert.equal((await response(socket)).status, 422);
      } finally {
        clearInterval(writing);
        socket.destroy();
      }
      assert.ok(performance.now() - begun < 900);
    });

    test('answers a caller who writes all of a long body before reading', async () => {
      const socket = await connected(server);
      socket.pause();
      socket.write(post('x'.repeat(60_000)));
      await new Promise((resolve) => socket.write('', resolve));
      assert.equal((await response(socket)).status, 422);
      socket.destroy();
    });

    test('puts a body together that comes in pieces', async () => {
      const socket = await connected(server);
      socket.write('POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n');
      for (const character of BODY) socket.write(`1\r\n${character}\r\n`);
      socket.write('0\r\n\r\n');
      assert.equal((await response(socket)).status, 200);
      socket.destroy();
    });

    test('serves a connection on', async () => {
      const socket = await connected(server);
      for (const text of [post(BODY), post('{}'), post('', []), post(BODY)]) {
        socket.write(text);
        assert.equal((await response(socket)).status, text === post(BODY) ? 200 : 422);
      }
      socket.destroy();
    });

    test('answers on its path alone, and to POST alone', async () => {
      assert.equal((await ask(server, post(BODY, undefined, '/token?a=b'))).status, 200);
      for (const target of ['/', '/tokens', '/token/', '/Token']) {
        assert.equal((await ask(server, post(BODY, undefined, target))).status, 404, target);
      }
      for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
        const refused = await ask(server, post('', []).replace('POST', method));
        assert.equal(refused.status, 405, method);
        assert.equal(refused.fields.allow, 'POST', method);
        assert.equal(refused.fields['cache-control'], 'no-store', method);
      }
      const path = await start(script.service, { path: '/oauth/token' });
      try {
        assert.equal((await ask(path, post(BODY))).status, 404);
        assert.equal((await ask(path, post(BODY, undefined, '/oauth/token'))).status, 200);
      } finally {
        await stopped(path);
      }
    });

    test('says where a request came from, and by which name', async () => {
      await ask(server, post(BODY));
      await until(() => script.events.length === 1);
      assert.equal(script.events[0].source, '127.0.0.1');
      const fields = ['Content-Type: application/json', 'X-Name: r-7', 'X-From: 2001:db8::1'];
      const field = (request, name) => request.headers.get?.(name) ?? request.headers[name];
      const named = await start(script.service, {
        source: (request) => field(request, 'x-from'),
        requestId: (request) => field(request, 'x-name'),
      });
      try {
        assert.equal((await ask(named, post(BODY, fields))).status, 200);
        await until(() => script.events.length === 2);
        assert.equal(script.events[1].requestId, 'r-7');
        assert.equal(script.events[1].source, (await script.told('x', { source: '2001:db8::1' })).events[0].source);
      } finally {
        await stopped(named);
      }
    });

    test('cancels the call of a client that has gone', async () => {
      const asked = settleable();
      const { promise, resolve } = settleable();
      script.answer = () => {
        asked.resolve();
        return promise;
      };
      const socket = await connected(server);
      socket.write(post(BODY));
      await asked.promise;
      socket.destroy();
      await until(() => script.events.some(({ name }) => name === 'cancelled'));
      resolve(TOKENS);
      assert.equal((await ask(server, post(BODY))).status, 200);
      assert.deepEqual(warned, []);
    });

    if (name !== 'Hono') {
      // There the call has only what the runtime tells its `Request`: it ends at its deadline.
      test('cancels all calls of a client that has gone, also those that wait behind others', async () => {
        const CALLS = 12;
        script.answer = () => new Promise(() => {});
        const socket = await connected(server);
        socket.write(post(BODY).repeat(CALLS));
        await until(() => script.asked === CALLS);
        socket.destroy();
        await until(() => script.events.length === CALLS);
        for (const event of script.events) assert.equal(event.name, 'cancelled');
        assert.deepEqual(warned, []);
      });
    }

    test('goes on after a client that leaves in the middle of its body', async () => {
      const socket = await connected(server);
      socket.write(post(BODY).slice(0, -10));
      await new Promise((resolve) => socket.write('', resolve));
      socket.destroy();
      assert.equal((await ask(server, post(BODY))).status, 200);
      assert.equal(script.asked, 1);
      assert.deepEqual(warned, []);
    });

    test('goes on after a body whose framing is broken', async () => {
      const chunked = 'POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
      const broken = await ask(server, `${chunked}1\r\n{\r\nnonsense\r\n`);
      assert.ok(broken === null || broken.status === 400);
      assert.equal((await ask(server, post(BODY))).status, 200);
      assert.equal(script.asked, 1);
      assert.deepEqual(warned, []);
    });

    test('gives a fault of the host to the host, and serves on', async () => {
      let source = () => {
        throw new Error('no such header');
      };
      const faulty = await start(script.service, { source: () => source() });
      try {
        assert.equal((await ask(faulty, post(BODY))).status, 500);
        for (const wrong of ['', 7, 'x'.repeat(129), '\ud800']) {
          source = () => wrong;
          assert.equal((await ask(faulty, post(BODY))).status, 500, typeof wrong);
        }
        source = () => undefined;
        assert.equal((await ask(faulty, post(BODY))).status, 200);
      } finally {
        await stopped(faulty);
      }
      const once =
        'TOKENSMITH_HANDLER: a handler of Tokensmith answered 500: `source` or `requestId` threw';
      assert.deepEqual(warned, name === 'node:http' ? [once] : []);
    });
  });
}
