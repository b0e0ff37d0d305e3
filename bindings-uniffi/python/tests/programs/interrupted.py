"""The authenticator or the observer is interrupted, as by Ctrl-C, or asks for the end."""

import asyncio
import signal
import sys

from tokensmith import TokenService

how = sys.argv[1]
# A shell lets what it starts in the background ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)


async def authenticator(_):
    if how == "exit":
        sys.exit(7)
    raise KeyboardInterrupt if how == "interrupt" else ValueError


def observer(_):
    if how == "observer":
        raise KeyboardInterrupt


async def main():
    config = {"authenticator": {"kind": "host"}}
    service = await TokenService.create(config, authenticator=authenticator, observer=observer)
    try:
        await service.issue("app", "secret", "192.0.2.1")
    except Exception:
        # The interrupt of an observer comes as any other does.
        await asyncio.sleep(10)


try:
    asyncio.run(main())
except KeyboardInterrupt:
    print("ended", flush=True)
    sys.exit(130)
except SystemExit:
    print("ended", flush=True)
    raise
