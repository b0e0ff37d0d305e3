// Ours: the embedded issuer, or a JavaScript authenticator; in `node:http`, or in express.
// The limits are on, and too large to refuse.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { TokenService } from '../../index.mjs';
import { CLIENT, LIFE, json } from './record.mjs';

const large = { per_minute: 50_000_000, burst: 50_000_000 };
const limits = { source: large, client_at_source: large, client: large, global: large };

/** A service with the embedded issuer, whose one app is made when the folder is new. */
export async function issuer(folder) {
  const service = await TokenService.create({ limits, store: { path: join(folder, 'apps.db') } });
  const file = join(folder, 'app.json');
  if (!existsSync(file)) writeFileSync(file, JSON.stringify(await service.admin.createApp('bench')));
  const { id, secret } = JSON.parse(readFileSync(file, 'utf8'));
  return side(service, json(id, secret));
}

/** A service that asks a JavaScript function. */
export async function authenticator(authenticate) {
  const host = { limits, authenticator: { kind: 'host' }, response: { refresh_token: 'omit' } };
  const service = await TokenService.create(host, { authenticator: authenticate });
  return side(service, json(CLIENT.id, CLIENT.secret));
}

const same = { accessToken: 'a'.repeat(400), expiresIn: LIFE };
/** Does nothing: what is left is the way to JavaScript and back. */
export const constant = async () => same;

function side(service, request) {
  const body = Buffer.from(request.body);
  const asked = { body, contentType: request.contentType, source: '127.0.0.1' };
  const ask = async () => (await service.handle(asked)).status;
  return { service, request, ask, listener: listener(service) };
}

const listener = (service) => (req, res) => {
  const parts = [];
  req.on('data', (part) => parts.push(part));
  req.on('end', async () => {
    const { status, headers, body } = await service.handle({
      body: parts.length === 1 ? parts[0] : Buffer.concat(parts),
      contentType: req.headers['content-type'],
      source: req.socket.remoteAddress,
    });
    res.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
  });
};
