"""So many calls, with random faults, and what memory has grown by afterwards: stress.py CALLS"""

import asyncio
import gc
import random
import sys
from collections import Counter
from datetime import timedelta

from tokensmith import RejectedError, ThrottledError, TokenRequest, TokenService, TokenSet
from tokensmith._bridge import _bridge as bridge

CALLS = int(sys.argv[1])
AT_ONCE = 64
# What a call leaves behind must be less than one small object.
SLACK_KIB = 512 + CALLS // 1000
BODY = b'{"appClientId":"app","appSecret":"secret"}'
# Small tables: what the allocator keeps of those of a former service is not what is looked for.
LIMITS = {"source": False, "client": False, "client_at_source": False, "slots": 1024, "marks": 64}
CONFIG = {"authenticator": {"kind": "host"}, "limits": LIMITS, "deadline_ms": 50}
TOKENS = TokenSet(access_token="a" * 500, expires_in=timedelta(hours=1), refresh_token="r")


async def authenticator(_):
    fault = random.random()
    if fault < 0.1:
        raise RejectedError
    if fault < 0.2:
        raise ThrottledError(timedelta(seconds=1))
    if fault < 0.3:
        raise ValueError
    if fault < 0.35:
        return None
    if fault < 0.37:
        await asyncio.sleep(60)
    if fault < 0.6:
        await asyncio.sleep(0)
    return TOKENS


def create():
    return TokenService.create(CONFIG, authenticator=authenticator, observer=lambda _: None)


async def one(service, outcomes):
    request = TokenRequest(body=BODY, content_type="application/json", source="192.0.2.1")
    task = asyncio.ensure_future(service.handle(request))
    if random.random() < 0.1:
        # At any moment, also as the answer comes.
        for _ in range(random.randrange(12)):
            await asyncio.sleep(0)
        task.cancel()
    try:
        outcomes[str((await task).status)] += 1
    except asyncio.CancelledError:
        outcomes["cancelled"] += 1


async def rounds(calls, outcomes):
    """A service for each few thousand calls: they must be freed as well."""
    while calls > 0:
        some = min(calls, 5_000)
        calls -= some
        service = await create()
        left = iter(range(some))

        async def worker():
            for _ in left:
                await one(service, outcomes)

        await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
        service.close()


def resident_kib():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4


async def main():
    outcomes = Counter()
    await rounds(max(10_000, CALLS // 5), Counter())
    before = resident_kib()
    await rounds(CALLS, outcomes)
    await asyncio.sleep(0.1)
    grown = resident_kib() - before
    print(f"{CALLS} calls:", *(f"{name}={count}" for name, count in sorted(outcomes.items())))
    print(f"memory: {before} KiB before, grown by {grown} KiB, at most {SLACK_KIB} allowed", flush=True)
    kept = [
        len(bridge._UniffiContinuationHandleMap),
        len(bridge._UNIFFI_FOREIGN_FUTURE_HANDLE_MAP),
        len(bridge._UniffiFfiConverterTypeAuthenticator._handle_map),
        len(bridge._UniffiFfiConverterTypeObserver._handle_map),
    ]
    print("kept by the bridge:", kept, flush=True)
    sys.exit(grown > SLACK_KIB or kept != [0, 0, 0, 0])


asyncio.run(main())
