import type { IncomingMessage, ServerResponse } from 'node:http';

import type { TokenService } from '../../index.cjs';
import type { HandlerOptions } from './route.cjs';

/**
 * A listener of `node:http`, and a middleware of Express. It answers `POST` on its path as the
 * service does, other methods with 405 and `Allow: POST`, and other paths with 404, or leaves them
 * to `next` where there is one. Of a body at most 8,193 bytes are held, 24,577 on `refreshPath`. A
 * call whose client has gone is cancelled, but for a refresh that has begun.
 *
 * What is yours to mend (a body that was read before, a `source` that throws or gives no text) goes
 * to `next`; without it the answer is a 500, and the first one is said by `process.emitWarning`.
 *
 * @throws {TypeError} an argument has the wrong type
 * @throws {ConfigError} there is a `refreshPath`, and nothing redeems refresh tokens
 *
 * @example
 * createServer(nodeHandler(service)).listen(8080);
 *
 * @example
 * const app = express();
 * app.use(nodeHandler(service, { source: (req: express.Request) => req.ip })); // before express.json()
 */
export function nodeHandler<R extends IncomingMessage = IncomingMessage>(
  service: TokenService,
  options?: HandlerOptions<R>,
): (req: IncomingMessage, res: ServerResponse, next?: (error?: unknown) => void) => Promise<void>;
