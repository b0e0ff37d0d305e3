/** One quota: a token bucket for each key. */
export interface LimiterOptions {
  /** How many tokens come back in a minute; at least 1. */
  perMinute: number;
  /** How many tokens a bucket holds; at least 1. */
  burst: number;
  /** For how many keys there is room, 16 bytes each. Default: 262,144. */
  slots?: number;
}

/** What a bucket says. */
export type Acquired = { allowed: true } | { allowed: false; retryAfter: number };

/**
 * The rate limiter alone, for whatever else a host limits. Memory is fixed, whatever the keys.
 *
 * ```js
 * const limiter = new Limiter({ perMinute: 60, burst: 10 });
 * const { allowed, retryAfter } = limiter.tryAcquire(request.ip);
 * ```
 */
export class Limiter {
  /** @throws {ConfigError} for a number out of its bounds. */
  constructor(options: LimiterOptions);
  /**
   * Takes `cost` tokens from the bucket of `key`, or none.
   * @param cost default 1; from 1 to the burst.
   * @throws {ConfigError} for a cost that no wait can grant.
   */
  tryAcquire(key: string, cost?: number): Acquired;
}
