// Load over HTTP: so many connections, each with one request under way. It writes the same bytes
// and looks for no more of an answer than its end, so that it is cheaper than any server.

import { connect } from 'node:net';

const END = Buffer.from('\r\n\r\n');

/** A block of `ms`; counts what was answered with 200, and fails on anything else. */
export async function load({ port, request, ms, connections }) {
  const { path, contentType, body } = request;
  const bytes = Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: ${contentType}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  const before = process.cpuUsage();
  const start = performance.now();
  const until = start + ms;
  const callers = Array.from({ length: connections }, () => caller(port, bytes, until));
  const calls = (await Promise.all(callers)).reduce((sum, count) => sum + count, 0);
  const { user, system } = process.cpuUsage(before);
  return { calls, micros: (performance.now() - start) * 1000, cpu: user + system };
}

function caller(port, bytes, until) {
  return new Promise((done, failed) => {
    const socket = connect(port, '127.0.0.1').setNoDelay();
    let [calls, pending] = [0, Buffer.alloc(0)];
    socket.on('connect', () => socket.write(bytes));
    socket.on('error', failed);
    socket.on('close', () => done(calls));
    socket.on('data', (part) => {
      pending = pending.length === 0 ? part : Buffer.concat([pending, part]);
      const length = answer(pending);
      if (length === undefined) return;
      if (length !== pending.length) return socket.destroy(new Error('more than one answer'));
      pending = Buffer.alloc(0);
      calls++;
      if (performance.now() < until) socket.write(bytes);
      else socket.destroy();
    });
  });
}

/** How long the answer is, or nothing while its end has not come. */
function answer(bytes) {
  const head = bytes.indexOf(END);
  if (head < 0) return undefined;
  const text = bytes.latin1Slice(0, head);
  if (!text.startsWith('HTTP/1.1 200 ')) throw new Error(text);
  const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1];
  if (length === undefined) throw new Error(`no length: ${text}`);
  const whole = head + END.length + Number(length);
  return bytes.length < whole ? undefined : whole;
}
