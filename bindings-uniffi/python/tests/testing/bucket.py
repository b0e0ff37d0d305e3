"""Performs a case of one bucket on the facade's `Limiter`, and compares all that comes of it."""

from datetime import timedelta

from clock import Clock
from manual_host import create_limiter_on
from mismatch import Mismatch, same
from tokensmith import ConfigError
from transcript import refused_line, taken_line

MINUTE_US = 60_000_000
KEY = "appcl-1234"
SECOND = timedelta(seconds=1)


async def perform_bucket(vector, patience=None):
    """What came of each step, or the first `Mismatch`."""
    step = 0
    try:
        return _perform(vector)
    except Exception as error:
        step = getattr(error, "step", step)
        raise Mismatch(vector["name"], step, error) from None


def _perform(vector):
    clock = Clock(0)
    quota = vector["quota"]
    per_minute, rest = divmod(quota["tokens"] * MINUTE_US, quota["period_us"])
    assert rest == 0, "no whole tokens a minute"

    def create():
        return create_limiter_on(clock.host, per_minute, quota["burst"], slots=16)

    if vector.get("refused"):
        assert _is_refused(create), "it was made"
        return [refused_line(vector["name"])]
    limiter = create()
    lines = []
    for number, step in enumerate(vector["steps"], 1):
        granted, wait = _take(limiter, clock, step, quota["burst"])
        same(granted, step["granted"], f"granted by step {number}")
        same(wait, _seconds(step.get("wait_us")), f"the wait of step {number}")
        lines.append(taken_line(vector["name"], number, granted, wait))
    return lines


def _take(limiter, clock, step, burst):
    """Attempts, one after the other: how many were granted, and what the last was told."""
    same(step["op"], "take", "a limiter of a host can do no more")
    granted, wait = 0, None
    for attempt in range(step["times"]):
        clock.move_to(step["at_us"] + attempt * step["every_us"])
        if step["cost"] > burst:
            # It can never be granted, and a host is told so.
            assert _is_refused(lambda: limiter.try_acquire(KEY, step["cost"])), "it was granted"
            continue
        answer = limiter.try_acquire(KEY, step["cost"])
        granted += answer.allowed
        wait = None if answer.retry_after is None else answer.retry_after // SECOND
    return granted, wait


def _is_refused(call):
    try:
        call()
    except ConfigError:
        return True
    return False


def _seconds(micros):
    """A wait as a host is told of it."""
    return None if micros is None else -(-micros // 1_000_000)
