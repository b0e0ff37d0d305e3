"""A service whose authenticator and observer a test has in its hands. It runs in real time."""

import asyncio
import json
import subprocess
import sys
import unittest
from datetime import timedelta
from pathlib import Path

from tokensmith import TokenRequest, TokenService, TokenSet

TOKENS = TokenSet(
    access_token="an-access-token",
    expires_in=timedelta(hours=1),
    refresh_token="a-refresh-token",
)
# No limit is in the way, but for the places.
UNLIMITED = {"source": False, "client": False, "client_at_source": False}
BODY = b'{"appClientId":"appcl-1234","appSecret":"a-secret"}'
SOURCE = "192.0.2.1"
FAILED = b"the authentication service failed"


def config(**keys):
    return {"authenticator": {"kind": "host"}, "limits": UNLIMITED, **keys}


def request(**keys):
    return TokenRequest(
        **{"body": BODY, "content_type": "application/json", "source": SOURCE, **keys}
    )


def body_of(app_client_id, app_secret):
    return json.dumps({"appClientId": app_client_id, "appSecret": app_secret}).encode()


class Script:
    """`answer(request)` is what the authenticator says: tokens, an awaitable, or what it raises."""

    def __init__(self):
        self.answer = lambda request: TOKENS
        self.asked = 0
        self.cancelled = 0
        self.events = []
        self.heard = []

    @classmethod
    async def begin(cls, **keys):
        script = cls()
        script.service = await TokenService.create(
            config(**keys),
            authenticator=script,
            observer=script.events.append,
            on_authenticator_error=script.heard.append,
        )
        return script

    async def authenticate(self, request):
        self.asked += 1
        try:
            answer = self.answer(request)
            return await answer if hasattr(answer, "__await__") else answer
        except asyncio.CancelledError:
            self.cancelled += 1
            raise

    async def handle(self, **keys):
        return await self.service.handle(request(**keys))

    async def issue(self, app_client_id="appcl-1234", app_secret="a-secret", source=SOURCE):
        return await self.service.issue(app_client_id, app_secret, source)

    def terminal(self):
        return [event.name for event in self.events if event.terminal]


class ScriptedTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        # The loop of the tests tells of what is slow, and the machine may be.
        asyncio.get_running_loop().slow_callback_duration = 60
        self.script = await Script.begin()
        self.service = self.script.service

    async def asyncTearDown(self):
        self.service.close()


async def until(holds):
    """Until it holds. It gives up, or a test that failed would hang."""
    for _ in range(10_000):
        if holds():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it never held")


def run(program, *arguments, timeout=60):
    """A program of `programs/`, as a process of its own."""
    path = Path(__file__).parent / "programs" / f"{program}.py"
    return subprocess.run(
        [sys.executable, str(path), *arguments], capture_output=True, text=True, timeout=timeout
    )
