// One module, whichever way it is loaded: an error of one is an `instanceof` the other's class.
import tokensmith from './index.cjs';

export const {
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
} = tokensmith;
