"""Whatever a host's authenticator does, the call has an answer, and nothing is printed."""

import asyncio
import contextlib
import functools
import io
import tracemalloc
import unittest
import warnings
from datetime import timedelta

from scripted import FAILED, TOKENS, Script, ScriptedTest, config, request, run
from tokensmith import RejectedError, ThrottledError, TokenService, TokenSet

PLANTED = "a-planted-secret"


def raising(error):
    def answer(_):
        raise error

    return answer


class OtherRejected(RejectedError):
    def __str__(self):
        raise ValueError(PLANTED)


class Hasty(ThrottledError):
    def __init__(self):
        pass


class Long(timedelta):
    """As those of other packages are, which have fields of their own."""

    @property
    def seconds(self):
        raise ValueError(PLANTED)

    __lt__ = __add__ = seconds


class NoText(Exception):
    def __str__(self):
        raise ValueError(PLANTED)

    __repr__ = __str__


class Lying(TokenSet):
    @property
    def access_token(self):
        raise ValueError(PLANTED)


class Text(str):
    def encode(self, *_):
        raise ValueError(PLANTED)


def tokens(**keys):
    fields = {"access_token": "a", "expires_in": timedelta(hours=1), "refresh_token": "r"}
    return TokenSet(**{**fields, **keys})


# name: (what it says, status, kind or reason of the event, whether the hook hears of it)
FAULTS = {
    "rejects": (raising(RejectedError()), 401, "bad_credentials", False),
    "rejects with a text": (raising(RejectedError(PLANTED)), 401, "bad_credentials", False),
    "rejects by a class of its own": (raising(OtherRejected()), 401, "bad_credentials", False),
    "throttles": (raising(ThrottledError()), 429, "throttled", False),
    "throttles for a time": (raising(ThrottledError(timedelta(seconds=7))), 429, "throttled", False),
    "throttles by a class of its own": (raising(Hasty()), 429, "throttled", False),
    "throttles for a time of its own": (raising(ThrottledError(Long(seconds=7))), 429, "throttled", False),
    "throttles for ever": (raising(ThrottledError(timedelta.max)), 429, "throttled", False),
    "raises": (raising(Exception(PLANTED)), 502, "other", True),
    "raises what has no text": (raising(NoText()), 502, "other", True),
    "raises a BaseException": (raising(BaseException(PLANTED)), 502, "other", True),
    "raises a CancelledError": (raising(asyncio.CancelledError(PLANTED)), 502, "other", True),
    "raises a GeneratorExit": (raising(GeneratorExit(PLANTED)), 502, "other", True),
    "raises a StopIteration": (raising(StopIteration(PLANTED)), 502, "other", True),
    "raises a RecursionError": (raising(RecursionError(PLANTED)), 502, "other", True),
    "raises a TimeoutError": (raising(TimeoutError(PLANTED)), 502, "other", True),
    "gives nothing": (lambda _: None, 502, "contract", True),
    "gives a dict": (lambda _: {"access_token": PLANTED}, 502, "contract", True),
    "gives a class": (lambda _: TokenSet, 502, "contract", True),
    "gives bytes": (lambda _: tokens(access_token=PLANTED.encode()), 502, "contract", True),
    "gives seconds": (lambda _: tokens(expires_in=3600), 502, "contract", True),
    "gives a negative time": (lambda _: tokens(expires_in=timedelta(-1)), 502, "contract", True),
    "gives a time of its own": (lambda _: tokens(expires_in=Long(hours=1)), 200, None, False),
    "gives no time": (lambda _: tokens(expires_in=timedelta(0)), 502, None, False),
    "gives an eternity": (lambda _: tokens(expires_in=timedelta.max), 502, None, False),
    "gives a lone surrogate": (lambda _: tokens(id_token=f"{PLANTED}\ud800"), 502, "contract", True),
    "gives spaces": (lambda _: tokens(access_token=f"{PLANTED} {PLANTED}"), 502, None, False),
    "gives an unknown type": (lambda _: tokens(token_type=PLANTED), 502, "contract", False),
    "gives no refresh token": (lambda _: tokens(refresh_token=None), 502, None, False),
    "gives a property that raises": (lambda _: Lying.__new__(Lying), 502, "other", True),
    "gives a text with another encoding": (lambda _: tokens(id_token=Text("i")), 200, None, False),
    "gives 100 MB": (lambda _: tokens(access_token="x" * 100_000_000), 502, None, False),
}


