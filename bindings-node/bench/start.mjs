// From the start of a process to its first token over HTTP, and the memory that it then holds.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { start as begin } from './child.mjs';
import { spread, table } from './figures.mjs';
import { load } from './load.mjs';

const NAMES = ['tokensmith', 'by hand', 'oauth2-server', 'oidc-provider'];
const MIB = 1024 * 1024;

export async function start({ rounds }) {
  const folder = mkdtempSync(join(tmpdir(), 'tokensmith-bench-'));
  const seen = new Map(NAMES.map((name) => [name, { first: [], idle: [] }]));
  // The round before the first makes the app, and brings the files into memory.
  for (let round = -1; round < rounds; round++) {
    for (const name of NAMES) {
      const from = performance.now();
      const side = await begin('serve.mjs', [name, folder]);
      await load({ ...side.ready, ms: 0, connections: 1 });
      const first = performance.now() - from;
      const { rss } = await side.ask({ usage: true });
      await side.end();
      if (round < 0) continue;
      seen.get(name).first.push(first);
      seen.get(name).idle.push(rss / MIB);
    }
  }
  rmSync(folder, { recursive: true });
  const rows = [...seen].map(([name, { first, idle }]) => [name, spread(first), spread(idle)]);
  table('Start', ['side', 'ms to the first token', 'MiB of memory after it'], rows);
}
