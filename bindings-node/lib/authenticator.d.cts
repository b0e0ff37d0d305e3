/**
 * Thrown by an authenticator: the credentials are not right. The caller gets a 401.
 *
 * ```js
 * if (!known.has(appClientId)) throw new RejectedError();
 * ```
 */
export class RejectedError extends Error {
  constructor(message?: string);
}

/**
 * Thrown by an authenticator: not so fast. The caller gets a 429.
 *
 * ```js
 * throw new ThrottledError(30);
 * ```
 */
export class ThrottledError extends Error {
  /** @param retryAfter seconds to wait; answered within 1 to 3,600. Default: 1. */
  constructor(retryAfter?: number);
  readonly retryAfter: number | undefined;
}
