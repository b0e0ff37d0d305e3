// A real server of each kind, with the package's handler in it: what a host would write.

import { once } from 'node:events';
import { createServer } from 'node:http';

import { serve } from '@hono/node-server';
import { getConnInfo } from '@hono/node-server/conninfo';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';

import { fastifyPlugin, fetchHandler, nodeHandler } from '../../index.mjs';

/** By name: `start(service, options)` gives the running `node:http` server. */
export const SERVERS = {
  'node:http': async (service, options) => listening(createServer(nodeHandler(service, options))),

  Express: async (service, options) => {
    const app = express();
    app.use(nodeHandler(service, options));
    app.use(express.json());
    return listening(createServer(app));
  },

  Fastify: async (service, options) => {
    const fastify = Fastify();
    await fastify.register(fastifyPlugin, { service, ...options });
    await fastify.listen({ port: 0, host: '127.0.0.1' });
    return fastify.server;
  },

  Hono: async (service, options) => {
    const app = new Hono();
    const handler = fetchHandler(service, { source: (_request, address) => address, ...options });
    app.all('*', (c) => handler(c.req.raw, getConnInfo(c).remote.address));
    app.onError((error, c) => c.text(error.message, 500));
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
    await once(server, 'listening');
    return server;
  },
};

export async function listening(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

export async function stopped(server) {
  server.closeAllConnections?.();
  await new Promise((resolve) => server.close(resolve));
}
