// The limiter alone: what it grants, and what it says of numbers that no bucket can have.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ConfigError, Limiter } from '../index.mjs';

test('a burst is granted, then a wait in whole seconds', () => {
  const limiter = new Limiter({ perMinute: 1, burst: 3 });
  assert.equal(limiter.tryAcquire('a', 2).allowed, true);
  assert.equal(limiter.tryAcquire('a').allowed, true);
  // A token comes back in a minute, less the moment that has passed.
  assert.deepEqual({ ...limiter.tryAcquire('a') }, { allowed: false, retryAfter: 60 });
  assert.deepEqual({ ...limiter.tryAcquire('a', 2) }, { allowed: false, retryAfter: 120 });
  assert.equal(limiter.tryAcquire('b', 3).allowed, true);
});

test('a refusal takes nothing, and a token comes back in its time', async () => {
  const limiter = new Limiter({ perMinute: 600, burst: 1 });
  assert.equal(limiter.tryAcquire('a').allowed, true);
  for (let again = 0; again < 3; again += 1) limiter.tryAcquire('a');
  await new Promise((resolve) => setTimeout(resolve, 120));
  assert.equal(limiter.tryAcquire('a').allowed, true);
});

test('two limiters share no bucket', () => {
  const [one, other] = [new Limiter({ perMinute: 1, burst: 1 }), new Limiter({ perMinute: 1, burst: 1 })];
  assert.equal(one.tryAcquire('a').allowed, true);
  assert.equal(other.tryAcquire('a').allowed, true);
});

const RIGHT = { perMinute: 60, burst: 10 };
const OUT_OF_BOUNDS = [
  ['perMinute', 0],
  ['perMinute', -1],
  ['perMinute', 1.5],
  ['perMinute', NaN],
  ['perMinute', 2 ** 32],
  ['burst', 0],
  ['burst', Infinity],
  ['burst', 2 ** 32 + 1],
  ['slots', 0],
  ['slots', 15],
  ['slots', 2 ** 28 + 1],
];
for (const [key, value] of OUT_OF_BOUNDS) {
  test(`\`${key}\` cannot be ${value}`, () => {
    assert.throws(
      () => new Limiter({ ...RIGHT, [key]: value }),
      (error) => error instanceof ConfigError && error.code === 'ERR_TOKEN_CONFIG' && error.key === key,
    );
  });
}

for (const cost of [0, -1, 1.5, NaN, 11, 2 ** 32 + 1]) {
  test(`a cost cannot be ${cost}, and it takes nothing`, () => {
    const limiter = new Limiter({ perMinute: 1, burst: 10 });
    assert.throws(
      () => limiter.tryAcquire('a', cost),
      (error) => error instanceof ConfigError && error.key === 'cost',
    );
    assert.equal(limiter.tryAcquire('a', 10).allowed, true);
  });
}

test('an argument of the wrong type is named, and not quoted', () => {
  const planted = 'a-planted-secret';
  const wrong = [
    ['options', () => new Limiter(planted)],
    ['perMinute', () => new Limiter({ ...RIGHT, perMinute: planted })],
    ['burst', () => new Limiter({ ...RIGHT, burst: [planted] })],
    ['slots', () => new Limiter({ ...RIGHT, slots: null })],
    ['key', () => new Limiter(RIGHT).tryAcquire({ planted })],
    ['key', () => new Limiter(RIGHT).tryAcquire(`${planted}\ud800`)],
    ['cost', () => new Limiter(RIGHT).tryAcquire('a', planted)],
  ];
  for (const [name, call] of wrong) {
    assert.throws(call, (error) => {
      assert.match(error.message, new RegExp(`^\`${name}\` must be `));
      assert(!error.stack.includes(planted));
      return error instanceof TypeError;
    });
  }
});
