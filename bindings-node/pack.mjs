// Makes the packages that are published, as tarballs: the main one, and one for each addon that
// `npm run build` has left here. `npm run pack -- FOLDER`; with `--all` an absent addon is a failure.
//
// It makes them from copies: what only a published package needs (the licences, the names of the
// addons' packages) is nowhere in the tree, where it could go stale.

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const LICENCES = ['LICENSE-APACHE', 'LICENSE-MIT'];
const here = fileURLToPath(new URL('.', import.meta.url));
const { npm_execpath: npm, INIT_CWD: start } = process.env;
const [folder, all] = process.argv.slice(2);
if (npm === undefined || folder === undefined || ![undefined, '--all'].includes(all)) {
  console.error('usage: npm run pack -- FOLDER [--all]');
  process.exit(2);
}
const out = resolve(start, folder);
const stage = mkdtempSync(join(tmpdir(), 'tokensmith-pack-'));
try {
  mkdirSync(out, { recursive: true });
  for (const made of [...addons(), main()]) pack(made);
} finally {
  rmSync(stage, { recursive: true });
}

/** A package for each target that `package.json` names: their folders, if the addon is there. */
function addons() {
  cpSync(join(here, 'package.json'), join(stage, 'package.json'));
  const napi = join(here, 'node_modules/@napi-rs/cli/dist/cli.js');
  execFileSync(process.execPath, [napi, 'create-npm-dirs', '--cwd', stage], { stdio: 'pipe' });
  const made = readdirSync(join(stage, 'npm')).map((platform) => join(stage, 'npm', platform));
  return made.filter((target) => {
    const addon = manifest(target).main;
    if (existsSync(join(here, addon))) cpSync(join(here, addon), join(target, addon));
    else if (all) throw new Error(`${addon} is not built`);
    else return false;
    return true;
  });
}

function main() {
  const target = join(stage, 'main');
  const made = manifest(here);
  for (const file of [...made.files, 'README.md']) cpSync(join(here, file), join(target, file), { recursive: true });
  for (const ours of ['private', 'napi', 'scripts', 'devDependencies']) delete made[ours];
  const names = readdirSync(join(stage, 'npm')).map((platform) => manifest(join(stage, 'npm', platform)).name);
  made.optionalDependencies = Object.fromEntries(names.sort().map((name) => [name, made.version]));
  write(target, made);
  return target;
}

function pack(target) {
  const made = manifest(target);
  for (const licence of LICENCES) cpSync(join(here, '..', licence), join(target, licence));
  write(target, { ...made, files: [...made.files, ...LICENCES] });
  execFileSync(process.execPath, [npm, 'pack', '--silent', '--pack-destination', out, target]);
}

function manifest(target) {
  return JSON.parse(readFileSync(join(target, 'package.json'), 'utf8'));
}

function write(target, made) {
  writeFileSync(join(target, 'package.json'), `${JSON.stringify(made, null, 2)}\n`);
}
