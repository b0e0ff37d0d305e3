// How a program ends that has a service: the case named in the first argument. The second is a
// folder for a store.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { TokenService } from '../../index.mjs';
import { TOKENS, UNLIMITED, config, request, scripted, until } from '../scripted.mjs';

const never = () => new Promise(() => {});
const store = () => ({ kind: 'sqlite', path: join(process.argv[3], 'store.db') });

async function hanging(keys) {
  const script = await scripted({ deadline_ms: 20_000, ...keys });
  script.answer = never;
  return script;
}

const cases = {
  async idle() {
    globalThis.kept = await scripted();
  },

  async idle_after_calls() {
    const script = (globalThis.kept = await scripted());
    await Promise.all(Array.from({ length: 100 }, () => script.handle()));
  },

  async idle_issuer() {
    globalThis.kept = await TokenService.create({ store: store() });
  },

  async closed() {
    (await scripted()).service.close();
  },

  // Nobody waits for the calls: they end all the same.
  async pending() {
    const script = await scripted();
    script.answer = () => new Promise((resolve) => setTimeout(resolve, 100, TOKENS));
    for (let i = 0; i < 10; i += 1) script.handle().then(({ status }) => console.log(status));
  },

  // Nothing but the call keeps the process alive, and the deadline ends it.
  async hanging_alone() {
    const script = await hanging({ deadline_ms: 300 });
    script.handle().then(({ status }) => console.log(status));
  },

  async last_lines() {
    const script = await scripted();
    process.on('exit', () => console.log('exit', script.service.inFlight));
    const { status } = await script.handle();
    console.log('last', status);
  },

  async exit_during_a_call() {
    const script = await hanging();
    for (let i = 0; i < 20; i += 1) script.handle();
    await until(() => script.asked === 20);
    process.exit(7);
  },

  async exit_in_the_tick() {
    const script = await scripted();
    for (let i = 0; i < 20; i += 1) script.handle();
    process.exit(7);
  },

  async exit_by_the_authenticator() {
    const script = await scripted();
    script.answer = () => process.exit(7);
    await script.handle();
  },

  async exit_by_the_observer() {
    const service = await TokenService.create(config(), {
      authenticator: () => TOKENS,
      observer: () => process.exit(7),
    });
    await service.handle(request());
    await never();
  },

  async exit_during_create() {
    TokenService.create({ store: store() });
    process.exit(7);
  },

  async exit_during_many_creates() {
    for (let i = 0; i < 50; i += 1) TokenService.create(config(), { authenticator: never });
    setTimeout(() => process.exit(7), 2);
  },

  async exit_during_the_administration() {
    const service = await TokenService.create({ store: store() });
    for (let i = 0; i < 200; i += 1) service.admin.createApp(`app ${i}`);
    process.exit(7);
  },

  // As a listener that comes after ours would have it.
  async work_once_the_exit_has_begun() {
    const service = await TokenService.create({ store: store() });
    const { id, secret } = await service.admin.createApp('an app');
    process.emit('exit', 0);
    const began = (what) => () => console.log(what);
    service.admin.createApp('a late app').then(began('made an app'));
    service.issue({ appClientId: id, appSecret: secret }).then(began('issued'));
    TokenService.create(config(), { authenticator: never }).then(began('made a service'));
    setTimeout(() => process.exit(7), 300);
  },

  // The first signature of a thread of ours may fall into the exit.
  async exit_while_the_issuer_signs() {
    const service = await TokenService.create({ store: store() });
    const { id, secret } = await service.admin.createApp('an app');
    for (let i = 0; i < 50; i += 1) service.issue({ appClientId: id, appSecret: secret });
    process.exit(7);
  },

  // Half of them are written, or none: a token that is not spent is good, and a spent one has its grace.
  async exit_while_tokens_are_refreshed() {
    const service = await TokenService.create({ store: store(), limits: UNLIMITED });
    const { id: appClientId, secret: appSecret } = await service.admin.createApp('an app');
    const issued = Array.from({ length: 50 }, () => service.issue({ appClientId, appSecret }));
    const tokens = (await Promise.all(issued)).map(({ refreshToken }) => refreshToken);
    await writeFile(join(process.argv[3], 'tokens.json'), JSON.stringify({ appClientId, appSecret, tokens }));
    const calls = tokens.map((refreshToken) => service.refresh({ appClientId, appSecret, refreshToken }));
    await calls[0];
    for (let i = 0; i < 20; i += 1) service.admin.purgeRefreshTokens();
    process.exit(7);
  },

  async exit_code_and_a_call() {
    const script = await scripted();
    process.exitCode = 7;
    script.handle();
  },

  async uncaught() {
    const script = await hanging();
    script.handle();
    await until(() => script.asked === 1);
    setImmediate(() => {
      throw new Error('of the host');
    });
  },

  async killed() {
    const script = await hanging();
    script.handle();
    await until(() => script.asked === 1);
    process.kill(process.pid, 'SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 10_000));
  },

  async calls_at_exit() {
    const script = await scripted();
    process.on('exit', () => {
      script.handle();
      script.service.close();
    });
  },
};

await cases[process.argv[2]]();
