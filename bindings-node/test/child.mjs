// Programs of their own, for what ends a process. None outlives its watchdog.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROGRAMS = new URL('./programs/', import.meta.url);
const WATCHDOG_MS = 60_000;

/**
 * Runs a program of this folder to its end: its exit code, or the signal that ended it, what it
 * printed, and how long it took. One that hangs is killed, and has the signal `SIGKILL`. `closed` takes
 * its standard streams away.
 */
export function run(program, { args = [], flags = [], env = {}, closed = false, watchdog = WATCHDOG_MS } = {}) {
  const file = fileURLToPath(new URL(`${program}.mjs`, PROGRAMS));
  const started = performance.now();
  const node = [process.execPath, ...flags, file, ...args];
  // Closed, not merely deaf: a shell can, `spawn` cannot.
  const shell = ['sh', '-c', 'exec "$@" <&- >&- 2>&-', 'sh', ...node];
  const [command, ...rest] = closed ? shell : node;
  const child = spawn(command, rest, {
    env: { ...process.env, NODE_OPTIONS: '', ...env },
  });
  const watching = setTimeout(() => child.kill('SIGKILL'), watchdog);
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name]?.setEncoding('utf8').on('data', (text) => {
      printed[name] += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(watching);
      resolve({ code, signal, ...printed, ms: performance.now() - started });
    });
  });
}
