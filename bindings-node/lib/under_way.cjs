'use strict';

const { setImmediate, setInterval } = require('node:timers');

const native = require('../native.js');

// The addon's functions do not keep the process alive, so this does while there are calls.
const LONGEST = 2 ** 31 - 1;
const alive = setInterval(() => {}, LONGEST).unref();
let calls = 0;

// A function of its own, which holds no more than it says: the addon holds it as long as there is
// someone who holds the `Answers`.
function settling(settlers) {
  let due = [];
  const settle = () => {
    const ended = due;
    due = [];
    for (const [number, answer] of ended) {
      const settle = settlers.get(number);
      // Nobody waits for a call that threw.
      if (!settlers.delete(number)) continue;
      calls -= 1;
      settle(answer);
    }
    if (calls === 0) alive.unref();
  };
  // Not here: while the loop is in this function it comes back at once with what has ended meanwhile,
  // and calls that begin calls would leave no time for the authenticator and the observer.
  return (ended) => {
    if (due.length === 0) setImmediate(settle);
    for (let i = 0; i < ended.length; i += 2) due.push([ended[i], ended[i + 1]]);
  };
}

/**
 * The calls of a service that are under way, by number: the addon tells of all those at once that
 * have ended, and a later phase of the loop's turn has their answers.
 */
class UnderWay {
  #settlers = new Map();
  #answers = new native.Answers(settling(this.#settlers));

  /** The answer of a call that `begin` begins: null if it was cancelled, false if it has none. */
  answer(begin) {
    const number = begin(this.#answers);
    if (calls === 0) alive.ref();
    calls += 1;
    return new Promise((settle) => this.#settlers.set(number, settle));
  }
}

module.exports = { UnderWay };
