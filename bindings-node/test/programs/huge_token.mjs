// Sixty-four calls at once whose token is a hundred megabytes; prints their statuses and what the
// process has grown by at its largest.

import { TOKENS, scripted } from '../scripted.mjs';

const script = await scripted({ deadline_ms: 20_000, max_in_flight: 64 });
await script.handle();
// Flat, so that what grows from here on is a copy.
const accessToken = Buffer.alloc(100_000_000, 'x').toString('latin1');
script.answer = async () => ({ ...TOKENS, accessToken });
const before = process.resourceUsage().maxRSS;
const calls = Array.from({ length: 64 }, () => script.handle());
const statuses = new Set((await Promise.all(calls)).map((response) => response.status));
const grownMiB = Math.round((process.resourceUsage().maxRSS - before) / 1_024);
console.log(JSON.stringify({ statuses: [...statuses], grownMiB }));
