"""What the bridge leaves undone where a call ends in another way than by its answer. An answer that
comes too late, on either side, has nobody to free it, and the tokens in it would stay for good."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from . import _process as process
from ._bridge import _bridge as bridge

_ask = bridge._uniffi_trait_interface_call_async_with_error
_calls = bridge._UniffiContinuationHandleMap
_questions = bridge._UNIFFI_FOREIGN_FUTURE_HANDLE_MAP


def repair() -> None:
    """The generated functions find each other by these names."""
    bridge._uniffi_trait_interface_call_async_with_error = _ask_in_time
    bridge._uniffi_rust_call_async = _call
    bridge._uniffi_future_dropped_callback = _dropped
    for held in (
        _calls,
        _questions,
        bridge._UniffiFfiConverterTypeAuthenticator._handle_map,
        bridge._UniffiFfiConverterTypeObserver._handle_map,
    ):
        # The garbage may be collected while a thread has the lock, and a service be in it, whose end
        # takes the lock again.
        held._lock = threading.RLock()


async def _call(
    rust_future: Any,
    poll: Callable[..., None],
    complete: Callable[..., Any],
    free: Callable[..., None],
    lift: Callable[[Any], Any],
    errors: Any,
) -> Any:
    """Awaits a call of the core. One that is cancelled may have been answered meanwhile: that is
    fetched then, and thrown away."""

    def fetch() -> Any:
        return lift(bridge._uniffi_rust_call_with_error(errors, complete, rust_future))

    is_answered = False
    try:
        loop = asyncio.get_running_loop()
        while not is_answered:
            waiting = loop.create_future()
            process.pause_at_the_end()
            poll(rust_future, _woken, _calls.insert((loop, waiting)))
            is_answered = await waiting == bridge._UNIFFI_RUST_FUTURE_POLL_READY
        return fetch()
    finally:
        if not is_answered:
            _thrown_away(fetch)
        free(rust_future)


def _thrown_away(fetch: Callable[[], Any]) -> None:
    try:
        fetch()
    except Exception:
        pass  # there was none, or it was an error


@bridge._UNIFFI_RUST_FUTURE_CONTINUATION_CALLBACK  # type: ignore[untyped-decorator]
def _woken(handle: int, code: int) -> None:
    loop, waiting = _calls.remove(handle)
    try:
        loop.call_soon_threadsafe(bridge._uniffi_set_future_result, waiting, code)
    except RuntimeError:
        pass  # the loop is closed: nobody awaits the call


@bridge._UNIFFI_FOREIGN_FUTURE_DROPPED_CALLBACK  # type: ignore[untyped-decorator]
def _dropped(handle: int) -> None:
    """The core asks no more. Garbage is collected on any thread."""
    loop, question = _questions.remove(handle)
    if question.done():
        return
    try:
        loop.call_soon_threadsafe(bridge._uniffi_cancel_task, question)
    except RuntimeError:
        pass  # the loop is closed, and nothing runs on it


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
        return handle not in _questions._map

    def in_time(tokens: Any) -> None:
        process.pause_at_the_end()
        let_go() if is_late() else succeed(tokens)

    def fail_in_time(code: int, buffer: bridge._UniffiRustBuffer) -> None:
        process.pause_at_the_end()
        if is_late():
            buffer.free()
            let_go()
        else:
            fail(code, buffer)

    def let_go() -> None:
        fail(bridge._UniffiRustCallStatus.CALL_UNEXPECTED_ERROR, bridge._UniffiRustBuffer.default())

    _ask(make_call, out, in_time, fail_in_time, *more)
    handle = out[0].handle
