// An access token signed by jose, as most would; and an authenticator of ours that gives such a one.

import { SignJWT, importPKCS8 } from 'jose';

import { LIFE, claims, good, privateKey } from './record.mjs';

// A CryptoKey: of a KeyObject jose would make one at each call.
const key = await importPKCS8(privateKey.export({ type: 'pkcs8', format: 'pem' }), 'ES256');
const header = { typ: 'at+jwt', alg: 'ES256', kid: 'bench' };

export const joseToken = (id) => new SignJWT(claims(id)).setProtectedHeader(header).sign(key);

/** Does what the model of oauth2_server.mjs does. */
export async function authenticate({ appClientId, appSecret }) {
  if (!good(appClientId, appSecret)) throw new Error('not good');
  return { accessToken: await joseToken(appClientId), expiresIn: LIFE };
}
