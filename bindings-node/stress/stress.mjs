// An hour's calls in minutes, with every fault: what comes of them, and whether memory stays flat.
//
//     npm run stress [-- CALLS [SLACK [SEED]]]
//
// Fails if an answer is wrong, if a call has no end, if an event is dropped, or if memory grows by a
// KiB a thousand calls.
// SLACK is what it may grow by all the same, in MiB: a short run cannot tell less from the noise. Of
// the heap, which is measured exactly, it is an eighth.

import { chance } from './chance.mjs';
import { Load } from './load.mjs';
import { KINDS, grown, sample } from './memory.mjs';

const [CALLS = 1_000_000, SLACK_MIB = 0, SEED = Date.now() % 2 ** 32] = process.argv.slice(2).map(Number);
const SLACK_KIB = { rss: SLACK_MIB * 1_024, heap: SLACK_MIB * 128, external: SLACK_MIB * 128 };
const SAMPLES = 40;
/** KiB a thousand calls. */
const MOST_GROWTH = 1;
/** A leak goes on; what the allocator keeps for later levels off. */
const RUNS = 3;

// The observer throws by design: the warning of each service is all that would be read.
process.removeAllListeners('warning');

const faults = [];
for (const name of ['uncaughtException', 'unhandledRejection']) {
  process.on(name, (error) => faults.push(`${name}: ${String(error)}`));
}

const load = new Load(chance(SEED));
const start = await sample(0);
let seconds = 0;

/** The samples of the run's second half: in the first the process gets what it wants. */
async function run() {
  const samples = [];
  for (let part = 0; part < SAMPLES; part += 1) {
    const begun = performance.now();
    await load.run(Math.ceil(CALLS / SAMPLES));
    seconds += (performance.now() - begun) / 1_000;
    samples.push(await sample(load.calls));
  }
  return samples.slice(SAMPLES / 2 - 1);
}

const mib = (kib) => `${(kib / 1_024).toFixed(1)} MiB`;

/** What grows, by the samples of one run; each kind of memory is told of. */
function judged(samples) {
  const growing = [];
  for (const kind of KINDS) {
    const { kib, thousands } = grown(samples, kind);
    const rate = kib / thousands;
    console.log(
      `${kind}: ${mib(start[kind])} at the start, ${mib(samples[0][kind])} warm, ` +
        `${mib(samples.at(-1)[kind])} at the end; ${rate.toFixed(3)} KiB a thousand calls`,
    );
    if (rate >= MOST_GROWTH && kib > SLACK_KIB[kind]) growing.push(`${kind} grows by ${rate.toFixed(3)} KiB`);
  }
  return growing;
}

let growing = [];
for (let again = 0; again < RUNS; again += 1) {
  growing = judged(await run());
  if (growing.length === 0) break;
  console.log(`${growing.join(', ')} a thousand calls: a leak if it goes on`);
}
load.close();

console.log(`calls ${load.calls}, ${Math.round(load.calls / seconds)} a second, ${load.services} services, seed ${SEED}`);
console.log(`outcomes ${JSON.stringify(load.outcomes)}`);
console.log(`${load.right} have the answer of their fault`);
console.log(`events ${JSON.stringify(load.events)}, dropped ${load.dropped}`);
faults.push(...growing, ...new Set(load.wrong));
if (load.dropped > 0) faults.push(`${load.dropped} events are dropped`);
// Some are aborted, and some find no place or no time; more than that is another load than this one.
if (load.right < load.calls / 2) faults.push(`only ${load.right} calls have the answer of their fault`);
if (load.ended !== load.calls) faults.push(`${load.calls - load.ended} calls have no end`);
console.log(faults.length === 0 ? 'no fault' : faults.join('\n'));
process.exitCode = faults.length === 0 ? 0 : 1;
