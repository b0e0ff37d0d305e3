// What is secret is printed by nothing: no value of the package, no error, no event.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { format, inspect } from 'node:util';

import { TokenService } from '../index.mjs';
import { credentials, request, scripted } from './scripted.mjs';

const PLANTED = 'a-planted-secret';

/** All that a host may print, to any depth and of what is hidden, also nested in its own. */
function printed(value) {
  const inspected = [0, 2, Infinity].flatMap((depth) =>
    [false, true].map((showHidden) => inspect({ value: [value] }, { depth, showHidden })),
  );
  return [...inspected, format('%s %o %O', value, value, value), String(value), `${value?.stack}`].join('\n');
}

function assertHidden(value) {
  assert(!printed(value).includes(PLANTED), printed(value));
}

test('answers and tokens print as what they are, and give their fields as data', async () => {
  const script = await scripted();
  script.answer = () => ({ accessToken: PLANTED, refreshToken: PLANTED, idToken: PLANTED, expiresIn: 60 });
  const [answer, tokens] = [await script.handle(), await script.issue()];
  assert.equal(inspect([answer, tokens]), '[ TokenResponse([REDACTED]), TokenSet([REDACTED]) ]');
  assertHidden(answer);
  assertHidden(tokens);
  assert(answer.body.includes(PLANTED) && JSON.stringify(tokens).includes(PLANTED));
});

test('what an authenticator is asked', async () => {
  const script = await scripted();
  let asked;
  script.answer = (given) => {
    asked = given;
  };
  await script.issue({ appSecret: PLANTED }).catch(() => {});
  assert.equal(asked.appSecret, PLANTED);
  assert.equal(inspect(asked), 'AuthRequest([REDACTED])');
  assertHidden(asked);
});

test('a new app and its secret', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tokensmith-'));
  const service = await TokenService.create({ store: { kind: 'sqlite', path: join(folder, 'x.db') } });
  const app = await service.admin.createApp('billing');
  assert.equal(inspect({ app }), '{ app: CreatedApp([REDACTED]) }');
  for (const value of [service, service.admin, app]) assert(!printed(value).includes(app.secret));
  service.close();
  await rm(folder, { recursive: true });
});

test('errors, answers and events of an authenticator that talks', async () => {
  const script = await scripted();
  const talks = [
    () => Promise.reject(new Error(PLANTED)),
    () => Promise.reject(PLANTED),
    () => ({ accessToken: [PLANTED], expiresIn: PLANTED }),
    () => ({ accessToken: `${PLANTED} with spaces`, expiresIn: 60, refreshToken: 'r' }),
  ];
  for (const answer of talks) {
    script.answer = answer;
    const { response, events } = await script.told(`r-${talks.indexOf(answer)}`);
    const error = await script.issue().catch((thrown) => thrown);
    for (const seen of [{ ...response }, error, JSON.stringify(error), ...events]) assertHidden(seen);
    assert.equal(error.status, 502);
  }
});

test('arguments of the wrong type, in every call', async () => {
  const script = await scripted();
  const { service } = script;
  const calls = [
    () => service.handle(PLANTED),
    () => service.handle(request({ body: PLANTED })),
    () => service.handle(request({ body: { [PLANTED]: PLANTED } })),
    () => service.handle(request({ contentType: [PLANTED] })),
    () => service.handle(request({ source: [PLANTED] })),
    () => service.handle(request({ source: PLANTED.repeat(9) })),
    () => service.handle(request({ requestId: { PLANTED } })),
    () => service.handle(request(), { signal: PLANTED }),
    () => service.issue(PLANTED),
    () => service.issue(credentials({ appClientId: [PLANTED] })),
    () => service.issue(credentials({ appSecret: { secret: PLANTED } })),
    () => service.issue(credentials({ appSecret: `${PLANTED}\ud800` })),
    () => service.issue(credentials({ appSecret: Buffer.from(`${PLANTED}\xff`, 'latin1') })),
    () => TokenService.create(PLANTED),
    () => TokenService.create({ [PLANTED]: 1n }),
    () => TokenService.create({ limits: { slots: PLANTED } }),
    () => TokenService.create({ authenticator: { kind: PLANTED } }),
    () => TokenService.create({}, { authenticator: PLANTED }),
    () => TokenService.create({}, { observer: [PLANTED] }),
  ];
  for (const call of calls) {
    const error = await call().then(
      () => assert.fail(`${call} gave an answer`),
      (thrown) => thrown,
    );
    if (error.code !== 'ERR_TOKEN_CONFIG') assert.match(error.message, /^`\w+` must be /);
    assert(!`${error.message} ${JSON.stringify(error)} ${inspect(error)}`.includes(PLANTED), inspect(error));
  }
});
