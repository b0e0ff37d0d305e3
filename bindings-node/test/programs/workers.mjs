// Services in worker threads: the case named in the first argument, as many rounds as the second
// says; the third is a folder for stores. The threads run this file as well, and do what their `workerData` names.

import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

const never = () => new Promise(() => {});

// The addon is loaded by those who use it: here in the main thread only where a case wants that.
const load = async () => ({ ...(await import('../scripted.mjs')), ...(await import('../../index.mjs')) });

const threads = {
  async answers({ calls }) {
    const { TOKENS, scripted } = await load();
    const script = await scripted({ deadline_ms: 20_000, max_in_flight: calls });
    script.answer = async () => ({ ...TOKENS, accessToken: `of-${workerData.name}` });
    const made = await Promise.all(Array.from({ length: calls }, () => script.issue()));
    script.service.close();
    return made.every((tokens) => tokens.accessToken === `of-${workerData.name}`);
  },

  async reenters() {
    const { TOKENS, scripted } = await load();
    const script = await scripted();
    script.answer = ({ appClientId }) =>
      appClientId === 'app-0' ? TOKENS : script.issue({ appClientId: 'app-0' });
    return (await script.handle()).status === 200;
  },

  async loads() {
    const { TokenService } = await load();
    return typeof TokenService.create === 'function';
  },

  /** Says that it is busy, and is until it is ended. */
  async hangs() {
    const { scripted, until } = await load();
    const script = await scripted({ deadline_ms: 20_000 });
    script.answer = never;
    for (let i = 0; i < 20; i += 1) script.handle();
    await until(() => script.asked === 20);
    parentPort.postMessage('busy');
    await pause(60_000);
  },

  async streams() {
    const { TOKENS, scripted } = await load();
    const script = await scripted();
    script.answer = async () => TOKENS;
    parentPort.postMessage('busy');
    for (;;) await Promise.all(Array.from({ length: 20 }, () => script.handle()));
  },

  async blocks() {
    const { TOKENS, scripted } = await load();
    const script = await scripted();
    script.answer = () => {
      parentPort.postMessage('busy');
      for (;;);
      return TOKENS;
    };
    await script.handle();
  },

  async creates() {
    const { TOKENS, TokenService, config } = await load();
    parentPort.postMessage('busy');
    for (;;) await TokenService.create(config(), { authenticator: () => TOKENS, observer: () => {} });
  },

  async administers({ store }) {
    const { TokenService } = await load();
    const service = await TokenService.create({ store: { kind: 'sqlite', path: store } });
    for (let i = 0; i < 50; i += 1) service.admin.createApp(`app ${i}`);
    parentPort.postMessage('busy');
    await pause(60_000);
  },

  /** Its own `process.exit` ends the thread alone. */
  async exits() {
    const { scripted } = await load();
    const script = await scripted();
    script.answer = () => process.exit(5);
    await script.handle();
    await never();
  },

  async throws() {
    const { scripted, until } = await load();
    const script = await scripted({ deadline_ms: 20_000 });
    script.answer = never;
    script.handle();
    await until(() => script.asked === 1);
    throw new Error('of the thread');
  },
};

function start(does, data = {}) {
  return new Worker(fileURLToPath(import.meta.url), { workerData: { does, ...data } });
}

/** What a thread answers, once it has ended by itself. */
function answered(does, data) {
  const worker = start(does, data);
  let answer;
  return new Promise((resolve, reject) => {
    worker.on('message', (message) => {
      answer = message;
    });
    worker.on('error', reject);
    worker.on('exit', (code) => resolve({ answer, code }));
  });
}

async function allAnswer(jobs) {
  for (const { answer, code } of await Promise.all(jobs)) {
    if (answer !== true || code !== 0) throw new Error(`answered ${answer}, code ${code}`);
  }
}

/** Ends a thread at some moment while it is busy. */
async function ended(does, data) {
  const worker = start(does, data);
  await new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject));
  await pause(Math.random() * 10);
  await worker.terminate();
}

async function emptyStore() {
  return join(await mkdtemp(join(process.argv[4], 'store-')), 'store.db');
}

const times = (count, job) => Array.from({ length: count }, (_, index) => job(index));

const cases = {
  answers: () => allAnswer(times(8, (name) => answered('answers', { name, calls: 500 }))),
  reenters: () => allAnswer(times(4, () => answered('reenters'))),
  loads: () => allAnswer(times(16, () => answered('loads'))),
  terminate_during_a_call: () => Promise.all(times(4, () => ended('hangs'))),
  terminate_during_many_calls: () => Promise.all(times(4, () => ended('streams'))),
  terminate_while_blocked: () => Promise.all(times(2, () => ended('blocks'))),
  terminate_during_create: () => Promise.all(times(4, () => ended('creates'))),

  async exit_in_a_thread() {
    const { code } = await answered('exits');
    if (code !== 5) throw new Error(`code ${code}`);
  },

  async throw_in_a_thread() {
    const error = await answered('throws').catch((thrown) => thrown);
    if (error.message !== 'of the thread') throw new Error('another error');
  },

  /** The main thread's service answers while the others come and go. */
  async beside_the_main_thread() {
    const { scripted } = await load();
    const script = await scripted();
    const coming = Promise.all([ended('hangs'), ended('streams'), answered('loads')]);
    let gone = false;
    coming.finally(() => {
      gone = true;
    });
    while (!gone) {
      if ((await script.handle()).status !== 200) throw new Error('not 200');
    }
    await coming;
    script.service.close();
  },

  async terminate_during_the_administration() {
    await ended('administers', { store: await emptyStore() });
  },

  /** The main thread has not loaded the addon. */
  async exit_during_the_administration() {
    const worker = start('administers', { store: await emptyStore() });
    await new Promise((resolve) => worker.once('message', resolve));
    process.exit(0);
  },

  /** The process exits while threads are busy. */
  async exit_with_busy_threads() {
    const busy = times(3, () => start('streams'));
    await Promise.all(busy.map((worker) => new Promise((resolve) => worker.once('message', resolve))));
    await pause(5);
    process.exit(0);
  },
};

if (isMainThread) {
  const [name, rounds] = process.argv.slice(2);
  for (let round = 0; round < Number(rounds); round += 1) await cases[name]();
} else {
  const answer = await threads[workerData.does](workerData);
  parentPort.postMessage(answer);
}
