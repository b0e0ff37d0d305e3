// The sides by their names. Each is made in a process of its own, which loads no other.

export const SIDES = {
  'tokensmith': async (folder) => (await import('./sides/tokensmith.mjs')).issuer(folder),
  'tokensmith, express': async (folder) => {
    const [{ issuer }, { default: express }] = await Promise.all([
      import('./sides/tokensmith.mjs'),
      import('express'),
    ]);
    const side = await issuer(folder);
    const app = express();
    app.disable('x-powered-by').post('/token', side.listener);
    return { ...side, listener: app };
  },
  'tokensmith, authenticator that signs': async () => {
    const [{ authenticator }, { authenticate }] = await Promise.all([
      import('./sides/tokensmith.mjs'),
      import('./sides/jose_token.mjs'),
    ]);
    return authenticator(authenticate);
  },
  'tokensmith, authenticator that does nothing': async () => {
    const { authenticator, constant } = await import('./sides/tokensmith.mjs');
    return authenticator(constant);
  },
  'by hand': async () => (await import('./sides/by_hand.mjs')).open(),
  'by hand, in batches': async () => {
    return (await import('./sides/by_hand.mjs')).open({ batched: true });
  },
  'oauth2-server': async () => (await import('./sides/oauth2_server.mjs')).open(),
  'oidc-provider': async () => (await import('./sides/oidc_provider.mjs')).open(),
};
