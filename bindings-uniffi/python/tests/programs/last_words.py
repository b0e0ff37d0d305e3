"""What a service lets go of asks it once more: last_words.py HOW"""

import gc
import sys
from datetime import timedelta

from tokensmith import TokenService, TokenSet
from tokensmith._bridge import _bridge as bridge


class Authenticator:
    service = None

    async def authenticate(self, _):
        return TokenSet(access_token="a", expires_in=timedelta(hours=1), refresh_token="r")

    def __del__(self):
        if self.service is not None:
            print("in flight:", self.service.in_flight)


def create(authenticator):
    config = {"authenticator": {"kind": "host"}}
    return TokenService.create_sync(config, authenticator=authenticator)


authenticator = Authenticator()
service = create(authenticator)
if sys.argv[1] == "close":
    authenticator.service = service
    del authenticator
    service.close()
else:
    # As if the garbage was collected while the bridge notes something down.
    handles = bridge._UniffiFfiConverterTypeAuthenticator._handle_map
    with handles._lock:
        del service
        gc.collect()
    print("kept:", len(handles))
