// A million distinct keys, and calls of one key: a limiter in a process of its own, run by
// `node --expose-gc limits.mjs NAME KEYS`. Its parent is `memory.mjs`.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PER_MINUTE = 60;

const SUBJECTS = {
  'tokensmith, Limiter': async () => {
    const { Limiter } = await import('../index.mjs');
    // Room for a million, as a host with so many would ask for.
    const quota = { perMinute: PER_MINUTE, burst: PER_MINUTE, slots: 1 << 21 };
    return () => {
      const limiter = new Limiter(quota);
      return { check: (key) => limiter.tryAcquire(key) };
    };
  },
  'rate-limiter-flexible': async () => {
    const { RateLimiterMemory } = await import('rate-limiter-flexible');
    return () => {
      const limiter = new RateLimiterMemory({ points: PER_MINUTE, duration: 60 });
      return { check: (key) => limiter.consume(key).catch((refused) => refused), waits: true };
    };
  },
  'tokensmith, a service that refuses them': async () => {
    const { TokenService } = await import('../index.mjs');
    return async () => {
      const folder = mkdtempSync(join(tmpdir(), 'tokensmith-bench-'));
      process.on('exit', () => rmSync(folder, { recursive: true }));
      // Only the source is not limited: each id has the buckets of a default service.
      const config = { limits: { source: false }, store: { path: join(folder, 'apps.db') } };
      const service = await TokenService.create(config);
      const check = async (key) => {
        const body = Buffer.from(`{"appClientId":"${key}","appSecret":"wrong"}`);
        return service.handle({ body, contentType: 'application/json', source: '127.0.0.1' });
      };
      return { check, waits: true };
    };
  },
};

const [name, keys] = [process.argv[2], Number(process.argv[3])];
const make = await SUBJECTS[name]();
const BATCH = 64;

async function run({ check, waits }, count, key) {
  const from = performance.now();
  for (let i = 0; i < count; i += BATCH) {
    const batch = [];
    for (let j = i; j < Math.min(i + BATCH, count); j++) batch.push(check(key(j)));
    if (waits) await Promise.all(batch);
  }
  return ((performance.now() - from) * 1e6) / count;
}

async function memory() {
  for (let i = 0; i < 4; i++) {
    globalThis.gc();
    await new Promise(setImmediate);
  }
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, heapUsed };
}

// One before, so that the code is warm and the space for new objects has its size. The other's
// memory is counted from before it is made, whether it is taken at once or by and by.
await run(await make(), Math.min(200_000, keys), (i) => `warm-${i % 100}`);
const before = await memory();
const limiter = await make();
const distinct = await run(limiter, keys, (i) => `appcl-${i}`);
const after = await memory();
const one = await run(limiter, Math.min(200_000, keys), () => 'appcl-one');
process.send({
  distinct,
  one,
  rss: after.rss - before.rss,
  heap: after.heapUsed - before.heapUsed,
});
process.on('disconnect', () => process.exit());
