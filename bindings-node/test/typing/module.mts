// What a consumer with ES modules may write, and what the compiler must refuse.
import {
  type AccessClaims,
  type ActiveToken,
  type AdminErrorCode,
  type AppPolicy,
  ConfigError,
  type CreatedSecret,
  InvalidAccessTokenError,
  type KeySummary,
  Limiter,
  RateLimitedError,
  RejectedError,
  type SecretSummary,
  ThrottledError,
  TokenError,
  type TokenEvent,
  TokenService,
} from 'tokensmith';

const hosted = await TokenService.create(
  { authenticator: { kind: 'host' }, limits: { source: { per_minute: 60, burst: 30 }, client: false } },
  {
    authenticator: async ({ appClientId, appSecret, budgetMs }) => {
      if (appSecret === appClientId) throw new RejectedError();
      if (budgetMs === undefined) throw new ThrottledError(3);
      return { accessToken: 'a', expiresIn: 60, refreshToken: 'r' };
    },
    observer: (event: TokenEvent) => {
      if (event.name === 'rate_limited') console.log(event.retryAfter.toFixed());
      if (event.name === 'key_rotated') console.log(event.kid.length);
      // @ts-expect-error only an issued token has a life
      if (event.name === 'invalid') console.log(event.expiresIn);
    },
  },
);
const none: null = hosted.admin;

const issuing = await TokenService.create({ store: { kind: 'sqlite', path: 'x.db' } });
const app = await issuing.admin.createApp('billing');
const names: string[] = (await issuing.admin.listApps()).map(({ name, created }) => name + created.toISOString());

const refreshed = await issuing.refresh(
  { appClientId: app.id, appSecret: app.secret, refreshToken: 'r', source: null },
  { signal: AbortSignal.timeout(1) },
);
const successor: string | undefined = refreshed.refreshToken;
const refreshedStatus: 200 | 401 | 422 | 429 | 502 = (await issuing.handleRefresh({ body: new Uint8Array() })).status;
const can: boolean = hosted.canRefresh;
const rotated: CreatedSecret = await issuing.admin.rotateSecret(app.id, { overlapSeconds: 3_600 });
await issuing.admin.rotateSecret(app.id);
const ends = (await issuing.admin.listSecrets(app.id)).map(({ id, expires, lastUsed, revoked }: SecretSummary) => {
  // @ts-expect-error not every secret has an end
  expires.getTime();
  return id + expires?.toISOString() + lastUsed?.toISOString() + revoked;
});
await issuing.admin.revokeSecret(rotated.id);
await issuing.admin.revokeRefreshToken(app.id, 'r');
await issuing.admin.revokeRefreshTokensOf(app.id);
await issuing.admin.revokeAllRefreshTokens();
const purged: number = await issuing.admin.purgeRefreshTokens();
await issuing.admin.resetRefreshClock();
await issuing.admin.deleteApp(app.id);
const imported: number = await issuing.admin.importJsonLines('');
// @ts-expect-error they are text, a line for each
await issuing.admin.importJsonLines([{ appClientId: 'a', appSecret: 'b' }]);
const key: KeySummary = await issuing.admin.rotateKey({ algorithm: 'EdDSA' });
await issuing.admin.rotateKey();
const signing = (await issuing.admin.listKeys()).filter(({ state, active }) => state === 'active' && active <= new Date());
await issuing.admin.revokeKey(key.kid);
const claims: AccessClaims = issuing.admin.verifyAccessToken(refreshed.accessToken);
try {
  console.log(claims.expires.toISOString() + claims.subject + claims.tokenId + claims.audience.join(' '));
  issuing.admin.verifyAccessToken(refreshed.accessToken, { audience: 'https://api.example' });
} catch (error) {
  if (error instanceof InvalidAccessTokenError) console.log(error.code === 'ERR_ACCESS_TOKEN_INVALID', error.reason === 'expired');
  // @ts-expect-error it is no error of a call that gives tokens
  if (error instanceof InvalidAccessTokenError) console.log(error.status);
}

const answer = await hosted.handle({ body: new Uint8Array(), contentType: null }, { signal: AbortSignal.timeout(1) });
const status: 200 | 401 | 422 | 429 | 502 = answer.status;
const tokens = await issuing.issue({ appClientId: app.id, appSecret: Buffer.from(app.secret) });
const type: 'Bearer' = tokens.tokenType;

try {
  const acquired = new Limiter({ perMinute: 1, burst: 1 }).tryAcquire('k');
  if (!acquired.allowed) console.log(acquired.retryAfter.toFixed());
  // @ts-expect-error there is no wait where the cost was taken
  else console.log(acquired.retryAfter);
} catch (error) {
  if (error instanceof RateLimitedError) console.log(error.retryAfter.toFixed(), error.status === 429);
  if (error instanceof ConfigError) console.log(error.key?.length);
  // @ts-expect-error no code is spelled so
  if (error instanceof TokenError) console.log(error.code === 'RATE_LIMITED');
}

const code: AdminErrorCode = 'ERR_ADMIN_NOT_FOUND';
// @ts-expect-error a service is made by `create`
new TokenService();
// @ts-expect-error a misspelt key is no key
await TokenService.create({ store: { kind: 'sqlite', path: 'x.db' }, deadlineMs: 1 });
// @ts-expect-error the kind `host` needs an authenticator
await TokenService.create({ authenticator: { kind: 'host' } });
// @ts-expect-error a body is bytes
await hosted.handle({ body: '{}' });
// @ts-expect-error a refresh needs the token
await issuing.refresh({ appClientId: app.id, appSecret: app.secret });
// @ts-expect-error the token is text: it is needed again where the answer is lost
await issuing.refresh({ appClientId: app.id, appSecret: app.secret, refreshToken: new Uint8Array() });
// @ts-expect-error a misspelt option is none
await issuing.admin.rotateSecret(app.id, { overlap: 3_600 });
const policy: AppPolicy = await issuing.admin.appPolicy(app.id);
await issuing.admin.setAppPolicy(app.id, { ...policy, audience: ['a', 'b'], claims: { tenant: 'acme' }, tokenSeconds: 600 });
const told: ActiveToken | null = await issuing.admin.introspect(app.id, 'a');
if (told?.kind === 'access') console.log(told.audience?.length, told.scope?.split(' '), told.claims.tenant);
const revocation: 'done' | 'unsupported' = await issuing.admin.revokeToken(app.id, 'a');
// @ts-expect-error a misspelt part is none
await issuing.admin.setAppPolicy(app.id, { scopes: 'a' });
// @ts-expect-error not every token is good
(await issuing.admin.introspect(app.id, 'a')).kind.length;
// @ts-expect-error no key is for such
await issuing.admin.rotateKey({ algorithm: 'HS256' });
// @ts-expect-error a token is text
issuing.admin.verifyAccessToken(new Uint8Array());
// @ts-expect-error whose: without an app it would be all
await issuing.admin.revokeRefreshTokensOf();
// @ts-expect-error there is no issuer to administer
hosted.admin.jwks();
export { can, code, ends, imported, names, none, purged, refreshedStatus, revocation, signing, status, successor, type };
