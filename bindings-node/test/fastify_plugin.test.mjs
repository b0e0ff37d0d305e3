// What `fastifyPlugin` does besides what all handlers do.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import Fastify from 'fastify';

import { fastifyPlugin } from '../index.mjs';
import { BODY } from './handlers/wire.mjs';
import { scripted, until } from './scripted.mjs';

let script;
before(async () => {
  script = await scripted();
});
after(() => script.service.close());

const headers = { 'content-type': 'application/json' };
const post = { method: 'POST', url: '/token', headers, payload: BODY };

test('it has a context of its own: the host’s parsers and routes are as they were', async () => {
  const fastify = Fastify();
  fastify.addContentTypeParser('text/x-host', { parseAs: 'string' }, (_request, body, done) => done(null, [body]));
  await fastify.register(fastifyPlugin, { service: script.service });
  fastify.post('/echo', async (request) => request.body);
  assert.equal((await fastify.inject(post)).statusCode, 200);
  assert.equal((await fastify.inject({ ...post, url: '/echo', payload: '{"a":1}' })).body, '{"a":1}');
  const text = { method: 'POST', url: '/echo', headers: { 'content-type': 'text/x-host' }, payload: 'b' };
  assert.equal((await fastify.inject(text)).body, '["b"]');
  assert.equal((await fastify.inject({ ...post, url: '/nowhere' })).statusCode, 404);
  await fastify.close();
});

test('it has Fastify’s prefix, and the request’s own name', async () => {
  const fastify = Fastify({ genReqId: () => 'of-fastify' });
  await fastify.register(fastifyPlugin, { service: script.service, prefix: '/api' });
  assert.equal((await fastify.inject({ ...post, url: '/api/token' })).statusCode, 200);
  assert.equal((await fastify.inject(post)).statusCode, 404);
  await until(() => script.events.some(({ requestId }) => requestId === 'of-fastify'));
  await fastify.close();
});

test('the host’s hooks run, and may refuse before it', async () => {
  const fastify = Fastify();
  const ran = [];
  for (const name of ['onRequest', 'preHandler', 'onSend', 'onResponse']) {
    fastify.addHook(name, async () => void ran.push(name));
  }
  fastify.addHook('preHandler', async (request, reply) => {
    if (request.headers['x-stop']) await reply.code(403).send('stop');
  });
  await fastify.register(fastifyPlugin, { service: script.service });
  assert.equal((await fastify.inject(post)).statusCode, 200);
  assert.deepEqual(ran, ['onRequest', 'preHandler', 'onSend', 'onResponse']);
  assert.equal((await fastify.inject({ ...post, headers: { ...headers, 'x-stop': '1' } })).statusCode, 403);
  await fastify.close();
});

test('a hook of the host that throws has the last word', async () => {
  const fastify = Fastify();
  fastify.addHook('preHandler', async () => {
    throw Object.assign(new Error('not from here'), { statusCode: 403 });
  });
  await fastify.register(fastifyPlugin, { service: script.service });
  const { statusCode, body } = await fastify.inject(post);
  assert.equal(statusCode, 403);
  assert.equal(JSON.parse(body).message, 'not from here');
  await fastify.close();
});

test('a fault of the host goes to its error handler', async () => {
  const fastify = Fastify();
  fastify.setErrorHandler((error, _request, reply) => reply.code(500).send(error.message));
  fastify.addHook('preHandler', async (request) => {
    for await (const chunk of request.raw) void chunk;
  });
  await fastify.register(fastifyPlugin, { service: script.service });
  const { statusCode, body } = await fastify.inject(post);
  assert.equal(statusCode, 500);
  assert.match(body, /mount its handler before body parsers/);
  await fastify.close();
});

test('a wrong option is an error of `register`', async () => {
  for (const [options, name] of [
    [{}, 'service'],
    [{ service: script.service, path: 'token' }, 'path'],
    [{ service: script.service, source: 7 }, 'source'],
  ]) {
    const fastify = Fastify();
    await assert.rejects(async () => fastify.register(fastifyPlugin, options), { message: new RegExp(`^\`${name}\` must be `) });
    await fastify.close();
  }
});
