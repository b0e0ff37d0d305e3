/// <reference lib="esnext.disposable" />

// The interface of the package, by hand. The shapes of the wire are the contract's
// (`docs/contract` of the repository); what is said of HTTP is RFC 9110, of tokens RFC 6749.

import type { Admin } from './lib/admin.cjs';
import type { HostServiceConfig, IssuerServiceConfig } from './lib/service_config.cjs';
import type { TokenEvent } from './lib/token_event.cjs';

export type * from './lib/service_config.cjs';
export type * from './lib/token_event.cjs';

/**
 * Answers `POST /token`: validates the body, limits the rate, asks the authenticator, and gives
 * back the exact response. One service for one limit: each that is made has buckets of its own,
 * also in the worker threads of one process.
 *
 * @example
 * import { createServer } from 'node:http';
 * import { buffer } from 'node:stream/consumers';
 * import { TokenService } from 'tokensmith';
 *
 * const service = await TokenService.create({ store: { path: 'data/tokensmith.db' } });
 * const { status, headers, body } = await service.handle({
 *   body: Buffer.from('{"appClientId":"…","appSecret":"…"}'),
 *   contentType: 'application/json',
 *   source: '192.0.2.7',
 * });
 */
export class TokenService<A extends Admin | null = Admin | null> {
  #private;
  private constructor();

  /**
   * Makes a service. Files are opened and keys are made away from the event loop.
   *
   * @param config what the service is made of
   * @param options the host's own parts; `authenticator` exactly where `authenticator.kind` is `host`
   * @throws {ConfigError} `key` names the setting that is wrong
   * @throws {TypeError} an argument has the wrong type
   *
   * @example
   * const service = await TokenService.create(
   *   { authenticator: { kind: 'host' }, response: { refresh_token: 'omit' } },
   *   {
   *     authenticator: async ({ appClientId, appSecret }) => {
   *       if (!(await isRight(appClientId, appSecret))) throw new RejectedError();
   *       return { accessToken: await sign(appClientId), expiresIn: 3_600 };
   *     },
   *   },
   * );
   */
  static create(
    config: HostServiceConfig,
    options: ServiceOptions & { authenticator: Authenticator | AuthenticateFunction },
  ): Promise<TokenService<null>>;
  static create(
    config: IssuerServiceConfig,
    options?: ServiceOptions & { authenticator?: undefined },
  ): Promise<TokenService<Admin>>;

  /**
   * Answers a request. Every failure is an answer, also that of a closed service (a 502): it only
   * rejects with the reason of the signal, or for wrong arguments.
   *
   * @throws {TypeError} an argument has the wrong type, or `source` is none
   * @throws the signal's reason, once it is aborted
   *
   * @example
   * const { status, headers, body } = await service.handle(
   *   { body: bytes, contentType: req.headers['content-type'], source: req.socket.remoteAddress },
   *   { signal: AbortSignal.timeout(1_000) },
   * );
   */
  handle(request: TokenRequest, options?: CallOptions): Promise<TokenResponse>;

  /**
   * The same path without HTTP, under the same limits.
   *
   * @throws {UnauthorizedError} the credentials are not right
   * @throws {RateLimitedError} not before `retryAfter` seconds
   * @throws {DownstreamError} what issues the tokens failed
   * @throws {DOMException} `InvalidStateError`: the service is closed
   * @throws {TypeError} an argument has the wrong type
   * @throws the signal's reason, once it is aborted
   *
   * @example
   * const tokens = await service.issue({ appClientId, appSecret, source: 'batch' });
   * console.log(tokens.expiresIn);
   */
  issue(credentials: Credentials, options?: CallOptions): Promise<TokenSet>;

  /**
   * Redeems a refresh token for new tokens (RFC 6749 section 6): the same path and limits, and the app's
   * credentials are judged too. A token is good once: keep the `refreshToken` of the answer. Where the
   * answer was lost, show the former again, and within `refresh_grace_seconds` the same comes back.
   *
   * @throws {UnauthorizedError} the credentials or the refresh token are not right
   * @throws {ConfigError} nothing redeems refresh tokens here: `canRefresh` is false
   * @throws as `issue` besides; an aborted call that has begun goes on without you
   *
   * @example
   * const { accessToken, refreshToken: next } = await service.refresh({ appClientId, appSecret, refreshToken });
   */
  refresh(credentials: RefreshCredentials, options?: CallOptions): Promise<TokenSet>;

