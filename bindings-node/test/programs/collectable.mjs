// Prints whether the authenticator and the observer of a service are still held. Needs --expose-gc.

import { TokenService } from '../../index.mjs';
import { TOKENS, config, request } from '../scripted.mjs';

const how = process.argv[2];
const held = {};
let service = await open();

async function open() {
  const authenticator = async () => {
    if (how === 'closed-during-calls') await new Promise((resolve) => setTimeout(resolve, 50));
    return TOKENS;
  };
  const observer = () => {};
  held.authenticator = new WeakRef(authenticator);
  held.observer = new WeakRef(observer);
  return TokenService.create(config(), { authenticator, observer });
}

async function use() {
  const calls = Array.from({ length: 20 }, () => service.handle(request()));
  if (how === 'closed-during-calls') service.close();
  for (const { status } of await Promise.all(calls)) if (status !== 200) process.exit(3);
  if (how === 'closed') service.close();
  if (how === 'dropped') service = undefined;
}

await use();
const answers = () =>
  Object.fromEntries(Object.entries(held).map(([name, ref]) => [name, ref.deref() !== undefined]));
// A finalizer frees what the next round finds: as many as it takes, or enough to say that it stays.
for (let round = 0; round < 50; round += 1) {
  await new Promise((resolve) => setTimeout(resolve, 5));
  globalThis.gc();
  if (Object.values(answers()).every((is_held) => !is_held)) break;
}
console.log(JSON.stringify(answers()));
if (how === 'open') service.close();
