"""The calls for hosts without an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def run(
    call: Callable[P, Coroutine[Any, Any, T]], /, *args: P.args, **kwargs: P.kwargs
) -> T:
    """The call's outcome, on a loop of its own. Within a running one it would stop all that runs
    there, so it is refused, before the call is made."""
    if _is_within_a_loop():
        raise RuntimeError("within a running event loop, await the call without `_sync`")
    return asyncio.run(call(*args, **kwargs))


def _is_within_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
