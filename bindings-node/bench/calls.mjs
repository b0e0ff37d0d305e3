// In process and over HTTP: each side in a process of its own, asked in turns, round by round.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { canPin, start } from './child.mjs';
import { quartiles, spread, table, text } from './figures.mjs';
import { SIDES } from './sides.mjs';

const OURS = 'tokensmith';
const AT_ONCE = 64;
/** The generator is the bound of a row from there on. */
const BUSY = 0.9;

const SERVER_CORE = 0;
const GENERATOR_CORE = 1;

const inProcess = (at) => (side, ms) => side.ask({ ask: ms, at });

const overHttp = (generator) => async (side, ms) => {
  const before = (await side.ask({ usage: true })).cpu;
  const block = await generator.ask({ ...side.ready, ms, connections: AT_ONCE });
  const cpu = (await side.ask({ usage: true })).cpu - before;
  if (block.cpu / block.micros > BUSY) console.warn(`${side.name}: the generator is the bound`);
  return { ...block, generator: block.cpu / block.micros, cpu };
};

/** Measures both ways on one core, if a process can be kept on one, and on all. */
export async function calls(plan) {
  for (const core of canPin ? [SERVER_CORE, undefined] : [undefined]) {
    const where = core === undefined ? 'all cores' : 'one core';
    const sides = await begin(core);
    const own = core === undefined ? undefined : GENERATOR_CORE;
    const generator = await start('generate.mjs', [], { core: own });
    const local = sides.filter(({ name }) => name !== 'oidc-provider' && !name.includes('express'));
    const single = local.filter(({ name }) => !name.includes('batches'));
    await compare(`In process, ${where}, ${AT_ONCE} calls at once`, single, inProcess(AT_ONCE), plan);
    await compare(`In process, ${where}, one call at a time`, single, inProcess(1), plan);
    await compare(`Over HTTP, ${where}, ${AT_ONCE} connections`, sides, overHttp(generator), plan);
    for (const child of [generator, ...sides]) await child.end();
    rmSync(sides.folder, { recursive: true });
  }
}

async function begin(core) {
  const folder = mkdtempSync(join(tmpdir(), 'tokensmith-bench-'));
  const sides = [];
  for (const [i, name] of Object.keys(SIDES).entries()) {
    const own = mkdtempSync(join(folder, `${i}-`));
    sides.push({ name, ...(await start('serve.mjs', [name, own], { core })) });
  }
  return Object.assign(sides, { folder });
}

async function compare(title, sides, measure, { rounds, ms, warm }) {
  const blocks = new Map(sides.map(({ name }) => [name, []]));
  for (const side of sides) await measure(side, warm);
  for (let round = 0; round < rounds; round++) {
    // The other way round each time, so that no side is always after the same other.
    const turn = round % 2 === 0 ? sides : [...sides].reverse();
    for (const side of turn) blocks.get(side.name).push(await measure(side, ms));
  }
  const http = blocks.get(OURS)[0].generator !== undefined;
  const row = ([name, own]) => {
    const rate = ({ calls, micros }) => (calls / micros) * 1e6;
    const cpu = (block) => block.cpu / block.calls;
    const ours = blocks.get(OURS);
    const cells = [name, spread(own.map(rate)), spread(own.map(cpu))];
    cells.push(name === OURS ? '1' : spread(own.map((block, i) => rate(ours[i]) / rate(block))));
    cells.push(name === OURS ? '1' : spread(own.map((block, i) => cpu(block) / cpu(ours[i]))));
    if (http) cells.push(text(quartiles(own.map((block) => block.generator)).median));
    return cells;
  };
  const head = ['side', 'calls/s', 'µs of CPU a call', 'ours / its rate', 'its CPU / ours'];
  if (http) head.push('generator, cores');
  table(title, head, [...blocks].map(row));
}
