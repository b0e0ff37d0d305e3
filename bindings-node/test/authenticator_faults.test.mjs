import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import vm from 'node:vm';

import { ThrottledError, TokenService } from '../index.mjs';
import { run } from './child.mjs';
import { FAULTS } from './faults.mjs';
import { TOKENS, config, request, scripted, until } from './scripted.mjs';

const ON_TIME = { timeout: 30_000 };

let script;
before(async () => {
  script = await scripted();
});
after(() => script.service.close());

test('every fault has the answer and the event of the contract', ON_TIME, async (t) => {
  for (const [index, { name, make, says, status, retryAfter, event, heard }] of FAULTS.entries()) {
    await t.test(name, async () => {
      const value = make();
      script.heard.length = 0;
      script.answer = () => says(value);
      const { response, events } = await script.told(`fault-${index}`);
      assert.equal(response.status, status);
      assert.equal(response.headers['retry-after'], retryAfter?.toString());
      assert.equal(events.length, 1);
      for (const [key, expected] of Object.entries(event)) assert.equal(events[0][key], expected, key);
      assert.equal(script.heard.length, heard ? 1 : 0);

      script.answer = () => TOKENS;
      assert.equal((await script.handle()).status, 200, 'the next call');
      assert.equal(script.service.inFlight, 0);
    });
  }
});

test('the very value that was thrown is heard, and never what only looks like it', ON_TIME, async () => {
  for (const { make, says, heard } of FAULTS.filter(({ name }) => /^(throws|rejects)/.test(name))) {
    const value = make();
    script.heard.length = 0;
    script.answer = () => says(value);
    await script.handle();
    if (heard) assert.ok(Object.is(script.heard[0], value));
  }
});

test('a fault of the shape is heard as an error that names the field alone', ON_TIME, async () => {
  script.heard.length = 0;
  script.answer = () => ({ ...TOKENS, accessToken: { planted: 'a-planted-value' } });
  await script.handle();
  assert.ok(script.heard[0] instanceof TypeError);
  assert.equal(script.heard[0].message, '`accessToken` must be a string');
});

test('a wait that is no number of seconds is an error where it is made', () => {
  for (const wait of [NaN, Infinity, -1, '7', null, {}, 7n]) {
    assert.throws(() => new ThrottledError(wait), TypeError);
  }
});

test('an authenticator that is an object keeps its `this`', ON_TIME, async () => {
  class Judge {
    #tokens = TOKENS;

    async authenticate() {
      return this.#tokens;
    }
  }
  const service = await TokenService.create(config(), { authenticator: new Judge() });
  assert.equal((await service.handle(request())).status, 200);
  service.close();
});

test('who listens for errors may throw or reject', ON_TIME, async () => {
  const foreign = vm.runInNewContext('() => Promise.reject(new Error("of another realm"))');
  const patched = () => {
    const promise = Promise.reject(new Error('patched'));
    promise.then = promise.catch = () => {};
    return promise;
  };
  const listeners = {
    throws() {
      throw new Error('thrown');
    },
    rejects: async () => {
      throw new Error('rejected');
    },
    foreign,
    patched,
  };
  const unhandled = [];
  const note = (error) => unhandled.push(error);
  process.on('unhandledRejection', note);
  for (const [name, listener] of Object.entries(listeners)) {
    let heard = 0;
    const service = await TokenService.create(config(), {
      authenticator: async () => {
        throw new Error('an error');
      },
      onAuthenticatorError: () => {
        heard += 1;
        return listener();
      },
    });
    assert.equal((await service.handle(request())).status, 502, name);
    await until(() => heard === 1);
    // An unhandled rejection is told of once the microtasks are done.
    await new Promise((resolve) => setImmediate(resolve));
    service.close();
  }
  process.off('unhandledRejection', note);
  assert.deepEqual(unhandled, []);
});

test('nothing of any fault is printed, and the process lives', ON_TIME, async () => {
  const { code, signal, stdout, stderr } = await run('faults');
  assert.deepEqual({ code, signal, stdout, stderr }, { code: 0, signal: null, stdout: '', stderr: '' });
});
