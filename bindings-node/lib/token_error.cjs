'use strict';

const native = require('../native.js');

/** How a call ends badly: `code` is the same in every language, `status` that of the HTTP answer. */
class TokenError extends Error {
  constructor(code, message, status, retryAfter) {
    super(message);
    this.code = code;
    if (status !== undefined) this.status = status;
    if (retryAfter !== undefined) this.retryAfter = retryAfter;
  }
}

class UnauthorizedError extends TokenError {}
class InvalidRequestError extends TokenError {}
class RateLimitedError extends TokenError {}
class DownstreamError extends TokenError {}

/** A configuration of which nothing can be made; `key` is the path of the setting, if it is one. */
class ConfigError extends TokenError {
  constructor(message, key) {
    super('ERR_TOKEN_CONFIG', message);
    if (key !== undefined) this.key = key;
  }
}

/** A call of the administration that failed. */
class AdminError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** An access token that is not good; `reason` is what is wrong with it, in a word. */
class InvalidAccessTokenError extends Error {
  constructor({ code, message, reason }) {
    super(message);
    this.code = code;
    this.reason = reason;
  }
}

const CLASSES = {
  ERR_TOKEN_UNAUTHORIZED: UnauthorizedError,
  ERR_TOKEN_INVALID_REQUEST: InvalidRequestError,
  ERR_TOKEN_RATE_LIMITED: RateLimitedError,
  ERR_TOKEN_DOWNSTREAM: DownstreamError,
};

// On the prototype, where Node's own errors have it: `name` is no data of an instance.
for (const Class of [TokenError, ConfigError, AdminError, InvalidAccessTokenError, ...Object.values(CLASSES)]) {
  Object.defineProperty(Class.prototype, 'name', {
    value: Class.name,
    writable: true,
    configurable: true,
  });
}

/**
 * The error that a refusal of the addon stands for.
 *
 * @param {any} refusal
 */
function tokenError({ code, message, status, retryAfter }) {
  return new CLASSES[code](code, message, status, retryAfter);
}

/** Whatever else came out of the addon: its text may be that of a panic, so it stays there. */
function unexpected() {
  return tokenError(native.downstreamFailed());
}

module.exports = {
  TokenError,
  UnauthorizedError,
  InvalidRequestError,
  RateLimitedError,
  DownstreamError,
  ConfigError,
  AdminError,
  InvalidAccessTokenError,
  tokenError,
  unexpected,
};
