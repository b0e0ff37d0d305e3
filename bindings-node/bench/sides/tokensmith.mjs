// Ours: the embedded issuer, or a JavaScript authenticator; by `nodeHandler`, or that in express.
// The limits are on, and too large to refuse.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { RejectedError, TokenService, nodeHandler } from '../../index.mjs';
import { CLIENT, LIFE, good, json, token } from './record.mjs';

const large = { per_minute: 50_000_000, burst: 50_000_000 };
const limits = { source: large, client_at_source: large, client: large, global: large };

/** A service with the embedded issuer, whose one app is made when the folder is new. */
export async function issuer(folder) {
  const { service, app } = await opened(folder, limits);
  return side(service, json(app.id, app.secret));
}

async function opened(folder, limits) {
  const service = await TokenService.create({ limits, store: { path: join(folder, 'apps.db') } });
  const file = join(folder, 'app.json');
  if (!existsSync(file)) writeFileSync(file, JSON.stringify(await service.admin.createApp('bench')));
  return { service, app: JSON.parse(readFileSync(file, 'utf8')) };
}

/** The same service, asked for what it answers in that way. */
export async function answering(status, folder) {
  const small = { ...limits, source: { per_minute: 1, burst: 1 } };
  const { service, app } = await opened(folder, status === 429 ? small : limits);
  const request = {
    200: json(app.id, app.secret),
    401: json(app.id, `${app.secret.slice(0, -1)}!`),
    422: json(app.id, 7),
    429: json(app.id, app.secret),
  }[status];
  // One a minute is not refused.
  return { ...side(service, request), right: status === 429 ? [429, 200] : [status] };
}

export async function inExpress(folder) {
  const [{ request, listener }, { default: express }] = await Promise.all([issuer(folder), import('express')]);
  const app = express();
  app.disable('x-powered-by').disable('etag').use(listener);
  return { request, listener: app };
}

/** A service that asks a JavaScript function. */
export async function authenticator(authenticate) {
  const host = { limits, authenticator: { kind: 'host' }, response: { refresh_token: 'omit' } };
  const service = await TokenService.create(host, { authenticator: authenticate });
  return side(service, json(CLIENT.id, CLIENT.secret));
}

/** Does what the model of oauth2_server.mjs does. */
export async function signs({ appClientId, appSecret }) {
  if (!good(appClientId, appSecret)) throw new RejectedError();
  return { accessToken: token(appClientId), expiresIn: LIFE };
}

const same = { accessToken: 'a'.repeat(400), expiresIn: LIFE };
/** Does nothing: what is left is the way to JavaScript and back. */
export const constant = async () => same;

function side(service, request) {
  const body = Buffer.from(request.body);
  const asked = { body, contentType: request.contentType, source: '127.0.0.1' };
  const ask = async () => (await service.handle(asked)).status;
  return { service, request, ask, listener: nodeHandler(service) };
}
