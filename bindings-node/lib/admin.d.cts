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

/**
 * The administration of the embedded issuer: `service.admin`.
 *
 * ```js
 * const { id, secret } = await service.admin.createApp('billing');
 * ```
 *
 * Each call rejects with an {@link AdminError}, and with an `InvalidStateError` once the service is
 * closed.
 */
export interface Admin {
  /** @param name for people: 1 to 128 bytes without control characters. */
  createApp(name: string): Promise<CreatedApp>;
  /** All apps, the latest last. */
  listApps(): Promise<AppSummary[]>;
  /** Lets an app have no more tokens; those that it has live on to their end. */
  disableApp(id: string): Promise<void>;
  enableApp(id: string): Promise<void>;
  /** The public keys as a JWK set (RFC 7517 section 5), in JSON. */
  jwks(): string;
}
