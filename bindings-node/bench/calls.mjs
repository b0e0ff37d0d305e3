// In process and over HTTP: each side in a process of its own, asked in turns, round by round.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { canPin, start } from './child.mjs';
import { quartiles, spread, table, text } from './figures.mjs';
import { REFUSALS, SIDES } from './sides.mjs';

const AT_ONCE = 64;
/** The generator is the bound of a row from there on. */
const BUSY = 0.9;

const SERVER_CORE = 0;
const GENERATOR_CORE = 1;

const inProcess = (at) => (side, ms) => side.ask({ ask: ms, at });

const overHttp = (generator) => async (side, ms) => {
  const before = await side.ask({ usage: true });
  const block = await generator.ask({ ...side.ready, ms, connections: AT_ONCE });
  const after = await side.ask({ usage: true });
  if (block.cpu / block.micros > BUSY) console.warn(`${side.name}: the generator is the bound`);
  const [cpu, gc] = [after.cpu - before.cpu, after.gc - before.gc];
  return { ...block, generator: block.cpu / block.micros, cpu, gc };
};

/** Measures both ways on one core, if a process can be kept on one, and on all. */
export async function calls(plan) {
  for (const core of canPin ? [SERVER_CORE, undefined] : [undefined]) {
    const where = core === undefined ? 'all cores' : 'one core';
    const own = core === undefined ? undefined : GENERATOR_CORE;
    const generator = await start('generate.mjs', [], { core: own });
    await among(SIDES, core, async (sides) => {
      const local = sides.filter(({ ready }) => ready.isAskable);
      await compare(`Over HTTP, ${where}, ${AT_ONCE} connections`, sides, overHttp(generator), plan);
      await compare(`In process, ${where}, ${AT_ONCE} calls at once`, local, inProcess(AT_ONCE), plan);
      if (core !== undefined) return;
      await compare(`In process, ${where}, one call at a time`, local, inProcess(1), plan);
    });
    await generator.end();
  }
}

/** What each answer of ours costs, in process. */
export async function answers(plan) {
  await among(REFUSALS, undefined, (sides) =>
    compare(`Answers, in process, all cores, ${AT_ONCE} calls at once`, sides, inProcess(AT_ONCE), plan),
  );
}

/** Starts each on that core, or on all, and ends it. */
async function among(names, core, use) {
  const folder = mkdtempSync(join(tmpdir(), 'tokensmith-bench-'));
  const sides = [];
  for (const [i, name] of Object.keys(names).entries()) {
    const own = mkdtempSync(join(folder, `${i}-`));
    sides.push({ name, ...(await start('serve.mjs', [name, own], { core })) });
  }
  await use(sides);
  for (const side of sides) await side.end();
  rmSync(folder, { recursive: true });
}

/** A table of the sides against the first of them. */
async function compare(title, sides, measure, { rounds, ms, warm }) {
  const blocks = new Map(sides.map(({ name }) => [name, []]));
  for (const side of sides) await measure(side, warm);
  for (let round = 0; round < rounds; round++) {
    // The other way round each time, so that no side is always after the same other.
    const turn = round % 2 === 0 ? sides : [...sides].reverse();
    for (const side of turn) blocks.get(side.name).push(await measure(side, ms));
  }
  const first = blocks.get(sides[0].name);
  const http = first[0].generator !== undefined;
  const rate = ({ calls, micros }) => (calls / micros) * 1e6;
  const cpu = (block) => block.cpu / block.calls;
  const row = ([name, own]) => {
    const against = (ratio) => (own === first ? '1' : spread(own.map((block, i) => ratio(block, first[i]))));
    const cells = [name, spread(own.map(rate)), spread(own.map(cpu))];
    cells.push(against((block, one) => rate(one) / rate(block)));
    cells.push(against((block, one) => cpu(block) / cpu(one)));
    const median = (part) => text(quartiles(own.map(part)).median);
    cells.push(median(({ gc, micros }) => (100 * gc) / micros));
    if (http) cells.push(median(({ generator }) => generator));
    return cells;
  };
  const head = ['side', 'calls/s', 'µs of CPU a call', "rate, the first's / its", "CPU, its / the first's"];
  head.push('GC, % of the time');
  if (http) head.push('generator, cores');
  table(title, head, [...blocks].map(row));
}
