"""An authenticator in Python whose answers are written down beforehand."""

import asyncio
from datetime import timedelta

from tokensmith import RejectedError, ThrottledError, TokenSet


class ScriptedAuthenticator:
    def __init__(self, clock):
        self._clock = clock
        self._script = None
        self._deviation = None

    def expect(self, script):
        """The next call must be given that, and has that answer after that time. Done once it came."""
        called = asyncio.get_running_loop().create_future()
        self._script = (script, called)
        return called

    def deviation(self):
        """How the call differed from the script, if it did. The script is empty afterwards."""
        told = self._deviation or ("it was not called" if self._script else None)
        self._script = self._deviation = None
        return told

    async def authenticate(self, request):
        script, called = self._script or (None, None)
        self._script = None
        given = (request.app_client_id, request.app_secret)
        if called is not None and not called.done():
            called.set_result(None)
        receives = script and script["receives"]
        if receives is None or (receives["app_client_id"], receives["app_secret"]) != given:
            self._deviation = self._deviation or (f"it was given {given}" if script else "it was called")
            raise LookupError("not in the script")
        if script["after_ms"] > 0:
            await self._clock.sleep(script["after_ms"])
        return await _given(script["answer"])


def _time(millis):
    return None if millis is None else timedelta(milliseconds=millis)


async def _given(answer):
    """What the answer of a script is, in the words of a host."""
    match answer["kind"]:
        case "issued":
            return TokenSet(
                access_token=answer["access_token"],
                expires_in=_time(answer["expires_in_ms"]),
                token_type=answer["token_type"],
                refresh_token=answer["refresh_token"],
                id_token=answer["id_token"],
            )
        case "rejected":
            raise RejectedError
        case "throttled":
            raise ThrottledError(_time(answer["retry_after_ms"]))
        case "upstream_failed":
            # A host says `contract` by what it gives, and all else by what it raises.
            if answer["reason"] == "contract":
                return None
            raise ValueError("scripted")
        case "hang":
            await asyncio.Event().wait()
        case other:
            raise ValueError(f"no host says {other}")
