"""A service with its embedded issuer, in a folder of its own, and an app in it. It runs in real time."""

import asyncio
import json
import tempfile
import unittest
from pathlib import Path

from scripted import SOURCE, UNLIMITED, request
from tokensmith import TokenService


class IssuerTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        asyncio.get_running_loop().slow_callback_duration = 60
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.events = []
        self.path = str(Path(folder.name, "store.db"))
        self.service = await TokenService.create(
            {
                "store": {"path": self.path},
                "limits": UNLIMITED,
            },
            observer=self.events.append,
        )
        self.admin = self.service.admin
        self.app = await self.admin.create_app("billing")

    async def asyncTearDown(self):
        self.service.close()

    async def issue(self, secret=None):
        return await self.service.issue(self.app.id, secret or self.app.secret, SOURCE)

    async def refresh(self, token, secret=None):
        return await self.service.refresh(self.app.id, secret or self.app.secret, token, SOURCE)

    def request(self, token):
        """One to redeem a token."""
        members = {"appClientId": self.app.id, "appSecret": self.app.secret, "refreshToken": token}
        return request(body=json.dumps(members).encode())

    def terminal(self):
        return [event.name for event in self.events if event.terminal]
