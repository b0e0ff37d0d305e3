"""The administration of the embedded issuer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeVar, cast

from . import _argument as argument
from . import _blocking as blocking
from . import _process as process
from ._blocking import run
from ._bridge import _bridge as bridge
from ._claims import AccessClaims, ActiveToken, AppPolicy, access_claims, active_token, app_policy, bridged
from ._held import Held
from ._redacted import Redacted
from ._signing_key import KeySummary, SigningAlgorithm, key_summary
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


@dataclass(frozen=True, slots=True, repr=False, eq=False, kw_only=True)
class CreatedSecret(Redacted):
    """A new secret of an app. It is shown this once and cannot be read again."""

    id: str
    """Its own id, which is no secret."""
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretSummary:
    """A secret of an app, as it is listed. What it is, is not known."""

    id: str
    """Its own id, which is no secret."""
    kind: Literal["generated", "argon2id", "bcrypt", "pbkdf2"]
    """What is kept of it: a digest of one that was generated; a hash of one that was imported, of which
    those that others made become Argon2id at the secret's next use."""
    created: datetime
    expires: datetime | None
    """When it stops, or stopped, being good; none if it has no end, and if it was revoked."""
    revoked: bool
    last_used: datetime | None
    """The start of the hour in which it was last used, so far as this process knows: another tells
    its uses within about a minute."""


