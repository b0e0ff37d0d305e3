// Processes of the benchmark: started on some processors or on all, asked one thing at a time, and
// ended by whoever started them.

import { fork, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

const file = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Whether a server and its load can be kept apart here, on a core each. */
export const canPin =
  availableParallelism() > 1 && spawnSync('taskset', ['-c', '0,1', 'true']).status === 0;

/** Starts a script; `core` is the one that it is kept on. `ready` is the first that it says. */
export async function start(script, args, { core, flags = [] } = {}) {
  const pinned = core !== undefined && canPin;
  const child = fork(file(script), args, {
    execPath: pinned ? 'taskset' : process.execPath,
    execArgv: pinned ? ['-c', String(core), process.execPath, ...flags] : flags,
    env: { ...process.env, NODE_ENV: 'production' },
    // What a side warns of is no figure.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let said = '';
  child.stderr.on('data', (text) => (said += text));
  const told = () => {
    return new Promise((done, failed) => {
      const gone = (code) => failed(new Error(`${script} ${args}: ended with ${code}\n${said}`));
      child.once('exit', gone);
      child.once('message', (message) => {
        child.off('exit', gone);
        done(message);
      });
    });
  };
  const ready = await told();
  return {
    ready,
    pid: child.pid,
    ask: (message) => (child.send(message), told()),
    end: () => new Promise((done) => child.once('exit', done) && child.disconnect()),
  };
}
