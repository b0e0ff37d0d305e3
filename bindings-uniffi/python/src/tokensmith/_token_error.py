"""How calls end badly, as a host sees it."""

from __future__ import annotations

from datetime import timedelta

from ._bridge import _bridge as bridge


class TokenError(Exception):
    """How a call ends badly: `code` is the same in every language, `status` that of the HTTP answer."""

    code: str = ""
    status: int | None = None

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UnauthorizedError(TokenError):
    """The credentials are not right."""

    code = "ERR_TOKEN_UNAUTHORIZED"
    status = 401


class InvalidRequestError(TokenError):
    """The request does not conform. Only `handle` can tell, and answers it."""

    code = "ERR_TOKEN_INVALID_REQUEST"
    status = 422


class RateLimitedError(TokenError):
    """Too many requests; `retry_after` is how long to wait, in whole seconds."""

    code = "ERR_TOKEN_RATE_LIMITED"
    status = 429


class DownstreamError(TokenError):
    """What issues the tokens failed; `retry_after` is how long to wait, if that is known."""

    code = "ERR_TOKEN_DOWNSTREAM"
    status = 502


class ConfigError(TokenError):
    """A configuration of which nothing can be made; `key` is the path of the setting, if it is one."""

    code = "ERR_TOKEN_CONFIG"

    def __init__(self, message: str, key: str | None = None) -> None:
        super().__init__(message)
        self.key = key


class AdminError(Exception):
    """A call of the administration that failed. Nothing was changed; but where a call about refresh
    tokens ends with `ERR_ADMIN_STORE`, they may still be good or not, so make it again.

    `code` is `ERR_ADMIN_INVALID`, `ERR_ADMIN_NOT_FOUND`, `ERR_ADMIN_LIMIT` or
    `ERR_ADMIN_STORE`.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code

    def __str__(self) -> str:
        return str(self.args[1])


class InvalidAccessTokenError(Exception):
    """An access token that `Admin.verify_access_token` finds not good: to an API's caller a 401 with
    `error="invalid_token"` (RFC 6750 section 3.1), whatever the reason. It says nothing of what the
    token is.

    `reason` is for a log: `malformed`, it is none of this issuer's making; `unknown_key`, no key that
    is published has signed it; `signature`, that is another's; `issuer`, it is of another, or for
    another audience; `expired`, its time is past, or has not come.
    """

    code = "ERR_ACCESS_TOKEN_INVALID"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(reason, message)
        self.reason = reason

    def __str__(self) -> str:
        return str(self.args[1])


def token_error(error: Exception) -> Exception:
    """The error that a host sees for one of the bridge. The text of an unknown one may be that of a
    panic, so it stays where it is."""
    if isinstance(error, bridge.TokenError.Unauthorized):
        return UnauthorizedError(error.detail)
    if isinstance(error, bridge.TokenError.InvalidRequest):
        return InvalidRequestError(error.detail)
    if isinstance(error, bridge.TokenError.RateLimited):
        return RateLimitedError(error.detail, error.retry_after)
    if isinstance(error, bridge.TokenError.Downstream):
        return DownstreamError(error.detail, error.retry_after)
    if isinstance(error, bridge.TokenError.Config):
        return ConfigError(error.detail, error.key)
    if isinstance(error, bridge.TokenError.Argument):
        return ValueError(error.detail)
    if isinstance(error, bridge.TokenError.Closed):
        return closed()
    return DownstreamError("the authentication service failed")


def admin_error(error: Exception) -> Exception:
    """The same for the administration."""
    if isinstance(error, bridge.AdminError.Failed):
        return AdminError(error.code, error.detail)
    if isinstance(error, bridge.AdminError.Token):
        return InvalidAccessTokenError(error.reason, error.detail)
    if isinstance(error, bridge.AdminError.Closed):
        return closed()
    return AdminError("ERR_ADMIN_STORE", "the store failed")


def closed() -> RuntimeError:
    return RuntimeError("the service is closed")
