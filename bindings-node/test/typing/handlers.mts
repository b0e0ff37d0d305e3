// What a host of each framework may write, and what the compiler must refuse.
import { createServer } from 'node:http';

import express from 'express';
import Fastify, { type FastifyRequest } from 'fastify';
import { fastifyPlugin, fetchHandler, nodeHandler, TokenService } from 'tokensmith';

const service = await TokenService.create({ store: { kind: 'sqlite', path: 'x.db' } });

createServer(nodeHandler(service, { source: (req) => req.socket.remoteAddress, path: '/oauth/token' }));
const app = express();
app.use(nodeHandler(service, { source: (req: express.Request) => req.ip, requestId: () => null }));
app.post('/token', nodeHandler(service));
nodeHandler(service, { refreshPath: '/token/refresh' });
// @ts-expect-error it is named, and not merely switched on
nodeHandler(service, { refreshPath: true });
// @ts-expect-error a source is text
nodeHandler(service, { source: () => 7 });
// @ts-expect-error a service is made first
nodeHandler({ store: { kind: 'sqlite', path: 'x.db' } });

const fastify = Fastify();
await fastify.register(fastifyPlugin, { service, prefix: '/api' });
await fastify.register(fastifyPlugin, { service, source: (request) => request.ip });
await fastify.register(fastifyPlugin, { service, source: (request: FastifyRequest) => request.hostname });
await fastify.register(fastifyPlugin, { service, refreshPath: '/token/refresh' });
// @ts-expect-error it needs the service
await fastify.register(fastifyPlugin, { path: '/token' });

const handler = fetchHandler(service, { source: (_request, address: string) => address });
fetchHandler(service, { source: () => null, refreshPath: '/token/refresh' });
const response: Promise<Response> = handler(new Request('http://localhost/token'), '192.0.2.1');
// @ts-expect-error the address is part of the call
handler(new Request('http://localhost/token'));
// @ts-expect-error a `Request` has no address of its own
fetchHandler(service, {});
export { response };
