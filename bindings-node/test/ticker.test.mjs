import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { TokenService } from '../index.mjs';
import { UNLIMITED } from './scripted.mjs';

const ON_TIME = { timeout: 60_000 };
const PLACES = 64;
/** What a tick may be later under load than without, on a machine that has other work as well. */
const SLACK_MS = 10;

let folder, service, app;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tokensmith-ticker-'));
  const store = { kind: 'sqlite', path: join(folder, 'store.db') };
  service = await TokenService.create({ store, limits: UNLIMITED, max_in_flight: PLACES });
  app = await service.admin.createApp('an app');
});
after(async () => {
  service.close();
  await rm(folder, { recursive: true });
});

/** How late the ticks of a timer of a millisecond were until the work was done, sorted. */
async function lateness(work) {
  const late = [];
  let done = false;
  let last = performance.now();
  const tick = () => {
    const now = performance.now();
    late.push(now - last - 1);
    last = now;
    if (!done) setTimeout(tick, 1);
  };
  setTimeout(tick, 1);
  const started = performance.now();
  await work();
  done = true;
  return { late: late.sort((a, b) => a - b), ms: performance.now() - started };
}

const percentile = ({ late }, share) => late[Math.min(late.length - 1, Math.floor(late.length * share))];

/** Keeps every place taken for some time, by calls that end in a token or, for `stranger`, in a 401. */
async function issueFor(ms, { id, secret }) {
  const end = performance.now() + ms;
  const one = async () => {
    while (performance.now() < end) {
      await service.issue({ appClientId: id, appSecret: secret, source: '192.0.2.1' }).catch(refused);
    }
  };
  await Promise.all(Array.from({ length: PLACES }, one));
}

function refused(error) {
  assert.equal(error.code, 'ERR_TOKEN_UNAUTHORIZED');
}

// As many calls with all but the signature are the control, in turns: what else the machine has to
// do falls on both.
test('the loop ticks on while every place is taken by the issuer', ON_TIME, async () => {
  const stranger = { id: 'appcl-unknown', secret: app.secret };
  await issueFor(200, app);
  const [control, loaded] = [{ late: [] }, { late: [] }];
  for (let turn = 0; turn < 10; turn += 1) {
    control.late.push(...(await lateness(() => issueFor(200, stranger))).late);
    loaded.late.push(...(await lateness(() => issueFor(200, app))).late);
  }
  for (const { late } of [control, loaded]) late.sort((a, b) => a - b);
  for (const share of [0.5, 0.9, 0.99]) {
    const [without, under] = [percentile(control, share), percentile(loaded, share)];
    assert.ok(under <= 2 * Math.max(0, without) + SLACK_MS, `${share}: ${under} ms, else ${without} ms`);
  }
  assert.ok(loaded.late.length > 100, `${loaded.late.length} ticks in two seconds`);
});

test('the loop ticks on while the administration waits for the disk', ON_TIME, async () => {
  const APPS = 300;
  const make = (_, index) => service.admin.createApp(`app ${index}`);
  const { late, ms } = await lateness(() => Promise.all(Array.from({ length: APPS }, make)));
  // Done in place, the ticks would wait for all of them.
  assert.ok(late.at(-1) < Math.max(ms / 4, SLACK_MS), `${late.at(-1)} ms late in ${ms} ms`);
});
