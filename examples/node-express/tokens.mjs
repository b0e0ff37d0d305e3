// The tokens of this host: random text, in memory until its time is over.

import { createHash, randomBytes } from 'node:crypto';

const LIFE_S = 600;
const live = new Map();
const key = (token) => createHash('sha256').update(token).digest('base64url');

/** What an authenticator gives for an app that it knows. */
export function issue(appClientId) {
  const accessToken = randomBytes(32).toString('base64url');
  const ends = Date.now() + LIFE_S * 1_000;
  live.set(key(accessToken), { appClientId, ends });
  setTimeout(() => live.delete(key(accessToken)), LIFE_S * 1_000).unref();
  // The contract has a refresh token in each answer. Nothing redeems it here.
  return { accessToken, expiresIn: LIFE_S, refreshToken: randomBytes(32).toString('base64url') };
}

/** A middleware that lets a request pass whose token lives, and says whose it is. */
export function bearer(req, res, next) {
  const [, token] = /^Bearer ([\w.~+/-]+=*)$/i.exec(req.headers.authorization ?? '') ?? [];
  const entry = token && live.get(key(token));
  if (!entry || entry.ends <= Date.now()) return res.set('WWW-Authenticate', 'Bearer').sendStatus(401);
  req.appClientId = entry.appClientId;
  next();
}
