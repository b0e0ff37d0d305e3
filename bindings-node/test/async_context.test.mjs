// `AsyncLocalStorage`: whose store is seen where. Promises keep the caller's; the host's functions are called
// from a thread of ours, which knows of none, so they have that of the service's making.

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';

import { TokenService } from '../index.mjs';
import { config, credentials, request, TOKENS, until } from './scripted.mjs';

test('a caller keeps its own store, and the host’s functions have that of `create`', { timeout: 30_000 }, async () => {
  const storage = new AsyncLocalStorage();
  const seen = [];
  const note = (who) => seen.push(`${who}: ${storage.getStore()}`);
  const service = await storage.run('maker', () =>
    TokenService.create(config(), {
      authenticator: async () => {
        note('authenticator');
        return TOKENS;
      },
      observer: () => note('observer'),
    }),
  );
  const call = async (store, begin) => {
    await begin();
    note(store);
  };
  await Promise.all([
    storage.run('one', call, 'one', () => service.handle(request())),
    storage.run('other', call, 'other', () => service.issue(credentials())),
  ]);
  await until(() => seen.length === 6);
  const expected = ['authenticator: maker', 'authenticator: maker', 'observer: maker', 'observer: maker', 'one: one', 'other: other'];
  assert.deepEqual(seen.sort(), expected);
  service.close();
});
