'use strict';

const { exchange } = require('./exchange.cjs');
const { refusal, route } = require('./route.cjs');

/** `fastify.register(fastifyPlugin, { service })`: the routes, with nobody's parser before it. */
async function fastifyPlugin(fastify, { prefix: _, ...options }) {
  const { endpoints, source = peer, requestId = ownId } = route(options.service, options);

  async function answer(endpoint, request, reply) {
    if (request.method !== 'POST') return send(reply, refusal(405));
    const caller = { source: source(request), requestId: requestId(request) };
    const answer = await exchange(endpoint, request.raw, reply.raw, caller);
    return answer === undefined ? reply.hijack() : send(reply, answer);
  }

  // The body is left as it came, whatever its type: what conforms is for the service to say. A
  // `Content-Type` that names no type at all reaches no parser, and would be Fastify's 415.
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', (_request, _payload, done) => done(null));
  for (const [path, endpoint] of endpoints) {
    fastify.route({
      method: fastify.supportedMethods,
      url: path,
      handler: (request, reply) => answer(endpoint, request, reply),
      errorHandler: (error, request, reply) => {
        if (error.code !== 'FST_ERR_CTP_INVALID_MEDIA_TYPE') throw error;
        return answer(endpoint, request, reply);
      },
    });
  }
}

const peer = (request) => request.raw.socket.remoteAddress;
const ownId = (request) => String(request.id);

/** As bytes: to the type of a text Fastify adds a charset. */
function send(reply, { status, headers, body }) {
  return reply.code(status).headers(headers).send(Buffer.from(body));
}

// What Fastify looks at when it registers a plugin (the symbols are registered, and part of its
// interface): its name, and the major version that it is tested with.
fastifyPlugin[Symbol.for('fastify.display-name')] = 'tokensmith';
fastifyPlugin[Symbol.for('plugin-meta')] = { name: 'tokensmith', fastify: '5.x' };

module.exports = { fastifyPlugin };
