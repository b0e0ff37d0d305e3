"""Signing keys that follow one another, and tokens that expire, on a clock that the tests move."""

import tempfile
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path

from manual_host import bridge, create_on
from tokensmith import InvalidAccessTokenError

START, LEAD, LIFE, SKEW = 1_700_000_000, 600, 3_600, 60


def at(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc)


class OnAClock(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.host = bridge.ManualHost(START)
        issuer = {"key_lead_seconds": LEAD, "token_seconds": LIFE}
        config = {"store": {"path": str(Path(folder.name, "store.db"))}, "authenticator": issuer}
        self.service = await create_on(self.host, config)
        self.admin = self.service.admin
        self.app = await self.admin.create_app("billing")

    async def asyncTearDown(self):
        self.service.close()

    async def token(self):
        return (await self.service.issue(self.app.id, self.app.secret)).access_token

    def wait(self, seconds):
        self.host.advance(seconds * 1_000_000)

    async def states(self):
        return [(key.algorithm, key.state) for key in await self.admin.list_keys()]

    async def test_a_key_is_pending_signs_at_its_time_and_stays_for_its_tokens(self):
        tokens = [await self.token()]
        second = await self.admin.rotate_key(algorithm="EdDSA")
        self.assertEqual((second.created, second.active), (at(START), at(START + LEAD)))
        self.wait(LEAD - 1)
        self.assertEqual(await self.states(), [("ES256", "active"), ("EdDSA", "pending")])
        self.wait(1)
        self.assertEqual(await self.states(), [("ES256", "retired"), ("EdDSA", "active")])
        tokens.append(await self.token())
        await self.admin.rotate_key(algorithm="RS256")
        self.wait(LEAD)
        tokens.append(await self.token())
        states = [("ES256", "retired"), ("EdDSA", "retired"), ("RS256", "active")]
        self.assertEqual(await self.states(), states)
        for token in tokens:
            self.admin.verify_access_token(token)

    async def test_a_token_is_good_to_its_end_give_or_take_a_minute(self):
        token = await self.token()
        self.wait(LIFE + SKEW - 1)
        claims = self.admin.verify_access_token(token)
        self.assertEqual((claims.issued, claims.expires - claims.issued), (at(START), timedelta(seconds=LIFE)))
        self.wait(1)
        with self.assertRaises(InvalidAccessTokenError) as caught:
            self.admin.verify_access_token(token)
        self.assertEqual(caught.exception.reason, "expired")
