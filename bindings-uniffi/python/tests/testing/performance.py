"""Performs a case of the service on the facade, as tests/vectors/README.md says, and compares all
that comes of it."""

import asyncio
import base64
import json
import math
import tempfile
from pathlib import Path

from clock import Clock, settled, within
from manual_host import create_on
from mismatch import Mismatch, same
from names import Names
from recorder import Recorder, expected, in_words
from scripted_authenticator import ScriptedAuthenticator
from tokensmith import TokenRequest
from transcript import call_line

# What must come is waited for so long, by the clock on the wall.
PATIENCE = 10
# No case lasts longer, nor a deadline.
AFTER_ALL_US = 10**15


async def perform(vector, clock_start, patience=PATIENCE):
    """What came of each call, or the first `Mismatch`."""
    performance = Performance(vector, Clock(clock_start), patience)
    number = 0
    try:
        await performance.begin()
        for number, step in enumerate(vector["steps"], 1):
            await performance.perform(number, step)
        number = 0
        await performance.end()
    except Mismatch:
        raise
    except Exception as error:
        raise Mismatch(vector["name"], number, f"{type(error).__name__}: {error}") from None
    finally:
        await performance.close()
    # Calls may end in another order than they began in.
    return [performance.lines[number] for number in range(1, len(vector["steps"]) + 1)]


class Performance:
    def __init__(self, vector, clock, patience):
        self._vector = vector
        self._clock = clock
        self._patience = patience
        self._authenticator = ScriptedAuthenticator(clock)
        self._recorder = Recorder()
        self._names = Names()
        self._folder = None
        self._service = None
        self._calls = []
        self._under_way = []
        self.lines = {}

    async def begin(self):
        config, authenticator = self._vector["config"], self._authenticator
        if config["authenticator"]["kind"] == "issuer":
            self._folder = tempfile.TemporaryDirectory()
            store = Path(self._folder.name, "store.db")
            config, authenticator = {**config, "store": {"path": str(store)}}, None
        self._service = await create_on(
            self._clock.host, config, authenticator=authenticator, observer=self._recorder
        )
        if "app" in self._vector:
            self._names.of_app(await self._service.admin.create_app(self._vector["app"]))

    async def close(self):
        for call in self._calls:
            call.task.cancel()
        if self._service is not None:
            self._service.close()
        self._clock.move_to(AFTER_ALL_US)
        await settled()
        if self._folder is not None:
            self._folder.cleanup()

    async def _soon(self, awaitable, what):
        return await within(self._patience, awaitable, what)

    async def perform(self, number, step):
        """Begins a step at its time, and compares it at its end: at once, or as the clock passes it."""
        await self._advance(step["at_ms"])
        script = step["authenticator"]
        called = self._authenticator.expect(script) if script else None
        call = Call(self._service, number, step, self._names)
        self._calls.append(call)
        if call.ends == step["at_ms"] and not call.is_dropped:
            await self._soon(asyncio.wait([call.task]), "an answer at once")
            self._keeps_to_the_script()
            self._compare(call)
            return
        begun = [call.task] if called is None else [call.task, called]
        first = asyncio.wait(begun, return_when=asyncio.FIRST_COMPLETED)
        await self._soon(first, "a call of the authenticator")
        await settled()
        self._keeps_to_the_script()
        assert not call.task.done(), "answered at once"
        self._under_way.append(call)

    async def end(self):
        await self._advance(math.inf)
        await settled()
        same(self._recorder.rest(), [], "events of no step")
        same(self._service.in_flight, 0, "authentications under way")

    def _keeps_to_the_script(self):
        deviation = self._authenticator.deviation()
        assert not deviation, f"the authenticator: {deviation}"

    async def _advance(self, to):
        """Moves the clock, and ends what ends on the way: one millisecond earlier it is under way."""
        while self._under_way:
            end = min(call.ends for call in self._under_way)
            if end > to:
                break
            await self._clock.advance_to(end - 1)
            self._are_under_way(self._under_way)
            await self._clock.advance_to(end)
            due = [call for call in self._under_way if call.ends == end]
            self._are_under_way(
                [call for call in self._under_way if call.ends > end or call.is_dropped]
            )
            for call in due:
                await self._finish(call)
        if to == math.inf:
            return
        await self._clock.advance_to(to)
        self._are_under_way(self._under_way)

    def _are_under_way(self, calls):
        for call in calls:
            if call.task.done():
                what = f"it ended at {self._clock.now:g} ms: {call.outcome()}"
                raise Mismatch(self._vector["name"], call.number, what)

    async def _finish(self, call):
        self._under_way.remove(call)
        if call.is_dropped:
            call.task.cancel()
        try:
            ended = asyncio.wait([call.task])
            await self._soon(ended, f"an end at {self._clock.now:g} ms")
            # The authenticator's task hears of the end in a later turn.
            await settled()
            self._compare(call)
        except AssertionError as error:
            raise Mismatch(self._vector["name"], call.number, error) from None

    def _compare(self, call):
        expect = call.step["expect"]
        answer = None
        if call.is_dropped:
            assert call.task.cancelled(), f"it ended: {call.outcome()}"
        else:
            answer = call.task.result()
            same(answer.status, expect["status"], "the status")
            same(answer.headers, expect["headers"], "the headers")
            self._names.learn(call.number, answer.body.decode(errors="replace"))
            # Byte for byte, but for what is random.
            named = self._names.named(answer.body.decode("latin-1")).encode("latin-1")
            same(named, data(expect["body"]), "the body")
        events = self._recorder.of_call(call.step["request"]["request_id"])
        last = [event.terminal for event in events]
        same(last, [False] * (len(last) - 1) + [True], "one terminal event, the last")
        heard = [in_words(event) for event in events]
        heard = json.loads(self._names.named(json.dumps(heard)))
        same(heard, [expected(event) for event in expect["events"]], "the events")
        line = call_line(self._vector["name"], call.number, answer, heard)
        self.lines[call.number] = self._names.named(line)


class Call:
    """A call under way, and what came of it."""

    def __init__(self, service, number, step, names):
        self.number = number
        self.step = step
        self.is_dropped = step.get("drop_at_ms") is not None
        ends = step["drop_at_ms"] if self.is_dropped else step.get("answer_at_ms")
        self.ends = step["at_ms"] if ends is None else ends
        asked = step["request"]
        request = TokenRequest(
            body=data(asked["body"], names),
            content_type=asked.get("content_type"),
            source=asked.get("source"),
            request_id=asked.get("request_id"),
        )
        refreshes = asked.get("path") == "/token/refresh"
        handle = service.handle_refresh if refreshes else service.handle
        self.task = asyncio.ensure_future(handle(request))

    def outcome(self):
        if self.task.cancelled():
            return "cancelled"
        return self.task.exception() or f"{self.task.result().status} {self.task.result().body!r}"


def data(shown, names=None):
    if "base64" in shown:
        return base64.b64decode(shown["base64"])
    text = shown["text"]
    return (text if names is None else names.filled(text)).encode()
