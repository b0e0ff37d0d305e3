// Asks the directory over HTTP, and translates its words into those of Tokensmith.

import { RejectedError, ThrottledError } from 'tokensmith';

/** Judges credentials by what the service at `url` says of them. */
export class Directory {
  #sessions;

  constructor(url) {
    this.#sessions = new URL('/sessions', url);
  }

  async authenticate({ appClientId, appSecret, budgetMs }) {
    const response = await fetch(this.#sessions, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user: appClientId, password: appSecret }),
      redirect: 'error', // the secret is for this service alone
      signal: AbortSignal.timeout(budgetMs), // past it the caller has a 502 already
    });
    // A body that nobody reads would hold its connection.
    if (response.status !== 201) await response.body?.cancel();
    if (response.status === 403) throw new RejectedError();
    if (response.status === 429) throw new ThrottledError(wait(response));
    // Whatever else it says is a 502; this text is for `onAuthenticatorError` alone.
    if (response.status !== 201) throw new Error(`the directory answered ${response.status}`);
    const { session, renewal, minutes } = await response.json();
    return { accessToken: session, expiresIn: minutes * 60, refreshToken: renewal };
  }
}

/** `Retry-After` in seconds, where it has that form. */
function wait(response) {
  const seconds = response.headers.get('retry-after');
  return /^\d{1,9}$/.test(seconds ?? '') ? Number(seconds) : undefined;
}
