// The facade on a clock that the tests move. Only the build with `testing` has such a clock.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

import { Limiter, TokenService } from '../../index.mjs';

/** The addon as the facade has it, so that what is put in its place is put there for the facade. */
export const native = createRequire(import.meta.url)('../../native.js');

assert(native.ManualHost, 'NAPI_RS_NATIVE_LIBRARY_PATH must name the build with `testing`');

/**
 * `TokenService.create` with the service of `make` in place of the addon's own. The facade asks for
 * it before it waits for anything, so no other call gets it.
 */
export function createWith(make, config, options) {
  const own = native.createService;
  native.createService = make;
  try {
    return TokenService.create(config, options);
  } finally {
    native.createService = own;
  }
}

/** A service on the clock and the timer of this host. */
export function createOn(host, config, options) {
  return createWith((...all) => host.createService(...all), config, options);
}

/** A `Limiter` on the clock of this host. */
export function createLimiterOn(host, options) {
  const own = native.Limiter;
  native.Limiter = function LimiterOn(...all) {
    return host.createLimiter(...all);
  };
  try {
    return new Limiter(options);
  } finally {
    native.Limiter = own;
  }
}
