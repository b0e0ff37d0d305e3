/** A new app. Its secret is shown this once and cannot be read again. */
export interface CreatedApp {
  /** `appcl-` and 20 letters or digits. */
  readonly id: string;
  readonly secret: string;
}

/** An app, as it is listed. */
export interface AppSummary {
  readonly id: string;
  readonly name: string;
  /** Whether it may have tokens. */
  readonly enabled: boolean;
  readonly created: Date;
  /** Its record was changed by something else; nothing else here can be relied on then. */
  readonly damaged: boolean;
}

/** A new secret of an app. It is shown this once and cannot be read again. */
export interface CreatedSecret {
  /** The secret's own id, which is no secret. */
  readonly id: string;
  readonly secret: string;
}

/** A secret of an app, as it is listed. */
export interface SecretSummary {
  /** The secret's own id, which is no secret. */
  readonly id: string;
  /**
   * What is kept of it: a digest of one that was generated; a hash of one that was imported, of which those
   * that others made become Argon2id at the secret's next use.
   */
  readonly kind: 'generated' | 'argon2id' | 'bcrypt' | 'pbkdf2';
  readonly created: Date;
  /** When it stops, or stopped, being good. Absent if it has no end, and if it was revoked. */
  readonly expires?: Date;
  /** It is good no more, and never will be. */
  readonly revoked: boolean;
  /** The start of the hour in which it was last used, as far as this process knows. Absent if it never was. */
  readonly lastUsed?: Date;
}

/** How a secret is rotated. */
export interface RotateOptions {
  /**
   * How long the secrets that the app has stay good, in whole seconds up to 90 days; 0 revokes them at
   * once. Default: 86,400, a day.
   */
  overlapSeconds?: number | undefined;
}

/** What a signing key signs by (RFC 7518 section 3.1, RFC 8037 section 3.1). */
export type SigningAlgorithm = 'ES256' | 'EdDSA' | 'RS256';

/** A signing key, as it is listed. */
export interface KeySummary {
  /** Its thumbprint (RFC 7638), which the tokens name that it signs. */
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  /** It is published and does not sign yet; it signs; it is published for the tokens that it has signed. */
  readonly state: 'pending' | 'active' | 'retired';
  readonly created: Date;
  /** From when it signs, or signed. */
  readonly active: Date;
}

/** How a signing key is rotated. */
export interface RotateKeyOptions {
  /** What the new key is for. Default: as the former. */
  algorithm?: SigningAlgorithm | null | undefined;
}

/**
 * What the tokens of one app say, and how long they live. What is absent is as the configuration has it.
 *
 * @example
 * const policy: AppPolicy = { scope: 'invoices:read', claims: { tenant: 'acme' }, tokenSeconds: 600 };
 */
export interface AppPolicy {
  /** `aud`: whom access tokens are for, one or several different names of 1 to 512 visible ASCII characters. */
  audience?: string | string[] | undefined;
  /** `scope`: what access tokens allow, in words with one space between two (RFC 6749 section 3.3). */
  scope?: string | undefined;
  /**
   * Claims besides, at most 4 KiB of JSON and up to 8 deep. Those that the issuer writes itself are not
   * among them, nor is `scope`.
   */
  claims?: Record<string, unknown> | undefined;
  /** How long access tokens are good for, from 60 to `max_token_seconds`, in whole seconds. */
  tokenSeconds?: number | undefined;
  /** The claims of an id token besides, with the bounds of `claims`. Default: there is no id token. */
  idClaims?: Record<string, unknown> | undefined;
}

/** What an access token says that was found good (RFC 9068 section 2.2). */
export interface AccessClaims {
  /** `client_id`: the app whose token it is. */
  readonly appClientId: string;
  /** `sub`: `app:` and the app's id. */
  readonly subject: string;
  /** `aud`: whom it is for. */
  readonly audience: readonly string[];
  /** What it allows, in words with one space between two. Absent if it does not say so. */
  readonly scope?: string;
  /** The claims besides: those of the app's policy when the token was made. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** `jti`: the token's own id. */
  readonly tokenId: string;
  /** `iat` */
  readonly issued: Date;
  /** `exp`: from when it is not good. */
  readonly expires: Date;
}

/** For whom an access token is verified. */
export interface VerifyOptions {
  /** The API that asks, by the name that the apps' policies call it. Default: that of the configuration. */
  audience?: string | null | undefined;
}

/** What a token of either kind says that is good now (RFC 7662 section 2.2). */
export interface ActiveToken extends Omit<AccessClaims, 'audience' | 'tokenId'> {
  readonly kind: 'access' | 'refresh';
  /** `iss`: this issuer. */
  readonly issuer: string;
  /** `aud` of an access token. */
  readonly audience?: readonly string[];
  /** `jti` of an access token. */
  readonly tokenId?: string;
}

/**
 * The administration of the embedded issuer: `service.admin`.
 *
 * ```js
 * const { id, secret } = await service.admin.createApp('billing');
 * ```
 *
 * Each call but the last two rejects with an {@link AdminError}; and all fail with an `InvalidStateError`
 * once the service is closed.
 */
