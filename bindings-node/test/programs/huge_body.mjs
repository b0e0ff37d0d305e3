// Prints by how much the process grows at most when bodies of a hundred megabytes come.

import { issuing } from '../issuing.mjs';

const body = Buffer.alloc(100 * 2 ** 20, ' ');
const { service, end } = await issuing();
const request = { body, contentType: 'application/json' };
const before = process.resourceUsage().maxRSS;
const calls = Array.from({ length: 4 }, () => [service.handle(request), service.handleRefresh(request)]);
const answers = await Promise.all(calls.flat());
const statuses = [...new Set(answers.map(({ status }) => status))];
console.log(JSON.stringify({ statuses, grownMiB: (process.resourceUsage().maxRSS - before) / 1_024 }));
await end();
