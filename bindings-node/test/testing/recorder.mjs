// An observer that keeps what it heard, in the words of the vectors.

/** [the vectors' word, the event's] of what only some events have. */
const SOME = [
  ['app', 'appClientId'],
  ['expires_in_s', 'expiresIn'],
  ['reason', 'reason'],
  ['by', 'by'],
  ['retry_after_s', 'retryAfter'],
  ['kind', 'kind'],
];

export class Recorder {
  #heard = [];
  #told = () => {};

  observe = (event) => {
    this.#heard.push(event);
    this.#told();
  };

  /**
   * The events of that request id, once the terminal one is there: the observer hears of it when
   * its thread has time, and so after the answer.
   */
  async ofCall(requestId) {
    const isOfIt = (event) => (event.requestId ?? null) === requestId;
    while (!this.#heard.some((event) => isOfIt(event) && event.terminal)) {
      await new Promise((told) => {
        this.#told = told;
      });
    }
    const events = this.#heard.filter(isOfIt);
    this.#heard = this.#heard.filter((event) => !isOfIt(event));
    return events;
  }

  /** What was heard and not taken. */
  rest() {
    return this.#heard.map(inWords);
  }
}

/** The event as a line of the transcript has it. */
export function inWords(event) {
  const words = {
    event: event.name,
    request_id: event.requestId ?? null,
    source: event.source ?? null,
  };
  for (const [word, name] of SOME) {
    if (event[name] !== undefined) words[word] = event[name];
  }
  return words;
}

/** The event as a vector has it, where no app is the same as an app that is null. */
export function expected({ app, ...words }) {
  return app === null ? words : { ...words, ...(app !== undefined && { app }) };
}
