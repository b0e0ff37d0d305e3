"""What the bridge leaves undone where a call ends before its authenticator does: an answer that comes
too late has nobody to free it, and the tokens in it would stay for good."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._bridge import _bridge as bridge

_ask = bridge._uniffi_trait_interface_call_async_with_error


def repair() -> None:
    """The generated functions find each other by these names."""
    bridge._uniffi_trait_interface_call_async_with_error = _ask_in_time


def _ask_in_time(
    make_call: Callable[[], Any],
    out: Any,
    succeed: Callable[[Any], None],
    fail: Callable[[int, bridge._UniffiRustBuffer], None],
    *more: Any,
) -> None:
    """Whether the call still waits, its handle says, which goes with it. All is in the thread of the
    call's loop, so none goes meanwhile."""

    def is_late() -> bool:
        return handle not in bridge._UNIFFI_FOREIGN_FUTURE_HANDLE_MAP._map

    def in_time(tokens: Any) -> None:
        let_go() if is_late() else succeed(tokens)

    def fail_in_time(code: int, buffer: bridge._UniffiRustBuffer) -> None:
        if is_late():
            buffer.free()
            let_go()
        else:
            fail(code, buffer)

    def let_go() -> None:
        fail(bridge._UniffiRustCallStatus.CALL_UNEXPECTED_ERROR, bridge._UniffiRustBuffer.default())

    _ask(make_call, out, in_time, fail_in_time, *more)
    handle = out[0].handle
