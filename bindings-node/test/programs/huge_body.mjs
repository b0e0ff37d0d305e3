// Prints by how much the process grows at most when bodies of a hundred megabytes come.

import { scripted } from '../scripted.mjs';

const body = Buffer.alloc(100 * 2 ** 20, ' ');
const script = await scripted();
const before = process.resourceUsage().maxRSS;
const answers = await Promise.all(Array.from({ length: 4 }, () => script.handle({ body })));
const statuses = [...new Set(answers.map(({ status }) => status))];
console.log(JSON.stringify({ statuses, grownMiB: (process.resourceUsage().maxRSS - before) / 1_024 }));
