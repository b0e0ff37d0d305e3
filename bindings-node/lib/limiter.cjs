'use strict';

const argument = require('./argument.cjs');
const { ConfigError, unexpected } = require('./token_error.cjs');
const native = require('../native.js');

const MOST = 0xffff_ffff;

class Limiter {
  #native;

  constructor(options) {
    argument.object('options', options);
    const perMinute = count('perMinute', options.perMinute);
    const burst = count('burst', options.burst);
    const slots = options.slots === undefined ? undefined : count('slots', options.slots);
    this.#native = checked(() => new native.Limiter(perMinute, burst, slots));
  }

  tryAcquire(key, cost = 1) {
    argument.text('key', key);
    count('cost', cost);
    return checked(() => this.#native.tryAcquire(key, cost));
  }
}

/** The addon would take another number for one that fits. */
function count(name, value) {
  if (typeof value !== 'number') throw argument.wrong(name, 'a number');
  if (!Number.isInteger(value) || value < 1 || value > MOST) {
    throw new ConfigError(`\`${name}\` must be a whole number from 1 to ${MOST}`, name);
  }
  return value;
}

/** The addon's sentence begins with the argument that it is about, and holds no value. */
function checked(call) {
  try {
    return call();
  } catch (error) {
    const name = error?.code === 'InvalidArg' && /^`(\w+)`/.exec(error.message)?.[1];
    throw name ? new ConfigError(error.message, name) : unexpected();
  }
}

module.exports = { Limiter };
