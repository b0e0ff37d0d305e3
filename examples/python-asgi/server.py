"""Serves `POST /token` beside an application of its own: python server.py"""

import asyncio
import json
import os
import socket

import uvicorn
from tokensmith import TokenService, asgi_app

CONFIG = {"store": {"path": "tokensmith-data/tokensmith.db"}}


def application(service):
    """The token endpoint at its path, and whatever else you serve at the others."""
    token = asgi_app(service)

    async def app(scope, receive, send):
        if scope["type"] == "lifespan" or scope["path"] == "/token":
            await token(scope, receive, send)
        elif scope["path"] == "/.well-known/jwks.json":
            await answer(send, 200, "application/json", service.admin.jwks())
        else:
            await answer(send, 404, "text/plain; charset=utf-8", "Not found.")

    return app


async def answer(send, status, content_type, text):
    headers = [(b"content-type", content_type.encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


async def main():
    with await TokenService.create(CONFIG) as service:
        app = await service.admin.create_app("demo")  # the secret is shown this once
        listener = socket.create_server(("127.0.0.1", int(os.environ.get("PORT", "8080"))))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/token"
        body = json.dumps({"appClientId": app.id, "appSecret": app.secret})
        print(f"curl -s -H 'content-type: application/json' -d '{body}' {url}", flush=True)
        # Behind a proxy give `asgi_app` a `source`: no header of the client's own is believed here.
        config = uvicorn.Config(application(service), log_level="warning", proxy_headers=False)
        await uvicorn.Server(config).serve(sockets=[listener])


asyncio.run(main())
