"""Ends while a thread that nobody waits for makes calls, in the midst of anything: daemon.py HOW FOLDER"""

import asyncio
import random
import sys
import threading
import time
from datetime import timedelta

from tokensmith import TokenError, TokenService, TokenSet

how = sys.argv[1]
begun = threading.Event()
LIMITS = {"source": False, "client": False, "client_at_source": False}


async def authenticator(_):
    await asyncio.sleep(random.random() / 500)
    return TokenSet(access_token="a", expires_in=timedelta(hours=1), refresh_token="r")


async def for_ever(call):
    while True:
        try:
            await call()
        except TokenError:
            pass


async def host():
    config = {
        "authenticator": {"kind": "host"},
        "limits": LIMITS,
        "deadline_ms": 1 if how == "late" else 5_000,
    }
    service = await TokenService.create(
        config, authenticator=authenticator, observer=lambda _: None
    )
    begun.set()
    await asyncio.gather(*(for_ever(lambda: service.issue("app", "secret")) for _ in range(32)))


async def issuer(folder):
    config = {"store": {"path": f"{folder}/store.db"}, "limits": LIMITS}
    service = await TokenService.create(config)
    app = await service.admin.create_app("billing")
    begun.set()
    await asyncio.gather(
        *(for_ever(lambda: service.admin.create_app("another")) for _ in range(4)),
        *(for_ever(lambda: service.issue(app.id, app.secret)) for _ in range(4)),
    )


main = issuer(sys.argv[2]) if how == "issuer" else host()
threading.Thread(target=asyncio.run, args=(main,), daemon=True).start()
begun.wait()
time.sleep(random.random() / 20)
print("last line", flush=True)
