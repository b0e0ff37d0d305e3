"""What the tokens of an app shall say, and what a token says."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from . import _argument as argument
from ._bridge import _bridge as bridge


@dataclass(frozen=True, slots=True, kw_only=True)
class AppPolicy:
    """What the tokens of one app say, and how long they live. What is none is as the configuration has
    it."""

    audience: Sequence[str] | None = None
    """`aud`: whom access tokens are for, one or several different names of 1 to 512 visible ASCII
    characters."""
    scope: str | None = None
    """`scope`: what access tokens allow, in words with one space between two (RFC 6749 section 3.3)."""
    claims: Mapping[str, Any] | None = None
    """Claims besides, at most 4 KiB of JSON and up to 8 deep. Those that the issuer writes itself are
    not among them, nor is `scope`."""
    token_life: timedelta | None = None
    """How long access tokens are good for: one minute to `max_token_seconds`, in whole seconds."""
    id_claims: Mapping[str, Any] | None = None
    """The claims of an id token besides, with the bounds of `claims`. None is no id token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessClaims:
    """What an access token says that was found good (RFC 9068 section 2.2)."""

    app_client_id: str
    """`client_id`: the app whose token it is."""
    subject: str
    """`sub`: `app:` and the app's id."""
    audience: list[str]
    """`aud`: whom it is for."""
    scope: str | None
    """What it allows, in words with one space between two."""
    claims: dict[str, Any]
    """The claims besides: those of the app's policy when the token was made."""
    token_id: str
    """`jti`: the token's own id."""
    issued: datetime
    """`iat`"""
    expires: datetime
    """`exp`: from when it is not good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveToken:
    """What a token of either kind says that is good now (RFC 7662 section 2.2)."""

    kind: Literal["access", "refresh"]
    app_client_id: str
    """`client_id`: the app whose token it is."""
    subject: str
    """`sub`: `app:` and the app's id."""
    issuer: str
    """`iss`: this issuer."""
    audience: list[str] | None
    """`aud` of an access token."""
    scope: str | None
    """What an access token allows, in words with one space between two."""
    claims: dict[str, Any]
    """The claims of an access token besides."""
    token_id: str | None
    """`jti` of an access token."""
    issued: datetime
    """`iat`"""
    expires: datetime
    """`exp`: from when it is not good."""


def app_policy(policy: bridge.AppPolicy) -> AppPolicy:
    return AppPolicy(
        audience=policy.audience,
        scope=policy.scope,
        claims=None if policy.claims is None else json.loads(policy.claims),
        token_life=policy.token_life,
        id_claims=None if policy.id_claims is None else json.loads(policy.id_claims),
    )


def bridged(policy: object) -> bridge.AppPolicy:
    if not isinstance(policy, AppPolicy):
        raise TypeError("`policy` must be an AppPolicy")
    return bridge.AppPolicy(
        audience=argument.optional_texts("audience", policy.audience),
        scope=argument.optional_text("scope", policy.scope),
        claims=argument.optional_json("claims", policy.claims),
        token_life=argument.optional_wait("token_life", policy.token_life),
        id_claims=argument.optional_json("id_claims", policy.id_claims),
    )


def access_claims(claims: bridge.AccessClaims) -> AccessClaims:
    return AccessClaims(
        app_client_id=claims.app_client_id,
        subject=claims.subject,
        audience=claims.audience,
        scope=claims.scope,
        claims=json.loads(claims.claims),
        token_id=claims.token_id,
        issued=claims.issued,
        expires=claims.expires,
    )


def active_token(token: bridge.ActiveToken) -> ActiveToken:
    return ActiveToken(
        kind=cast(Literal["access", "refresh"], token.kind),
        app_client_id=token.app_client_id,
        subject=token.subject,
        issuer=token.issuer,
        audience=token.audience,
        scope=token.scope,
        claims=json.loads(token.claims),
        token_id=token.token_id,
        issued=token.issued,
        expires=token.expires,
    )