export interface Admin {
  /** @param name for people: 1 to 128 bytes without control characters. */
  createApp(name: string): Promise<CreatedApp>;
  /** All apps, the latest last. */
  listApps(): Promise<AppSummary[]>;
  /**
   * Imports apps with their secrets from JSON Lines, and gives how many: all, or none if one cannot be. Each
   * line is an object with `appClientId`, either `appSecret` or `secretHash` (Argon2id; bcrypt and PBKDF2 where
   * `verify_legacy_hashes` allows it), and perhaps `name`. `ERR_ADMIN_INVALID` says which line is wrong and
   * why. A secret takes some 15 ms to hash, on threads of the package's own.
   *
   * @example
   * const apps = [{ appClientId: 'billing', appSecret: 'correct horse battery staple' }];
   * await service.admin.importJsonLines(apps.map((app) => JSON.stringify(app)).join('\n'));
   */
  importJsonLines(lines: string): Promise<number>;
  /** Lets an app have no more tokens; those that it has live on to their end. */
  disableApp(id: string): Promise<void>;
  enableApp(id: string): Promise<void>;
  /** Removes an app with its secrets, a damaged one too. Access tokens that it has live on to their end. */
  deleteApp(id: string): Promise<void>;

  /**
   * Gives an app a new secret, while those that it has stay good for a time. `ERR_ADMIN_LIMIT` where it has
   * two that are good: revoke one, or wait until one expires.
   */
  rotateSecret(appClientId: string, options?: RotateOptions): Promise<CreatedSecret>;
  /** An app's secrets, the oldest first; those that are good no more until it gets a new one. */
  listSecrets(appClientId: string): Promise<SecretSummary[]>;
  /** Lets a secret be good no more, for ever. To revoke it again changes nothing. */
  revokeSecret(secretId: string): Promise<void>;

  /**
   * Revokes a refresh token of that app's, and all that come before and after it. A text that is none, or
   * another app's, is revoked already, and so no error (RFC 7009 section 2.2).
   */
  revokeRefreshToken(appClientId: string, refreshToken: string): Promise<void>;
  /** Refuses all refresh tokens that an app was given up to now. */
  revokeRefreshTokensOf(appClientId: string): Promise<void>;
  /** Refuses all that were given up to now: after a backup was restored, which may not know who used which. */
  revokeAllRefreshTokens(): Promise<void>;
  /** Forgets what is past its time, and gives how many families of tokens that were. It is done by the way too. */
  purgeRefreshTokens(): Promise<number>;
  /**
   * Takes up the time after the system's clock was ahead. All that were given up to now are refused, and
   * what the wrong clock revoked stays so.
   */
  resetRefreshClock(): Promise<void>;

  /**
   * Tells what a token is; null of a text that is no token of this issuer's, and of one that is not good
   * now: past its time, revoked, used up, or of an app that is disabled or gone. Of refresh tokens that
   * app's alone are known. Nothing is changed by it.
   */
  introspect(appClientId: string, token: string): Promise<ActiveToken | null>;
  /**
   * Revokes whatever token of that app's it is (RFC 7009). `unsupported` of an access token, which lives to
   * its end; `done` of all else, for a text that is none, or another app's, is revoked already.
   */
  revokeToken(appClientId: string, token: string): Promise<'done' | 'unsupported'>;

  /**
   * Sets what the tokens of an app say, in place of what was set before. Those that were issued stay as
   * they are; those that are made from now on, at a refresh too, are by this.
   */
  setAppPolicy(id: string, policy: AppPolicy): Promise<void>;
  /** What was set. `audience` is an array here. */
  appPolicy(id: string): Promise<AppPolicy>;

  /** The signing keys, the one that signs first before the others. Those whose last token has expired are gone. */
  listKeys(): Promise<KeySummary[]>;
  /**
   * Makes a signing key. It is published at once and signs after `key_lead_seconds`, when every verifier has
   * it; the former stays published as long as its tokens live. `ERR_ADMIN_LIMIT` while one is pending.
   */
  rotateKey(options?: RotateKeyOptions): Promise<KeySummary>;
  /**
   * Drops a key at once: for one whose private half is known to others. If it is the one that signs, the
   * pending one does from now on, or a new one. Verifiers accept its tokens until they fetch the keys again,
   * and refuse those of a key that they have not fetched yet.
   */
  revokeKey(kid: string): Promise<void>;

  /**
   * Verifies an access token of this issuer's by the keys that are published now, without a network: its
   * signature, issuer and time, give or take a minute, and that it is for the audience that asks. Whether
   * its app is still enabled it does not ask. It is done when it returns, in a fraction of a millisecond.
   *
   * @throws {InvalidAccessTokenError} any other text
   * @throws {TypeError} it is no string
   *
   * @example
   * const { appClientId } = service.admin.verifyAccessToken(bearer, { audience: 'https://api.example' });
   */
  verifyAccessToken(token: string, options?: VerifyOptions): AccessClaims;

  /** The public keys as a JWK set (RFC 7517 section 5), in JSON. */
  jwks(): string;
}
