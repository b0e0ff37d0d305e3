// A service with the embedded issuer, on a disk and in real time, and an app of its.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { TokenService } from '../index.mjs';
import { UNLIMITED } from './scripted.mjs';

export const SOURCE = '192.0.2.1';

/**
 * `events` holds what the observer was told, `app` the credentials of an app. `end` closes the service
 * and takes its files away.
 */
export async function issuing(keys = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'tokensmith-'));
  const events = [];
  const path = join(folder, 'store.db');
  const config = { store: { path }, limits: UNLIMITED, max_in_flight: 256, ...keys };
  const service = await TokenService.create(config, { observer: (event) => events.push(event) });
  const { id: appClientId, secret: appSecret } = await service.admin.createApp('billing');
  const app = { appClientId, appSecret, source: SOURCE };
  const end = async () => {
    service.close();
    await rm(folder, { recursive: true });
  };
  const issue = () => service.issue(app);
  const refresh = (refreshToken, options) => service.refresh({ ...app, refreshToken }, options);
  /** The first refresh token of a new family. */
  const first = async () => (await issue()).refreshToken;
  const request = (members, fields) => {
    const body = Buffer.from(JSON.stringify({ appClientId, appSecret, ...members }));
    return { body, contentType: 'application/json', source: SOURCE, ...fields };
  };
  return { service, admin: service.admin, path, app, events, end, issue, refresh, first, request };
}
