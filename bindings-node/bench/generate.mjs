// The generator of load in a process of its own, so that it can be kept off the server's core.

import { load } from './load.mjs';

process.on('message', async (order) => process.send(await load(order)));
process.on('disconnect', () => process.exit());
process.send('ready');
