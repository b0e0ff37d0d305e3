// An authenticator in JavaScript whose answers are written down beforehand.

import { RejectedError, ThrottledError } from '../../index.mjs';

export class ScriptedAuthenticator {
  #clock;
  #script;
  #deviation;

  constructor(clock) {
    this.#clock = clock;
  }

  /** The next call must be given that, and has that answer after that time. Resolves once it came. */
  expect(script) {
    return new Promise((called) => {
      this.#script = { ...script, called };
    });
  }

  /** How the call differed from the script, if it did. The script is empty afterwards. */
  deviation() {
    const told = this.#deviation ?? (this.#script && 'it was not called');
    this.#script = undefined;
    this.#deviation = undefined;
    return told;
  }

  async authenticate({ appClientId, appSecret }) {
    const script = this.#script;
    this.#script = undefined;
    const { app_client_id: id, app_secret: secret } = script?.receives ?? {};
    script?.called();
    if (id !== appClientId || secret !== appSecret) {
      const given = JSON.stringify([appClientId, appSecret]);
      this.#deviation ??= script ? `it was given ${given}` : 'it was called';
      throw new Error('not in the script');
    }
    if (script.after_ms > 0) await this.#clock.sleep(script.after_ms);
    return given(script.answer);
  }
}

const inSeconds = (millis) => (millis === null ? undefined : millis / 1000);

/** What the answer of a script is, in the words of a host. */
function given(answer) {
  switch (answer.kind) {
    case 'issued':
      return {
        accessToken: answer.access_token,
        expiresIn: inSeconds(answer.expires_in_ms),
        tokenType: answer.token_type,
        refreshToken: answer.refresh_token,
        idToken: answer.id_token,
      };
    case 'rejected':
      throw new RejectedError();
    case 'throttled':
      throw new ThrottledError(inSeconds(answer.retry_after_ms));
    case 'upstream_failed':
      // A host says `contract` by what it gives, and all else by what it throws.
      if (answer.reason === 'contract') return null;
      throw new Error('scripted');
    case 'hang':
      return new Promise(() => {});
    default:
      throw new Error(`no host says ${answer.kind}`);
  }
}
