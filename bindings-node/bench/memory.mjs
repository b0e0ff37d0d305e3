// What a flood of distinct ids costs each limiter, in time and in memory: see limits.mjs.

import { start } from './child.mjs';
import { spread, table } from './figures.mjs';

const NAMES = [
  'tokensmith, Limiter',
  'rate-limiter-flexible',
  'tokensmith, a service that refuses them',
];
const MIB = 1024 * 1024;

export async function memory({ keys, rounds }) {
  const seen = new Map(NAMES.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of NAMES) {
      const limits = await start('limits.mjs', [name, String(keys)], { flags: ['--expose-gc'] });
      seen.get(name).push(limits.ready);
      await limits.end();
    }
  }
  const rows = [...seen].map(([name, runs]) => [
    name,
    spread(runs.map(({ distinct }) => distinct)),
    spread(runs.map(({ one }) => one)),
    spread(runs.map(({ rss }) => rss / MIB)),
    spread(runs.map(({ heap }) => heap / MIB)),
  ]);
  const head = ['limiter', 'ns, distinct keys', 'ns, one key', 'MiB grown', 'of these JS heap'];
  table(`${keys.toLocaleString('en')} distinct keys`, head, rows);
}
