// The floor: a bare `node:http` server with `crypto.sign`, no limits, no framework.

import { CLIENT, LIFE, good, json, refreshToken, token } from './record.mjs';

function answer(body) {
  const { appClientId, appSecret } = JSON.parse(body);
  if (!good(appClientId, appSecret)) return undefined;
  return JSON.stringify({
    AccessToken: token(appClientId),
    ExpiresIn: LIFE,
    TokenType: 'Bearer',
    RefreshToken: refreshToken(),
  });
}

function listen(answered) {
  return (req, res) => {
    const parts = [];
    req.on('data', (part) => parts.push(part));
    req.on('end', () => answered(res, Buffer.concat(parts)));
  };
}

function reply(res, body) {
  if (body === undefined) return res.writeHead(401).end();
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  res.writeHead(200, { ...headers, 'cache-control': 'no-store' }).end(body);
}

const atOnce = listen((res, body) => reply(res, answer(body)));

// Signs for all requests that came in one turn of the loop, then writes all answers: with no system
// call in between, the processor keeps at what it has learnt of the code.
let batch = [];
const batched = listen((res, body) => {
  if (batch.push({ res, body }) === 1) setImmediate(flush);
});

function flush() {
  const due = batch;
  batch = [];
  const bodies = due.map(({ body }) => answer(body));
  due.forEach(({ res }, i) => reply(res, bodies[i]));
}

const request = json(CLIENT.id, CLIENT.secret);
const ask = async () => (answer(request.body) === undefined ? 401 : 200);

export const open = () => ({ request, ask, listener: atOnce });
export const inBatches = () => ({ request, listener: batched });
