"""The administration of the embedded issuer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from . import _argument as argument
from . import _blocking as blocking
from . import _process as process
from ._blocking import run
from ._bridge import _bridge as bridge
from ._held import Held
from ._redacted import Redacted
from ._token_error import admin_error

T = TypeVar("T")


@dataclass(frozen=True, slots=True, repr=False, eq=False, kw_only=True)
class CreatedApp(Redacted):
    """A new app. Its secret is shown this once and cannot be read again."""

    id: str
    """`appcl-` and 20 letters or digits."""
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSummary:
    """An app, as it is listed."""

    id: str
    name: str
    enabled: bool
    """Whether it may have tokens."""
    created: datetime
    damaged: bool
    """Its record was changed by something else; nothing else here can be relied on then."""


class Admin(Held):
    """The administration of the embedded issuer: `service.admin`.

    Each call raises an `AdminError`, and a `RuntimeError` once the service is closed.
    """

    def __init__(self, native: bridge.TokenService) -> None:
        self._native = native

    async def create_app(self, name: str) -> CreatedApp:
        """Makes an app. The name is for people: 1 to 128 bytes without control characters."""
        argument.text("name", name)
        app = await _settled(lambda: self._native.create_app(name))
        return CreatedApp(id=app.id, secret=app.secret)

    async def list_apps(self) -> list[AppSummary]:
        """All apps, the latest last."""
        return [
            AppSummary(
                id=app.id,
                name=app.name,
                enabled=app.enabled,
                created=app.created,
                damaged=app.damaged,
            )
            for app in await _settled(lambda: self._native.list_apps())
        ]

    async def disable_app(self, id: str) -> None:
        """Lets an app have no more tokens; those that it has live on to their end."""
        argument.text("id", id)
        await _settled(lambda: self._native.set_app_enabled(id, False))

    async def enable_app(self, id: str) -> None:
        """Lets an app have tokens again."""
        argument.text("id", id)
        await _settled(lambda: self._native.set_app_enabled(id, True))

    def jwks(self) -> str:
        """The public keys as a JWK set (RFC 7517 section 5), in JSON."""
        process.check()
        try:
            return self._native.jwks()
        except Exception as error:
            failed = admin_error(error)
        raise failed

    def create_app_sync(self, name: str) -> CreatedApp:
        """`create_app` without an event loop."""
        return run(self.create_app(name))

    def list_apps_sync(self) -> list[AppSummary]:
        """`list_apps` without an event loop."""
        return run(self.list_apps())

    def disable_app_sync(self, id: str) -> None:
        """`disable_app` without an event loop."""
        run(self.disable_app(id))

    def enable_app_sync(self, id: str) -> None:
        """`enable_app` without an event loop."""
        run(self.enable_app(id))


async def _settled(call: Callable[[], Awaitable[T]]) -> T:
    process.check()
    blocking.check()
    try:
        return await call()
    except Exception as error:
        failed = admin_error(error)
    raise failed
