// Requests as bytes on a socket, so that a test may send what no client would, and see what comes.

import { once } from 'node:events';
import { connect } from 'node:net';

export const BODY = '{"appClientId":"appcl-1234","appSecret":"a-secret"}';

/** A request's text. `fields` are lines, so that one may come twice. */
export function post(body, fields = ['Content-Type: application/json'], target = '/token') {
  const lines = [`POST ${target} HTTP/1.1`, 'Host: localhost', ...fields, `Content-Length: ${Buffer.byteLength(body)}`];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

export async function connected(server) {
  const address = server.address();
  const socket = connect(typeof address === 'string' ? { path: address } : { port: address.port, host: '127.0.0.1' });
  // One that the server ends early may well be written to once more.
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** The next response on a connection: `{ status, fields, body }`, or null where it ended before. */
export async function response(socket) {
  let text = '';
  let parsed = null;
  for (; parsed === null; parsed = parse(text)) {
    const chunk = socket.read() ?? (await readable(socket));
    if (chunk === null) return null;
    text += chunk;
  }
  return parsed;
}

async function readable(socket) {
  if (socket.readableEnded || socket.destroyed) return null;
  await new Promise((resolve) => {
    for (const name of ['readable', 'end', 'close']) socket.once(name, resolve);
  });
  const chunk = socket.read();
  return chunk ?? (socket.readableEnded || socket.destroyed ? null : '');
}

/** No response here is chunked: each says how long it is. */
function parse(text) {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return null;
  const [first, ...lines] = text.slice(0, head).split('\r\n');
  const fields = Object.fromEntries(lines.map((line) => /^([^:]+): *(.*)$/.exec(line).slice(1)).map(lowered));
  const body = text.slice(head + 4);
  return body.length < Number(fields['content-length']) ? null : { status: Number(first.split(' ')[1]), fields, body };
}

const lowered = ([name, value]) => [name.toLowerCase(), value];

/** One request on a connection of its own. */
export async function ask(server, text) {
  const socket = await connected(server);
  try {
    socket.write(text);
    return await response(socket);
  } finally {
    socket.destroy();
  }
}
