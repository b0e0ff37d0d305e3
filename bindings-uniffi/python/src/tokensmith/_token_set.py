"""The tokens of one answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from ._redacted import Redacted


@dataclass(frozen=True, slots=True, repr=False, eq=False, kw_only=True)
class TokenSet(Redacted):
    """The tokens of one answer (RFC 6749 section 5.1), also as an authenticator gives them."""

    access_token: str
    """Visible ASCII, and not empty."""
    expires_in: timedelta
    """The life of the access token."""
    token_type: str = "Bearer"
    """`Bearer`, in any case (RFC 6750)."""
    refresh_token: str | None = None
    """Without it the answer is a 502, unless `response.refresh_token` is `omit`."""
    id_token: str | None = None
    """The id token, if there is one."""
