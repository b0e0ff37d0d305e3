"""The host's own authenticator: what it is asked, how it answers, and what stands before it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, TypeVar

from . import _argument as argument
from ._bridge import _bridge as bridge
from ._cancellation import repair
from ._redacted import Redacted
from ._token_set import TokenSet

repair()

T = TypeVar("T")


class RejectedError(Exception):
    """Raised by an authenticator: the credentials are not right. 401."""

    def __init__(self, message: str = "the credentials were rejected") -> None:
        super().__init__(message)


class ThrottledError(Exception):
    """Raised by an authenticator: not so fast. 429, with `Retry-After` if it says for how long."""

    # Also of a subclass that does not call ours.
    _retry_after: timedelta | None = None

    def __init__(self, retry_after: timedelta | None = None) -> None:
        if retry_after is not None:
            retry_after = argument.wait("retry_after", retry_after)
        super().__init__(retry_after)
        self._retry_after = retry_after

    @property
    def retry_after(self) -> timedelta | None:
        return self._retry_after

    def __str__(self) -> str:
        return "the authenticator asks for patience"


@dataclass(frozen=True, slots=True, repr=False, eq=False, kw_only=True)
class AuthRequest(Redacted):
    """What an authenticator is asked."""

    app_client_id: str
    """1 to 128 bytes."""
    app_secret: str
    """1 to 1,024 bytes."""
    source: str | None = None
    """Where the request came from, if the host said so."""
    request_id: str | None = None
    """The host's own name for the request."""
    budget: timedelta | None = None
    """What is left of the deadline."""


class Authenticator(Protocol):
    """Judges credentials. It gives tokens, or raises `RejectedError` or `ThrottledError`; whatever
    else it raises or gives is a 502. One that holds the service keeps both from being freed."""

    async def authenticate(self, request: AuthRequest, /) -> TokenSet: ...


AuthenticateFunction = Callable[[AuthRequest], Awaitable[TokenSet]]
OnAuthenticatorError = Callable[[BaseException], None]


def asked(
    authenticator: Authenticator | AuthenticateFunction, on_error: OnAuthenticatorError | None
) -> bridge.Authenticator:
    """What the bridge asks in the host's place."""
    method = getattr(authenticator, "authenticate", authenticator)
    if not callable(method) or not argument.is_asynchronous(method):
        raise TypeError(
            "`authenticator` must be a coroutine function, or an object with one as `authenticate`"
        )
    if not argument.takes_one(method):
        raise TypeError("`authenticator` must be a function of one argument, or an object and no class")
    return _Asked(method, on_error)


class _Asked(bridge.Authenticator):
    """Lets nothing of the host's errors over the border: the bridge would print what it does not
    know, and would wait for ever after what is no `Exception`."""

    def __init__(self, ask: AuthenticateFunction, on_error: OnAuthenticatorError | None) -> None:
        self._ask = ask
        self._on_error = on_error

    async def authenticate(self, request: bridge.AuthRequest) -> bridge.TokenSet:
        task = asyncio.current_task()
        try:
            tokens = await self._ask(
                AuthRequest(
                    app_client_id=request.app_client_id,
                    app_secret=request.app_secret,
                    source=request.source,
                    request_id=request.request_id,
                    budget=request.budget,
                )
            )
            return _given(tokens)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            if isinstance(error, GeneratorExit) and not _is_current(task):
                # Nobody raised it: this coroutine is being thrown away.
                raise
            refused = self._refused(error, task)
        raise refused

    def _refused(
        self, error: BaseException, task: asyncio.Task[object] | None
    ) -> bridge.AuthenticateError:
        if isinstance(error, RejectedError):
            return bridge.AuthenticateError.Rejected()
        if isinstance(error, ThrottledError):
            # Not the property, which a subclass may have replaced.
            return bridge.AuthenticateError.Throttled(error._retry_after)
        if not _was_cancelled(error, task):
            self._tell(error)
        if isinstance(error, _ContractFault):
            return bridge.AuthenticateError.Contract()
        return bridge.AuthenticateError.Failed()

    def _tell(self, error: BaseException) -> None:
        """Who listens for errors may have one of its own: there is nobody left to tell."""
        if self._on_error is None:
            return
        try:
            self._on_error(error)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:
            pass


def _is_current(task: asyncio.Task[object] | None) -> bool:
    try:
        return asyncio.current_task() is task
    except RuntimeError:
        return False


def _was_cancelled(error: BaseException, task: asyncio.Task[object] | None) -> bool:
    """The call has ended: that is no fault of the host's. Python 3.10 cannot tell it from a
    `CancelledError` of the host's own."""
    cancelling = getattr(task, "cancelling", lambda: 0)
    return isinstance(error, asyncio.CancelledError) and cancelling() > 0


class _ContractFault(TypeError):
    """The host gave something else than tokens."""


def _given(tokens: object) -> bridge.TokenSet:
    """Reads each field once, for a property may answer differently the second time, or raise."""
    if not isinstance(tokens, TokenSet):
        raise _ContractFault("the authenticator must give a TokenSet")
    return bridge.TokenSet(
        access_token=_token("access_token", tokens.access_token),
        expires_in=_checked(argument.wait, "expires_in", tokens.expires_in),
        token_type=_token("token_type", tokens.token_type),
        refresh_token=_optional("refresh_token", tokens.refresh_token),
        id_token=_optional("id_token", tokens.id_token),
    )


def _optional(name: str, value: object) -> str | None:
    return None if value is None else _token(name, value)


def _token(name: str, value: object) -> str:
    if isinstance(value, str):
        value = argument.beginning(value, argument.MOST_OF_A_TOKEN)
    return _checked(argument.text, name, value)


def _checked(check: Callable[[str, object], T], name: str, value: object) -> T:
    fault = None
    try:
        return check(name, value)
    except (TypeError, ValueError) as error:
        fault = _ContractFault(str(error))
    raise fault
