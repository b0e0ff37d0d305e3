// Time in the tests' hands, on both sides of the border: the core's clock and timer, and the waits
// of an authenticator in JavaScript.

import { setImmediate } from 'node:timers/promises';

import { native } from './manual_host.mjs';

/** How often whoever is woken gets its turn, on our threads and on this one. */
const TURNS = 4;

export class Clock {
  #micros = 0;
  #sleepers = new Set();

  constructor(startSeconds) {
    this.host = new native.ManualHost(startSeconds);
  }

  /** Milliseconds since it was made. */
  get now() {
    return this.#micros / 1000;
  }

  /** Moves on until so many microseconds have passed. */
  moveTo(micros) {
    if (micros <= this.#micros) return;
    this.host.advance(micros - this.#micros);
    this.#micros = micros;
  }

  /** Moves on until so many milliseconds have passed, and lets go on what waits for that. */
  async advanceTo(millis) {
    this.moveTo(millis * 1000);
    for (const sleeper of this.#sleepers) {
      if (sleeper.end > this.now) continue;
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
    await settled();
  }

  sleep(millis) {
    return new Promise((wake) => this.#sleepers.add({ end: this.now + millis, wake }));
  }
}

/**
 * Waits until whoever could go on has done so. That something has *not* happened cannot be awaited,
 * so this gives it several chances; what must happen is awaited by itself.
 */
export async function settled() {
  for (let turn = 0; turn < TURNS; turn += 1) {
    await native.settle();
    await setImmediate();
  }
}

/** A promise that must be settled by then, by the clock on the wall: else it fails, and hangs nothing. */
export async function within(patience, promise, what) {
  const late = Symbol('late');
  let timer;
  const watchdog = new Promise((end) => {
    timer = setTimeout(end, patience, late);
  });
  try {
    const first = await Promise.race([promise, watchdog]);
    if (first === late) throw new Error(`${what}: not within ${patience} ms`);
    return first;
  } finally {
    clearTimeout(timer);
  }
}
