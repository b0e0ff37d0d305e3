// The same types for a consumer with CommonJS.
import tokensmith = require('tokensmith');

const service: Promise<tokensmith.TokenService<tokensmith.Admin>> = tokensmith.TokenService.create({
  store: { kind: 'sqlite', path: 'x.db' },
});
const refused: Error = new tokensmith.RejectedError('no');
// @ts-expect-error it has no such export
tokensmith.Service;
export { refused, service };
