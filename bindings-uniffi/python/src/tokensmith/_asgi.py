"""An ASGI application for `POST /token`, for a server as it is or mounted in another application."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from . import _argument as argument
from . import _blocking as blocking
from ._service import TokenRequest, TokenResponse, TokenService
from ._token_error import ConfigError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

Handle = Callable[[TokenRequest], Awaitable[TokenResponse]]

# Those of an answer, for what the service never sees.
FIELDS = {
    "content-type": "text/plain; charset=utf-8",
    "cache-control": "no-store",
    "pragma": "no-cache",
    "x-content-type-options": "nosniff",
}
NOT_FOUND = TokenResponse(status=404, headers=FIELDS, body=b"Not found.")
NOT_ALLOWED = TokenResponse(
    status=405, headers={**FIELDS, "allow": "POST"}, body=b"Method not allowed."
)


def peer(scope: Scope) -> str | None:
    """The address that the server names as the client's; a socket of the file system has none."""
    client = scope.get("client")
    return client[0] or None if client else None


def asgi_app(
    service: TokenService,
    *,
    path: str = "/token",
    refresh_path: str | None = None,
    source: Callable[[Scope], str | None] = peer,
    request_id: Callable[[Scope], str | None] | None = None,
) -> AsgiApp:
    """An application that answers `POST /token`, 405 to other methods, and 404 to other paths.

    With a `refresh_path`, such as `/token/refresh`, it redeems refresh tokens there; else nowhere. It
    raises a `ConfigError` where the service cannot.

    `source(scope)` says whom to limit: by default the address that the server names as the client's.
    `request_id(scope)` names a request in the events. A call whose client has gone is cancelled. To
    close the service is the host's part.
    """
    if not argument.is_asynchronous(getattr(service, "handle", None)):
        raise TypeError("`service` must be a TokenService")
    routes = _routes(service, path, refresh_path)
    argument.function("source", source)
    argument.optional_function("request_id", request_id)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await _live(receive, send)
        if scope["type"] == "websocket":
            return await _refuse(receive, send)
        if scope["type"] != "http":
            raise RuntimeError("tokensmith answers HTTP alone")
        route = routes.get(_path(scope))
        if route is None:
            return await _answer(send, NOT_FOUND)
        if scope["method"] != "POST":
            return await _answer(send, NOT_ALLOWED)
        blocking.check()
        caller, name = source(scope), request_id(scope) if request_id else None
        handle, most = route
        body = await _body(receive, most)
        if body is None:
            return
        request = TokenRequest(
            body=body, content_type=_content_type(scope), source=caller, request_id=name
        )
        answer = await _unless_gone(handle(request), receive)
        if answer is not None:
            await _answer(send, answer)

    return app


def _routes(
    service: TokenService, path: str, refresh_path: str | None
) -> dict[str, tuple[Handle, int]]:
    """What answers on a path, and how much it takes of a body: a byte more than conforms, since what
    is longer is a 422."""
    routes: dict[str, tuple[Handle, int]] = {
        _absolute("path", path): (service.handle, argument.MOST_OF_A_BODY + 1)
    }
    if refresh_path is not None:
        other = _absolute("refresh_path", refresh_path)
        if other in routes:
            raise ValueError("`refresh_path` must be another than `path`")
        if not service.can_refresh:
            raise ConfigError("`refresh_path` needs a service that redeems refresh tokens")
        routes[other] = (service.handle_refresh, argument.MOST_OF_A_REFRESH + 1)
    return routes


def _absolute(name: str, path: object) -> str:
    text = argument.text(name, path)
    if not text.startswith("/"):
        raise ValueError(f"`{name}` must begin with `/`")
    return text


async def _live(receive: Receive, send: Send) -> None:
    while (await receive())["type"] == "lifespan.startup":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})


async def _refuse(receive: Receive, send: Send) -> None:
    """Any stranger may ask for a WebSocket: no error of the application's, a 403."""
    if (await receive())["type"] == "websocket.connect":
        await send({"type": "websocket.close"})


def _path(scope: Scope) -> str:
    """The path below the place where the application is mounted. Older servers give it without that
    place, and it may begin with the same letters."""
    path, root = str(scope["path"]), str(scope.get("root_path") or "").rstrip("/")
    return path.removeprefix(root) if path.startswith(f"{root}/") else path


def _content_type(scope: Scope) -> str | None:
    """The one `Content-Type` of a request: with two of them nobody knows what it is."""
    values = [value for name, value in scope["headers"] if name.lower() == b"content-type"]
    return bytes(values[0]).decode("latin-1") if len(values) == 1 else None


async def _body(receive: Receive, most: int) -> bytes | None:
    """The body, or its beginning if it is too long; none if the client has gone."""
    body = bytearray()
    while len(body) < most:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")[: most - len(body)]
        if not message.get("more_body", False):
            break
    return bytes(body)


async def _unless_gone(
    call: Awaitable[TokenResponse], receive: Receive
) -> TokenResponse | None:
    """The answer, or none if the client goes before it is there."""
    answering = asyncio.ensure_future(call)
    leaving = asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return answering.result() if answering.done() else None
    finally:
        answering.cancel()
        leaving.cancel()


async def _gone(receive: Receive) -> None:
    try:
        # The rest of a body that was too long may come before.
        while (await receive())["type"] != "http.disconnect":
            pass
    except Exception:
        # What stands between may have nothing more to say. That is no word of the client's.
        await asyncio.Event().wait()


async def _answer(send: Send, answer: TokenResponse) -> None:
    headers = {**answer.headers, "content-length": str(len(answer.body))}
    await send(
        {
            "type": "http.response.start",
            "status": answer.status,
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": answer.body})
