// The packages as they are published, in the hands of a stranger: from the tarballs alone, without a
// compiler, a network, or a cache. `npm run test:packed`; it packs what `npm run build` has made, or
// takes the tarballs that lie in the folder `TOKENSMITH_PACKED`.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const platform = platformOfAddon();
const addon = `tokensmith-${platform}`;
const { TOKENSMITH_PACKED, INIT_CWD, npm_execpath: npm } = process.env;
const given = TOKENSMITH_PACKED && resolve(INIT_CWD, TOKENSMITH_PACKED);

const MAIN = `
  LICENSE-APACHE LICENSE-MIT README.md package.json index.cjs index.d.cts index.d.mts index.mjs native.d.ts native.js
  lib/admin.cjs lib/admin.d.cts lib/argument.cjs lib/authenticator.cjs lib/authenticator.d.cts lib/border.cjs
  lib/callback.cjs lib/cancellation.cjs lib/http/body.cjs lib/http/connection.cjs lib/http/exchange.cjs lib/http/fastify_plugin.cjs
  lib/http/fastify_plugin.d.cts lib/http/fetch_handler.cjs lib/http/fetch_handler.d.cts lib/http/node_handler.cjs
  lib/http/node_handler.d.cts lib/http/route.cjs lib/http/route.d.cts lib/limiter.cjs lib/limiter.d.cts lib/observer.cjs lib/redacted.cjs
  lib/service.cjs lib/service_config.d.cts lib/token_error.cjs lib/token_error.d.cts lib/token_event.d.cts lib/under_way.cjs`;
const ADDON = `LICENSE-APACHE LICENSE-MIT README.md package.json tokensmith.${platform}.node`;
const ADDONS = `
  darwin-arm64 darwin-x64 linux-arm64-gnu linux-arm64-musl linux-x64-gnu linux-x64-musl win32-arm64-msvc win32-x64-msvc`;
/** What the feature `testing` exports, but for names that mean something elsewhere. */
const OF_TESTS = ['ManualHost', 'createPanickingService', 'panicAtOnce', 'panicLater'];

let folder;
let project;
const installed = (...path) => join(project, 'node_modules', ...path);
const tarball = (name) => join(given || join(folder, 'packed'), `${name}-${version}.tgz`);

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tokensmith-'));
  if (!given) {
    await run(process.execPath, [join(root, 'pack.mjs'), 'packed'], { env: { ...process.env, INIT_CWD: folder } });
  }
  project = await install('project', 'tokensmith', addon);
});
after(() => rm(folder, { recursive: true }));

