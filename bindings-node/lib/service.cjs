'use strict';

const { isMainThread } = require('node:worker_threads');

const { Admin } = require('./admin.cjs');
const argument = require('./argument.cjs');
const { authenticateFunction } = require('./authenticator.cjs');
const { translated } = require('./border.cjs');
const { untilAborted } = require('./cancellation.cjs');
const { observeFunction } = require('./observer.cjs');
const { redact } = require('./redacted.cjs');
const { ConfigError, tokenError, unexpected } = require('./token_error.cjs');
const { UnderWay } = require('./under_way.cjs');
const native = require('../native.js');

/** The answer to give: `status`, `headers` with names in lower case, `body`. */
class TokenResponse {
  constructor({ status, headers, body }) {
    this.status = status;
    this.headers = {};
    for (let i = 0; i < headers.length; i += 2) this.headers[headers[i]] = headers[i + 1];
    this.body = body;
  }
}
redact(TokenResponse);

/** The tokens of one answer. */
class TokenSet {
  constructor(tokens) {
    Object.assign(this, tokens);
  }
}
redact(TokenSet);

// A thread's end is not the process's: there the others' work goes on. One listener is enough, however
// often this module is loaded, as by what runs tests: Node warns of a leak where there are many.
const STOPS = Symbol.for('tokensmith.stops');
if (isMainThread) {
  if (process[STOPS] === undefined) {
    const stops = new Set();
    Object.defineProperty(process, STOPS, { value: stops });
    process.once('exit', () => stops.forEach((stop) => stop()));
  }
  process[STOPS].add(native.stopWork);
}

const MAKER = Symbol('maker');

class TokenService {
  #native;
  #admin;
  #canRefresh;
  #underWay = new UnderWay();

  constructor(maker, service) {
    if (maker !== MAKER) throw new TypeError('a TokenService is made by `TokenService.create`');
    this.#native = service;
    this.#admin = service.hasAdmin() ? new Admin(service) : null;
    // What it was made of, so a closed service says it too.
    this.#canRefresh = service.canRefresh();
  }

  static async create(config, options = {}) {
    argument.object('options', options);
    const { authenticator, observer, onAuthenticatorError } = options;
    argument.optionalFunction('observer', observer);
    argument.optionalFunction('onAuthenticatorError', onAuthenticatorError);
    if (authenticator !== undefined && typeof authenticator !== 'function') {
      if (typeof authenticator?.authenticate !== 'function') {
        throw argument.wrong('authenticator', 'a function, or an object with `authenticate`');
      }
    }
    const made = await begun(
      argument.json('config', config),
      authenticator && authenticateFunction(authenticator, onAuthenticatorError),
      observer && observeFunction(observer),
    );
    if (made instanceof native.NativeService) return new TokenService(MAKER, made);
    throw new ConfigError(made.message, made.key);
  }

  async handle(request, options) {
    return this.#answer('handle', request, options);
  }

  async handleRefresh(request, options) {
    this.#assertRefreshes();
    return this.#answer('handleRefresh', request, options);
  }

  async #answer(call, request, options) {
    const signal = options?.signal;
    argument.object('request', request);
    const body = argument.bytes('body', request.body);
    const contentType = argument.optionalText('contentType', request.contentType);
    const source = argument.optionalText('source', request.source);
    const requestId = argument.optionalText('requestId', request.requestId);
    const answer = await untilAborted(signal, async (cancel) => {
      try {
        const answer = await this.#underWay.answer((answers) =>
          this.#native[call](answers, body, contentType, source, requestId, cancel),
        );
        return answer === false ? this.#native.unavailable() : answer;
      } catch (error) {
        const fault = translated(error, () => undefined);
        if (fault !== undefined) throw fault;
        return this.#native.unavailable();
      }
    });
    return new TokenResponse(answer);
  }

  async issue(credentials, options) {
    const signal = options?.signal;
    argument.object('credentials', credentials);
    const id = argument.text('appClientId', credentials.appClientId);
    const source = argument.optionalText('source', credentials.source);
    const secret = argument.secret('appSecret', credentials.appSecret);
    return this.#tokens(signal, [secret], (answers, cancel) =>
      this.#native.issue(answers, id, secret, source, cancel),
    );
  }

  async refresh(credentials, options) {
    const signal = options?.signal;
    this.#assertRefreshes();
    argument.object('credentials', credentials);
    const id = argument.text('appClientId', credentials.appClientId);
    const source = argument.optionalText('source', credentials.source);
    const shown = argument.text('refreshToken', credentials.refreshToken);
    const secret = argument.secret('appSecret', credentials.appSecret);
    const token = argument.token(shown);
    return this.#tokens(signal, [secret, token], (answers, cancel) =>
      this.#native.refresh(answers, id, secret, token, source, cancel),
    );
  }

  /** The tokens of a call that `begin` begins; it wipes its secrets once it has ended. */
  async #tokens(signal, secrets, begin) {
    const answer = await untilAborted(signal, async (cancel) => {
      try {
        const answer = await this.#underWay.answer((answers) => begin(answers, cancel));
        if (answer !== false) return answer;
        throw unexpected();
      } catch (error) {
        throw translated(error, unexpected);
      }
    }).finally(() => secrets.forEach(argument.wipe));
    if (answer.code !== undefined) throw tokenError(answer);
    return new TokenSet(answer);
  }

  /** It is no fault of a caller's, so there is no answer for one. */
  #assertRefreshes() {
    if (!this.#canRefresh) throw new ConfigError('no refresher is configured');
  }

  get canRefresh() {
    return this.#canRefresh;
  }

  get admin() {
    return this.#admin;
  }

  get inFlight() {
    return this.#native.inFlight();
  }

  get droppedEvents() {
    return this.#native.droppedEvents();
  }

  close() {
    this.#native.close();
  }
}

/**
 * The addon throws where it cannot begin, and rejects where it cannot go on.
 *
 * @returns {Promise<any>} its service, or what is wrong with the configuration
 */
async function begun(config, authenticate, observe) {
  try {
    return await native.createService(config, authenticate, observe);
  } catch {
    throw unexpected();
  }
}

if (Symbol.dispose) {
  Object.defineProperty(TokenService.prototype, Symbol.dispose, {
    value: TokenService.prototype.close,
    writable: true,
    configurable: true,
  });
}

module.exports = { TokenResponse, TokenService, TokenSet };