  /**
   * Answers a request to redeem a refresh token, as `handle` does one for tokens: the body has the member
   * `refreshToken` besides, and at most 24,576 bytes conform.
   *
   * @throws {ConfigError} nothing redeems refresh tokens here: `canRefresh` is false
   * @throws as `handle` besides; an aborted call that has begun goes on without you
   *
   * @example
   * const { status, headers, body } = await service.handleRefresh({ body: bytes, contentType, source });
   */
  handleRefresh(request: TokenRequest, options?: CallOptions): Promise<TokenResponse>;

  /** Whether there is something that redeems refresh tokens: the embedded issuer is, your authenticator not. */
  readonly canRefresh: boolean;
  /** The administration of the embedded issuer; null for a host's own authenticator. */
  readonly admin: A;
  /** How many authentications are under way. */
  readonly inFlight: number;
  /** How many events the observer was not told, because its thread had no time. */
  readonly droppedEvents: number;

  /** Lets go of the service: what is under way ends as it would, later calls are refused. */
  close(): void;
  /** `close`, for `using`. There from Node 20 on, which has the symbol. */
  [Symbol.dispose](): void;
}

/**
 * The host's own parts of a service.
 *
 * @example
 * const options: ServiceOptions = { observer: (event) => log.info(event) };
 */
export interface ServiceOptions {
  /** Judges credentials. */
  authenticator?: Authenticator | AuthenticateFunction | undefined;
  /** Hears what became of each call. What it throws is caught, and warned of once. */
  observer?: ((event: TokenEvent) => void | Promise<void>) | undefined;
  /** Hears what the authenticator threw besides the two errors; it goes nowhere else. */
  onAuthenticatorError?: ((error: unknown) => void) | undefined;
}

/**
 * Judges credentials and gives tokens. Throws `RejectedError` for a 401 and `ThrottledError` for a
 * 429; all else that it throws or gives is a 502, and so is no answer within the deadline.
 *
 * @example
 * const authenticate: AuthenticateFunction = async ({ appClientId, appSecret }) => {
 *   const user = await users.check(appClientId, appSecret);
 *   if (!user) throw new RejectedError();
 *   return { accessToken: user.token, expiresIn: 3_600, refreshToken: user.refreshToken };
 * };
 */
export type AuthenticateFunction = (request: AuthRequest) => AuthTokens | Promise<AuthTokens>;

/**
 * An object with such a function.
 *
 * @example
 * class Directory implements Authenticator {
 *   async authenticate(request: AuthRequest) { return await this.ask(request); }
 * }
 */
export interface Authenticator {
  authenticate: AuthenticateFunction;
}

/**
 * What an authenticator is asked. It prints as `AuthRequest([REDACTED])`.
 *
 * @example
 * const authenticate = async ({ appClientId, budgetMs = 5_000 }: AuthRequest) =>
 *   upstream.tokens(appClientId, { signal: AbortSignal.timeout(budgetMs) });
 */
export interface AuthRequest {
  /** The app's id, 1 to 128 bytes. */
  readonly appClientId: string;
  /** The secret that came with it, 1 to 1,024 bytes. */
  readonly appSecret: string;
  /** Where the request came from, if the host said so. */
  readonly source?: string;
  /** The host's own name for the request. */
  readonly requestId?: string;
  /** The time that the whole call may take, in whole milliseconds. */
  readonly budgetMs?: number;
}

/**
 * What an authenticator gives (RFC 6749 section 5.1).
 *
 * @example
 * const tokens: AuthTokens = { accessToken: 'a.b.c', expiresIn: 3_600, refreshToken: 'r' };
 */
