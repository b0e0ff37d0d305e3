'use strict';

const { wrong } = require('./argument.cjs');
const { unheard } = require('./callback.cjs');
const { redact } = require('./redacted.cjs');
const native = require('../native.js');

/** Thrown by an authenticator: the credentials are not right. 401. */
class RejectedError extends Error {
  #brand;

  constructor(message = 'the credentials were rejected') {
    super(message);
  }

  /** No trap of a proxy sees the question, as it would with `instanceof`. */
  static is(value) {
    return typeof value === 'object' && value !== null && #brand in value;
  }
}

/** Thrown by an authenticator: not so fast. 429, with `Retry-After` if it says for how long. */
class ThrottledError extends Error {
  #retryAfter;

  constructor(retryAfter) {
    super('the authenticator asks for patience');
    if (retryAfter !== undefined && !(Number.isFinite(retryAfter) && retryAfter >= 0)) {
      throw wrong('retryAfter', 'a number of seconds');
    }
    this.#retryAfter = retryAfter;
  }

  get retryAfter() {
    return this.#retryAfter;
  }

  static is(value) {
    return typeof value === 'object' && value !== null && #retryAfter in value;
  }
}

for (const Class of [RejectedError, ThrottledError]) {
  Object.defineProperty(Class.prototype, 'name', {
    value: Class.name,
    writable: true,
    configurable: true,
  });
}

/** What an authenticator is asked. */
class AuthRequest {
  constructor(request) {
    Object.assign(this, request);
  }
}
redact(AuthRequest);

/**
 * The function that the addon calls: it asks the host's authenticator and answers with a tagged
 * object. It never rejects, so nothing of the host's errors crosses the border; `onError` hears
 * those that are not one of the two above.
 */
function authenticateFunction(authenticator, onError) {
  const ask =
    typeof authenticator === 'function'
      ? authenticator
      : (request) => authenticator.authenticate(request);
  return async (request) => {
    // The call ended before its turn came: the host is not asked in vain.
    if (request === null) return { kind: 'upstream' };
    try {
      return issued(await ask(new AuthRequest(request)));
    } catch (error) {
      return refused(error, onError);
    }
  };
}

/** Reads each field once, for a getter may answer differently the second time, or throw. */
function issued(tokens) {
  if (typeof tokens !== 'object' || tokens === null) {
    throw new ContractFault('the authenticator must give an object');
  }
  return {
    kind: 'issued',
    accessToken: token(tokens, 'accessToken', true),
    expiresIn: seconds(tokens.expiresIn),
    tokenType: tokenType(tokens.tokenType),
    refreshToken: token(tokens, 'refreshToken', false),
    idToken: token(tokens, 'idToken', false),
  };
}

/** The host gave something else than tokens. */
class ContractFault extends TypeError {
  #brand;

  static is(value) {
    return typeof value === 'object' && value !== null && #brand in value;
  }
}

function token(tokens, name, required) {
  const value = tokens[name];
  if (!required && (value === undefined || value === null)) return undefined;
  if (typeof value !== 'string') throw new ContractFault(`\`${name}\` must be a string`);
  // The core refuses what is longer than it takes, and needs no more than one character over to
  // see it: a hundred megabytes are not copied.
  return value.length > native.MAX_TOKEN ? value.slice(0, native.MAX_TOKEN + 1) : value;
}

function seconds(value) {
  if (typeof value !== 'number') throw new ContractFault('`expiresIn` must be a number');
  return value;
}

function tokenType(value) {
  if (value === undefined) return 'Bearer';
  if (typeof value !== 'string') throw new ContractFault('`tokenType` must be a string');
  return value;
}

function refused(error, onError) {
  if (RejectedError.is(error)) return { kind: 'rejected' };
  if (ThrottledError.is(error)) return { kind: 'throttled', retryAfter: error.retryAfter };
  // Who listens for errors may have one of its own: there is nobody left to tell.
  if (onError !== undefined) unheard(() => onError(error), () => {});
  return { kind: ContractFault.is(error) ? 'contract' : 'upstream' };
}

module.exports = { AuthRequest, RejectedError, ThrottledError, authenticateFunction };
