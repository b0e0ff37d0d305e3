// The configuration, as `ServiceConfig` of the crate `tokensmith-assembly` reads it. An absent key
// has the default that is named here; a key that is not known is an error that names its path.

import type { SigningAlgorithm } from './admin.cjs';

/**
 * What a service is made of: the embedded issuer, or the host's own authenticator. It is plain
 * data: what `JSON.stringify` makes of it is what counts, so a file of JSON will do.
 *
 * @example
 * const config: ServiceConfig = {
 *   limits: { source: { per_minute: 600, burst: 100 } },
 *   store: { path: 'data/tokensmith.db' },
 * };
 */
export type ServiceConfig = IssuerServiceConfig | HostServiceConfig;

/**
 * A service with the embedded issuer.
 *
 * @example
 * const config: IssuerServiceConfig = { store: { path: 'data/tokensmith.db' } };
 */
export interface IssuerServiceConfig extends SharedConfig {
  /** Where the issuer keeps its apps and keys. */
  store: StoreConfig;
  /** Who judges credentials. Default: the issuer, with its own defaults. */
  authenticator?: IssuerConfig | undefined;
}

/**
 * A service that asks the authenticator given to `TokenService.create`.
 *
 * @example
 * const config: HostServiceConfig = { authenticator: { kind: 'host' } };
 */
export interface HostServiceConfig extends SharedConfig {
  /** Who judges credentials. */
  authenticator: { kind: 'host' };
  /** Only the issuer has a store. */
  store?: undefined;
}

/**
 * What both kinds of service are told.
 *
 * @example
 * const config: SharedConfig = { deadline_ms: 2_000, max_in_flight: 256 };
 */
export interface SharedConfig {
  /**
   * The time in milliseconds that a call may take in all, from 1 to 600,000. Past it the answer is
   * a 502. Default: 5,000.
   */
  deadline_ms?: number | undefined;
  /**
   * How many authentications may be under way at once, at least 1. Beyond it the answer is a 429.
   * Default: 64.
   */
  max_in_flight?: number | undefined;
  /** What answers look like. */
  response?: ResponseConfig | undefined;
  /** Who is charged what. */
  limits?: LimitsConfig | undefined;
  /** Where the buckets are kept. */
  limiter?: LimiterConfig | undefined;
}

/**
 * What answers look like.
 *
 * @example
 * const response: ResponseConfig = { key_case: 'camel', rate_limit_fields: true };
 */
export interface ResponseConfig {
  /** How members are spelled: `AccessToken` or `accessToken`. Default: `pascal`. */
  key_case?: 'pascal' | 'camel' | undefined;
  /** The scheme in the `WWW-Authenticate` of a 401 (RFC 9110 section 11.6.1). Default: `AppSecret`. */
  scheme?: string | undefined;
  /** The realm beside it (RFC 9110 section 11.5). Default: `token`. */
  realm?: string | undefined;
  /** Whether `RateLimit` and `RateLimit-Policy` tell what is left for the source. Default: false. */
  rate_limit_fields?: boolean | undefined;
  /**
   * Whether an answer carries a refresh token. `omit` departs from the contract, and follows
   * RFC 6749 section 4.4.3. Default: `require`.
   */
  refresh_token?: 'require' | 'omit' | undefined;
}

/**
 * Who is charged what, and the memory that is kept for it.
 *
 * @example
 * const limits: LimitsConfig = { client: { per_minute: 600, burst: 60 }, global: false };
 */
export interface LimitsConfig {
  /** Each source of requests. Default: 60 a minute, burst 30. */
  source?: QuotaConfig | false | undefined;
  /** Each app at each source. Default: 10 a minute, burst 5. */
  client_at_source?: QuotaConfig | false | undefined;
  /** Each app, where it has not succeeded yet. Default: 120 a minute, burst 60. */
  client?: QuotaConfig | false | undefined;
  /** All requests that conform. Default: false, which is no limit. */
  global?: QuotaConfig | false | undefined;
  /** What a failed authentication costs its source, and its app there; at least 1. Default: 5. */
  failure_cost?: number | undefined;
  /**
   * What is done when the limiter cannot say: let the one in memory decide, answer 502, or admit.
   * Default: `degrade`.
   */
  outage?: 'degrade' | 'refuse' | 'admit' | undefined;
  /** How many buckets there is room for, 16 bytes each, from 16 to 268,435,456. Default: 262,144. */
  slots?: number | undefined;
  /** How many callers that succeeded are remembered, 8 bytes each, 1 to 16,777,216. Default: 65,536. */
  marks?: number | undefined;
  /** How many leading bits of an IPv6 address make one source, from 48 to 64. Default: 64. */
  ipv6_prefix?: number | undefined;
  /** How many servers share the limiter, at least 1. Default: 1. */
  servers?: number | undefined;
}