export interface AuthTokens {
  /** Visible ASCII, and not empty. */
  accessToken: string;
  /** The life of the access token in seconds, at least 1; a fraction is cut off. */
  expiresIn: number;
  /** In any case (RFC 6750). Default: `Bearer`. */
  tokenType?: string | undefined;
  /** Without it the answer is a 502, unless `response.refresh_token` is `omit`. */
  refreshToken?: string | null | undefined;
  idToken?: string | null | undefined;
}

/**
 * A request, as it came.
 *
 * @example
 * const request: TokenRequest = { body: bytes, contentType: 'application/json', source: '192.0.2.7' };
 */
export interface TokenRequest {
  /** The bytes of the body, in memory that is not shared. At most 8,192 conform to `handle`. */
  body: Uint8Array;
  /** The header `Content-Type` as it came (RFC 9110 section 8.3). */
  contentType?: string | null | undefined;
  /** Where it came from: an address, or 1 to 128 bytes of text. Without it all share one bucket. */
  source?: string | null | undefined;
  /** Your own name for the request, which the events carry. */
  requestId?: string | null | undefined;
}

/**
 * The answer to give. It prints as `TokenResponse([REDACTED])`.
 *
 * @example
 * const { status, headers, body } = await service.handle(request);
 * res.writeHead(status, headers).end(body);
 */
export interface TokenResponse {
  status: 200 | 401 | 422 | 429 | 502;
  /** Names in lower case, each once. */
  headers: Record<string, string>;
  body: string;
}

/**
 * The credentials of an app, for a call without HTTP.
 *
 * @example
 * const credentials: Credentials = { appClientId: 'appcl-1', appSecret: secretBytes };
 */
export interface Credentials {
  appClientId: string;
  /** Text, or the bytes of UTF-8: those are filled with zeros when the call has ended. */
  appSecret: string | Uint8Array;
  /** As in `TokenRequest`. */
  source?: string | null | undefined;
}

/**
 * What redeems a refresh token, for a call without HTTP.
 *
 * @example
 * const credentials: RefreshCredentials = { appClientId: 'appcl-1', appSecret: secretBytes, refreshToken };
 */
export interface RefreshCredentials extends Credentials {
  /** The latest that the app was given, as text: it is needed again where the answer is lost. */
  refreshToken: string;
}

/**
 * The tokens of one answer (RFC 6749 section 5.1). They print as `TokenSet([REDACTED])`.
 *
 * @example
 * const { accessToken, expiresIn }: TokenSet = await service.issue(credentials);
 */
export interface TokenSet {
  accessToken: string;
  /** The life of the access token, in whole seconds. */
  expiresIn: number;
  tokenType: 'Bearer';
  /** Absent only where `response.refresh_token` is `omit`. */
  refreshToken?: string;
  idToken?: string;
}

/**
 * What goes with one call.
 *
 * @example
 * await service.handle(request, { signal: AbortSignal.timeout(1_000) });
 */
export interface CallOptions {
  /** Ends the call; what it was charged stays charged. */
  signal?: AbortSignal | undefined;
}

export {
  AdminError,
  ConfigError,
  DownstreamError,
  InvalidAccessTokenError,
  InvalidRequestError,
  RateLimitedError,
  TokenError,
  UnauthorizedError,
  type AdminErrorCode,
  type TokenErrorCode,
} from './lib/token_error.cjs';
export { RejectedError, ThrottledError } from './lib/authenticator.cjs';
export { Limiter, type Acquired, type LimiterOptions } from './lib/limiter.cjs';
export type {
  AccessClaims,
  ActiveToken,
  Admin,
  AppPolicy,
  AppSummary,
  CreatedApp,
  CreatedSecret,
  KeySummary,
  RotateKeyOptions,
  RotateOptions,
  SecretSummary,
  SigningAlgorithm,
  VerifyOptions,
} from './lib/admin.cjs';
export {
  fastifyPlugin,
  type FastifyPluginOptions,
  type FastifyRequestLike,
} from './lib/http/fastify_plugin.cjs';
export { fetchHandler, type FetchHandlerOptions } from './lib/http/fetch_handler.cjs';
export { nodeHandler } from './lib/http/node_handler.cjs';
export type { HandlerOptions } from './lib/http/route.cjs';
