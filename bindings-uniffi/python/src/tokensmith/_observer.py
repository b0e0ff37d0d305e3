"""What became of calls, as the host's observer hears it."""

from __future__ import annotations

import _thread
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from ._bridge import _bridge as bridge


@dataclass(frozen=True, slots=True, kw_only=True)
class LimiterHealth:
    """What the limiter counts, since it was made."""

    overflows: int
    """Charges that went to a bucket of many keys, since the memory was full of live ones."""
    repaired: int
    """Buckets whose state could not be read, and that were begun anew as full."""
    degraded: int
    """Decisions made by less than the whole limiter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenEvent:
    """What became of a call, or of a part of the service. It holds nothing private.

    Each call ends with exactly one event that is `terminal`. Told apart by `name`: `issued`,
    `invalid`, `rate_limited`, `rejected`, `downstream_failed`, `timed_out`, `cancelled`; and besides
    them `limiter_failed`, `limiter_health`, `source_unknown`, `reload_failed`, `started_empty`,
    `clock_behind`, `secret_rotated`, `secret_expiring`, `key_rotated`. A later version may have more.
    """

    name: str
    terminal: bool
    """Whether the call ended with it."""
    request_id: str | None
    """The host's own name for the request."""
    source: str | None
    """Where the request came from, with what could forge a log line escaped."""
    app_client_id: str | None
    """The app's id, where it is one that an app may have."""
    expires_in: timedelta | None
    """`issued`: the life of the access token. `secret_expiring`: how long the secret has left."""
    reason: str | None
    """Why, where there is a reason."""
    by: str | None
    """`rate_limited`: the scope whose bucket is empty, `capacity` or `upstream`."""
    retry_after: timedelta | None
    """`rate_limited`: how long to wait, in whole seconds."""
    kind: str | None
    """`downstream_failed`: what failed."""
    part: str | None
    """Which part of the service."""
    secret_id: str | None
    """`secret_expiring`: the id of the secret, which is no secret."""
    kid: str | None
    """`key_rotated`: the thumbprint of the new key."""
    health: LimiterHealth | None
    """`limiter_health`: the counters."""


Observer = Callable[[TokenEvent], None]


def told(observer: Observer) -> bridge.Observer:
    """What the bridge tells in the host's place."""
    return _Told(observer)


class _Told(bridge.Observer):
    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._warned = False

    def on_event(self, event: bridge.TokenEvent) -> None:
        try:
            self._observer(_event(event))
        except KeyboardInterrupt:
            # The bridge has no way for it: the main thread shall have it as it would have had.
            _thread.interrupt_main()
        except BaseException:
            self._warn()

    def _warn(self) -> None:
        """Once, and without the text of what was raised."""
        if self._warned:
            return
        self._warned = True
        try:
            warnings.warn(
                "the observer of a TokenService raised; its exceptions are ignored",
                RuntimeWarning,
                stacklevel=1,
            )
        except Warning:
            pass  # the host has made errors of warnings, and there is nobody to raise it to


def _event(event: bridge.TokenEvent) -> TokenEvent:
    return TokenEvent(
        name=event.name,
        terminal=event.terminal,
        request_id=event.request_id,
        source=event.source,
        app_client_id=event.app_client_id,
        expires_in=event.expires_in,
        reason=event.reason,
        by=event.by,
        retry_after=event.retry_after,
        kind=event.kind,
        part=event.part,
        secret_id=event.secret_id,
        kid=event.kid,
        health=_health(event.health),
    )


def _health(health: bridge.LimiterHealth | None) -> LimiterHealth | None:
    if health is None:
        return None
    return LimiterHealth(
        overflows=health.overflows, repaired=health.repaired, degraded=health.degraded
    )
