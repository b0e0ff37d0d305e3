import type { Admin } from './admin.cjs';

/** The codes of {@link TokenError}: the same in every language. */
export type TokenErrorCode =
  | 'ERR_TOKEN_UNAUTHORIZED'
  | 'ERR_TOKEN_INVALID_REQUEST'
  | 'ERR_TOKEN_RATE_LIMITED'
  | 'ERR_TOKEN_DOWNSTREAM'
  | 'ERR_TOKEN_CONFIG';

/** The codes of {@link AdminError}. */
export type AdminErrorCode =
  | 'ERR_ADMIN_INVALID'
  | 'ERR_ADMIN_NOT_FOUND'
  | 'ERR_ADMIN_LIMIT'
  | 'ERR_ADMIN_STORE';

/**
 * How a call ends badly. Its message is one constant sentence, and holds nothing of the caller's.
 *
 * ```js
 * try {
 *   await service.issue({ appClientId, appSecret });
 * } catch (error) {
 *   if (error instanceof RateLimitedError) await wait(error.retryAfter); // by class
 *   else if (error.code === 'ERR_TOKEN_UNAUTHORIZED') forget(appClientId); // or by code
 *   else throw error;
 * }
 * ```
 */
export abstract class TokenError extends Error {
  readonly code: TokenErrorCode;
  /** The status of the HTTP answer; none for a {@link ConfigError}. */
  readonly status?: 401 | 422 | 429 | 502;
  /** How long to wait, in whole seconds, rounded up, as `Retry-After` says (RFC 9110 10.2.3). */
  readonly retryAfter?: number;
}

/** The app id or the secret is not right. */
export class UnauthorizedError extends TokenError {
  readonly code: 'ERR_TOKEN_UNAUTHORIZED';
  readonly status: 401;
}

/** The request does not conform. `issue` and `refresh` never throw it, for they have no body. */
export class InvalidRequestError extends TokenError {
  readonly code: 'ERR_TOKEN_INVALID_REQUEST';
  readonly status: 422;
}

/** Too many requests, failures or authentications under way. */
export class RateLimitedError extends TokenError {
  readonly code: 'ERR_TOKEN_RATE_LIMITED';
  readonly status: 429;
  readonly retryAfter: number;
}

/** What issues the tokens failed, or took longer than the deadline. */
export class DownstreamError extends TokenError {
  readonly code: 'ERR_TOKEN_DOWNSTREAM';
  readonly status: 502;
}

/** A configuration of which nothing can be made, or which has no part for what is asked. */
export class ConfigError extends TokenError {
  readonly code: 'ERR_TOKEN_CONFIG';
  /** The path of the setting, such as `limits.source.burst`, if it is one setting's fault. */
  readonly key?: string;
}

/**
 * A call of the administration that failed. Nothing was changed; but where a call about refresh tokens
 * ends with `ERR_ADMIN_STORE`, they may still be good or not, so make it again.
 */
export class AdminError extends Error {
  readonly code: AdminErrorCode;
}

/**
 * An access token that {@link Admin.verifyAccessToken} finds not good: to an API's caller a 401 with
 * `error="invalid_token"` (RFC 6750 section 3.1), whatever the reason. It says nothing of what the token is.
 */
export class InvalidAccessTokenError extends Error {
  readonly code: 'ERR_ACCESS_TOKEN_INVALID';
  /**
   * What is wrong with it, for a log: it is none of this issuer's making; no key that is published has
   * signed it; its signature is another's; it is of another issuer, or for another audience; its time is
   * past, or has not come.
   */
  readonly reason: 'malformed' | 'unknown_key' | 'signature' | 'issuer' | 'expired';
}
