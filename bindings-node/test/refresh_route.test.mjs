// The path of each handler that redeems refresh tokens: there where the host asks for it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import Fastify from 'fastify';

import { ConfigError, fastifyPlugin, fetchHandler, nodeHandler } from '../index.mjs';
import { SERVERS, stopped } from './handlers/servers.mjs';
import { ask, connected, post, response } from './handlers/wire.mjs';
import { issuing } from './issuing.mjs';
import { scripted, until } from './scripted.mjs';

const PATH = '/token/refresh';
const MOST = 24 * 1_024;
const JSON_FIELDS = ['Content-Type: application/json'];

let site;
before(async () => {
  site = await issuing();
});
after(() => site.end());

const text = async (members) => site.request(members).body.toString();
const asked = (server, body, target = PATH, fields = JSON_FIELDS) => ask(server, post(body, fields, target));

for (const [name, start] of Object.entries(SERVERS)) {
  describe(name, { timeout: 60_000 }, () => {
    let server;
    before(async () => {
      server = await start(site.service, { refreshPath: PATH });
    });
    after(() => stopped(server));

    test('redeems there, and gives tokens on the other path as before', async () => {
      const first = JSON.parse((await asked(server, await text(), '/token')).body).RefreshToken;
      const body = await text({ refreshToken: first });
      const { status, fields, body: answer } = await asked(server, body);
      assert.equal(status, 200);
      assert.equal(fields['cache-control'], 'no-store');
      const next = JSON.parse(answer).RefreshToken;
      assert.notEqual(next, first);
      // The answer was lost.
      assert.equal(JSON.parse((await asked(server, body, `${PATH}?a=b`)).body).RefreshToken, next);
      assert.equal((await asked(server, await text({ refreshToken: next }))).status, 200);
      assert.equal((await asked(server, body)).status, 401);
      const told = site.events.filter(({ source }) => source !== undefined).at(-1);
      assert.equal(told.source, '127.0.0.1');
    });

    test('refuses as the service does', async () => {
      assert.equal((await asked(server, await text())).status, 422);
      const refreshToken = await site.first();
      assert.equal((await asked(server, await text({ refreshToken }), PATH, [])).status, 422);
      assert.equal((await asked(server, await text({ refreshToken }), PATH, ['Content-Type: nonsense'])).status, 422);
      const refused = await ask(server, post('', [], PATH).replace('POST', 'GET'));
      assert.deepEqual([refused.status, refused.fields.allow], [405, 'POST']);
      assert.equal((await asked(server, await text({ refreshToken }), `${PATH}/`)).status, 404);
    });

    test('takes 24 KiB there and no byte more, and 8 KiB on the other path', async () => {
      const fitting = (await text({ refreshToken: await site.first() })).padEnd(MOST);
      assert.equal((await asked(server, fitting)).status, 200);
      const refused = await asked(server, (await text({ refreshToken: await site.first() })).padEnd(MOST + 1));
      assert.deepEqual([refused.status, refused.body], [422, 'the body is too large']);
      // It was not read to its end, here or there.
      const elsewhere = await asked(server, (await text()).padEnd(8_193), '/token');
      assert.equal(elsewhere.status, 422);
      if (name !== 'Hono') assert.deepEqual([refused.fields.connection, elsewhere.fields.connection], ['close', 'close']);
    });

    test('a client that has gone loses the answer, and not its token', async () => {
      const body = await text({ refreshToken: await site.first() });
      site.events.length = 0;
      const socket = await connected(server);
      socket.write(post(body, JSON_FIELDS, PATH));
      await until(() => site.service.inFlight > 0 || site.events.length > 0);
      socket.destroy();
      await until(() => site.events.length === 1);
      assert.equal(site.events[0].name, 'issued');
      const again = await connected(server);
      again.write(post(body, JSON_FIELDS, PATH));
      assert.equal((await response(again)).status, 200);
      again.destroy();
    });

    test('there is no such path unless the host asks for it', async () => {
      const plain = await start(site.service);
      try {
        const body = await text({ refreshToken: await site.first() });
        assert.equal((await asked(plain, body)).status, 404);
      } finally {
        await stopped(plain);
      }
    });
  });
}

const MOUNTS = {
  nodeHandler: async (service, options) => nodeHandler(service, options),
  fetchHandler: async (service, options) => fetchHandler(service, { source: () => null, ...options }),
  fastifyPlugin: async (service, options) => {
    const fastify = Fastify();
    try {
      await fastify.register(fastifyPlugin, { service, ...options });
    } finally {
      await fastify.close();
    }
  },
};
for (const [name, mount] of Object.entries(MOUNTS)) {
  test(`${name}: a wrong path, or nothing that redeems, is told as it is mounted`, async () => {
    for (const refreshPath of ['token', '', 7, null, true]) {
      await assert.rejects(mount(site.service, { refreshPath }), { message: /^`refreshPath` must be / });
    }
    for (const options of [{ refreshPath: '/token' }, { path: '/a', refreshPath: '/a' }]) {
      await assert.rejects(mount(site.service, options), { message: '`refreshPath` must be another path than `path`' });
    }
    const { service } = await scripted();
    await mount(service, {});
    await assert.rejects(mount(service, { refreshPath: PATH }), (error) => {
      return error instanceof ConfigError && error.code === 'ERR_TOKEN_CONFIG';
    });
    service.close();
  });
}
