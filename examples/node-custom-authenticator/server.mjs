// POST /token before a service that knows the apps: Tokensmith keeps floods and guesses away from it,
// and gives its answers the shape of the contract.

import { createServer } from 'node:http';

import { nodeHandler, TokenService } from 'tokensmith';

import { Directory } from './authenticator.mjs';

const service = await TokenService.create(
  { authenticator: { kind: 'host' }, deadline_ms: 2_000 },
  {
    authenticator: new Directory(process.env.DIRECTORY ?? 'http://127.0.0.1:8081'),
    onAuthenticatorError: (error) => console.error(`the directory: ${error.message}`),
  },
);

const server = createServer(nodeHandler(service));
server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/token`);
});

process.once('SIGTERM', () => server.close(() => service.close()));
