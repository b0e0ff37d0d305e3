// One side in a process of its own, asked by its parent: `node serve.mjs NAME FOLDER`.
// It tells its port, then answers `{ ask: ms, at: n }` (a block of calls in process, n at a time)
// and `{ usage: true }` (the CPU and memory that the process has used).

import { createServer } from 'node:http';

import { SIDES } from './sides.mjs';

const [name, folder] = process.argv.slice(2);
const side = await SIDES[name](folder);
const server = createServer(side.listener);
server.keepAliveTimeout = 60_000;

const usage = () => {
  const { user, system } = process.cpuUsage();
  return { cpu: user + system, rss: process.memoryUsage.rss() };
};

async function block(ms, at) {
  const [start, before] = [performance.now(), usage().cpu];
  let calls = 0;
  const caller = async () => {
    while (performance.now() - start < ms) {
      const status = await side.ask();
      if (status !== 200) throw new Error(`${name}: ${status}`);
      calls++;
    }
  };
  await Promise.all(Array.from({ length: at }, caller));
  return { calls, micros: (performance.now() - start) * 1000, cpu: usage().cpu - before };
}

process.on('message', async ({ ask, at }) => process.send(ask ? await block(ask, at) : usage()));
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => {
  process.send({ port: server.address().port, request: side.request });
});
