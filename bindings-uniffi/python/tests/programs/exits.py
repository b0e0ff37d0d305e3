"""Ends in one of several ways, with the service in some state."""

import asyncio
import atexit
import sys
import threading
from datetime import timedelta

how = sys.argv[1]
kept = []


def after_the_package():
    for service in kept if how == "handler" else ():
        try:
            service.issue_sync("app", "secret")
        except RuntimeError as error:
            print(error)
        service.close()


# What is registered first is called last.
atexit.register(after_the_package)

from tokensmith import TokenService, TokenSet  # noqa: E402


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
    if how in ("kept", "handler"):
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
