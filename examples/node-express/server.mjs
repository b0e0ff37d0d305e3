// An Express server that has apps and tokens of its own. Tokensmith answers POST /token: it reads the
// body, limits who asks too often, and turns what `authenticator` says into the answer.

import { once } from 'node:events';

import express from 'express';
import { nodeHandler, RejectedError, TokenService } from 'tokensmith';

import { createApp, isRight } from './apps.mjs';
import { bearer, issue } from './tokens.mjs';

const service = await TokenService.create(
  { authenticator: { kind: 'host' } },
  {
    authenticator: async ({ appClientId, appSecret }) => {
      if (!(await isRight(appClientId, appSecret))) throw new RejectedError();
      return issue(appClientId);
    },
    onAuthenticatorError: (error) => console.error('the authenticator failed:', error),
  },
);

const app = express().disable('x-powered-by');
app.use(nodeHandler(service)); // before `express.json()`: it reads the body itself
app.use(express.json());
app.get('/hello', bearer, (req, res) => res.json({ hello: req.appClientId }));

const server = app.listen(Number(process.env.PORT ?? 8080), '127.0.0.1');
await once(server, 'listening');
const { id, secret } = await createApp('demo');
const url = `http://127.0.0.1:${server.address().port}`;
console.log(`curl -s -H 'content-type: application/json' -d '${JSON.stringify({ appClientId: id, appSecret: secret })}' ${url}/token`);
console.log(`curl -s -H 'authorization: Bearer <AccessToken>' ${url}/hello`);

process.once('SIGTERM', () => server.close(() => service.close()));
