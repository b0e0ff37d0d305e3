"""Where a request comes from, which spellings are one caller, and the limiter alone."""

import unittest
from datetime import timedelta

from scripted import Script, request
from tokensmith import ConfigError, Limiter

# One token a source and none more for a minute: the second request of a source is a 429.
ONE = {
    "source": {"per_minute": 1, "burst": 1},
    "client_at_source": False,
    "client": False,
    "global": False,
}


class Source(unittest.IsolatedAsyncioTestCase):
    async def statuses(self, *sources):
        script = await Script.begin(limits=ONE)
        statuses = [(await script.handle(source=source)).status for source in sources]
        script.service.close()
        return statuses

    async def test_spellings_of_one_caller(self):
        for one, other in (
            ("192.0.2.1", "::ffff:192.0.2.1"),
            ("2001:db8::1", "2001:0DB8:0:0:0:0:0:1"),
            ("fe80::1", "fe80::1%eth0"),
            ("tenant-7", "tenant-7"),
            (None, None),
        ):
            self.assertEqual(await self.statuses(one, other), [200, 429], (one, other))

    async def test_different_callers(self):
        sources = ("192.0.2.1", "192.0.2.2", "2001:db8::1", "tenant-7", "Tenant-7", "x" * 128, None)
        self.assertEqual(await self.statuses(*sources), [200] * 7)

    async def test_what_is_no_source(self):
        script = await Script.begin()
        for source in ("", "x" * 129, "é" * 65):
            with self.assertRaisesRegex(ValueError, "^`source` must be"):
                await script.handle(source=source)
            with self.assertRaisesRegex(ValueError, "^`source` must be"):
                await script.issue(source=source)
        self.assertEqual((script.asked, script.events), (0, []))
        script.service.close()

    async def test_handle_and_issue_share_the_buckets(self):
        script = await Script.begin(limits=ONE)
        await script.issue(source="192.0.2.1")
        answer = await script.service.handle(request(source="192.0.2.1"))
        self.assertEqual(answer.status, 429)
        script.service.close()


class Alone(unittest.TestCase):
    def test_a_bucket_is_emptied_and_the_wait_is_told(self):
        limiter = Limiter(per_minute=1, burst=3)
        self.assertEqual(limiter.try_acquire("key", cost=2).allowed, True)
        self.assertEqual(limiter.try_acquire("key").retry_after, None)
        denied = limiter.try_acquire("key")
        self.assertEqual((denied.allowed, denied.retry_after), (False, timedelta(minutes=1)))
        self.assertTrue(limiter.try_acquire("other", 3).allowed)
        self.assertTrue(Limiter(1, 3).try_acquire("key", 3).allowed)

    def test_numbers_that_are_none(self):
        limiter = Limiter(60, 10)
        for call, name in (
            (lambda: Limiter(0, 1), "per_minute"),
            (lambda: Limiter(-(2**70), 1), "per_minute"),
            (lambda: Limiter(1, 2**32), "burst"),
            (lambda: Limiter(1, 2**70), "burst"),
            (lambda: Limiter(1, 1, slots=0), "slots"),
            (lambda: Limiter(1, 1, slots=2**32), "slots"),
            (lambda: limiter.try_acquire("key", 0), "cost"),
            (lambda: limiter.try_acquire("key", 11), "cost"),
            (lambda: limiter.try_acquire("key", 2**70), "cost"),
        ):
            with self.assertRaisesRegex(ConfigError, f"^`{name}`") as caught:
                call()
            self.assertEqual((caught.exception.key, caught.exception.code), (name, "ERR_TOKEN_CONFIG"))
        for wrong in (1.0, "1", True, None):
            with self.assertRaisesRegex(TypeError, "^`cost` must be an int$"):
                limiter.try_acquire("key", wrong)
        self.assertTrue(limiter.try_acquire("key", 10).allowed)
