"""Time in the tests' hands, on both sides of the border: the core's clock and timer, and the waits
of an authenticator in Python."""

import asyncio

from manual_host import bridge

# How often whoever is woken gets its turn: a call needs some ten from its wake to its end.
TURNS = 50


class Clock:
    def __init__(self, start_seconds):
        self.host = bridge.ManualHost(start_seconds)
        self.micros = 0
        self._sleepers = []

    @property
    def now(self):
        """Milliseconds since it was made."""
        return self.micros / 1000

    def move_to(self, micros):
        """Moves on until so many microseconds have passed."""
        if micros > self.micros:
            self.host.advance(micros - self.micros)
            self.micros = micros

    async def advance_to(self, millis):
        """Moves on until so many milliseconds have passed, and lets go on what waits for that."""
        self.move_to(int(millis * 1000))
        waiting = []
        for end, sleeper in self._sleepers:
            if end > self.now:
                waiting.append((end, sleeper))
            elif not sleeper.done():
                sleeper.set_result(None)
        self._sleepers = waiting
        await settled()

    async def sleep(self, millis):
        sleeper = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.now + millis, sleeper))
        await sleeper


async def settled():
    """Waits until whoever could go on has done so. That something has *not* happened cannot be
    awaited, so this gives it several chances; what must happen is awaited by itself."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


async def within(patience, awaitable, what):
    """It must be done by then, by the clock on the wall: else it fails, and hangs nothing."""
    done, waiting = await asyncio.wait([asyncio.ensure_future(awaitable)], timeout=patience)
    for task in waiting:
        task.cancel()
    assert done, f"{what}: not within {patience} s"
    return done.pop().result()
