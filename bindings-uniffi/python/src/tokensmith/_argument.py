"""The arguments of a host. An error names the parameter alone: what was passed may be a secret, and
Python's own errors quote it. Each is raised outside an `except`, for it would carry those along."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any


# What the core takes. It refuses what is longer.
MOST_OF_A_BODY = 8_192
MOST_OF_A_REFRESH = 24_576
MOST_OF_A_TOKEN = 16_384
MOST_OF_A_SOURCE = 128


def text(name: str, value: object) -> str:
    """A string that is whole Unicode: no other can cross the border."""
    if not isinstance(value, str):
        raise TypeError(f"`{name}` must be a str")
    encoded(name, value)
    return str.__str__(value)


def optional_text(name: str, value: object) -> str | None:
    return None if value is None else text(name, value)


def optional_texts(name: str, value: object) -> list[str] | None:
    """Several such strings, or nothing. One alone would be read letter by letter, so it is refused."""
    if value is None:
        return None
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise TypeError(f"`{name}` must be a sequence of str")
    return [text(name, one) for one in value]


def beginning(value: Any, most: int) -> Any:
    """What is longer than the core takes is refused as well by one more than that: the rest of it is
    not copied."""
    return value[: most + 1] if len(value) > most else value


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


def source(value: object) -> str | None:
    """The core judges it."""
    if isinstance(value, str):
        value = beginning(value, MOST_OF_A_SOURCE)
    return optional_text("source", value)


def token(name: str, value: object) -> str:
    """A refresh token. The core judges it."""
    if isinstance(value, str):
        value = beginning(value, MOST_OF_A_TOKEN)
    return text(name, value)


def data(name: str, value: object, most: int) -> bytes:
    """Bytes, as the bridge takes them: no other kind of them."""
    if not isinstance(value, (bytes, bytearray)):
        raise TypeError(f"`{name}` must be bytes or a bytearray")
    return bytes(beginning(value, most))


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
    """A time of the very type: one of a host's may answer otherwise."""
    if not isinstance(value, timedelta):
        raise TypeError(f"`{name}` must be a timedelta")
    time = timedelta.__pos__(value)
    if time < timedelta(0):
        raise ValueError(f"`{name}` must not be negative")
    return time


def optional_wait(name: str, value: object) -> timedelta | None:
    return None if value is None else wait(name, value)


def config(value: object) -> str:
    """A configuration as JSON."""
    return mapping("config", value)


def optional_json(name: str, value: object) -> str | None:
    return None if value is None else mapping(name, value)


def mapping(name: str, value: object) -> str:
    """A mapping as JSON. What `json` says of what it cannot write quotes it."""
    written = _json(value) if isinstance(value, Mapping) else None
    if written is None:
        raise TypeError(f"`{name}` must be a mapping that can be written as JSON")
    return written


def _json(value: Mapping[Any, Any]) -> str | None:
    try:
        return json.dumps(dict(value), allow_nan=False, default=_plain)
    except Exception:
        return None


def _plain(value: object) -> str:
    """A path is a text."""
    if isinstance(value, os.PathLike) and isinstance(path := os.fspath(value), str):
        return path
    raise TypeError


def optional_function(name: str, value: object) -> None:
    if value is not None:
        function(name, value)


def function(name: str, value: object) -> None:
    """Something to call that is done when it returns: nobody would await it."""
    if not callable(value) or is_asynchronous(value):
        raise TypeError(f"`{name}` must be a function, and no coroutine function")
    if not takes_one(value):
        raise TypeError(f"`{name}` must be a function of one argument")


def is_asynchronous(value: object) -> bool:
    """Whether a call of it gives a coroutine."""
    return inspect.iscoroutinefunction(value) or inspect.iscoroutinefunction(
        getattr(value, "__call__", None)
    )


def takes_one(value: Callable[..., object]) -> bool:
    """Whether it can be called with one argument. A method of a class in place of an object's cannot."""
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return True  # one that does not tell
    try:
        signature.bind(None)
    except TypeError:
        return False
    return True
