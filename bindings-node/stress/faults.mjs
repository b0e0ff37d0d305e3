// What the authenticator does in a call, how often, and which answers are right: a status, or
// those that a deadline of 50 ms makes of it on a busy machine.

import { RejectedError, ThrottledError } from '../index.mjs';

const TOKENS = {
  accessToken: 'an-access-token',
  expiresIn: 3600,
  tokenType: 'Bearer',
  refreshToken: 'a-refresh-token',
};

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export const FAULTS = {
  good: { share: 30, right: [200], does: async () => TOKENS },
  waits: {
    share: 5,
    right: [200],
    does: async (number) => {
      await later(number * 5);
      return TOKENS;
    },
  },
  throws: {
    share: 8,
    right: [502],
    does() {
      throw new Error('thrown');
    },
  },
  rejects: { share: 8, right: [502], does: () => Promise.reject(new Error('rejected')) },
  throws_no_error: {
    share: 4,
    right: [502],
    does(number) {
      throw [undefined, null, 'text', Symbol('thrown'), 7][Math.floor(number * 5)];
    },
  },
  unauthorized: { share: 8, right: [401], does: () => Promise.reject(new RejectedError()) },
  throttled: { share: 4, right: [429], does: () => Promise.reject(new ThrottledError(7)) },
  wrong_shape: {
    share: 8,
    right: [502],
    does: async (number) =>
      [undefined, {}, 7, { ...TOKENS, expiresIn: NaN }, { ...TOKENS, accessToken: 'a\nb' }][
        Math.floor(number * 5)
      ],
  },
  getter_throws: {
    share: 3,
    right: [502],
    does: async () => ({
      get accessToken() {
        throw new Error('a getter');
      },
    }),
  },
  hangs: { share: 12, right: [502], does: () => new Promise(() => {}) },
  settles_late: {
    share: 6,
    right: [502],
    does: async (number) => {
      await later(60 + number * 40);
      return TOKENS;
    },
  },
  rejects_late: {
    share: 4,
    right: [502],
    does: async (number) => {
      await later(60 + number * 40);
      throw new Error('late');
    },
  },
};

export const SHARES = Object.fromEntries(
  Object.entries(FAULTS).map(([name, { share }]) => [name, share]),
);
