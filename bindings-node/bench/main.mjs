// Ours and its peers side by side: `npm run bench`, or some parts of it: `npm run bench -- memory`.
// `--smoke` runs all parts for a moment, to see that they run.

import { readFileSync } from 'node:fs';

import { answers, calls } from './calls.mjs';
import { memory } from './memory.mjs';
import { start } from './start.mjs';

const PARTS = { calls, answers, memory, start };
const FULL = { rounds: 7, ms: 800, warm: 2_000, keys: 1_000_000 };
const SMOKE = { rounds: 1, ms: 100, warm: 10, keys: 2_000 };

const given = process.argv.slice(2);
const plan = given.includes('--smoke') ? SMOKE : FULL;
const asked = given.filter((word) => word !== '--smoke');
const unknown = asked.find((word) => !Object.hasOwn(PARTS, word));
if (unknown !== undefined) throw new Error(`no part of the benchmark: ${unknown}`);

const { dependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url)));
const versions = Object.entries(dependencies).map((entry) => entry.join(' '));
console.log(`Node ${process.version}; ${versions.join(', ')}`);
console.log('Medians, with the quartiles of the rounds.');
for (const part of asked.length === 0 ? Object.keys(PARTS) : asked) await PARTS[part](plan);
