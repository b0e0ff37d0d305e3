// The other service: it knows the apps, and makes the tokens. It stands for whatever you have; what
// it says is no contract of Tokensmith's.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';

const id = 'demo';
const secret = randomBytes(24).toString('base64url');
const digest = (text) => createHash('sha256').update(text).digest();

async function answer(req) {
  if (req.method !== 'POST' || req.url !== '/sessions') return { status: 404 };
  const { user, password } = await json(req);
  if (user !== id || !timingSafeEqual(digest(password), digest(secret))) return { status: 403 };
  return { status: 201, session: randomBytes(24).toString('base64url'), renewal: randomBytes(24).toString('base64url'), minutes: 15 };
}

const server = createServer(async (req, res) => {
  const { status, ...body } = await answer(req).catch(() => ({ status: 400 }));
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
});
server.listen(Number(process.env.PORT ?? 8081), '127.0.0.1', () => {
  console.log(`DIRECTORY=http://127.0.0.1:${server.address().port}`);
  console.log(JSON.stringify({ appClientId: id, appSecret: secret }));
});
