// What an authenticator may do wrong, and what becomes of it. `says` is what it does, `status` the
// answer, `event` what the observer hears, `heard` whether `onAuthenticatorError` hears of it.

import { RejectedError, ThrottledError } from '../index.mjs';
import { TOKENS } from './scripted.mjs';

const fault = (kind, heard = true) => ({ status: 502, event: { name: 'downstream_failed', kind }, heard });
const UPSTREAM = fault('other');
const SHAPE = fault('contract');
const WORD = fault('contract', false);
const DEFECT = fault('tokens', false);
const GOOD = { status: 200, event: { name: 'issued' }, heard: false };
const REJECTED = { status: 401, event: { name: 'rejected', reason: 'bad_credentials' }, heard: false };
const throttled = (retryAfter) => ({
  status: 429,
  retryAfter,
  event: { name: 'rate_limited', by: 'upstream', reason: 'throttled', retryAfter },
  heard: false,
});

function rejectionSubclass() {
  return new (class Locked extends RejectedError {})('locked');
}

function revoked() {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** Every trap of it throws, whatever is asked. */
function trap() {
  const get = () => {
    throw new Error('a trap');
  };
  return new Proxy({}, new Proxy({}, { get }));
}

/** It is no such error, however much it looks like one. */
function impostor(Class) {
  return Object.create(Class.prototype);
}

function withGetters() {
  const error = new Error('an error');
  // Made while the getters do not throw yet: the engine makes it from these.
  if (!error.stack) return undefined;
  for (const name of ['message', 'name', 'stack', 'code', 'retryAfter', 'constructor', 'then']) {
    Object.defineProperty(error, name, {
      get() {
        throw new Error('a getter');
      },
    });
  }
  return error;
}

const thrown = {
  'a rejection': [() => new RejectedError(), REJECTED],
  'a rejection of a subclass': [() => rejectionSubclass(), REJECTED],
  'a throttle': [() => new ThrottledError(), throttled(1)],
  'a throttle of no seconds': [() => new ThrottledError(0), throttled(1)],
  'a throttle of 7 seconds': [() => new ThrottledError(7), throttled(7)],
  'a throttle of 2.2 seconds': [() => new ThrottledError(2.2), throttled(3)],
  'a throttle of a day': [() => new ThrottledError(86_400), throttled(3_600)],
  'a throttle past every duration': [() => new ThrottledError(1e300), throttled(3_600)],
  'an error': [() => new Error('an error'), UPSTREAM],
  'a string': [() => 'a string', UPSTREAM],
  'a number': [() => 7, UPSTREAM],
  null: [() => null, UPSTREAM],
  undefined: [() => undefined, UPSTREAM],
  'a symbol': [() => Symbol('a symbol'), UPSTREAM],
  'a frozen object': [() => Object.freeze({ code: 7 }), UPSTREAM],
  'a proxy whose traps throw': [trap, UPSTREAM],
  'a revoked proxy': [revoked, UPSTREAM],
  'an error whose getters throw': [withGetters, UPSTREAM],
  'what looks like a rejection': [() => impostor(RejectedError), UPSTREAM],
  'what looks like a throttle': [() => impostor(ThrottledError), UPSTREAM],
  'a proxy of a rejection': [() => new Proxy(new RejectedError(), {}), UPSTREAM],
};

/** Each is thrown at once and, under another name, rejected with. */
function* throws() {
  for (const [name, [make, expected]] of Object.entries(thrown)) {
    const at_once = (value) => {
      throw value;
    };
    yield { name: `throws ${name}`, make, says: at_once, ...expected };
    yield { name: `rejects with ${name}`, make, says: (value) => Promise.reject(value), ...expected };
  }
}

function once(first, then) {
  let asked = false;
  return {
    ...TOKENS,
    get accessToken() {
      if (asked) return then();
      asked = true;
      return first;
    },
  };
}

const gives = {
  'tokens and no promise': [() => TOKENS, GOOD],
  'tokens of a prototype': [() => Object.create(TOKENS), GOOD],
  'tokens and more': [() => ({ ...TOKENS, kind: 'rejected', retryAfter: 7 }), GOOD],
  undefined: [() => undefined, SHAPE],
  null: [() => null, SHAPE],
  'a number': [() => 7, SHAPE],
  'a string': [() => 'tokens', SHAPE],
  'a function': [() => () => TOKENS, SHAPE],
  'an array': [() => [TOKENS], SHAPE],
  'an error': [() => new RejectedError(), SHAPE],
  'a proxy whose traps throw': [trap, UPSTREAM],
  'a revoked proxy': [revoked, UPSTREAM],
  'a getter that throws': [() => ({ ...TOKENS, get idToken() { throw new Error('a getter'); } }), UPSTREAM],
  'a getter that answers differently': [() => once(TOKENS.accessToken, () => 7), GOOD],
  'a thenable': [() => ({ then: (resolve) => resolve(TOKENS) }), GOOD],
  'a thenable that resolves twice': [
    () => ({ then(resolve, reject) { resolve(TOKENS); resolve(7); reject(new RejectedError()); } }),
    GOOD,
  ],
  'a thenable that resolves and throws': [
    () => ({ then(resolve) { resolve(TOKENS); throw new Error('late'); } }),
    GOOD,
  ],
  'a thenable that rejects': [() => ({ then: (_, reject) => reject(new RejectedError()) }), REJECTED],
  'a thenable that throws': [() => ({ then() { throw new Error('then'); } }), UPSTREAM],
  'a thenable of a thenable': [
    () => ({ then: (resolve) => resolve({ then: (_, reject) => reject(new RejectedError()) }) }),
    REJECTED,
  ],
  'a `then` whose getter throws': [() => ({ get then() { throw new Error('then'); } }), UPSTREAM],
};

const missing = { accessToken: SHAPE, expiresIn: SHAPE, tokenType: GOOD, refreshToken: DEFECT };
const NOT_TEXT = [7, true, {}, [], Symbol('a symbol'), 7n, new String('x')];

const fields = [
  ...[NaN, Infinity, -Infinity, -1, 1e300].map((value) => ['expiresIn', value, WORD]),
  ...[0, 0.5, -0, 315_360_001].map((value) => ['expiresIn', value, DEFECT]),
  ...[1, 3600.9, 315_360_000].map((value) => ['expiresIn', value, GOOD]),
  ...['3600', 3600n, null, {}, new Date()].map((value) => ['expiresIn', value, SHAPE]),
  ...['bearer', 'BEARER'].map((value) => ['tokenType', value, GOOD]),
  ...['MAC', '', 'Bearer '].map((value) => ['tokenType', value, WORD]),
  ...['', 'a b', 'a\nb', '\ud800', 'x'.repeat(16_385)].flatMap((value) => [
    ['accessToken', value, DEFECT],
    ['refreshToken', value, DEFECT],
    ['idToken', value, DEFECT],
  ]),
  ...NOT_TEXT.flatMap((value) => [
    ['accessToken', value, SHAPE],
    ['tokenType', value, SHAPE],
    ['refreshToken', value, SHAPE],
    ['idToken', value, SHAPE],
  ]),
  ['refreshToken', null, DEFECT],
  ['idToken', null, GOOD],
  ['idToken', 'an-id-token', GOOD],
];

function* answers() {
  for (const [name, [make, expected]] of Object.entries(gives)) {
    yield { name: `gives ${name}`, make, says: (value) => value, ...expected };
  }
  for (const [name, expected] of Object.entries(missing)) {
    const make = () => ({ ...TOKENS, [name]: undefined });
    yield { name: `gives no ${name}`, make, says: async (value) => value, ...expected };
  }
  for (const [index, [name, value, expected]] of fields.entries()) {
    const make = () => ({ ...TOKENS, [name]: value });
    yield { name: `gives ${name} of ${typeof value} (${index})`, make, says: async (v) => v, ...expected };
  }
}

export const FAULTS = [...throws(), ...answers()];
