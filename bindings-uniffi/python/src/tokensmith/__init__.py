"""Answers `POST /token` inside your own server: validates the body, limits the rate, asks your
authenticator or the embedded issuer, and gives the exact status, headers and body.

>>> from tokensmith import TokenRequest, TokenService
"""

from ._admin import Admin, AppSummary, CreatedApp, CreatedSecret, SecretSummary
from ._asgi import asgi_app
from ._authenticator import Authenticator, AuthRequest, RejectedError, ThrottledError
from ._claims import AccessClaims, ActiveToken, AppPolicy
from ._limiter import Acquired, Limiter
from ._observer import LimiterHealth, TokenEvent
from ._service import TokenRequest, TokenResponse, TokenService
from ._signing_key import KeySummary
from ._token_error import (
    AdminError,
    ConfigError,
    DownstreamError,
    InvalidAccessTokenError,
    InvalidRequestError,
    RateLimitedError,
    TokenError,
    UnauthorizedError,
)
from ._token_set import TokenSet

__all__ = [
    "AccessClaims",
    "Acquired",
    "ActiveToken",
    "Admin",
    "AdminError",
    "AppPolicy",
    "AppSummary",
    "AuthRequest",
    "Authenticator",
    "ConfigError",
    "CreatedApp",
    "CreatedSecret",
    "DownstreamError",
    "InvalidAccessTokenError",
    "InvalidRequestError",
    "KeySummary",
    "Limiter",
    "LimiterHealth",
    "RateLimitedError",
    "RejectedError",
    "SecretSummary",
    "ThrottledError",
    "TokenError",
    "TokenEvent",
    "TokenRequest",
    "TokenResponse",
    "TokenService",
    "TokenSet",
    "UnauthorizedError",
    "asgi_app",
]

# As a host names them, and finds them in a traceback.
for _name in __all__:
    globals()[_name].__module__ = __name__
del _name
