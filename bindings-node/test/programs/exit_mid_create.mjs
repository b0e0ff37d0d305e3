// The last line begins to make a service, and nothing waits for it.

import { TokenService } from '../../index.mjs';
import { TOKENS, config } from '../scripted.mjs';

TokenService.create(config(), { authenticator: () => TOKENS }).then(() => console.log('made'));
