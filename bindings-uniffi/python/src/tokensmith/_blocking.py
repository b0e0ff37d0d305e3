"""With an event loop, and without one."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(call: Coroutine[Any, Any, T]) -> T:
    """The call's outcome, on a loop of its own. Within a running one it would stop all that runs
    there, so it is refused. The call comes as a coroutine, since arguments would be locals here, for
    whatever prints those of a traceback to find."""
    if is_within_a_loop():
        call.close()
        raise RuntimeError("within a running event loop, await the call without `_sync`")
    return asyncio.run(call)


def check() -> None:
    """Raises where a coroutine is driven by something else than asyncio: nothing would wake it."""
    if not is_within_a_loop():
        raise RuntimeError("tokensmith needs a running event loop of asyncio")


def is_within_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
