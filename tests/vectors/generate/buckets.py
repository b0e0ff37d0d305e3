"""LIMITER section 2 and 8: one bucket, operation by operation, judged by exact fractions.

Every quota's token takes a whole number of microseconds, so that a limiter that counts in
nanoseconds and one that counts in microseconds must answer alike.
"""

import math
from fractions import Fraction

SUBJECT = "bucket"
WHAT = "one bucket: what it grants, what a refusal's wait is, penalties, refunds, resets"
SECOND = 1_000_000
MINUTE, HOUR, YEAR = 60 * SECOND, 3600 * SECOND, 31_536_000 * SECOND


class Level:
    """A bucket's level as a fraction of tokens."""

    def __init__(self, quota):
        assert quota["period_us"] % quota["tokens"] == 0, "a whole number of microseconds a token"
        self.rate, self.quota = Fraction(quota["tokens"], quota["period_us"]), quota
        self.level, self.at = Fraction(quota["burst"]), 0

    def at_time(self, at):
        assert at >= self.at, "steps are in the order of time"
        self.level = min(Fraction(self.quota["burst"]), self.level + (at - self.at) * self.rate)
        self.at = at

    def wait(self, cost):
        wait = (cost - self.level) / self.rate
        assert wait.denominator == 1, "waits are whole microseconds"
        return int(wait)

    def perform(self, step):
        self.at_time(step["at_us"])
        op, cost = step["op"], step.get("cost", 1)
        if op == "take":
            self.attempts(step, cost)
        elif op == "penalize":
            self.level = max(self.level - cost, Fraction(-self.quota["debt"]))
        elif op == "refund":
            self.level = min(self.level + cost, Fraction(self.quota["burst"]))
        elif op == "reset":
            self.level = Fraction(self.quota["burst"])
        else:
            assert op == "peek" and step["left"] == max(0, math.floor(self.level)), (step, self.level)

    def attempts(self, step, cost):
        granted, wait = 0, None
        for n in range(step.get("times", 1)):
            self.at_time(step["at_us"] + n * step.get("every_us", 0))
            refused = cost > self.level
            if not refused:
                self.level -= cost
                granted += 1
            wait = self.wait(cost) if refused and cost <= self.quota["burst"] else None
        assert granted == step["granted"], (step, granted)
        assert wait == step.get("wait_us"), (step, wait)


def quota(tokens, period_us, burst, debt=0):
    return {"tokens": tokens, "period_us": period_us, "burst": burst, "debt": debt}


def take(at, granted, times=1, every=0, cost=1, wait=None):
    step = {"at_us": at, "op": "take", "cost": cost, "times": times, "every_us": every, "granted": granted}
    return step if wait is None else dict(step, wait_us=wait)


def other(at, op, cost):
    return {"at_us": at, "op": op, "cost": cost}


def peek(at, left):
    return {"at_us": at, "op": "peek", "left": left}


def reset(at):
    return {"at_us": at, "op": "reset"}


