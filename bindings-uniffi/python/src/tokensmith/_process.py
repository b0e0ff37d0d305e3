"""The threads of the core, and the two ends at which a process and they must agree.

A fork leaves them behind: a child has none of the threads by which deadlines pass and stores are
written, so nothing that was made before it can be used in it.

The interpreter ends threads that come to it while it ends itself, and up to Python 3.13 it does so
by unwinding them, which the core cannot survive: the process would abort. So no thread, be it the
core's or one of the host's that nobody waits for, may go from the core to Python by then.
"""

from __future__ import annotations

import atexit
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
_ends: int | None = None
"""The thread that ends the interpreter, once it does."""
_paused: set[int] = set()


def begin() -> None:
    """From here on the process has threads of ours."""
    global _began
    check()
    _began = True


def keep(native: bridge.TokenService) -> None:
    _natives.add(native)


def check() -> None:
    """Raises in a child of a process that has had a service, and when the interpreter ends."""
    if _is_orphan:
        raise RuntimeError("tokensmith was in use before the fork: create the service after it")
    pause_at_the_end()
    if _ends is not None:
        raise RuntimeError("the interpreter is ending")


def is_alive() -> bool:
    return not _is_orphan and _ends is None


def pause_at_the_end() -> None:
    """Where the interpreter ends, holds whatever other thread is about to go to the core."""
    me = threading.get_ident()
    if _ends is not None and _ends != me:
        _paused.add(me)
        threading.Event().wait()


def _after_fork_in_child() -> None:
    global _is_orphan
    _is_orphan = _began
    for native in _natives:
        # To free it would be to take locks that a thread of the parent's may have held at the fork.
        native._handle = None


def _let_go() -> None:
    """Lets no thread go to the core any more, waits for those that are there, and then has the core
    do no more work. One that is there for long, in an authenticator that blocks, is not waited for."""
    global _ends
    if _is_orphan or not _began:
        return
    _ends = threading.get_ident()
    end = time.monotonic() + _LONGEST
    while _is_under_way() and time.monotonic() < end:
        time.sleep(0.001)  # in which they have the interpreter
    bridge.stop_work()


_LONGEST = 0.2


def _is_under_way() -> bool:
    others = _paused | {threading.get_ident()}
    frames = [frame for thread, frame in sys._current_frames().items() if thread not in others]
    return any(map(_is_of_the_bridge, frames))


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
