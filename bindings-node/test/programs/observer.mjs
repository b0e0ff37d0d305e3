// An observer that misbehaves in the way named in the first argument; prints each answer's status.

import vm from 'node:vm';

import { TokenService } from '../../index.mjs';
import { TOKENS, config, request } from '../scripted.mjs';

const observers = {
  throws() {
    throw new Error('planted');
  },
  rejects: () => Promise.reject(new Error('planted')),
  rejects_elsewhere: vm.runInNewContext('() => Promise.reject(new Error("planted"))'),
  throws_nothing() {
    throw undefined;
  },
  patched_promise() {
    const promise = Promise.reject(new Error('planted'));
    promise.then = promise.catch = () => {};
    return promise;
  },
};

const observer = observers[process.argv[2]];
const service = await TokenService.create(config(), { authenticator: () => TOKENS, observer });
for (let i = 0; i < 20; i += 1) console.log((await service.handle(request())).status);
// What comes late is told of, too.
await new Promise((resolve) => setTimeout(resolve, 20));
service.close();