class Admin(Held):
    """The administration of the embedded issuer: `service.admin`.

    Each call but `verify_access_token` raises an `AdminError`, and all a `RuntimeError` once the service
    is closed.
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

    async def import_json_lines(self, lines: str) -> int:
        """Imports apps with their secrets from JSON Lines, and gives how many: all, or none if one
        cannot be. Each line is an object with `appClientId`, either `appSecret` or `secretHash`
        (Argon2id; bcrypt and PBKDF2 where `verify_legacy_hashes` allows it), and perhaps `name`.
        `ERR_ADMIN_INVALID` says which line is wrong and why. A secret takes some 15 ms to hash, on
        threads of the package's own."""
        call = _importing(self._native, argument.text("lines", lines))
        # What prints the locals of a traceback shall find no secret here.
        del lines
        return await _settled(call)

    async def disable_app(self, id: str) -> None:
        """Lets an app have no more tokens; those that it has live on to their end."""
        argument.text("id", id)
        await _settled(lambda: self._native.set_app_enabled(id, False))

    async def enable_app(self, id: str) -> None:
        """Lets an app have tokens again."""
        argument.text("id", id)
        await _settled(lambda: self._native.set_app_enabled(id, True))

    async def delete_app(self, id: str) -> None:
        """Removes an app with its secrets. Access tokens that it has live on to their end."""
        argument.text("id", id)
        await _settled(lambda: self._native.delete_app(id))

    async def rotate_secret(
        self, app_id: str, *, overlap: timedelta = timedelta(days=1)
    ) -> CreatedSecret:
        """Gives an app a new secret. Those that it has stay good for `overlap`, in whole seconds and at
        most 90 days, and no longer than they would have been; no overlap revokes them. An app has at
        most two live ones."""
        argument.text("app_id", app_id)
        time = argument.wait("overlap", overlap)
        made = await _settled(lambda: self._native.rotate_secret(app_id, time))
        return CreatedSecret(id=made.id, secret=made.secret)

    async def list_secrets(self, app_id: str) -> list[SecretSummary]:
        """An app's secrets, the oldest first. One that is good no more is listed until the app gets a
        new one."""
        argument.text("app_id", app_id)
        return [
            SecretSummary(
                id=secret.id,
                kind=cast(Literal["generated", "argon2id", "bcrypt", "pbkdf2"], secret.kind),
                created=secret.created,
                expires=secret.expires,
                revoked=secret.revoked,
                last_used=secret.last_used,
            )
            for secret in await _settled(lambda: self._native.list_secrets(app_id))
        ]

    async def revoke_secret(self, secret_id: str) -> None:
        """Lets a secret be good no more, for ever. An app that has no other gets no tokens until it is
        given one."""
        argument.text("secret_id", secret_id)
        await _settled(lambda: self._native.revoke_secret(secret_id))

    async def revoke_refresh_token(self, app_id: str, token: str) -> None:
        """Revokes a refresh token, and with it all that come before and after it. A text that is none
        of that app's is revoked already. Access tokens live on to their end."""
        argument.text("app_id", app_id)
        call = _revoking(self._native, app_id, argument.token("token", token))
        # What prints the locals of a traceback shall find no token here.
        del token
        await _settled(call)

    async def revoke_refresh_tokens_of(self, app_id: str) -> None:
        """Refuses all refresh tokens of an app that were issued up to now, those of the present second
        among them."""
        argument.text("app_id", app_id)
        await _settled(lambda: self._native.revoke_refresh_tokens_of(app_id))

    async def revoke_all_refresh_tokens(self) -> None:
        """Refuses all refresh tokens of all apps that were issued up to now: after a backup was
        restored, since it may have forgotten which were redeemed."""
        await _settled(lambda: self._native.revoke_all_refresh_tokens())

    async def purge_refresh_tokens(self) -> int:
        """Forgets what is past its time in the ledger of refresh tokens, and tells how many families
        that were. It is done by the way too, a few at each redemption."""
        return await _settled(lambda: self._native.purge_refresh_tokens())

    async def reset_refresh_clock(self) -> None:
        """Takes up the time after the system's clock was ahead while refresh tokens were redeemed. All
        that were issued up to now are revoked."""
        await _settled(lambda: self._native.reset_refresh_clock())

    async def list_keys(self) -> list[KeySummary]:
        """The signing keys, the one that signs first before the others. Those whose last token has
        expired are gone."""
        return [key_summary(key) for key in await _settled(lambda: self._native.list_keys())]

    async def rotate_key(self, *, algorithm: SigningAlgorithm | None = None) -> KeySummary:
        """Makes a signing key, for the algorithm of the former if none is named. It is published at
        once and signs after `key_lead_seconds`, when every verifier has it; the former stays published
        as long as its tokens live. `ERR_ADMIN_LIMIT` while one is pending."""
        name = argument.optional_text("algorithm", algorithm)
        return key_summary(await _settled(lambda: self._native.rotate_key(name)))

    async def revoke_key(self, kid: str) -> None:
        """Drops a key at once: for one whose private half is known to others. If it is the one that
        signs, the pending one does from now on, or a new one. Verifiers accept its tokens until they
        fetch the keys again, and refuse those of a key that they have not fetched yet."""
        argument.text("kid", kid)
        await _settled(lambda: self._native.revoke_key(kid))

    async def set_app_policy(self, id: str, policy: AppPolicy) -> None:
        """Sets what the tokens of an app say, in place of what was set before. Those that were issued
        stay as they are; those that are made from now on, at a refresh too, are by this."""
        argument.text("id", id)
        parts = bridged(policy)
        await _settled(lambda: self._native.set_app_policy(id, parts))

    async def app_policy(self, id: str) -> AppPolicy:
        """What was set."""
        argument.text("id", id)
        return app_policy(await _settled(lambda: self._native.app_policy(id)))

    async def introspect(self, app_id: str, token: str) -> ActiveToken | None:
        """Tells what a token is; none of a text that is no token of this issuer's, and of one that is
        not good now: past its time, revoked, used up, or of an app that is disabled or gone. Of refresh
        tokens that app's alone are known. Nothing is changed by it."""
        argument.text("app_id", app_id)
        call = _told(self._native, app_id, argument.token("token", token))
        del token
        told = await _settled(call)
        return None if told is None else active_token(told)

    async def revoke_token(self, app_id: str, token: str) -> Literal["done", "unsupported"]:
        """Revokes whatever token of that app's it is (RFC 7009). `unsupported` of an access token, which
        lives to its end; `done` of all else, for a text that is none, or another app's, is revoked
        already."""
        argument.text("app_id", app_id)
        call = _taken(self._native, app_id, argument.token("token", token))
        del token
        return cast(Literal["done", "unsupported"], await _settled(call))

    def verify_access_token(self, token: str, *, audience: str | None = None) -> AccessClaims:
        """Verifies an access token of this issuer's by the keys that are published now, without a
        network: its signature, issuer and time, give or take a minute, and that it is for the audience
        that asks, by the name that the apps' policies call it; that of the configuration if none is
        named. Whether its app is still enabled it does not ask. It is done when it returns, within a
        fraction of a millisecond.

        Any other text is an `InvalidAccessTokenError`."""
        named = argument.optional_text("audience", audience)
        call = _verifying(self._native, argument.token("token", token), named)
        # What prints the locals of a traceback shall find no token here.
        del token
        return access_claims(_at_once(call))

    def jwks(self) -> str:
        """The public keys as a JWK set (RFC 7517 section 5), in JSON."""
        return _at_once(lambda: self._native.jwks())

    def create_app_sync(self, name: str) -> CreatedApp:
        """`create_app` without an event loop."""
        return run(self.create_app(name))

    def list_apps_sync(self) -> list[AppSummary]:
        """`list_apps` without an event loop."""
        return run(self.list_apps())

    def import_json_lines_sync(self, lines: str) -> int:
        """`import_json_lines` without an event loop."""
        call = self.import_json_lines(lines)
        del lines
        return run(call)

    def disable_app_sync(self, id: str) -> None:
        """`disable_app` without an event loop."""
        run(self.disable_app(id))

    def enable_app_sync(self, id: str) -> None:
        """`enable_app` without an event loop."""
        run(self.enable_app(id))

    def delete_app_sync(self, id: str) -> None:
        """`delete_app` without an event loop."""
        run(self.delete_app(id))

    def rotate_secret_sync(
        self, app_id: str, *, overlap: timedelta = timedelta(days=1)
    ) -> CreatedSecret:
        """`rotate_secret` without an event loop."""
        return run(self.rotate_secret(app_id, overlap=overlap))

    def list_secrets_sync(self, app_id: str) -> list[SecretSummary]:
        """`list_secrets` without an event loop."""
        return run(self.list_secrets(app_id))

    def revoke_secret_sync(self, secret_id: str) -> None:
        """`revoke_secret` without an event loop."""
        run(self.revoke_secret(secret_id))

    def revoke_refresh_token_sync(self, app_id: str, token: str) -> None:
        """`revoke_refresh_token` without an event loop."""
        call = self.revoke_refresh_token(app_id, token)
        del token
        run(call)

    def revoke_refresh_tokens_of_sync(self, app_id: str) -> None:
        """`revoke_refresh_tokens_of` without an event loop."""
        run(self.revoke_refresh_tokens_of(app_id))

    def revoke_all_refresh_tokens_sync(self) -> None:
        """`revoke_all_refresh_tokens` without an event loop."""
        run(self.revoke_all_refresh_tokens())

    def purge_refresh_tokens_sync(self) -> int:
        """`purge_refresh_tokens` without an event loop."""
        return run(self.purge_refresh_tokens())

    def reset_refresh_clock_sync(self) -> None:
        """`reset_refresh_clock` without an event loop."""
        run(self.reset_refresh_clock())

    def list_keys_sync(self) -> list[KeySummary]:
        """`list_keys` without an event loop."""
        return run(self.list_keys())

    def rotate_key_sync(self, *, algorithm: SigningAlgorithm | None = None) -> KeySummary:
        """`rotate_key` without an event loop."""
        return run(self.rotate_key(algorithm=algorithm))

    def revoke_key_sync(self, kid: str) -> None:
        """`revoke_key` without an event loop."""
        run(self.revoke_key(kid))

    def set_app_policy_sync(self, id: str, policy: AppPolicy) -> None:
        """`set_app_policy` without an event loop."""
        run(self.set_app_policy(id, policy))

    def app_policy_sync(self, id: str) -> AppPolicy:
        """`app_policy` without an event loop."""
        return run(self.app_policy(id))

    def introspect_sync(self, app_id: str, token: str) -> ActiveToken | None:
        """`introspect` without an event loop."""
        call = self.introspect(app_id, token)
        del token
        return run(call)

    def revoke_token_sync(self, app_id: str, token: str) -> Literal["done", "unsupported"]:
        """`revoke_token` without an event loop."""
        call = self.revoke_token(app_id, token)
        del token
        return run(call)


def _revoking(
    native: bridge.TokenService, app_id: str, token: str
) -> Callable[[], Awaitable[None]]:
    return lambda: native.revoke_refresh_token(app_id, token)


def _importing(native: bridge.TokenService, lines: str) -> Callable[[], Awaitable[int]]:
    return lambda: native.import_json_lines(lines)


def _verifying(
    native: bridge.TokenService, token: str, audience: str | None
) -> Callable[[], bridge.AccessClaims]:
    return lambda: native.verify_access_token(token, audience)


def _told(
    native: bridge.TokenService, app_id: str, token: str
) -> Callable[[], Awaitable[bridge.ActiveToken | None]]:
    return lambda: native.introspect(app_id, token)


def _taken(native: bridge.TokenService, app_id: str, token: str) -> Callable[[], Awaitable[str]]:
    return lambda: native.revoke_token(app_id, token)


def _at_once(call: Callable[[], T]) -> T:
    process.check()
    try:
        return call()
    except Exception as error:
        failed = admin_error(error)
    raise failed


async def _settled(call: Callable[[], Awaitable[T]]) -> T:
    process.check()
    blocking.check()
    try:
        return await call()
    except Exception as error:
        failed = admin_error(error)
    raise failed
