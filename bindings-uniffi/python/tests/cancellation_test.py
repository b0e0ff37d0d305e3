"""A call whose task is cancelled ends at once, and the authenticator's with it."""

import asyncio
import functools
import gc
import os
import sys
import unittest
import weakref
from datetime import timedelta
from unittest import mock

from scripted import TOKENS, Script, ScriptedTest, request, until
from tokensmith import TokenService, TokenSet
from tokensmith._bridge import _bridge as bridge


def resident_bytes():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Cancellation(ScriptedTest):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.script.answer = lambda _: asyncio.Event().wait()

    async def begun(self, call):
        task = asyncio.ensure_future(call)
        await until(lambda: self.script.asked == 1)
        return task

    async def test_before_it_begins(self):
        task = asyncio.ensure_future(self.script.handle())
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        self.assertEqual((self.script.asked, self.script.events), (0, []))

    async def test_during_the_call(self):
        for call in (self.script.handle, self.script.issue):
            self.script.asked = self.script.cancelled = 0
            self.script.events.clear()
            task = await self.begun(call())
            self.assertEqual(self.service.in_flight, 1)
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            await until(lambda: self.script.cancelled == 1)
            self.assertEqual(self.service.in_flight, 0)
            self.assertEqual(self.script.terminal(), ["cancelled"])
            self.assertEqual(self.script.heard, [])

    async def test_by_a_timeout(self):
        with self.assertRaises((TimeoutError, asyncio.TimeoutError)):
            await asyncio.wait_for(self.script.issue(), 0.02)
        await until(lambda: self.script.cancelled == 1)
        self.assertEqual(self.script.terminal(), ["cancelled"])

    async def test_a_bytearray_is_wiped(self):
        secret = bytearray(b"a-secret")
        task = await self.begun(self.script.issue(app_secret=secret))
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        self.assertEqual(secret, bytes(8))

    async def test_after_the_end(self):
        self.script.answer = lambda _: TOKENS
        task = asyncio.ensure_future(self.script.handle())
        self.assertEqual((await task).status, 200)
        self.assertFalse(task.cancel())
        self.assertEqual(self.script.terminal(), ["issued"])

    async def test_racing_with_the_end(self):
        async def soon(_=None):
            await asyncio.sleep(0)
            return TOKENS

        self.script.answer = soon
        ended = {"answered": 0, "cancelled": 0}
        for turns in range(200):
            task = asyncio.ensure_future(self.script.handle())
            for _ in range(turns % 20):
                await asyncio.sleep(0)
            task.cancel()
            try:
                self.assertEqual((await task).status, 200)
                ended["answered"] += 1
            except asyncio.CancelledError:
                ended["cancelled"] += 1
        self.assertTrue(all(ended.values()), ended)
        self.script.answer = lambda _: TOKENS
        self.assertEqual((await self.script.handle()).status, 200)
        self.assertEqual(self.service.in_flight, 0)

    @unittest.skipUnless(sys.platform == "linux", "memory is read from /proc")
    async def test_as_its_answer_comes_leaves_nothing_behind(self):
        long = TokenSet(
            access_token="a" * 16_000,
            expires_in=timedelta(hours=1),
            refresh_token="r" * 16_000,
        )
        self.script.answer = lambda _: long
        for call in (self.script.issue, self.script.handle):
            await self.cancelled_as_it_comes(call, 100)
            before = resident_bytes()
            await self.cancelled_as_it_comes(call, 500)
            self.assertLess(resident_bytes() - before, 500 * 8_000)

    @unittest.skipUnless(sys.platform == "linux", "memory is read from /proc")
    async def test_an_answer_after_the_call_leaves_nothing_behind(self):
        long = TokenSet(
            access_token="a" * 16_000,
            expires_in=timedelta(hours=1),
            refresh_token="r" * 16_000,
        )

        async def stubborn(_=None):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                return long

        async def cancelled(times):
            for _ in range(times):
                self.script.asked = 0
                task = await self.begun(self.script.issue())
                task.cancel()
                await asyncio.wait([task])
            await asyncio.sleep(0.01)

        self.script.answer = stubborn
        await cancelled(100)
        before = resident_bytes()
        await cancelled(500)
        self.assertLess(resident_bytes() - before, 500 * 8_000)

    async def test_as_a_service_comes_lets_it_go(self):
        async def authenticator(_):
            return TOKENS

        freed = weakref.ref(authenticator)
        config = {"authenticator": {"kind": "host"}}
        await self.cancelled_as_it_comes(
            functools.partial(TokenService.create, config, authenticator=authenticator), 1
        )
        del authenticator
        await asyncio.sleep(0)
        gc.collect()
        self.assertIsNone(freed())

    async def cancelled_as_it_comes(self, call, times):
        """After the loop was told that the answer is there, and before the task goes on."""
        tell, task = bridge._uniffi_set_future_result, None

        def told(waiting, code):
            tell(waiting, code)
            if code == bridge._UNIFFI_RUST_FUTURE_POLL_READY:
                task.cancel()

        with mock.patch.object(bridge, "_uniffi_set_future_result", told):
            for _ in range(times):
                task = asyncio.ensure_future(call())
                with self.assertRaises(asyncio.CancelledError):
                    await task

    async def test_a_place_is_free_again(self):
        script = await Script.begin(max_in_flight=1)
        script.answer = lambda _: asyncio.Event().wait()
        task = asyncio.ensure_future(script.handle())
        await until(lambda: script.asked == 1)
        self.assertEqual((await script.handle()).status, 429)
        task.cancel()
        script.answer = lambda _: TOKENS
        await asyncio.wait([task])
        self.assertEqual((await script.handle()).status, 200)
        script.service.close()

    async def test_an_authenticator_that_will_not_be_cancelled(self):
        ended = asyncio.Event()

        async def stubborn(_=None):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                ended.set()
                return TOKENS

        self.script.answer = stubborn
        task = await self.begun(self.script.handle())
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(ended.wait(), 10)
        self.assertEqual(self.script.terminal(), ["cancelled"])


