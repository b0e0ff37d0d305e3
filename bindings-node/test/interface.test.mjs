// The package as it is seen from outside: what it exports, and what its types say of that.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import * as module from 'tokensmith';

const script = createRequire(import.meta.url)('tokensmith');
const root = fileURLToPath(new URL('..', import.meta.url));
const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));

test('both ways to load it give the same things', () => {
  assert.deepEqual(Object.keys(module).sort(), Object.keys(script).sort());
  for (const [name, value] of Object.entries(script)) assert.equal(module[name], value, name);
});

// What runs tests loads it for each file, in one process. The addon itself is loaded once.
test('loaded many times, it listens once for the end of the process', () => {
  const require = createRequire(import.meta.url);
  const listening = process.listenerCount('exit');
  const loaded = new Set();
  for (let i = 0; i < 20; i += 1) {
    for (const file of Object.keys(require.cache).filter((file) => file.startsWith(root))) delete require.cache[file];
    loaded.add(require('tokensmith').TokenService);
  }
  assert.equal(loaded.size, 20);
  assert.equal(process.listenerCount('exit'), listening);
});

/** Rejects with what the compiler says of a project: here of the types and of all that stands in `typing/`. */
async function compiled(cwd = root) {
  await promisify(execFile)(process.execPath, [tsc, '--project', '.'], { cwd }).catch(({ stdout }) =>
    assert.fail(stdout),
  );
}

test('the types are those that a consumer finds, and refuse what they must', () => compiled());

// The types beside the facade's files are those that a host sees: with them there, the compiler would not
// look at what the files give each other. So it is given copies, without them.
test('what the files of the facade ask of each other, and of the addon, is there', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tokensmith-facade-'));
  try {
    for (const file of ['lib', 'index.cjs', 'native.d.ts']) {
      await cp(join(root, file), join(folder, file), { recursive: true, filter: (path) => !path.endsWith('.d.cts') });
    }
    const compilerOptions = {
      strict: true,
      noEmit: true,
      checkJs: true,
      // Arguments are looked at where they come in, and not written down besides.
      noImplicitAny: false,
      useUnknownInCatchVariables: false,
      module: 'nodenext',
      target: 'es2023',
      lib: ['es2024'],
      types: ['node'],
      typeRoots: [join(root, 'node_modules/@types')],
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['lib', 'index.cjs'] }));
    await compiled(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
});

// What has a value has a type of that name, and the other way round: a class that is declared but
// is not there compiles, and ends the process of whoever uses it.
test('what is declared is there, and what is there is declared', async () => {
  const values = Object.keys(script).map((name) => `export const ${name}_: typeof t.${name} = t.${name};`);
  const declared = [
    'index',
    'lib/admin',
    'lib/authenticator',
    'lib/http/fastify_plugin',
    'lib/http/fetch_handler',
    'lib/http/node_handler',
    'lib/limiter',
    'lib/token_error',
  ];
  const found = [];
  for (const file of declared) {
    const text = await readFile(new URL(`../${file}.d.cts`, import.meta.url), 'utf8');
    for (const [, name] of text.matchAll(/^export (?:(?:abstract )?class|function) (\w+)/gm)) found.push(name);
  }
  assert.deepEqual(found.sort(), Object.keys(script).sort());
  const folder = await mkdtemp(`${root}test/typing/exports-`);
  try {
    await writeFile(`${folder}/all.mts`, `import * as t from 'tokensmith';\n${values.join('\n')}\n`);
    await compiled();
  } finally {
    await rm(folder, { recursive: true });
  }
});
