"""The threads of the core, and the two ends at which a process and they must agree.

A fork leaves them behind: a child has none of the threads by which deadlines pass and stores are
written, so nothing that was made before it can be used in it.

The interpreter ends threads that come to it while it ends itself, and up to Python 3.13 it does so
by unwinding them, which the core cannot survive: the process would abort. One that tells a loop of a
call's end may still be on its way out when the loop, and then the script, has ended.
"""

from __future__ import annotations

import atexit
import inspect
import os
import sys
import threading
import time
import weakref
from types import FrameType

from ._bridge import _bridge as bridge

_natives: weakref.WeakSet[bridge.TokenService] = weakref.WeakSet()
_began = False
_is_orphan = False


def begin() -> None:
    """From here on the process has threads of ours."""
    global _began
    check()
    _began = True


def keep(native: bridge.TokenService) -> None:
    _natives.add(native)


def check(call: object = None) -> None:
    """Raises in a child of a process that has had a service."""
    if not _is_orphan:
        return
    if inspect.iscoroutine(call):
        call.close()
    raise RuntimeError("tokensmith was in use before the fork: create the service after it")


def is_orphan() -> bool:
    return _is_orphan


def _after_fork_in_child() -> None:
    global _is_orphan
    _is_orphan = _began
    for native in _natives:
        # To free it would be to take locks that a thread of the parent's may have held at the fork.
        native._handle = None


def _let_go() -> None:
    """Waits until no thread of the core is in Python, or will be for a call that still waits. A call
    that nobody can wait for any more, as on a closed loop, is not waited for long."""
    end = time.monotonic() + _LONGEST
    while not _is_orphan and _is_under_way() and time.monotonic() < end:
        time.sleep(0.001)  # in which they have the interpreter


_LONGEST = 0.2


def _is_under_way() -> bool:
    me = threading.get_ident()
    frames = [frame for thread, frame in sys._current_frames().items() if thread != me]
    return len(bridge._UniffiContinuationHandleMap) > 0 or any(map(_is_of_the_bridge, frames))


def _is_of_the_bridge(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename == bridge.__file__:
            return True
        frame = frame.f_back
    return False


# Early, so that what the host has registered runs before it.
atexit.register(_let_go)

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
