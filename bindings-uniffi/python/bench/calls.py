"""What a call costs, by the installed package: python3 calls.py [ROUNDS]

Microseconds, the median of the rounds and their least and greatest. The rows take turns, so that what
else the machine has to do falls on all of them.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from datetime import timedelta

from tokensmith import Limiter, TokenRequest, TokenService, TokenSet

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 30
CALLS = 200
AT_ONCE = 64
LIMITS = {"source": False, "client": False, "client_at_source": False}
TOKENS = TokenSet(access_token="a", expires_in=timedelta(hours=1), refresh_token="r")
SOURCE = "192.0.2.1"


async def authenticator(_):
    return TOKENS


async def one_by_one(call):
    for _ in range(CALLS):
        await call()


async def at_once(call):
    for _ in range(CALLS // AT_ONCE):
        await asyncio.gather(*(call() for _ in range(AT_ONCE)))


async def measured(work, call, calls):
    began = time.perf_counter()
    await work(call)
    return (time.perf_counter() - began) * 1e6 / calls


async def rows(host, issuer):
    app = await issuer.admin.create_app("bench")
    body = b'{"appClientId":"app","appSecret":"secret"}'
    request = TokenRequest(body=body, content_type="application/json", source=SOURCE)
    limiter = Limiter(10**7, 10**7)

    async def no_op():
        host.in_flight

    async def acquire():
        limiter.try_acquire("key")

    async def host_issue():
        await host.issue("app", "secret", SOURCE)

    async def handle():
        await host.handle(request)

    async def own_issue():
        await issuer.issue(app.id, app.secret, SOURCE)

    calls = CALLS // AT_ONCE * AT_ONCE
    return {
        "`in_flight`, which does nothing": (one_by_one, no_op, CALLS),
        "`Limiter.try_acquire`": (one_by_one, acquire, CALLS),
        "`issue`, a host's authenticator": (one_by_one, host_issue, CALLS),
        "`handle`, a host's authenticator": (one_by_one, handle, CALLS),
        "`issue`, the embedded issuer": (one_by_one, own_issue, CALLS),
        f"`issue`, a host's authenticator, {AT_ONCE} at once": (at_once, host_issue, calls),
        f"`issue`, the embedded issuer, {AT_ONCE} at once": (at_once, own_issue, calls),
    }


def blocking(host):
    began = time.perf_counter()
    for _ in range(CALLS):
        host.issue_sync("app", "secret", SOURCE)
    return (time.perf_counter() - began) * 1e6 / CALLS


async def in_turns(host, issuer):
    figures = {}
    for name, (work, call, calls) in (await rows(host, issuer)).items():
        figures[name] = (work, call, calls, [])
        await work(call)
    for _ in range(ROUNDS):
        for work, call, calls, taken in figures.values():
            taken.append(await measured(work, call, calls))
    return {name: taken for name, (*_, taken) in figures.items()}


def main():
    with tempfile.TemporaryDirectory() as folder:
        config = {"authenticator": {"kind": "host"}, "limits": LIMITS, "max_in_flight": AT_ONCE}
        host = TokenService.create_sync(config, authenticator=authenticator)
        store = {"path": f"{folder}/store.db"}
        issuer = TokenService.create_sync({"store": store, "limits": LIMITS, "max_in_flight": AT_ONCE})
        figures = asyncio.run(in_turns(host, issuer))
        figures["`issue_sync`, a host's authenticator"] = [blocking(host) for _ in range(ROUNDS)]
        host.close()
        issuer.close()
    print("| call | µs, median | least | greatest |\n|---|---:|---:|---:|")
    for name, taken in figures.items():
        shown = (statistics.median(taken), min(taken), max(taken))
        print(f"| {name} |", " | ".join(f"{figure:,.1f}" for figure in shown), "|")


main()
