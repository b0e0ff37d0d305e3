/**
 * What a handler may be told.
 *
 * @example
 * const options: HandlerOptions<IncomingMessage> = { path: '/oauth/token' };
 */
export interface HandlerOptions<R> {
  /** The path that it answers, without the query; begins with `/`. Default: `/token`. */
  path?: string | undefined;
  /**
   * Where it redeems refresh tokens, as `service.handleRefresh` does: another path, such as
   * `/token/refresh`. Default: nowhere.
   */
  refreshPath?: string | undefined;
  /**
   * Where a request came from, for the limits: an address, or 1 to 128 bytes of text. No forwarding
   * header is read unless you do, for only you know your proxies. Default: the connection's address.
   */
  source?(request: R): string | null | undefined;
  /** Your own name for a request, which the events carry. Default: none. */
  requestId?(request: R): string | null | undefined;
}
