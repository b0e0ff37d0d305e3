// What the process holds, and whether it grows.

export const KINDS = ['rss', 'heap', 'external'];

const KIB = 1_024;

/** In KiB, once what nobody holds is collected. Finalizers free what the next round finds. */
export async function sample(calls) {
  for (let round = 0; round < 4; round += 1) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { calls, rss: rss / KIB, heap: heapUsed / KIB, external: external / KIB };
}

/**
 * How many KiB a kind of memory has grown by in how many thousands of calls, from the first third
 * of the samples to the last. The least of each third counts: what a sample has more is not
 * collected yet, or kept by the allocator for later.
 */
export function grown(samples, kind) {
  const third = Math.max(1, Math.floor(samples.length / 3));
  const least = (some) => some.reduce((a, b) => (b[kind] < a[kind] ? b : a));
  const [first, last] = [least(samples.slice(0, third)), least(samples.slice(-third))];
  return { kib: last[kind] - first[kind], thousands: (last.calls - first.calls) / 1_000 };
}
