// What a consumer with ES modules may write, and what the compiler must refuse.
import {
  type AdminErrorCode,
  ConfigError,
  Limiter,
  RateLimitedError,
  RejectedError,
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
      // @ts-expect-error only an issued token has a life
      if (event.name === 'invalid') console.log(event.expiresIn);
    },
  },
);
const none: null = hosted.admin;

const issuing = await TokenService.create({ store: { kind: 'sqlite', path: 'x.db' } });
const app = await issuing.admin.createApp('billing');
const names: string[] = (await issuing.admin.listApps()).map(({ name, created }) => name + created.toISOString());

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
// @ts-expect-error there is no issuer to administer
hosted.admin.jwks();
export { code, names, none, status, type };