CASES = [
    ("a burst and no more", "L1", quota(10, MINUTE, 5), [take(0, 5, times=9, wait=6 * SECOND), take(0, 0, wait=6 * SECOND)]),
    ("an exact wait", "L2", quota(10, MINUTE, 5), [
        take(0, 5, times=5), take(0, 0, wait=6 * SECOND), take(5_999_999, 0, wait=1), take(6_000_000, 1), take(6_000_000, 0, wait=6 * SECOND)]),
    ("an exact wait for several", "L2", quota(10, MINUTE, 5), [
        take(0, 1, cost=5), take(0, 0, cost=3, wait=18 * SECOND), take(17_999_999, 0, cost=3, wait=1), take(18_000_000, 1, cost=3)]),
    ("idle for 17 s", "section 8, throttlecrab", quota(1, SECOND, 10), [
        take(0, 10, times=10), take(17 * SECOND, 10, times=100, wait=SECOND)]),
    ("polled each millisecond", "section 8, ratelimit", quota(1, MINUTE, 1), [take(0, 11, times=600_001, every=1000)]),
    ("polled each 59.999 ms", "section 8, ratelimit", quota(1, MINUTE, 1), [take(0, 100, times=100_000, every=59_999, wait=6_000_900)]),
    ("1 a year, burst of 140", "section 8, governor", quota(1, YEAR, 140), [take(0, 140, times=2000, wait=YEAR)]),
    ("a million a second", "section 2: rates up to 10^6 a second", quota(1_000_000, SECOND, 1), [
        take(0, 1), take(0, 0, wait=1), take(1, 1), take(1, 0, wait=1)]),
    ("no double burst at an edge", "section 8, windows", quota(10, 10 * SECOND, 10), [
        take(9 * SECOND, 10, times=10), take(10 * SECOND, 1, times=10, wait=SECOND), take(19 * SECOND, 9, times=10, wait=SECOND)]),
    ("refusals do not dig deeper", "section 8, Upstash; L4", quota(1, MINUTE, 5), [
        take(0, 4, times=4), take(0, 0, cost=5, times=10, wait=4 * MINUTE), take(0, 1), take(0, 0, wait=MINUTE)]),
    ("a cost above the burst", "section 2: it can never be granted", quota(1, SECOND, 3), [
        take(0, 0, cost=4), take(0, 3, times=4, wait=SECOND), take(HOUR, 0, cost=4), take(HOUR, 3, times=4, wait=SECOND)]),
    ("a wait of 300 ms", "section 8, rate-limiter-flexible", quota(10, 3 * SECOND, 1), [
        take(0, 1), take(299_999, 0, wait=1), take(300_000, 1)]),
    ("burst 1, ten a second", "section 8, Stripe's gist", quota(10, SECOND, 1), [
        take(0, 10, times=100, every=10_000, wait=10_000), take(SECOND, 1)]),
    ("a penalty from a full bucket", "section 2: penalize", quota(10, MINUTE, 5, 16), [
        other(0, "penalize", 4), peek(0, 1), take(0, 1), take(0, 0, wait=6 * SECOND)]),
    ("a penalty into debt", "section 2: the level may go below 0", quota(10, MINUTE, 5, 16), [
        take(0, 1, cost=5), other(0, "penalize", 4), peek(0, 0), take(0, 0, wait=30 * SECOND), take(29_999_999, 0, wait=1), take(30 * SECOND, 1)]),
    ("a penalty down to the deepest debt", "section 2: D", quota(10, MINUTE, 5, 16), [
        other(0, "penalize", 1000), take(0, 0, wait=102 * SECOND), other(0, "penalize", 1000), take(0, 0, wait=102 * SECOND)]),
    ("a penalty without debt", "section 2: D = 0", quota(10, MINUTE, 5), [
        other(0, "penalize", 1000), take(0, 0, wait=6 * SECOND), take(6 * SECOND, 1)]),
    ("debt is paid off before anything is granted", "section 3: failure cost", quota(1, SECOND, 2, 8), [
        take(0, 2, times=2), other(0, "penalize", 4), take(0, 1, times=51, every=100_000), peek(5_000_000, 0)]),
    ("a refund", "section 2: refund", quota(1, HOUR, 5), [take(0, 5, times=5), other(0, "refund", 2), peek(0, 2), take(0, 2, times=3, wait=HOUR)]),
    ("a refund never mints credit", "section 2: never below now", quota(1, HOUR, 5), [
        take(0, 1), other(0, "refund", 5), peek(0, 5), other(0, "refund", 5), take(0, 5, times=9, wait=HOUR)]),
    ("a refund in part of a token's time", "section 2: refund", quota(1, SECOND, 2), [
        take(0, 2, times=2), other(500_000, "refund", 1), peek(500_000, 1), take(500_000, 1), take(500_000, 0, wait=500_000)]),
    ("a reset", "section 2: reset", quota(1, HOUR, 3, 9), [
        take(0, 3, times=3), other(0, "penalize", 9), reset(0), peek(0, 3), take(0, 3, times=4, wait=HOUR)]),
    ("a peek rounds down", "section 2: peek", quota(1, SECOND, 3), [
        take(0, 3, times=3), peek(999_999, 0), peek(1_000_000, 1), peek(2_999_999, 2), peek(3_000_000, 3), peek(YEAR, 3)]),
    ("a peek takes nothing", "section 2: peek", quota(1, HOUR, 2), [peek(0, 2), peek(0, 2), take(0, 2, times=3, wait=HOUR)]),
    ("the largest burst", "section 2: BT up to 2^62 ns", quota(1, SECOND, 4_294_967_295), [take(0, 1, cost=4_294_967_295), take(0, 0, wait=SECOND), take(SECOND, 1, times=2, wait=SECOND)]),
]

# Quotas that cannot be counted: making one is an error.
REFUSED = [
    ("700,000,000 a second", "section 8, governor: rates over 10^6 a second", quota(700_000_000, SECOND, 1)),
    ("one more than a million a second", "section 2: rates over 10^6 a second", quota(1_000_001, SECOND, 1)),
    ("no period", "section 2", quota(1, 0, 1)),
    ("a burst that takes 8,000 years", "section 2: BT up to 2^62 ns", quota(1, MINUTE, 4_294_967_295)),
    ("a burst that takes 1,000 years", "section 2: BT up to 2^62 ns", quota(1, YEAR, 1000)),
]


def needs(size, steps=()):
    """What a driver must be able to do, besides attempts on a quota of so many tokens a minute: the
    limiter that a host is given can do no more."""
    if any(step["op"] != "take" for step in steps):
        yield "operations"
    if size["period_us"] == 0 or size["tokens"] * MINUTE % size["period_us"] != 0:
        yield "quotas"


def whole(name, why, size, steps=()):
    made = {"name": f"bucket: {name}", "why": f"LIMITER {why}"}
    words = list(needs(size, steps))
    return dict(made, needs=words, quota=size) if words else dict(made, quota=size)


def cases():
    for name, why, size, steps in CASES:
        level = Level(size)
        for step in steps:
            try:
                level.perform(step)
            except AssertionError as wrong:
                raise AssertionError(name, *wrong.args) from wrong
        yield dict(whole(name, why, size, steps), steps=steps)
    for name, why, size in REFUSED:
        yield dict(whole(name, why, size), refused=True)