test('each tarball holds these files and no other', async () => {
  for (const [name, expected] of [['tokensmith', MAIN], [addon, ADDON]]) {
    // By its name alone: some `tar` takes what is before a colon for a host.
    const file = tarball(name);
    const { stdout } = await run('tar', ['-tzf', basename(file)], { cwd: dirname(file) });
    const files = stdout.trim().split(/\s+/).map((file) => file.replace(/^package\//, ''));
    assert.deepEqual(files.sort(), words(expected).sort(), name);
  }
});

test('the main package names every addon, needs nothing else, and runs nothing when it is installed', async () => {
  const made = await manifest('tokensmith');
  const addons = words(ADDONS).map((name) => [`tokensmith-${name}`, version]);
  assert.deepEqual(made.optionalDependencies, Object.fromEntries(addons));
  for (const absent of ['dependencies', 'peerDependencies', 'devDependencies', 'scripts', 'private']) {
    assert.equal(made[absent], undefined, absent);
  }
});

test('the package of the addon is for this system, and says under which terms', async () => {
  const made = await manifest(addon);
  const [os, cpu, abi] = platform.split('-');
  const libc = { gnu: ['glibc'], musl: ['musl'] }[abi];
  const { name, license, engines } = made;
  assert.deepEqual({ os: made.os, cpu: made.cpu, libc: made.libc }, { os: [os], cpu: [cpu], libc });
  assert.deepEqual({ name, license, engines }, { name: addon, license: 'MIT OR Apache-2.0', engines: { node: '>=20' } });
  assert.equal(made.version, version);
  assert.equal(made.scripts, undefined);
});

test('nothing that is there for tests is shipped', async () => {
  const { stdout } = await node(project, '--print', `JSON.stringify(Object.keys(require('${addon}')))`);
  const declared = await readFile(installed('tokensmith/native.js'), 'utf8');
  const taken = [...declared.matchAll(/^module\.exports\.(\w+) = nativeBinding\.\1$/gm)].map(([, name]) => name);
  assert.deepEqual(JSON.parse(stdout).sort(), taken.sort());
  for (const name of ['tokensmith', addon]) {
    for (const file of await readdir(installed(name), { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue;
      const bytes = await readFile(join(file.parentPath ?? file.path, file.name));
      for (const word of OF_TESTS) assert.ok(!bytes.includes(word), `${word} in ${file.name}`);
    }
  }
});

const readme = await readFile(join(root, 'README.md'), 'utf8');
const [server, host] = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code);

for (const [kind, end, as] of [['an ES module', 'mjs', (code) => code], ['CommonJS', 'cjs', asCommonJs]]) {
  test(`the quick start runs as ${kind}`, { timeout: 60_000 }, async () => {
    await writeFile(join(project, `server.${end}`), as(server));
    const env = { ...stranger(), PORT: '0' };
    const stdio = ['ignore', 'pipe', 'inherit'];
    const child = spawn(process.execPath, [`server.${end}`], { cwd: project, env, stdio });
    const ended = once(child, 'exit');
    try {
      const { value: line } = await createInterface(child.stdout)[Symbol.asyncIterator]().next();
      const [, body, url] = /-d '(.*)' (http:\S+)$/.exec(line);
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(url, { method: 'POST', headers, body });
      assert.equal(answer.status, 200);
      assert.match((await answer.json()).AccessToken, /^[\w-]+\.[\w-]+\.[\w-]+$/);
    } finally {
      child.kill();
      await ended;
    }
    await writeFile(join(project, `host.${end}`), as(host));
    assert.deepEqual(await node(project, `host.${end}`), { stdout: '3600\n', stderr: '' });
  });
}

test('the types are found by a consumer of either kind', async () => {
  // But for what needs the frameworks, which a stranger may not have.
  const filter = (file) => basename(file) !== 'handlers.mts';
  await cp(join(root, 'test/typing'), join(project, 'typing'), { recursive: true, filter });
  const { compilerOptions } = JSON.parse(await readFile(join(root, 'tsconfig.json'), 'utf8'));
  compilerOptions.typeRoots = [join(root, 'node_modules/@types')];
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['typing'] }));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { stdout } = await run(process.execPath, [tsc, '--project', project, '--listFiles']).catch(({ stdout }) =>
    assert.fail(stdout),
  );
  for (const types of ['index.d.cts', 'index.d.mts']) {
    assert.match(stdout, new RegExp(`project[\\\\/]node_modules[\\\\/]tokensmith[\\\\/]${types}$`, 'm'));
  }
});

test('without its addon the package says which one is missing, and what to do', async () => {
  const bare = await install('bare', 'tokensmith');
  const refused = node(bare, '--eval', 'require("tokensmith")');
  await assert.rejects(refused, ({ code, stderr }) => {
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`Cannot find module '${addon}'`));
    assert.match(stderr, /`npm i` again after removing both package-lock\.json and node_modules/);
    return true;
  });
});

/** The words of napi for this system. */
function platformOfAddon() {
  const { platform, arch, report } = process;
  if (platform === 'win32') return `win32-${arch}-msvc`;
  if (platform !== 'linux') return `${platform}-${arch}`;
  return `linux-${arch}-${report.getReport().header.glibcVersionRuntime ? 'gnu' : 'musl'}`;
}

/** An environment with no command at all, and nothing of the developer's. */
function stranger() {
  const { SystemRoot } = process.env; // Windows opens no socket without it
  const npm = { npm_config_cache: join(folder, 'cache'), npm_config_registry: 'http://127.0.0.1:9/' };
  return { PATH: join(folder, 'no commands'), HOME: folder, USERPROFILE: folder, SystemRoot, ...npm };
}

function node(cwd, ...args) {
  return run(process.execPath, args, { cwd, env: stranger() });
}

/** A new folder in which only the tarballs of these packages are installed. */
async function install(name, ...packages) {
  const project = join(folder, name);
  await mkdir(project);
  await node(project, npm, 'install', '--offline', '--no-audit', '--no-fund', ...packages.map(tarball));
  return project;
}

async function manifest(name) {
  return JSON.parse(await readFile(installed(name, 'package.json'), 'utf8'));
}

function asCommonJs(code) {
  const required = code.replace(/^import (\{[^}]*\}) from ('[^']*');$/gm, 'const $1 = require($2);');
  assert.doesNotMatch(required, /^import /m);
  return `(async () => {\n${required}\n})();\n`;
}

function words(text) {
  return text.trim().split(/\s+/);
}
