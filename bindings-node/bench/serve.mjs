// One side in a process of its own, asked by its parent: `node serve.mjs NAME FOLDER`.
// It tells its port, then answers `{ ask: ms, at: n }` (a block of calls in process, n at a time)
// and `{ usage: true }` (the CPU, the time of the collector and the memory that it has used).

import { createServer } from 'node:http';
import { PerformanceObserver } from 'node:perf_hooks';

import { ALL } from './sides.mjs';

const [name, folder] = process.argv.slice(2);
const side = await ALL[name](folder);
const server = createServer(side.listener);
server.keepAliveTimeout = 60_000;

let collected = 0;
const count = (entries) => entries.forEach(({ duration }) => (collected += duration));
const collector = new PerformanceObserver((list) => count(list.getEntries()));
collector.observe({ entryTypes: ['gc'] });

async function usage() {
  // What was collected is told of in a later turn of the loop.
  for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate);
  count(collector.takeRecords());
  const { user, system } = process.cpuUsage();
  return { cpu: user + system, gc: collected * 1000, rss: process.memoryUsage.rss() };
}

async function block(ms, at) {
  const before = await usage();
  const start = performance.now();
  const right = side.right ?? [200];
  let calls = 0;
  const caller = async () => {
    while (performance.now() - start < ms) {
      const status = await side.ask();
      if (!right.includes(status)) throw new Error(`${name}: ${status}`);
      calls++;
    }
  };
  await Promise.all(Array.from({ length: at }, caller));
  const micros = (performance.now() - start) * 1000;
  const after = await usage();
  return { calls, micros, cpu: after.cpu - before.cpu, gc: after.gc - before.gc };
}

process.on('message', async ({ ask, at }) => process.send(await (ask ? block(ask, at) : usage())));
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  process.send({ port, request: side.request, isAskable: side.ask !== undefined });
});
