// What is random in a case with an app, by the names that the vectors have for it.

const TOKEN = /"(access|refresh)Token":"([^"]*)"/gi;

export class Names {
  /** The name of each value. Without an app there are none. */
  #names = new Map();

  ofApp({ id, secret }) {
    this.#names.set(id, '<app>').set(secret, '<secret>');
  }

  /** Names the tokens of an answer, those that have no name yet. */
  learn(step, body) {
    if (this.#names.size === 0) return;
    for (const [, kind, token] of body.matchAll(TOKEN)) {
      if (!this.#names.has(token)) this.#names.set(token, `<${kind.toLowerCase()}-${step}>`);
    }
  }

  /** The text with what the names stand for. */
  filled(text) {
    return [...this.#names].reduce((filled, [value, name]) => filled.replaceAll(name, value), text);
  }

  /** The text with the names. */
  named(text) {
    return [...this.#names].reduce((named, [value, name]) => named.replaceAll(value, name), text);
  }
}
