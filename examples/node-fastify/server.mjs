// A Fastify server with the embedded issuer: apps in one SQLite file, signed access tokens, and the
// keys with which anyone can verify them.

import Fastify from 'fastify';
import { fastifyPlugin, TokenService } from 'tokensmith';

const fastify = Fastify({ logger: { level: process.env.LOG_LEVEL ?? 'info' } });
const service = await TokenService.create(
  { store: { kind: 'sqlite', path: 'tokensmith-data/tokensmith.db' } },
  // An event has no secret and no token in it.
  { observer: (event) => fastify.log.info({ event }, event.name) },
);

await fastify.register(fastifyPlugin, { service });
fastify.get('/.well-known/jwks.json', (_request, reply) =>
  reply.type('application/json').header('cache-control', 'public, max-age=300').send(service.admin.jwks()),
);
fastify.addHook('onClose', () => service.close());

const url = await fastify.listen({ port: Number(process.env.PORT ?? 8080), host: '127.0.0.1' });
if ((await service.admin.listApps()).length === 0) {
  const { id, secret } = await service.admin.createApp('demo'); // shown this once
  const body = JSON.stringify({ appClientId: id, appSecret: secret });
  console.log(`curl -s -H 'content-type: application/json' -d '${body}' ${url}/token`);
}
console.log(`curl -s ${url}/.well-known/jwks.json`);

process.once('SIGTERM', () => fastify.close());
