'use strict';

const argument = require('../argument.cjs');
const { ConfigError } = require('../token_error.cjs');
const native = require('../../native.js');

// What a host tells each of the handlers, and what they answer themselves.

/** The options of a handler, looked at: `source` and `requestId` are functions or absent. */
function route(service, options) {
  argument.object('options', options);
  const { path = '/token', refreshPath, source, requestId } = options;
  if (typeof service?.handle !== 'function') throw argument.wrong('service', 'a TokenService');
  argument.optionalFunction('source', source);
  argument.optionalFunction('requestId', requestId);
  return { endpoints: endpointsOf(service, path, refreshPath), source, requestId };
}

/** What answers, by its path, and how many bytes of a body conform there. */
function endpointsOf(service, path, refreshPath) {
  const tokens = {
    answer: (request, options) => service.handle(request, options),
    longest: native.MAX_BODY,
  };
  const endpoints = new Map([[pathOption('path', path), tokens]]);
  if (refreshPath === undefined) return endpoints;
  if (pathOption('refreshPath', refreshPath) === path) throw argument.wrong('refreshPath', 'another path than `path`');
  // A route that can but fail is none: the host hears of it before there are callers.
  if (!service.canRefresh) throw new ConfigError('no refresher is configured');
  const refreshed = {
    answer: (request, options) => service.handleRefresh(request, options),
    longest: native.MAX_REFRESH_BODY,
  };
  return endpoints.set(refreshPath, refreshed);
}

function pathOption(name, path) {
  if (!argument.text(name, path).startsWith('/')) throw argument.wrong(name, 'a path that begins with `/`');
  return path;
}

/** The path of a request target: of the origin form, or of the absolute one (RFC 9112 section 3.2). */
function pathOf(target) {
  if (!target.startsWith('/')) return URL.canParse(target) ? new URL(target).pathname : target;
  const query = target.indexOf('?');
  return query < 0 ? target : target.slice(0, query);
}

/** Not for the log: what is said to a caller whom the service never sees. */
const SENTENCES = { 404: 'Not found.', 405: 'Method not allowed.', 500: 'Internal server error.' };

/** An answer that is the handler's own. */
function refusal(status) {
  const headers = {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    pragma: 'no-cache',
    'x-content-type-options': 'nosniff',
  };
  if (status === 405) headers.allow = 'POST';
  return { status, headers, body: SENTENCES[status] };
}

/** The body was read before us: nothing that can be answered is left, and the host must know. */
function consumed() {
  return new TypeError(
    'the body of the request was read before Tokensmith could: ' +
      'mount its handler before body parsers such as `express.json()`, or keep them off its path',
  );
}

module.exports = { consumed, pathOf, refusal, route };
