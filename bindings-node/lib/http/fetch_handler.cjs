'use strict';

const argument = require('../argument.cjs');
const { drop, read } = require('./body.cjs');
const { consumed, pathOf, refusal, route } = require('./route.cjs');

/** `(request, …) => Promise<Response>`, as Deno, Bun and the frameworks of the Fetch form have it. */
function fetchHandler(service, options) {
  const { endpoints, source, requestId } = route(service, options);
  // A `Request` has no address, and without one all callers would share a bucket unasked.
  if (source === undefined) throw argument.wrong('source', 'a function');

  return async function tokensmith(request, ...rest) {
    const endpoint = endpoints.get(pathOf(request.url));
    if (endpoint === undefined) return response(refusal(404));
    if (request.method !== 'POST') return response(refusal(405));
    if (request.bodyUsed) throw consumed();
    const caller = { source: source(request, ...rest), requestId: requestId?.(request, ...rest) };
    return response(await answered(endpoint, request, caller));
  };
}

async function answered(endpoint, request, caller) {
  const reader = request.body?.getReader();
  const next = async () => (await reader?.read())?.value;
  const { bytes: body, whole } = await read(next, endpoint.longest);
  const contentType = request.headers.get('content-type');
  const answer = await endpoint.answer({ body, contentType, ...caller }, { signal: request.signal });
  if (!whole) {
    await drop(next);
    reader.cancel().catch(() => {});
  }
  return answer;
}

const response = ({ status, headers, body }) => new Response(body, { status, headers });

module.exports = { fetchHandler };
