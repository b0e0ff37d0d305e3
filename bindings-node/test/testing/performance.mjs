// Performs a case of the service on the facade, as tests/vectors/README.md says, and compares all
// that comes of it.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Clock, settled, within } from './clock.mjs';
import { createOn } from './manual_host.mjs';
import { Mismatch } from './mismatch.mjs';
import { Names } from './names.mjs';
import { Recorder, expected, inWords } from './recorder.mjs';
import { ScriptedAuthenticator } from './scripted_authenticator.mjs';
import { callLine } from './transcript.mjs';

/** What must come is waited for so long, by the clock on the wall. */
const PATIENCE_MS = 10_000;
/** No case lasts longer, nor a deadline. */
const AFTER_ALL_US = 1e15;

/** What came of each call, or the first `Mismatch`. */
export async function perform(vector, clockStart, patience = PATIENCE_MS) {
  const performance = new Performance(vector, new Clock(clockStart), patience);
  let number = 0;
  try {
    await performance.begin();
    for (const step of vector.steps) {
      number += 1;
      await performance.perform(number, step);
    }
    number = 0;
    await performance.end();
  } catch (error) {
    throw error instanceof Mismatch ? error : new Mismatch(vector.name, number, error.message);
  } finally {
    performance.close();
  }
  // Calls may end in another order than they began in.
  return vector.steps.map((_, index) => performance.lines.get(index + 1));
}

class Performance {
  #vector;
  #clock;
  #authenticator;
  #recorder = new Recorder();
  #names = new Names();
  #folder;
  #service;
  #patience;
  #calls = [];
  #underWay = new Set();
  lines = new Map();

  constructor(vector, clock, patience) {
    this.#vector = vector;
    this.#clock = clock;
    this.#patience = patience;
    this.#authenticator = new ScriptedAuthenticator(clock);
  }

  async begin() {
    const { config } = this.#vector;
    const observer = this.#recorder.observe;
    if (config.authenticator.kind !== 'issuer') {
      const authenticator = this.#authenticator;
      this.#service = await createOn(this.#clock.host, config, { authenticator, observer });
      return;
    }
    this.#folder = mkdtempSync(join(tmpdir(), 'tokensmith-'));
    const store = { path: join(this.#folder, 'store.db') };
    this.#service = await createOn(this.#clock.host, { ...config, store }, { observer });
    const { app } = this.#vector;
    if (app !== undefined) this.#names.ofApp(await this.#service.admin.createApp(app));
  }

  /** A call that is still under way, after a mismatch, would keep the process alive. */
  close() {
    for (const call of this.#calls) call.drop();
    this.#service?.close();
    this.#clock.moveTo(AFTER_ALL_US);
    if (this.#folder) rmSync(this.#folder, { recursive: true });
  }

  #soon(promise, what) {
    return within(this.#patience, promise, what);
  }

  /** Begins a step at its time, and compares it at its end: at once, or as the clock passes it. */
  async perform(number, step) {
    await this.#advance(step.at_ms);
    const { authenticator: script } = step;
    const called = script && this.#authenticator.expect(script);
    const call = new Call(this.#service, number, step, this.#names);
    this.#calls.push(call);
    if (call.ends === step.at_ms) {
      await this.#soon(call.settled, 'an answer at once');
      this.#keepsToTheScript();
      await this.#compare(call);
      return;
    }
    await this.#soon(Promise.race([called, call.settled]), 'a call of the authenticator');
    await settled();
    this.#keepsToTheScript();
    assert.ok(!call.answer, 'answered at once');
    this.#underWay.add(call);
  }

  async end() {
    await this.#advance(Infinity);
    await settled();
    assert.deepEqual(this.#recorder.rest(), [], 'events of no step');
    assert.equal(this.#service.inFlight, 0, 'authentications under way');
    assert.equal(this.#service.droppedEvents, 0, 'dropped events');
  }

  #keepsToTheScript() {
    const deviation = this.#authenticator.deviation();
    assert.ok(!deviation, `the authenticator: ${deviation}`);
  }

  /** Moves the clock, and ends what ends on the way: one millisecond earlier it is under way. */
  async #advance(to) {
    for (;;) {
      const end = Math.min(...[...this.#underWay].map((call) => call.ends));
      if (end > to || end === Infinity) break;
      await this.#clock.advanceTo(end - 1);
      this.#isUnderWay(this.#underWay);
      await this.#clock.advanceTo(end);
      const due = [...this.#underWay].filter((call) => call.ends === end);
      this.#isUnderWay([...this.#underWay].filter((call) => call.ends > end || call.isDropped));
      for (const call of due) await this.#finish(call);
    }
    if (to === Infinity) return;
    await this.#clock.advanceTo(to);
    this.#isUnderWay(this.#underWay);
  }

  #isUnderWay(calls) {
    for (const { answer, number } of calls) {
      if (!answer) continue;
      const what = `it ended at ${this.#clock.now} ms: ${answer.error ?? JSON.stringify(answer.response)}`;
      throw new Mismatch(this.#vector.name, number, what);
    }
  }

  async #finish(call) {
    this.#underWay.delete(call);
    if (call.isDropped) call.drop();
    try {
      await this.#soon(call.settled, `an end at ${this.#clock.now} ms`);
      await this.#compare(call);
    } catch (error) {
      throw new Mismatch(this.#vector.name, call.number, error.message);
    }
  }

  async #compare({ number, step, answer, isDropped }) {
    const { expect, request } = step;
    if (isDropped) {
      assert.equal(answer.error?.name, 'AbortError', 'cancelled');
    } else {
      if (answer.error) throw answer.error;
      const { status, headers, body } = answer.response;
      assert.equal(status, expect.status);
      assert.deepEqual(headers, expect.headers);
      this.#names.learn(number, Buffer.from(body).toString());
      // Byte for byte, but for what is random.
      const named = this.#names.named(Buffer.from(body).toString('latin1'));
      assert.deepEqual(Buffer.from(named, 'latin1'), bytes(expect.body));
    }
    const events = await this.#soon(this.#recorder.ofCall(request.request_id), 'the last event');
    const firstTerminal = events.findIndex((event) => event.terminal);
    assert.equal(firstTerminal, events.length - 1, 'one terminal event, the last');
    const heard = events.map(inWords).map((words) => JSON.parse(this.#names.named(JSON.stringify(words))));
    assert.deepEqual(heard, expect.events.map(expected));
    const line = callLine(this.#vector.name, number, answer.response, heard);
    this.lines.set(number, this.#names.named(line));
  }
}

/** A call under way, and what came of it. */
class Call {
  #controller = new AbortController();

  constructor(service, number, step, names) {
    const { path, body, content_type: contentType, source, request_id: requestId } = step.request;
    const request = { body: bytes(body, names), contentType, source, requestId };
    this.number = number;
    this.step = step;
    this.isDropped = step.drop_at_ms !== undefined;
    this.ends = step.drop_at_ms ?? step.answer_at_ms ?? step.at_ms;
    const call = path === '/token/refresh' ? 'handleRefresh' : 'handle';
    this.settled = service[call](request, { signal: this.#controller.signal }).then(
      (response) => (this.answer = { response }),
      (error) => (this.answer = { error }),
    );
  }

  drop() {
    this.#controller.abort();
  }
}

function bytes({ text, base64 }, names) {
  if (base64 !== undefined) return Buffer.from(base64, 'base64');
  return Buffer.from(names === undefined ? text : names.filled(text));
}
