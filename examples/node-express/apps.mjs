// The apps of this host, in memory: of a secret only its hash is kept.

import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const hash = promisify(scrypt);
const apps = new Map();
// An unknown app costs what a known one does, or the time would tell which apps there are.
const nobody = await hashed(randomBytes(24).toString('base64url'));

async function hashed(secret) {
  const salt = randomBytes(16);
  return { salt, hash: await hash(secret, salt, 32) };
}

/** Makes an app. Its secret is in the answer, and nowhere else. */
export async function createApp(name) {
  const app = { id: `${name}-${randomBytes(6).toString('hex')}`, secret: randomBytes(24).toString('base64url') };
  apps.set(app.id, await hashed(app.secret));
  return app;
}

/** Whether there is such an app, with such a secret. */
export async function isRight(id, secret) {
  const known = apps.get(id) ?? nobody;
  return timingSafeEqual(await hash(secret, known.salt, 32), known.hash) && known !== nobody;
}
