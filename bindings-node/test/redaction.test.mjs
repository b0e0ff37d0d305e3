// What is secret is printed by nothing: no value of the package, no error, no event.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { format, inspect } from 'node:util';

import { TokenService } from '../index.mjs';
import { issuing } from './issuing.mjs';
import { credentials, request, scripted, until } from './scripted.mjs';

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

test('a new secret, and what a refresh gives', async () => {
  const site = await issuing();
  try {
    const first = await site.first();
    const tokens = await site.refresh(first);
    const answer = await site.service.handleRefresh(site.request({ refreshToken: tokens.refreshToken }));
    const rotated = await site.admin.rotateSecret(site.app.appClientId);
    assert.equal(inspect([tokens, answer]), '[ TokenSet([REDACTED]), TokenResponse([REDACTED]) ]');
    assert.equal(inspect({ rotated }), '{ rotated: CreatedSecret([REDACTED]) }');
    assert.equal(JSON.parse(JSON.stringify(rotated)).secret, rotated.secret);
    const listed = await site.admin.listSecrets(site.app.appClientId);
    const reused = await site.refresh(first).catch((thrown) => thrown);
    await until(() => site.events.some(({ name }) => name === 'rejected'));
    const secret = [rotated.secret, site.app.appSecret, first, tokens.refreshToken, tokens.accessToken];
    for (const value of [site.service, site.admin, rotated, listed, tokens, answer, reused, site.events]) {
      for (const text of secret) assert(!printed(value).includes(text));
    }
  } finally {
    await site.end();
  }
});

test('an access token that is no good', async () => {
  const site = await issuing();
  const { accessToken } = await site.issue();
  const parts = accessToken.split('.');
  const forged = [parts[0], parts[1], Buffer.from(PLANTED.repeat(4)).toString('base64url')].join('.');
  for (const text of [PLANTED, `${PLANTED}.${PLANTED}.${PLANTED}`, forged]) {
    assert.throws(
      () => site.admin.verifyAccessToken(text),
      (error) => {
        assertHidden(error);
        return parts.every((part) => !printed(error).includes(part));
      },
    );
  }
  await site.end();
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
  const site = await issuing();
  const { admin } = site;
  const refresh = (keys) => site.service.refresh(credentials({ refreshToken: PLANTED, ...keys }));
  const calls = [
    () => site.service.refresh(PLANTED),
    () => refresh({ appClientId: [PLANTED] }),
    () => refresh({ appSecret: { secret: PLANTED } }),
    () => refresh({ appSecret: Buffer.from(`${PLANTED}\xff`, 'latin1') }),
    () => refresh({ refreshToken: [PLANTED] }),
    () => refresh({ refreshToken: Buffer.from(PLANTED) }),
    () => refresh({ refreshToken: `${PLANTED}\ud800` }),
    () => refresh({ source: PLANTED.repeat(9) }),
    () => site.service.refresh(credentials({ refreshToken: PLANTED }), { signal: PLANTED }),
    () => site.service.handleRefresh(PLANTED),
    () => site.service.handleRefresh(request({ body: PLANTED })),
    () => site.service.handleRefresh(request({ source: PLANTED.repeat(9) })),
    () => admin.deleteApp([PLANTED]),
    () => admin.rotateSecret([PLANTED]),
    () => admin.rotateSecret('appcl-1', PLANTED),
    () => admin.rotateSecret('appcl-1', { overlapSeconds: PLANTED }),
    () => admin.rotateSecret('appcl-1', { overlapSeconds: null }),
    () => admin.listSecrets({ PLANTED }),
    () => admin.revokeSecret([PLANTED]),
    () => admin.revokeSecret(`${PLANTED}\ud800`),
    () => admin.revokeRefreshToken([PLANTED], 'r'),
    () => admin.revokeRefreshToken('appcl-1', [PLANTED]),
    () => admin.revokeRefreshToken('appcl-1', `${PLANTED}\ud800`),
    async () => admin.verifyAccessToken('a', PLANTED),
    async () => admin.verifyAccessToken('a', { audience: [PLANTED] }),
    () => admin.introspect([PLANTED], 'a'),
    () => admin.introspect('appcl-1', [PLANTED]),
    () => admin.revokeToken('appcl-1', Buffer.from(PLANTED)),
    () => admin.revokeToken('appcl-1', `${PLANTED}\ud800`),
    () => admin.setAppPolicy('appcl-1', PLANTED),
    () => admin.setAppPolicy('appcl-1', { audience: { PLANTED } }),
    () => admin.setAppPolicy('appcl-1', { audience: [[PLANTED]] }),
    () => admin.setAppPolicy('appcl-1', { scope: [PLANTED] }),
    () => admin.setAppPolicy('appcl-1', { scope: `${PLANTED}  ` }),
    () => admin.setAppPolicy('appcl-1', { claims: PLANTED }),
    () => admin.setAppPolicy('appcl-1', { claims: { [PLANTED]: 1n } }),
    () => admin.setAppPolicy('appcl-1', { claims: { [`${PLANTED}\n`]: PLANTED } }),
    () => admin.setAppPolicy('appcl-1', { tokenSeconds: PLANTED }),
    () => admin.importJsonLines([PLANTED]),
    () => admin.importJsonLines(`${PLANTED}\ud800`),
    () => admin.rotateKey(PLANTED),
    () => admin.rotateKey({ algorithm: [PLANTED] }),
    () => admin.rotateKey({ algorithm: PLANTED }),
    () => admin.revokeKey([PLANTED]),
    async () => admin.verifyAccessToken([PLANTED]),
    async () => admin.verifyAccessToken(Buffer.from(PLANTED)),
    async () => admin.verifyAccessToken(`${PLANTED}\ud800`),
    () => admin.revokeRefreshTokensOf(),
    () => admin.revokeRefreshTokensOf([PLANTED]),
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
    () => service.handleRefresh(request({ body: PLANTED })),
    () => service.refresh(credentials({ refreshToken: PLANTED })),
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
  await site.end();
});
