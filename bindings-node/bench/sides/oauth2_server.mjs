// @node-oauth/oauth2-server with a model in memory, and in express for HTTP.

import OAuth2Server from '@node-oauth/oauth2-server';
import express from 'express';

import { joseToken } from './jose_token.mjs';
import { CLIENT, LIFE, form, good } from './record.mjs';

const client = { id: CLIENT.id, grants: ['client_credentials'] };
const model = {
  getClient: async (id, secret) => (good(id, secret) ? client : false),
  getUserFromClient: async () => ({ id: CLIENT.id }),
  generateAccessToken: (of) => joseToken(of.id),
  // A signed token is not kept.
  saveToken: async (token, of, user) => ({ ...token, client: of, user }),
};

export async function open() {
  const server = new OAuth2Server({ model, accessTokenLifetime: LIFE });
  const request = form('/token');
  const parsed = Object.fromEntries(new URLSearchParams(request.body));
  const headers = {
    'content-type': request.contentType,
    'content-length': String(request.body.length),
  };

  async function ask() {
    const asked = { method: 'POST', query: {}, headers, body: { ...parsed } };
    const response = new OAuth2Server.Response({ headers: {} });
    await server.token(new OAuth2Server.Request(asked), response);
    return response.status;
  }

  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.post('/token', express.urlencoded({ extended: false }), async (req, res) => {
    const response = new OAuth2Server.Response(res);
    await server.token(new OAuth2Server.Request(req), response).catch(() => {});
    res.status(response.status).set(response.headers).json(response.body);
  });
  return { request, ask, listener: app };
}
