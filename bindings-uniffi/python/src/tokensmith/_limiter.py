"""The limiter alone, for whatever a host limits besides tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from . import _argument as argument
from ._bridge import _bridge as bridge
from ._held import Held
from ._token_error import token_error


@dataclass(frozen=True, slots=True)
class Acquired:
    """What a bucket says."""

    allowed: bool
    """Whether the cost was taken."""
    retry_after: timedelta | None
    """If it was not: how long to wait, in whole seconds, rounded up."""


class Limiter(Held):
    """One quota, and a bucket for each key. Its buckets are no service's.

    >>> limiter = Limiter(per_minute=60, burst=10)
    >>> limiter.try_acquire("192.0.2.1").allowed
    True
    """

    def __init__(self, per_minute: int, burst: int, *, slots: int | None = None) -> None:
        numbers = (
            argument.number("per_minute", per_minute),
            argument.number("burst", burst),
            None if slots is None else argument.number("slots", slots),
        )
        try:
            self._native = bridge.Limiter(*numbers)
            return
        except Exception as error:
            failed = token_error(error)
        raise failed

    def try_acquire(self, key: str, cost: int = 1) -> Acquired:
        """Takes the cost from the key's bucket, or nothing."""
        argument.text("key", key)
        cost = argument.number("cost", cost)
        try:
            acquired = self._native.try_acquire(key, cost)
            return Acquired(acquired.allowed, acquired.retry_after)
        except Exception as error:
            failed = token_error(error)
        raise failed
