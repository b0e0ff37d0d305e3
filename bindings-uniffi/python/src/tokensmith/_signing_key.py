"""The issuer's signing keys, as they are listed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from ._bridge import _bridge as bridge

SigningAlgorithm = Literal["ES256", "EdDSA", "RS256"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySummary:
    """A signing key, as it is listed."""

    kid: str
    """Its thumbprint (RFC 7638), which the tokens name that it signs."""
    algorithm: SigningAlgorithm
    state: Literal["pending", "active", "retired"]
    """It is published and does not sign yet; it signs; it is published for the tokens that it has
    signed."""
    created: datetime
    active: datetime
    """From when it signs, or signed."""


def key_summary(key: bridge.KeySummary) -> KeySummary:
    return KeySummary(
        kid=key.kid,
        algorithm=cast(SigningAlgorithm, key.algorithm),
        state=cast(Literal["pending", "active", "retired"], key.state),
        created=key.created,
        active=key.active,
    )
