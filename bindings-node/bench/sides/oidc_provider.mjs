// oidc-provider with its own store in memory. It only works over HTTP.

import Provider from 'oidc-provider';

import { CLIENT, ISSUER, LIFE, form, privateKey } from './record.mjs';

export async function open() {
  const jwk = { ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'bench' };
  const provider = new Provider(ISSUER, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        id_token_signed_response_alg: 'ES256',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    jwks: { keys: [jwk] },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => ISSUER,
        getResourceServerInfo: () => ({
          audience: ISSUER,
          scope: '',
          accessTokenFormat: 'jwt',
          accessTokenTTL: LIFE,
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  });
  return { request: form('/token'), listener: provider.callback() };
}