class Deadline(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.script = await Script.begin(deadline_ms=50)

    async def asyncTearDown(self):
        self.script.service.close()

    async def answered(self):
        return await asyncio.wait_for(self.script.handle(), 10)

    async def test_one_that_never_answers_is_a_502_and_is_cancelled(self):
        self.script.answer = lambda _: asyncio.Event().wait()
        began = asyncio.get_running_loop().time()
        self.assertEqual((await self.answered()).status, 502)
        self.assertGreaterEqual(asyncio.get_running_loop().time() - began, 0.045)
        self.assertEqual(self.script.terminal(), ["timed_out"])
        await until(lambda: self.script.cancelled == 1)
        self.assertEqual(self.script.heard, [])

    async def test_a_late_answer_is_ignored(self):
        late = asyncio.Event()

        async def shielded(_=None):
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                late.set()
                return TOKENS

        self.script.answer = shielded
        self.assertEqual((await self.answered()).status, 502)
        await asyncio.wait_for(late.wait(), 10)
        self.script.answer = lambda _: TOKENS
        self.assertEqual((await self.answered()).status, 200)

    async def test_a_loop_that_is_blocked_answers_as_soon_as_it_runs(self):
        import time

        self.script.answer = lambda _: time.sleep(0.2) or asyncio.Event().wait()
        asyncio.get_running_loop().slow_callback_duration = 60
        self.assertEqual((await self.answered()).status, 502)


class Nested(unittest.IsolatedAsyncioTestCase):
    async def test_an_authenticator_may_ask_its_own_service(self):
        async def authenticator(request):
            if request.app_client_id == "outer":
                return await service.issue("inner", request.app_secret)
            return TOKENS

        config = {"authenticator": {"kind": "host"}}
        service = await TokenService.create(config, authenticator=authenticator)
        tokens = await asyncio.wait_for(service.issue("outer", "secret"), 10)
        self.assertIsInstance(tokens, TokenSet)
        service.close()

    async def test_an_authenticator_may_close_its_own_service(self):
        script = await Script.begin()
        script.answer = lambda _: script.service.close() or TOKENS
        self.assertEqual((await script.service.handle(request())).status, 200)
        with self.assertRaisesRegex(RuntimeError, "closed"):
            await script.issue()

    async def test_it_runs_in_the_context_of_the_call(self):
        import contextvars

        name = contextvars.ContextVar("name")
        seen = []
        script = await Script.begin()
        script.answer = lambda _: seen.append(name.get()) or TOKENS
        name.set("of the call")
        await script.handle()
        self.assertEqual(seen, ["of the call"])
        script.service.close()
