"""The service: made from a configuration, asked, and let go of."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from . import _argument as argument
from . import _blocking as blocking
from . import _process as process
from ._admin import Admin
from ._authenticator import AuthenticateFunction, Authenticator, OnAuthenticatorError, asked
from ._bridge import _bridge as bridge
from ._held import Held
from ._observer import Observer, told
from ._redacted import Redacted
from ._token_error import token_error
from ._token_set import TokenSet


@dataclass(frozen=True, slots=True, repr=False, eq=False, kw_only=True)
class TokenRequest(Redacted):
    """A request, as it came."""

    body: bytes | bytearray
    content_type: str | None = None
    """The header `Content-Type` as it came (RFC 9110 section 8.3)."""
    source: str | None = None
    """Where it came from: an address, or 1 to 128 bytes of text. All that have none share a limit."""
    request_id: str | None = None
    """The host's own name for the request, for the observer and the authenticator."""


@dataclass(frozen=True, slots=True, repr=False, eq=False, kw_only=True)
class TokenResponse(Redacted):
    """The answer to give."""

    status: int
    """200, 401, 422, 429 or 502."""
    headers: dict[str, str]
    """Names in lower case, each once."""
    body: bytes


_MAKER = object()


class TokenService(Held):
    """Answers `POST /token`: validates, limits, authenticates, and gives the exact response.

    One may serve several event loops in several threads. A `with` block closes it.
    """

    def __init__(self, maker: object, native: Any = None) -> None:
        if maker is not _MAKER:
            raise TypeError("a TokenService is made by `TokenService.create`")
        self._native: bridge.TokenService = native
        self._admin = Admin(native) if native.has_admin() else None
        self._can_refresh = native.can_refresh()

    @classmethod
    async def create(
        cls,
        config: Mapping[str, Any],
        *,
        authenticator: Authenticator | AuthenticateFunction | None = None,
        observer: Observer | None = None,
        on_authenticator_error: OnAuthenticatorError | None = None,
    ) -> TokenService:
        """Makes a service. `config` is plain data, as JSON has it; raises `ConfigError`.

        `authenticator` goes with `{"authenticator": {"kind": "host"}}`, and is a coroutine function
        or has one. `on_authenticator_error` hears what it raises besides the two errors that are
        answers; nothing of that goes anywhere else.
        """
        text = argument.config(config)
        argument.optional_function("observer", observer)
        argument.optional_function("on_authenticator_error", on_authenticator_error)
        host = None if authenticator is None else asked(authenticator, on_authenticator_error)
        listener = None if observer is None else told(observer)
        blocking.check()
        process.begin()
        try:
            native = await bridge.create_service(text, host, listener)
            process.keep(native)
            return cls(_MAKER, native)
        except Exception as error:
            failed = token_error(error)
        raise failed

    @classmethod
    def create_sync(
        cls,
        config: Mapping[str, Any],
        *,
        authenticator: Authenticator | AuthenticateFunction | None = None,
        observer: Observer | None = None,
        on_authenticator_error: OnAuthenticatorError | None = None,
    ) -> TokenService:
        """`create` without an event loop."""
        return blocking.run(
            cls.create(
                config,
                authenticator=authenticator,
                observer=observer,
                on_authenticator_error=on_authenticator_error,
            )
        )

    async def handle(self, request: TokenRequest) -> TokenResponse:
        """Answers a request. Every failure is an answer, also that of a closed service: it raises
        for wrong arguments alone, and `CancelledError` where its task is cancelled."""
        asked = _request(request, argument.MOST_OF_A_BODY)
        process.check()
        blocking.check()
        return await self._answer(self._native.handle(asked, None))

    def handle_sync(self, request: TokenRequest) -> TokenResponse:
        """`handle` without an event loop."""
        return blocking.run(self.handle(request))

    async def handle_refresh(self, request: TokenRequest) -> TokenResponse:
        """Answers a request to redeem a refresh token, which is the member `refreshToken` of its
        body, as `handle` answers one for tokens. Raises a `ConfigError` besides, where `can_refresh`
        is false. A redemption that has begun runs to its end, also where its task is cancelled."""
        asked = _request(request, argument.MOST_OF_A_REFRESH)
        process.check()
        blocking.check()
        return await self._answer(self._native.handle_refresh(asked, None))

    def handle_refresh_sync(self, request: TokenRequest) -> TokenResponse:
        """`handle_refresh` without an event loop."""
        return blocking.run(self.handle_refresh(request))

    async def _answer(self, call: Awaitable[bridge.TokenResponse]) -> TokenResponse:
        try:
            return _response(await call)
        except (bridge.TokenError.Argument, bridge.TokenError.Config) as error:
            failed = token_error(error)
        except Exception:
            return _response(self._native.unavailable())
        raise failed

    async def issue(
        self,
        app_client_id: str,
        app_secret: str | bytes | bytearray,
        source: str | None = None,
    ) -> TokenSet:
        """Gives tokens for credentials, by the same path and limits; raises a `TokenError`.

        An `app_secret` that is a bytearray is filled with zeros afterwards.
        """
        wiped = app_secret if isinstance(app_secret, bytearray) else bytearray()
        try:
            credentials = bridge.Credentials(
                app_client_id=argument.text("app_client_id", app_client_id),
                app_secret=argument.secret("app_secret", app_secret),
                source=argument.source(source),
            )
            # What prints the locals of a traceback shall find no secret here.
            del app_secret
            process.check()
            blocking.check()
            return await _tokens(self._native.issue(credentials, None))
        finally:
            wiped[:] = bytes(len(wiped))

    def issue_sync(
        self,
        app_client_id: str,
        app_secret: str | bytes | bytearray,
        source: str | None = None,
    ) -> TokenSet:
        """`issue` without an event loop."""
        call = self.issue(app_client_id, app_secret, source)
        del app_secret
        return blocking.run(call)

    async def refresh(
        self,
        app_client_id: str,
        app_secret: str | bytes | bytearray,
        refresh_token: str,
        source: str | None = None,
    ) -> TokenSet:
        """Redeems a refresh token for new tokens, by the same path and limits; raises a `TokenError`,
        which is a `ConfigError` where `can_refresh` is false.

        A redemption that has begun runs to its end, also where its task is cancelled. An `app_secret`
        that is a bytearray is filled with zeros afterwards.
        """
        wiped = app_secret if isinstance(app_secret, bytearray) else bytearray()
        try:
            redemption = bridge.Redemption(
                app_client_id=argument.text("app_client_id", app_client_id),
                app_secret=argument.secret("app_secret", app_secret),
                refresh_token=argument.token("refresh_token", refresh_token),
                source=argument.source(source),
            )
            del app_secret, refresh_token
            process.check()
            blocking.check()
            return await _tokens(self._native.refresh(redemption, None))
        finally:
            wiped[:] = bytes(len(wiped))

    def refresh_sync(
        self,
        app_client_id: str,
        app_secret: str | bytes | bytearray,
        refresh_token: str,
        source: str | None = None,
    ) -> TokenSet:
        """`refresh` without an event loop."""
        call = self.refresh(app_client_id, app_secret, refresh_token, source)
        del app_secret, refresh_token
        return blocking.run(call)

    @property
    def can_refresh(self) -> bool:
        """Whether there is something that redeems refresh tokens: the embedded issuer."""
        return self._can_refresh

    @property
    def admin(self) -> Admin | None:
        """The administration of the embedded issuer, where there is one."""
        return self._admin

    @property
    def in_flight(self) -> int:
        """How many authentications are under way."""
        process.check()
        return self._native.in_flight()

    def close(self) -> None:
        """Lets go of the service: what is under way ends as it would, and later calls are refused.
        To close it again does nothing."""
        if process.is_alive():
            self._native.shutdown()

    def __enter__(self) -> TokenService:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _request(request: object, most: int) -> bridge.TokenRequest:
    if not isinstance(request, TokenRequest):
        raise TypeError("`request` must be a TokenRequest")
    return bridge.TokenRequest(
        body=argument.data("body", request.body, most),
        content_type=argument.optional_text("content_type", request.content_type),
        source=argument.source(request.source),
        request_id=argument.optional_text("request_id", request.request_id),
    )


def _response(answer: bridge.TokenResponse) -> TokenResponse:
    headers = dict(zip(answer.headers[::2], answer.headers[1::2]))
    return TokenResponse(status=answer.status, headers=headers, body=answer.body)


async def _tokens(call: Awaitable[bridge.TokenSet]) -> TokenSet:
    try:
        tokens = await call
        return TokenSet(
            access_token=tokens.access_token,
            expires_in=tokens.expires_in,
            token_type=tokens.token_type,
            refresh_token=tokens.refresh_token,
            id_token=tokens.id_token,
        )
    except Exception as error:
        failed = token_error(error)
    raise failed
