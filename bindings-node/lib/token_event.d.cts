// What an observer is told, as `EventRecord` of the crate `tokensmith-assembly` has it.

/**
 * Something happened. Each call ends with exactly one terminal event; others may come before it,
 * or without a call. Told apart by `name`; a later version may have more names, so a `switch` has
 * a `default`.
 *
 * @example
 * const observer = (event: TokenEvent) => {
 *   if (event.name === 'rejected') console.warn(event.requestId, event.source, event.reason);
 * };
 */
export type TokenEvent =
  | IssuedEvent
  | InvalidEvent
  | RateLimitedEvent
  | RejectedEvent
  | DownstreamFailedEvent
  | TimedOutEvent
  | CancelledEvent
  | LimiterFailedEvent
  | LimiterHealthEvent
  | SourceUnknownEvent
  | ReloadFailedEvent
  | StartedEmptyEvent
  | SecretRotatedEvent
  | ClockBehindEvent
  | SecretExpiringEvent
  | KeyRotatedEvent;

interface AnyEvent {
  /** The host's own name for the request, if it gave one. */
  requestId?: string;
  /** Where the request came from, with what could forge a log line escaped. */
  source?: string;
}

interface Terminal extends AnyEvent {
  /** The call has ended with this event. */
  terminal: true;
  /** The app's id, where it is one that an app may have. */
  appClientId?: string;
}

interface Passing extends AnyEvent {
  /** A call, if there is one, goes on. */
  terminal: false;
}

/** Tokens were given: a 200. */
export interface IssuedEvent extends Terminal {
  name: 'issued';
  appClientId: string;
  /** The life of the access token, in whole seconds. */
  expiresIn: number;
}

/** The request does not conform: a 422. */
export interface InvalidEvent extends Terminal {
  name: 'invalid';
  appClientId?: never;
  /** A phrase of a closed list, which holds no value. */
  reason: string;
}

/** Too many requests: a 429. */
export type RateLimitedEvent = RateLimitedByUs | RateLimitedByUpstream;

interface RateLimitedByUs extends Terminal {
  name: 'rate_limited';
  /** The scope whose bucket is empty, or the number of authentications under way. */
  by: 'source' | 'client_at_source' | 'client' | 'global' | 'capacity';
  /** How long to wait, in whole seconds, rounded up: that of `Retry-After` (RFC 9110 10.2.3). */
  retryAfter: number;
  reason?: never;
}

interface RateLimitedByUpstream extends Terminal {
  name: 'rate_limited';
  /** The authenticator. */
  by: 'upstream';
  /** How long to wait, in whole seconds, rounded up. */
  retryAfter: number;
  /** Why; a later version may have more words. */
  reason: 'throttled' | 'lockout' | 'busy' | (string & {});
}

/** The credentials are not right: a 401. */
export interface RejectedEvent extends Terminal {
  name: 'rejected';
  /** Why; a later version may have more words. */
  reason:
    | 'bad_credentials'
    | 'unknown_client'
    | 'wrong_secret'
    | 'disabled'
    | 'app_disabled'
    | 'app_not_ready'
    | 'challenge'
    | 'policy_denied'
    | 'grant_not_allowed'
    | 'refresh_unknown'
    | 'refresh_expired'
    | 'refresh_revoked'
    | 'refresh_reused'
    | 'ledger_behind'
    | (string & {});
}

/** What issues the tokens failed: a 502. */
export interface DownstreamFailedEvent extends Terminal {
  name: 'downstream_failed';
  /** What failed; a later version may have more words. */
  kind:
    | 'unreachable'
    | 'timeout'
    | 'tls'
    | 'redirect'
    | 'too_large'
    | 'contract'
    | 'config'
    | 'waf_blocked'
    | 'server_error'
    | 'breaker_open'
    | 'store'
    | 'signer'
    | 'random'
    | 'other'
    | 'limiter'
    | 'tokens'
    | 'panic'
    | (string & {});
  /** For `tokens`: what is wrong with them, without their text. */
  reason?: string;
}

/** The deadline passed: a 502. */
export interface TimedOutEvent extends Terminal {
  name: 'timed_out';
}

/** The call was aborted before it was done: no answer. */
export interface CancelledEvent extends Terminal {
  name: 'cancelled';
}

/** The limiter could not say, so `limits.outage` decides. */
export interface LimiterFailedEvent extends Passing {
  name: 'limiter_failed';
}

/** A counter of the limiter has risen: told at most once a minute for each. */
export interface LimiterHealthEvent extends Passing {
  name: 'limiter_health';
  /** Charges that went to a bucket of many keys, since the memory was full of live ones. */
  overflows: number;
  /** Buckets whose state could not be read, and that were begun anew as full. */
  repaired: number;
  /** Decisions made by less than the whole limiter. */
  degraded: number;
}

/** The host names no source, so all its callers share one bucket. Said once. */
export interface SourceUnknownEvent extends Passing {
  name: 'source_unknown';
}

/** A part of the service keeps what it has, since a newer state cannot be read or trusted. */
export interface ReloadFailedEvent extends Passing {
  name: 'reload_failed';
  part: string;
}

/** A part of the service began anew although something of an earlier start is there. */
export interface StartedEmptyEvent extends Passing {
  name: 'started_empty';
  part: string;
}

/** An app was given a new secret. */
export interface SecretRotatedEvent extends Passing {
  name: 'secret_rotated';
  appClientId: string;
}

/**
 * The clock is behind what the ledger of refresh tokens has seen by more than a minute. Said once, until it is
 * right again.
 */
export interface ClockBehindEvent extends Passing {
  name: 'clock_behind';
}

/** A secret comes to its end. Said once by each process, when it has at most seven days left. */
export interface SecretExpiringEvent extends Passing {
  name: 'secret_expiring';
  appClientId: string;
  /** The secret's id, which is no secret. */
  secretId: string;
  /** How many seconds it has left. */
  expiresIn: number;
}

/** A signing key was made, and will sign once every verifier may know it. */
export interface KeyRotatedEvent extends Passing {
  name: 'key_rotated';
  /** The key's thumbprint. */
  kid: string;
}
