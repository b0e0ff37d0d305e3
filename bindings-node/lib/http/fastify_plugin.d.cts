import type { IncomingMessage } from 'node:http';

import type { TokenService } from '../../index.cjs';
import type { HandlerOptions } from './route.cjs';

/** As much of a request of Fastify as the handler needs: yours has all of it. */
export interface FastifyRequestLike {
  readonly id: string;
  readonly ip: string;
  readonly raw: IncomingMessage;
}

/**
 * What `fastifyPlugin` is told; its `prefix` is Fastify's. `requestId` is by default the request's
 * own `id`.
 *
 * @example
 * const options: FastifyPluginOptions = { service, source: (request) => request.ip }; // with trustProxy
 */
export interface FastifyPluginOptions extends HandlerOptions<FastifyRequestLike> {
  service: TokenService;
  prefix?: string | undefined;
}

/**
 * A plugin of Fastify 5 with the one route, or two with `refreshPath`. It has a context of its own,
 * whose parser leaves the body alone; your parsers are not touched. What is yours to mend goes to your error handler.
 *
 * @param fastify an instance of Fastify: its type would make everyone depend on Fastify
 * @throws {TypeError} an argument has the wrong type
 * @throws {ConfigError} there is a `refreshPath`, and nothing redeems refresh tokens
 *
 * @example
 * await fastify.register(fastifyPlugin, { service });
 */
export function fastifyPlugin(fastify: any, options: FastifyPluginOptions): Promise<void>;
