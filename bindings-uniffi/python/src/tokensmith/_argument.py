"""The arguments of a host. An error names the parameter alone: what was passed may be a secret, and
Python's own errors quote it. Each is raised outside an `except`, for it would carry those along."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any


def text(name: str, value: object) -> str:
    """A string that is whole Unicode: no other can cross the border."""
    if not isinstance(value, str):
        raise TypeError(f"`{name}` must be a str")
    encoded(name, value)
    return str.__str__(value)


def optional_text(name: str, value: object) -> str | None:
    return None if value is None else text(name, value)


def encoded(name: str, value: str) -> bytes:
    """Its bytes in UTF-8."""
    utf8 = _utf8(value)
    if utf8 is None:
        raise ValueError(f"`{name}` must be well-formed Unicode")
    return utf8


def _utf8(value: str) -> bytes | None:
    try:
        return str.encode(value, "utf-8")
    except UnicodeEncodeError:
        return None


def data(name: str, value: object) -> bytes:
    """Bytes, as the bridge takes them: no other kind of them."""
    if not isinstance(value, (bytes, bytearray)):
        raise TypeError(f"`{name}` must be bytes or a bytearray")
    return bytes(value)


def secret(name: str, value: object) -> bytes:
    """A secret as bytes."""
    if isinstance(value, str):
        return encoded(name, value)
    if not isinstance(value, (bytes, bytearray)):
        raise TypeError(f"`{name}` must be a str, bytes or a bytearray")
    return bytes(value)


def number(name: str, value: object) -> int:
    """A whole number. The core judges it, and would not see one that is wider than it has room for."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"`{name}` must be an int")
    return max(-1, min(int(value), 2**32))


def wait(name: str, value: object) -> timedelta:
    if not isinstance(value, timedelta):
        raise TypeError(f"`{name}` must be a timedelta")
    if value < timedelta(0):
        raise ValueError(f"`{name}` must not be negative")
    return value


def config(value: object) -> str:
    """A configuration as JSON. What `json` says of what it cannot write quotes it."""
    written = _json(value) if isinstance(value, Mapping) else None
    if written is None:
        raise TypeError("`config` must be a mapping that can be written as JSON")
    return written


def _json(value: Mapping[Any, Any]) -> str | None:
    try:
        return json.dumps(dict(value), allow_nan=False)
    except Exception:
        return None


def optional_function(name: str, value: object) -> None:
    if value is not None:
        function(name, value)


def function(name: str, value: object) -> None:
    """Something to call that is done when it returns: nobody would await it."""
    if not callable(value) or is_asynchronous(value):
        raise TypeError(f"`{name}` must be a function, and no coroutine function")


def is_asynchronous(value: object) -> bool:
    """Whether a call of it gives a coroutine."""
    return inspect.iscoroutinefunction(value) or inspect.iscoroutinefunction(
        getattr(value, "__call__", None)
    )
