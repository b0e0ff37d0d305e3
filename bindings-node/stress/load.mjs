// The load: calls of one service after another, each with a fault, some aborted. Every answer is
// checked.

import { TokenService } from '../index.mjs';
import { drawn } from './chance.mjs';
import { FAULTS, SHARES } from './faults.mjs';

const AT_ONCE = 512;
const DEADLINE_MS = 50;
const CALLS_A_SERVICE = 2_000;
const ABORTED = 0.1;
// Small tables: those of the default, of 4 MiB, leave holes that hide what is looked for.
const NO_LIMITS = { source: false, client: false, client_at_source: false, slots: 4_096, marks: 4_096 };

const BODIES = Object.fromEntries(
  Object.keys(FAULTS).map((fault) => [
    fault,
    Buffer.from(JSON.stringify({ appClientId: fault, appSecret: 'a-secret' })),
  ]),
);

export class Load {
  calls = 0;
  services = 0;
  ended = 0;
  outcomes = {};
  events = {};
  dropped = 0;
  /** How many had the answer of their fault, and not that of a lack of time or room. */
  right = 0;
  wrong = [];
  #number;
  #service;
  #left = 0;
  #shared = new AbortController();

  constructor(number) {
    this.#number = number;
  }

  /** So many calls, as many at once as there are places; then none is under way. */
  async run(count) {
    let left = count;
    const caller = async () => {
      while (left > 0) {
        left -= 1;
        await this.#call(await this.#current());
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, caller));
  }

  close() {
    if (this.#service === undefined) return;
    this.#service.close();
    this.dropped += this.#service.droppedEvents;
    this.#service = undefined;
    this.#left = 0;
  }

  /** The service of the moment. It is closed while calls of it are under way. */
  async #current() {
    while (this.#left <= 0) {
      this.#left = CALLS_A_SERVICE;
      const next = await this.#open();
      const former = this.#service;
      this.#service = next;
      former?.close();
      this.dropped += former?.droppedEvents ?? 0;
    }
    this.#left -= 1;
    while (this.#service === undefined) await new Promise((resolve) => setImmediate(resolve));
    return this.#service;
  }

  #open() {
    this.services += 1;
    const config = {
      authenticator: { kind: 'host' },
      deadline_ms: DEADLINE_MS,
      // A few calls more than places: some are refused for want of one.
      max_in_flight: AT_ONCE - 64,
      limits: NO_LIMITS,
    };
    return TokenService.create(config, {
      authenticator: ({ appClientId }) => FAULTS[appClientId].does(this.#number()),
      observer: (event) => {
        this.events[event.name] = (this.events[event.name] ?? 0) + 1;
        if (this.#number() < 0.01) throw new Error('of the observer');
      },
      onAuthenticatorError: () => {
        if (this.#number() < 0.1) throw new Error('of the listener');
      },
    });
  }

  async #call(service) {
    const fault = drawn(SHARES, this.#number());
    const signal = this.#signal();
    this.calls += 1;
    const outcome = await this.#outcome(service, fault, signal);
    this.ended += 1;
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
    if (FAULTS[fault].right.includes(outcome)) this.right += 1;
    if (!this.#isRight(outcome, fault, signal)) this.wrong.push(`${fault}: ${outcome}`);
  }

  /** None, one that is aborted at some time, or one that all calls share and that never is. */
  #signal() {
    const number = this.#number();
    if (number < ABORTED) {
      const controller = new AbortController();
      if (number < ABORTED / 20) controller.abort('aborted');
      else setTimeout(() => controller.abort('aborted'), this.#number() * 60);
      return controller.signal;
    }
    return number < 2 * ABORTED ? this.#shared.signal : undefined;
  }

  async #outcome(service, fault, signal) {
    try {
      if (this.#number() < 0.5) {
        const request = { body: BODIES[fault], contentType: 'application/json', source: '192.0.2.1' };
        return (await service.handle(request, { signal })).status;
      }
      const credentials = { appClientId: fault, appSecret: 'a-secret', source: '192.0.2.1' };
      await service.issue(credentials, { signal });
      return 200;
    } catch (error) {
      if (error === 'aborted') return 'aborted';
      return error.status ?? error.name;
    }
  }

  #isRight(outcome, fault, signal) {
    if (outcome === 'aborted') return signal !== undefined && signal !== this.#shared.signal;
    // Past the deadline, no place left, or closed between the choice of the service and the call.
    return FAULTS[fault].right.includes(outcome) || [502, 429, 'InvalidStateError'].includes(outcome);
  }
}