/**
 * A quota: a bucket that holds `burst` and is refilled evenly.
 *
 * @example
 * const quota: QuotaConfig = { per_minute: 60, burst: 30 };
 */
export interface QuotaConfig {
  /** How much comes back a minute, at least 1. */
  per_minute: number;
  /** How much may be spent at once, at least 1. */
  burst: number;
}

/**
 * Where the buckets are kept.
 *
 * @example
 * const limiter: LimiterConfig = { kind: 'memory' };
 */
export interface LimiterConfig {
  /** In the memory of this process. Default: `memory`. */
  kind?: 'memory' | undefined;
}

/**
 * Where the issuer keeps its apps and keys.
 *
 * @example
 * const store: StoreConfig = { kind: 'sqlite', path: 'data/tokensmith.db' };
 */
export interface StoreConfig {
  /** A database in one file. Default: `sqlite`. */
  kind?: 'sqlite' | undefined;
  /** The file, made when it is missing. */
  path: string;
}

/**
 * A key of 32 random bytes, and its number, which no other key of its use may ever have.
 *
 * @example
 * const pepper: NumberedKey = { id: 2, env: 'TOKENSMITH_PEPPER_2' };
 */
export type NumberedKey = {
  /** From 2 to 65,535. */
  id: number;
} & (
  | {
      /** A file of 32 bytes, its owner's alone: `openssl rand -out FILE 32`. */
      file: string;
      env?: undefined;
    }
  | {
      /** An environment variable with 64 hexadecimal digits: `openssl rand -hex 32`. */
      env: string;
      file?: undefined;
    }
);

/**
 * The embedded issuer.
 *
 * @example
 * const issuer: IssuerConfig = { issuer: 'https://tokens.example', token_seconds: 900 };
 */
export interface IssuerConfig {
  /** The embedded one. Default: `issuer`. */
  kind?: 'issuer' | undefined;
  /**
   * The file of the key that all others are derived from or kept under, made when it and the
   * store's records are missing. Without it the store is lost. Default: `root.key` beside the store.
   */
  root_key_file?: string | undefined;
  /** The environment variable with that key in 64 hexadecimal digits, instead of a file. Default: none. */
  root_key_env?: string | undefined;
  /** More keys that digest secrets, at most 3. Default: none but 1, which comes from the root key. */
  peppers?: NumberedKey[] | undefined;
  /** The number of the one for new digests. Default: the highest. */
  pepper_in_use?: number | undefined;
  /** More keys that tag refresh tokens, at most 3. Default: none but 1, which comes from the root key. */
  refresh_keys?: NumberedKey[] | undefined;
  /** The number of the one for new refresh tokens. Default: the highest. */
  refresh_key_in_use?: number | undefined;
  /** The claim `iss` (RFC 7519 section 4.1.1). Default: `http://127.0.0.1:8080`. */
  issuer?: string | undefined;
  /** The claim `aud` (RFC 7519 section 4.1.3). Default: that of `iss`. */
  audience?: string | undefined;
  /** What the first signing key is for; a store that has a key keeps it. Default: `ES256`. */
  algorithm?: SigningAlgorithm | undefined;
  /** How long a new signing key is published before it signs, from 600 to 2,592,000. Default: 86,400. */
  key_lead_seconds?: number | undefined;
  /** After how many days of signing a key is followed by another by itself, from 1 to 365. Default: never. */
  rotate_keys_every_days?: number | undefined;
  /** How long an access token is good for, in seconds, from 60 to 86,400. Default: 3,600. */
  token_seconds?: number | undefined;
  /** The most that the policy of an app may make of that, up to 86,400. Default: 86,400. */
  max_token_seconds?: number | undefined;
  /** How long a refresh token may lie unused, in seconds, from 60 to 31,536,000. Default: 604,800. */
  refresh_idle_seconds?: number | undefined;
  /** How long the refresh tokens that follow from one request live in all. Default: 2,592,000. */
  refresh_seconds?: number | undefined;
  /** Within which one that was redeemed gives the same successor again, from 0 to 60. Default: 10. */
  refresh_grace_seconds?: number | undefined;
  /** Whether imported secrets that are kept as bcrypt or PBKDF2 are verified, until their first success. Default: `false`. */
  verify_legacy_hashes?: boolean | undefined;
  /** How many threads hash imported secrets, from 1 to 64. Default: 2. */
  hashing_threads?: number | undefined;
  /** The step at whose multiples it is told what became of credentials, from 1 to 1,000,000. Default: none. */
  completion_grid_microseconds?: number | undefined;
}
