import type { TokenService } from '../../index.cjs';

/**
 * What `fetchHandler` is told. Its functions are given all that the handler was given, for a
 * `Request` has no address: Deno and Bun pass it beside the request.
 *
 * @example
 * const options: FetchHandlerOptions<[Deno.ServeHandlerInfo]> = {
 *   source: (_request, info) => info.remoteAddr.hostname,
 * };
 */
export interface FetchHandlerOptions<Rest extends unknown[] = unknown[]> {
  /** The path that it answers, without the query; begins with `/`. Default: `/token`. */
  path?: string | undefined;
  /**
   * Where it redeems refresh tokens, as `service.handleRefresh` does: another path, such as
   * `/token/refresh`. Default: nowhere.
   */
  refreshPath?: string | undefined;
  /** Where a request came from, as for `nodeHandler`. To let all share one bucket, give undefined. */
  source(request: Request, ...rest: Rest): string | null | undefined;
  /** Your own name for a request, which the events carry. Default: none. */
  requestId?(request: Request, ...rest: Rest): string | null | undefined;
}

/**
 * A handler of the Fetch form, for Hono, Next, Deno, Bun and their kin. It answers as `nodeHandler`
 * does; what is yours to mend rejects. The request's own signal cancels the call.
 *
 * @throws {TypeError} an argument has the wrong type, or there is no `source`
 * @throws {ConfigError} there is a `refreshPath`, and nothing redeems refresh tokens
 *
 * @example
 * const handler = fetchHandler(service, { source: (_request, address: string) => address });
 * app.all('/token', (c) => handler(c.req.raw, getConnInfo(c).remote.address));
 */
export function fetchHandler<Rest extends unknown[] = unknown[]>(
  service: TokenService,
  options: FetchHandlerOptions<Rest>,
): (request: Request, ...rest: Rest) => Promise<Response>;
