// The vectors of the contract, and which of them a host in JavaScript can ask for.

import { readFileSync, readdirSync } from 'node:fs';

import { performBucket } from './bucket.mjs';
import { perform } from './performance.mjs';

const FOLDER = new URL('../../../tests/vectors/', import.meta.url);

/** What a case may need that this driver cannot do, since no host could ask for it, and why not. */
export const OUT_OF_REACH = {
  panic: 'nothing that a function in JavaScript does is a panic of Rust',
  issuer_reasons: 'a host says that it rejects: the reasons are of the embedded issuer',
  upstream_reasons: 'a host throws what it likes: its reasons and waits are of an authenticator in Rust',
  operations: 'the `Limiter` of the package has attempts alone',
  quotas: 'the `Limiter` of the package counts whole tokens a minute',
};

/** Each subject has `perform`, which gives the lines of one of its cases. */
export const subjects = [...services(), bucket()];

function services() {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.json') && name !== 'schema.json');
  return names.sort().map((name) => {
    const subject = read(name);
    return { ...subject, perform: (vector, ...more) => perform(vector, subject.clock_start_s, ...more) };
  });
}

function bucket() {
  return { ...read('limiter/bucket.json'), perform: async (vector) => performBucket(vector) };
}

function read(name) {
  return JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8'));
}

/** A case by its name, as a copy that may be changed, and what performs it. */
export function find(name) {
  for (const { cases, perform } of subjects) {
    const vector = cases.find((one) => one.name === name);
    if (vector) return { vector: structuredClone(vector), perform };
  }
  throw new Error(`no case is named ${name}`);
}

/** Whether it is left out. A need that nobody has judged is an error. */
export function isOutOfReach({ name, needs = [] }) {
  for (const need of needs) {
    if (!Object.hasOwn(OUT_OF_REACH, need)) throw new Error(`"${name}" needs ${need}: can a host do that?`);
  }
  return needs.length > 0;
}
