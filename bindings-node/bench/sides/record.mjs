// What the sides that are no Tokensmith know of their one app, and how they judge and sign for it:
// the work that our issuer does, as a good hand would do it in JavaScript.

import { createHmac, generateKeyPairSync, randomBytes, sign, timingSafeEqual } from 'node:crypto';

export const ISSUER = 'http://127.0.0.1:8080';
export const LIFE = 3600;
export const CLIENT = { id: 'appcl-bench', secret: randomBytes(32).toString('base64url') };
export const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const pepper = randomBytes(32);
const digest = (secret) => createHmac('sha256', pepper).update(secret).digest();
const kept = new Map([[CLIENT.id, digest(CLIENT.secret)]]);

/** Whether they are those of an app. */
export function good(id, secret) {
  const digested = kept.get(id);
  return digested !== undefined && timingSafeEqual(digested, digest(secret));
}

/** The claims of an access token (RFC 9068). */
function claims(id) {
  const iat = Math.floor(Date.now() / 1000);
  const jti = randomBytes(16).toString('base64url');
  return { iss: ISSUER, aud: ISSUER, sub: `app:${id}`, client_id: id, iat, exp: iat + LIFE, jti };
}

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const HEADER = encode({ typ: 'at+jwt', alg: 'ES256', kid: 'bench' });

/** An access token by `crypto.sign`, the cheapest signer that Node has: a library is no less. */
export function token(id) {
  const signed = `${HEADER}.${encode(claims(id))}`;
  const signature = sign('sha256', signed, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

export const refreshToken = () => randomBytes(64).toString('base64url');

/** A POST with a body in that form. */
export const post = (path, contentType, body) => ({ path, contentType, body });

export const json = (id, secret) =>
  post('/token', 'application/json', JSON.stringify({ appClientId: id, appSecret: secret }));

export const form = (path, more = {}) =>
  post(
    path,
    'application/x-www-form-urlencoded',
    new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: CLIENT.id,
      client_secret: CLIENT.secret,
      ...more,
    }).toString(),
  );
