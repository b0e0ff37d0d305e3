'use strict';

const argument = require('./argument.cjs');
const { translated } = require('./border.cjs');
const { redact } = require('./redacted.cjs');
const { AdminError, InvalidAccessTokenError } = require('./token_error.cjs');

/** A new app. Its secret is shown this once and cannot be read again. */
class CreatedApp {
  constructor({ id, secret }) {
    this.id = id;
    this.secret = secret;
  }
}
redact(CreatedApp);

/** A new secret of an app. It is shown this once and cannot be read again. */
class CreatedSecret {
  constructor({ id, secret }) {
    this.id = id;
    this.secret = secret;
  }
}
redact(CreatedSecret);

const A_DAY = 86_400;

/** The administration of the embedded issuer. */
class Admin {
  #native;

  constructor(service) {
    this.#native = service;
  }

  async createApp(name) {
    argument.text('name', name);
    return new CreatedApp(await settled(() => this.#native.createApp(name)));
  }

  async listApps() {
    const apps = await settled(() => this.#native.listApps());
    return apps.map((app) => ({ ...app, created: date(app.created) }));
  }

  async importJsonLines(lines) {
    const bytes = Buffer.from(argument.text('lines', lines));
    try {
      return await settled(() => this.#native.importJsonLines(bytes));
    } finally {
      argument.wipe(bytes);
    }
  }

  async disableApp(id) {
    argument.text('id', id);
    await settled(() => this.#native.setAppEnabled(id, false));
  }

  async enableApp(id) {
    argument.text('id', id);
    await settled(() => this.#native.setAppEnabled(id, true));
  }

  async deleteApp(id) {
    argument.text('id', id);
    await settled(() => this.#native.deleteApp(id));
  }

  async rotateSecret(appClientId, options = {}) {
    argument.text('appClientId', appClientId);
    argument.object('options', options);
    const { overlapSeconds = A_DAY } = options;
    argument.number('overlapSeconds', overlapSeconds);
    return new CreatedSecret(await settled(() => this.#native.rotateSecret(appClientId, overlapSeconds)));
  }

  async listSecrets(appClientId) {
    argument.text('appClientId', appClientId);
    const secrets = await settled(() => this.#native.listSecrets(appClientId));
    return secrets.map((secret) => {
      const summary = { ...secret };
      for (const name of ['created', 'expires', 'lastUsed']) {
        if (name in secret) summary[name] = date(secret[name]);
      }
      return summary;
    });
  }

  async revokeSecret(secretId) {
    argument.text('secretId', secretId);
    await settled(() => this.#native.revokeSecret(secretId));
  }

  async revokeRefreshToken(appClientId, refreshToken) {
    argument.text('appClientId', appClientId);
    const token = argument.token(argument.text('refreshToken', refreshToken));
    try {
      await settled(() => this.#native.revokeRefreshToken(appClientId, token));
    } finally {
      argument.wipe(token);
    }
  }

  async revokeRefreshTokensOf(appClientId) {
    argument.text('appClientId', appClientId);
    await settled(() => this.#native.revokeRefreshTokensOf(appClientId));
  }

  async revokeAllRefreshTokens() {
    await settled(() => this.#native.revokeAllRefreshTokens());
  }

  async purgeRefreshTokens() {
    return settled(() => this.#native.purgeRefreshTokens());
  }

  async resetRefreshClock() {
    await settled(() => this.#native.resetRefreshClock());
  }

  async listKeys() {
    const keys = await settled(() => this.#native.listKeys());
    return keys.map(key);
  }

  async rotateKey(options = {}) {
    argument.object('options', options);
    const algorithm = argument.optionalText('algorithm', options.algorithm);
    return key(await settled(() => this.#native.rotateKey(algorithm)));
  }

  async revokeKey(kid) {
    argument.text('kid', kid);
    await settled(() => this.#native.revokeKey(kid));
  }

  async setAppPolicy(id, policy) {
    argument.text('id', id);
    argument.object('policy', policy);
    const scope = argument.optionalText('scope', policy.scope);
    const audience = argument.optionalTexts('audience', policy.audience);
    const claims = policy.claims === undefined ? undefined : argument.json('claims', policy.claims);
    const idClaims = policy.idClaims === undefined ? undefined : argument.json('idClaims', policy.idClaims);
    const { tokenSeconds } = policy;
    if (tokenSeconds !== undefined) argument.number('tokenSeconds', tokenSeconds);
    const given = { audience, scope, claims, tokenSeconds, idClaims };
    await settled(() => this.#native.setAppPolicy(id, given));
  }

  async appPolicy(id) {
    argument.text('id', id);
    const policy = await settled(() => this.#native.appPolicy(id));
    for (const name of ['claims', 'idClaims']) {
      if (name in policy) policy[name] = JSON.parse(policy[name]);
    }
    return policy;
  }

  verifyAccessToken(token, options = {}) {
    argument.object('options', options);
    const audience = argument.optionalText('audience', options.audience);
    const bytes = argument.token(argument.text('token', token));
    let claims;
    try {
      claims = atOnce(() => this.#native.verifyAccessToken(bytes, audience));
    } finally {
      argument.wipe(bytes);
    }
    if (claims.code !== undefined) throw new InvalidAccessTokenError(claims);
    return said(claims);
  }

  async introspect(appClientId, token) {
    argument.text('appClientId', appClientId);
    const bytes = argument.token(argument.text('token', token));
    try {
      const told = await settled(() => this.#native.introspect(appClientId, bytes));
      return told && said(told);
    } finally {
      argument.wipe(bytes);
    }
  }

  async revokeToken(appClientId, token) {
    argument.text('appClientId', appClientId);
    const bytes = argument.token(argument.text('token', token));
    try {
      return await settled(() => this.#native.revokeToken(appClientId, bytes));
    } finally {
      argument.wipe(bytes);
    }
  }

  jwks() {
    return atOnce(() => this.#native.jwks());
  }
}

const date = (seconds) => new Date(seconds * 1000);
/** What a token says, its times as dates and its claims as they are in it. */
const said = (token) => ({
  ...token,
  claims: JSON.parse(token.claims),
  issued: date(token.issued),
  expires: date(token.expires),
});
const key = (listed) => ({ ...listed, created: date(listed.created), active: date(listed.active) });

/** What the addon's call gives, or the error that it gives in its place. */
async function settled(call) {
  let answer;
  try {
    answer = await call();
  } catch (error) {
    throw translated(error, storeFailed);
  }
  if (answer?.code !== undefined) throw new AdminError(answer.code, answer.message);
  return answer;
}

/** The same of a call that waits for nothing. */
function atOnce(call) {
  try {
    return call();
  } catch (error) {
    throw translated(error, storeFailed);
  }
}

function storeFailed() {
  return new AdminError('ERR_ADMIN_STORE', 'the store failed');
}

module.exports = { Admin };
