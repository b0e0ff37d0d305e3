'use strict';

const { RejectedError, ThrottledError } = require('./lib/authenticator.cjs');
const { fastifyPlugin } = require('./lib/http/fastify_plugin.cjs');
const { fetchHandler } = require('./lib/http/fetch_handler.cjs');
const { nodeHandler } = require('./lib/http/node_handler.cjs');
const { Limiter } = require('./lib/limiter.cjs');
const { TokenService } = require('./lib/service.cjs');
const {
  AdminError,
  ConfigError,
  DownstreamError,
  InvalidAccessTokenError,
  InvalidRequestError,
  RateLimitedError,
  TokenError,
  UnauthorizedError,
} = require('./lib/token_error.cjs');

module.exports = {
  AdminError,
  ConfigError,
  DownstreamError,
  InvalidAccessTokenError,
  InvalidRequestError,
  Limiter,
  RateLimitedError,
  RejectedError,
  ThrottledError,
  TokenError,
  TokenService,
  UnauthorizedError,
  fastifyPlugin,
  fetchHandler,
  nodeHandler,
};
