// The sides by their names. Each is made in a process of its own, which loads no other. One with an
// `ask` can be asked in process, too.

const ours = () => import('./sides/tokensmith.mjs');
const byHand = () => import('./sides/by_hand.mjs');
const oauth2Server = () => import('./sides/oauth2_server.mjs');

export const SIDES = {
  'tokensmith': async (folder) => (await ours()).issuer(folder),
  'tokensmith, express': async (folder) => (await ours()).inExpress(folder),
  'tokensmith, authenticator that signs': async () => {
    const { authenticator, signs } = await ours();
    return authenticator(signs);
  },
  'tokensmith, authenticator that does nothing': async () => {
    const { authenticator, constant } = await ours();
    return authenticator(constant);
  },
  'by hand': async () => (await byHand()).open(),
  'by hand, in batches': async () => (await byHand()).inBatches(),
  'oauth2-server': async () => (await oauth2Server()).open(),
  'oauth2-server, express': async () => (await oauth2Server()).inExpress(),
  'oidc-provider': async () => (await import('./sides/oidc_provider.mjs')).open(),
};

/** What a refusal costs ours: the same service, asked for nothing else. */
export const REFUSALS = Object.fromEntries(
  [200, 401, 422, 429].map((status) => [
    String(status),
    async (folder) => (await ours()).answering(status, folder),
  ]),
);

export const ALL = { ...SIDES, ...REFUSALS };
