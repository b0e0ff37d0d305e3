"""What a user's type checker makes of the package: mypy --strict must find nothing here but what is
marked, and must find that."""

import asyncio
from datetime import datetime, timedelta
from typing import Literal

from tokensmith import (
    AccessClaims,
    Acquired,
    ActiveToken,
    Admin,
    AppPolicy,
    Authenticator,
    AuthRequest,
    ConfigError,
    CreatedSecret,
    InvalidAccessTokenError,
    KeySummary,
    Limiter,
    RateLimitedError,
    RejectedError,
    SecretSummary,
    ThrottledError,
    TokenError,
    TokenEvent,
    TokenRequest,
    TokenResponse,
    TokenService,
    TokenSet,
    asgi_app,
)


async def function(request: AuthRequest) -> TokenSet:
    if request.budget is not None and request.budget < timedelta(milliseconds=10):
        raise ThrottledError(timedelta(seconds=1))
    if request.app_secret != "secret":
        raise RejectedError
    return TokenSet(access_token="a", expires_in=timedelta(hours=1), refresh_token=None)


class Judge:
    async def authenticate(self, asked: AuthRequest) -> TokenSet:
        return await function(asked)


def observer(event: TokenEvent) -> None:
    health = event.health
    if health is not None:
        print(event.name, health.overflows + health.repaired)


async def main() -> None:
    judge: Authenticator = Judge()
    config = {"authenticator": {"kind": "host"}, "deadline_ms": 50}
    await TokenService.create(config, authenticator=function)
    with await TokenService.create(config, authenticator=judge, observer=observer) as service:
        request = TokenRequest(body=b"{}", content_type="application/json", source=None)
        response: TokenResponse = await service.handle(request)
        status: int = response.status
        headers: dict[str, str] = response.headers
        print(status, headers, len(response.body))
        try:
            tokens: TokenSet = await service.issue("app", bytearray(b"secret"), source="192.0.2.1")
            life: timedelta = tokens.expires_in
            refresh: str | None = tokens.refresh_token
            print(life, refresh)
        except RateLimitedError as error:
            wait: timedelta | None = error.retry_after
            print(wait)
        except ConfigError as error:
            print(error.key)
        except TokenError as error:
            code: str = error.code
            print(code, error.status)
        if service.admin is not None:
            created: list[datetime] = [app.created for app in await service.admin.list_apps()]
            print(created, service.admin.jwks().upper())
            await administer(service, service.admin)
        acquired: Acquired = Limiter(60, 10, slots=16).try_acquire("key", cost=2)
        print(acquired.allowed, service.in_flight + 1)
        route = "/token/refresh" if service.can_refresh else None
        app = asgi_app(service, refresh_path=route, source=lambda scope: str(scope["client"][0]))
        await app({}, receive, send)


async def administer(service: TokenService, admin: Admin) -> None:
    made: CreatedSecret = await admin.rotate_secret("app", overlap=timedelta(hours=1))
    secrets: list[SecretSummary] = await admin.list_secrets("app")
    ends: list[datetime | None] = [secret.expires or secret.last_used for secret in secrets]
    await admin.revoke_secret(made.id)
    tokens: TokenSet = await service.refresh("app", bytearray(b"secret"), "token", source=None)
    response: TokenResponse = await service.handle_refresh(TokenRequest(body=b"{}"))
    await admin.revoke_refresh_token("app", tokens.refresh_token or "")
    forgotten: int = await admin.purge_refresh_tokens()
    print(ends, response.status, forgotten)
    await admin.delete_app("app")
    key: KeySummary = await admin.rotate_key(algorithm="EdDSA")
    await admin.rotate_key(algorithm=key.algorithm)
    signing: list[KeySummary] = [key for key in await admin.list_keys() if key.state == "active"]
    await admin.revoke_key(signing[0].kid)
    try:
        claims: AccessClaims = admin.verify_access_token(tokens.access_token)
        life: timedelta = claims.expires - claims.issued
        admin.verify_access_token(tokens.access_token, audience="https://api.example")
        print(claims.audience, claims.scope, claims.claims.get("tenant"))
        print(life, claims.app_client_id + claims.subject + claims.token_id)
    except InvalidAccessTokenError as error:
        print(error.code, error.reason)
    await admin.set_app_policy("app", AppPolicy(audience=("a", "b"), claims={"a": 1}, token_life=timedelta(hours=1)))
    policy: AppPolicy = await admin.app_policy("app")
    told: ActiveToken | None = await admin.introspect("app", "token")
    revoked: Literal["done", "unsupported"] = await admin.revoke_token("app", "token")
    imported: int = await admin.import_json_lines("")
    print(imported, policy.scope, told is not None and told.kind == "access", revoked)


async def receive() -> dict[str, object]:
    return {}


async def send(message: object) -> None:
    print(message)


def plain(request: AuthRequest) -> TokenSet:
    raise NotImplementedError


async def wrong(service: TokenService) -> None:
    await TokenService.create({}, authenticator=plain)  # type: ignore[arg-type]
    await service.issue("app", 7)  # type: ignore[arg-type]
    await service.handle(b"{}")  # type: ignore[arg-type]
    service.admin.jwks()  # type: ignore[union-attr]
    if service.admin is not None:
        await service.admin.rotate_key(algorithm="HS256")  # type: ignore[arg-type]
        await service.admin.set_app_policy("app", {"scope": "a"})  # type: ignore[arg-type]
        service.admin.verify_access_token(b"token")  # type: ignore[arg-type]
    TokenSet("a", timedelta(1))  # type: ignore[call-arg]
    await service.refresh("app", "secret", b"token")  # type: ignore[arg-type]
    Limiter("60", 10)  # type: ignore[arg-type]


asyncio.run(main())
