"""Ends in one of several ways, with the service in some state."""

import asyncio
import sys
import threading
from datetime import timedelta

from tokensmith import TokenService, TokenSet

how = sys.argv[1]
kept = []


async def authenticator(_):
    if how == "pending":
        await asyncio.sleep(100)
    return TokenSet(access_token="a", expires_in=timedelta(hours=1), refresh_token="r")


async def main():
    service = await create(TokenService.create)
    call = asyncio.ensure_future(service.issue("app", "secret", "192.0.2.1"))
    await (asyncio.sleep(0.02) if how == "pending" else call)
    if how == "closed":
        service.close()
    if how == "kept":
        kept.append(service)
    print("last line", flush=True)
    if how == "raise":
        raise ValueError
    if how == "exit":
        sys.exit(7)


def create(make):
    config = {"authenticator": {"kind": "host"}}
    return make(config, authenticator=authenticator, observer=lambda _: None)


if how == "thread":
    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    thread.join()
elif how == "sync":
    create(TokenService.create_sync).issue_sync("app", "secret", "192.0.2.1")
    print("last line", flush=True)
else:
    asyncio.run(main())
