// @node-oauth/oauth2-server with a model in memory: in `node:http`, or in express.

import OAuth2Server from '@node-oauth/oauth2-server';

import { CLIENT, LIFE, form, good, token } from './record.mjs';

const client = { id: CLIENT.id, grants: ['client_credentials'] };
const model = {
  getClient: async (id, secret) => (good(id, secret) ? client : false),
  getUserFromClient: async () => ({ id: CLIENT.id }),
  generateAccessToken: async (of) => token(of.id),
  // A signed token is not kept.
  saveToken: async (made, of, user) => ({ ...made, client: of, user }),
};

const server = new OAuth2Server({ model, accessTokenLifetime: LIFE });
const request = form('/token');

async function answer(asked) {
  const response = new OAuth2Server.Response({ headers: {} });
  // What failed is in the response.
  await server.token(new OAuth2Server.Request(asked), response).catch(() => {});
  return response;
}

const parsed = (text) => Object.fromEntries(new URLSearchParams(text));

async function ask() {
  const headers = {
    'content-type': request.contentType,
    'content-length': String(request.body.length),
  };
  const asked = { method: 'POST', query: {}, headers, body: parsed(request.body) };
  return (await answer(asked)).status;
}

function listener(req, res) {
  const parts = [];
  req.on('data', (part) => parts.push(part));
  req.on('end', async () => {
    const { method, headers } = req;
    const body = parsed(Buffer.concat(parts).toString());
    const { status, headers: given, body: tokens } = await answer({ method, query: {}, headers, body });
    const text = JSON.stringify(tokens);
    const own = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    res.writeHead(status, { ...given, ...own }).end(text);
  });
}

export const open = () => ({ request, ask, listener });

export async function inExpress() {
  const { default: express } = await import('express');
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.post('/token', express.urlencoded({ extended: false }), async (req, res) => {
    const { status, headers, body } = await answer(req);
    res.status(status).set(headers).json(body);
  });
  return { request, listener: app };
}
