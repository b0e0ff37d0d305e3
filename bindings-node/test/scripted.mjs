// A service whose authenticator and observer a test has in its hands. It runs in real time.

import { TokenService } from '../index.mjs';

export const TOKENS = Object.freeze({
  accessToken: 'an-access-token',
  expiresIn: 3600,
  tokenType: 'Bearer',
  refreshToken: 'a-refresh-token',
});

/** No limit is in the way, but for the places. */
export const UNLIMITED = { source: false, client: false, client_at_source: false };

const BODY = Buffer.from('{"appClientId":"appcl-1234","appSecret":"a-secret"}');
const SOURCE = '192.0.2.1';

export function config(keys = {}) {
  return { authenticator: { kind: 'host' }, limits: UNLIMITED, ...keys };
}

export function request(keys = {}) {
  return { body: BODY, contentType: 'application/json', source: SOURCE, ...keys };
}

export function credentials(keys = {}) {
  return { appClientId: 'appcl-1234', appSecret: 'a-secret', source: SOURCE, ...keys };
}

/** Until it holds. It gives up, or a test that failed would keep its process for ever. */
export async function until(holds) {
  const last = performance.now() + 30_000;
  while (!holds()) {
    if (performance.now() > last) throw new Error(`it never held: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** A promise, and what settles it. `Promise.withResolvers` is not in Node 20. */
export function settleable() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}

/**
 * Its `answer` is what the authenticator does from now on. `events` and `heard` hold what the
 * observer and `onAuthenticatorError` were given.
 */
export async function scripted(keys = {}) {
  const script = { answer: () => TOKENS, events: [], heard: [], asked: 0 };
  script.service = await TokenService.create(config(keys), {
    authenticator: (asked) => {
      script.asked += 1;
      return script.answer(asked);
    },
    observer: (event) => script.events.push(event),
    onAuthenticatorError: (error) => script.heard.push(error),
  });
  script.handle = (fields, options) => script.service.handle(request(fields), options);
  script.issue = (fields, options) => script.service.issue(credentials(fields), options);
  /** The call's answer and its events: those of its name, the last of them terminal. */
  script.told = async (requestId, fields) => {
    const response = await script.handle({ requestId, ...fields });
    const own = () => script.events.filter((event) => event.requestId === requestId);
    await until(() => own().some((event) => event.terminal));
    return { response, events: own() };
  };
  return script;
}
