// The conformance vectors, all that a host can ask for, through the facade and the addon: see
// tests/vectors/README.md.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';

import { OUT_OF_REACH, isOutOfReach, subjects } from './corpus.mjs';
import { compareLines, linesWithout } from './transcript.mjs';

/** So many cases are performed at least, and so many left out at most. */
const FEWEST = 600;
const MOST_LEFT_OUT = 60;

/** The lines of each case by its name, and the needs of those left out. */
const performed = new Map();
const leftOut = new Map();

for (const { subject, what, cases, perform } of subjects) {
  test(`${subject}: ${what}`, async (t) => {
    const mismatches = [];
    for (const vector of cases) {
      if (isOutOfReach(vector)) {
        leftOut.set(vector.name, vector.needs);
        continue;
      }
      try {
        performed.set(vector.name, await perform(vector));
      } catch (error) {
        mismatches.push(error.message);
      }
    }
    const skipped = cases.filter(({ name }) => leftOut.has(name)).length;
    t.diagnostic(`${cases.length - skipped} cases performed, ${skipped} left out`);
    assert.deepEqual(mismatches, []);
  });
}

test('the corpus is whole, and what is left out is counted', (t) => {
  const calls = [...performed.values()].flat().length;
  t.diagnostic(`${performed.size} cases performed, with ${calls} calls; ${leftOut.size} left out`);
  for (const [need, why] of Object.entries(OUT_OF_REACH)) {
    const count = [...leftOut.values()].filter((needs) => needs.includes(need)).length;
    assert.ok(count > 0, `no case needs ${need} any more`);
    t.diagnostic(`${count} left out for ${need}: ${why}`);
  }
  const names = subjects.flatMap(({ cases }) => cases.map(({ name }) => name));
  assert.deepEqual(new Set([...performed.keys(), ...leftOut.keys()]), new Set(names));
  assert.ok(performed.size >= FEWEST, `${performed.size} cases performed`);
  assert.ok(leftOut.size <= MOST_LEFT_OUT, `${leftOut.size} cases left out`);
});

// `cargo xtask vectors --transcript FILE` writes it; `tests/run node` has it written, and names it.
const file = process.env.TOKENSMITH_TRANSCRIPT;
const skip = !file && !process.env.CI && 'TOKENSMITH_TRANSCRIPT names no file';

test('what came of every call is what came of it in Rust, byte for byte', { skip }, (t) => {
  assert.ok(file, 'in CI, TOKENSMITH_TRANSCRIPT must name a file');
  assert.ok(existsSync(file), `Rust has written no ${file}`);
  const ours = [...performed.values()].flat();
  writeFileSync(`${file}.node`, `${ours.join('\n')}\n`);
  const ofRust = readFileSync(file);
  const count = compareLines(ours, linesWithout(ofRust, leftOut));
  t.diagnostic(`${count} of ${linesWithout(ofRust, new Set()).length} lines of Rust compared`);
});
