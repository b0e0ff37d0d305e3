"""A panic of ours is a 502 or a typed error: the process lives, and the next call is answered."""

import contextlib
import io
import unittest

from manual_host import bridge, create_with, in_place_of
from scripted import FAILED, TOKENS, config, request
from tokensmith import DownstreamError, Limiter, TokenService


async def tokens(_):
    return TOKENS


def panicking(observer=None):
    def make(text, _, listener):
        return bridge.create_panicking_service(text, listener)

    return create_with(make, config(), authenticator=tokens, observer=observer)


class Panics(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.printed = io.StringIO()

    async def asyncTearDown(self):
        self.assertEqual(self.printed.getvalue(), "")
        with await TokenService.create(config(), authenticator=tokens) as service:
            self.assertEqual((await service.handle(request())).status, 200)

    def quietly(self):
        return contextlib.redirect_stderr(self.printed)

    def assert_failed(self, error):
        self.assertIs(type(error), DownstreamError)
        self.assertEqual((str(error), error.status), (FAILED.decode(), 502))
        self.assertIsNone(error.__context__)

    async def test_one_of_the_authenticator_is_a_502_again_and_again(self):
        events = []
        service = await panicking(events.append)
        for calls in (1, 2, 3):
            with self.quietly():
                answer = await service.handle(request())
            self.assertEqual((answer.status, answer.body), (502, FAILED))
            self.assertEqual((events[-1].name, events[-1].kind), ("downstream_failed", "panic"))
            self.assertEqual((len(events), service.in_flight), (calls, 0))
        with self.assertRaises(DownstreamError) as caught:
            await service.issue("app", "secret", "192.0.2.1")
        self.assert_failed(caught.exception)
        service.close()

    async def test_one_in_the_bridge_is_a_502_or_a_typed_error(self):
        async def later(*_):
            await bridge.panic_later()

        async def at_once(*_):
            bridge.panic_at_once()

        for panic in (later, at_once):
            service = await TokenService.create(config(), authenticator=tokens)
            for name in ("handle", "issue"):
                setattr(service._native, name, panic)
            with self.quietly():
                self.assertEqual((await service.handle(request())).body, FAILED)
                with self.assertRaises(DownstreamError) as caught:
                    await service.issue("app", "secret")
            self.assert_failed(caught.exception)
            service.close()
            with self.quietly(), self.assertRaises(DownstreamError) as caught:
                await create_with(panic, config(), authenticator=tokens)
            self.assert_failed(caught.exception)

    async def test_one_in_a_limiter_is_a_typed_error(self):
        with in_place_of("Limiter", lambda *_: bridge.panic_at_once()):
            with self.assertRaises(DownstreamError) as caught:
                Limiter(1, 1)
        self.assert_failed(caught.exception)
        self.assertEqual(Limiter(1, 1).try_acquire("key").retry_after, None)
        self.assertEqual(Limiter(1, 1).try_acquire("key").allowed, True)
