// Performs a case of one bucket on the facade's `Limiter`, and compares all that comes of it.

import assert from 'node:assert/strict';

import { ConfigError } from '../../index.mjs';
import { Clock } from './clock.mjs';
import { createLimiterOn } from './manual_host.mjs';
import { Mismatch } from './mismatch.mjs';
import { refusedLine, takenLine } from './transcript.mjs';

const MINUTE_US = 60_000_000;
const KEY = 'appcl-1234';

/** What came of each step, or the first `Mismatch`. */
export function performBucket(vector) {
  const clock = new Clock(0);
  const { tokens, period_us: period, burst } = vector.quota;
  const options = { perMinute: (tokens * MINUTE_US) / period, burst, slots: 16 };
  if (vector.refused) {
    told(vector.name, 0, () => assert.throws(() => createLimiterOn(clock.host, options), ConfigError));
    return [refusedLine(vector.name)];
  }
  const limiter = told(vector.name, 0, () => createLimiterOn(clock.host, options));
  return vector.steps.map((step, index) =>
    told(vector.name, index + 1, () => {
      const { granted, retryAfter } = take(limiter, clock, step, burst);
      assert.equal(granted, step.granted, 'granted');
      assert.equal(retryAfter, inSeconds(step.wait_us), 'the wait');
      return takenLine(vector.name, index + 1, granted, retryAfter);
    }),
  );
}

/** Attempts, one after the other: how many were granted, and what the last was told. */
function take(limiter, clock, { op, at_us: at, every_us: every, times, cost }, burst) {
  assert.equal(op, 'take', 'a limiter of a host can do no more');
  let granted = 0;
  let retryAfter;
  for (let attempt = 0; attempt < times; attempt += 1) {
    clock.moveTo(at + attempt * every);
    if (cost > burst) {
      // It can never be granted, and a host is told so.
      assert.throws(() => limiter.tryAcquire(KEY, cost), ConfigError);
      continue;
    }
    const answer = limiter.tryAcquire(KEY, cost);
    granted += Number(answer.allowed);
    ({ retryAfter } = answer);
  }
  return { granted, retryAfter };
}

/** A wait as a host is told of it. */
function inSeconds(micros) {
  return micros === undefined ? undefined : Math.ceil(micros / 1_000_000);
}

function told(name, step, work) {
  try {
    return work();
  } catch (error) {
    throw new Mismatch(name, step, error.message);
  }
}