class Faults(ScriptedTest):
    async def test_every_fault_has_the_answer_and_the_event_of_the_contract(self):
        for name, (answer, status, word, heard) in FAULTS.items():
            with self.subTest(name):
                self.script.events.clear()
                self.script.heard.clear()
                self.script.answer = answer
                printed = io.StringIO()
                with contextlib.redirect_stderr(printed), contextlib.redirect_stdout(printed):
                    got = await asyncio.wait_for(self.script.handle(), 10)
                self.assertEqual((got.status, printed.getvalue()), (status, ""))
                (event,) = self.script.events
                if word is not None:
                    self.assertIn(word, (event.kind, event.reason))
                self.assertEqual(len(self.script.heard), heard)
                self.assertNotIn(PLANTED.encode(), got.body)
                self.assertNotIn(PLANTED, repr(event))
                self.script.answer = lambda _: TOKENS
                self.assertEqual((await self.script.handle()).status, 200, "the next call")
                self.assertEqual(self.service.in_flight, 0)

    async def test_a_token_of_a_hundred_megabytes_is_not_copied(self):
        for character in ("x", "\u00e9"):
            long = tokens(access_token=character * 100_000_000)
            self.script.answer = lambda _: long
            self.assertEqual(await self.copied(self.script.handle()), 502)

    async def test_nor_is_a_body_or_a_source(self):
        for long in (request(body=b"x" * 100_000_000), request(body=bytearray(100_000_000))):
            self.assertEqual(await self.copied(self.service.handle(long)), 422)
        source = "x" * 100_000_000
        with self.assertRaisesRegex(ValueError, "^`source`"):
            await self.copied(self.script.handle(source=source))
        with self.assertRaisesRegex(ValueError, "^`source`"):
            await self.copied(self.script.issue(source=source))

    async def copied(self, call):
        """The status of a call that takes no memory to speak of."""
        tracemalloc.start()
        try:
            return (await call).status
        finally:
            most = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            self.assertLess(most, 1_000_000)

    async def test_the_longest_token_is_given(self):
        for length, status in ((16_384, 200), (16_385, 502)):
            self.script.answer = lambda _: tokens(access_token="x" * length, id_token="y" * 16_384)
            self.assertEqual((await self.script.handle()).status, status, length)

    async def test_the_wait_is_told(self):
        self.script.answer = raising(ThrottledError(timedelta(seconds=6.1)))
        self.assertEqual((await self.script.handle()).headers["retry-after"], "7")

    async def test_the_very_error_is_heard(self):
        error = Exception(PLANTED)
        self.script.answer = raising(error)
        await self.script.handle()
        self.assertIs(self.script.heard[0], error)

    async def test_a_fault_of_the_shape_names_the_field_alone(self):
        self.script.answer = lambda _: tokens(id_token=[PLANTED])
        await self.script.handle()
        self.assertEqual(str(self.script.heard[0]), "`id_token` must be a str")
        self.script.answer = lambda _: tokens(id_token=f"{PLANTED}\udfff")
        await self.script.handle()
        fault = self.script.heard[1]
        self.assertEqual(str(fault), "`id_token` must be well-formed Unicode")
        self.assertIsNone(fault.__context__)

    async def test_who_listens_may_raise(self):
        for error in (Exception(PLANTED), asyncio.CancelledError(), GeneratorExit()):
            # Long, so that what hangs is no 502.
            service = await TokenService.create(
                config(deadline_ms=60_000),
                authenticator=self.script,
                on_authenticator_error=raising(error),
                observer=raising(error),
            )
            self.script.answer = raising(ValueError())
            with warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always")
                for _ in range(2):
                    answer = await asyncio.wait_for(service.handle(request()), 10)
                    self.assertEqual((answer.status, answer.body), (502, FAILED))
            (warning,) = warned
            self.assertIs(warning.category, RuntimeWarning)
            self.assertNotIn(PLANTED, str(warning))
            service.close()


class WhoIsTaken(unittest.IsolatedAsyncioTestCase):
    async def status(self, authenticator):
        with await TokenService.create(config(), authenticator=authenticator) as service:
            return (await service.handle(request())).status

    async def test_a_coroutine_function_or_an_object_with_one(self):
        async def function(_):
            return TOKENS

        async def partial(_, __):
            return TOKENS

        class Called:
            async def __call__(self, _):
                return TOKENS

        class Static:
            authenticate = staticmethod(function)

        for one in (function, functools.partial(partial, 1), Called(), Static(), Script()):
            self.assertEqual(await self.status(one), 200)

    async def test_nothing_else(self):
        class Plain:
            def authenticate(self, _):
                return TOKENS

        class Judge:
            async def authenticate(self, _):
                return TOKENS

        async def nothing():
            return TOKENS

        async def two(_, __):
            return TOKENS

        for one in (lambda _: TOKENS, Plain(), Plain, Judge, nothing, two, object(), PLANTED, 7, print):
            with self.assertRaisesRegex(TypeError, "`authenticator` must be") as caught:
                await self.status(one)
            self.assertNotIn(PLANTED, str(caught.exception))

    async def test_listeners_are_no_coroutine_functions(self):
        async def listener(_):
            pass

        for name in ("observer", "on_authenticator_error"):
            for wrong in (listener, lambda: None, lambda _, __: None, PLANTED, 7):
                with self.assertRaisesRegex(TypeError, f"`{name}` must be"):
                    await TokenService.create(config(), authenticator=Script(), **{name: wrong})


class Interrupted(unittest.TestCase):
    def test_an_interrupt_and_an_exit_are_the_host_s_own(self):
        for how, code in (("interrupt", 130), ("exit", 7), ("observer", 130)):
            with self.subTest(how):
                ended = run("interrupted", how)
                self.assertEqual((ended.returncode, ended.stdout), (code, "ended\n"), ended.stderr)
                self.assertNotIn("UniFFI", ended.stderr)
