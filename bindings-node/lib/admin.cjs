'use strict';

const argument = require('./argument.cjs');
const { translated } = require('./border.cjs');
const { redact } = require('./redacted.cjs');
const { AdminError } = require('./token_error.cjs');

/** A new app. Its secret is shown this once and cannot be read again. */
class CreatedApp {
  constructor({ id, secret }) {
    this.id = id;
    this.secret = secret;
  }
}
redact(CreatedApp);

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
    return apps.map((app) => ({ ...app, created: new Date(app.created * 1000) }));
  }

  async disableApp(id) {
    argument.text('id', id);
    await settled(() => this.#native.setAppEnabled(id, false));
  }

  async enableApp(id) {
    argument.text('id', id);
    await settled(() => this.#native.setAppEnabled(id, true));
  }

  jwks() {
    try {
      return this.#native.jwks();
    } catch (error) {
      throw translated(error, storeFailed);
    }
  }
}

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

function storeFailed() {
  return new AdminError('ERR_ADMIN_STORE', 'the store failed');
}

module.exports = { Admin };
