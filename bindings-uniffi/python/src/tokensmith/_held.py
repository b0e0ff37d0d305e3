"""What a process holds of the core by a handle."""

from __future__ import annotations

from typing import NoReturn


class Held:
    """Can be neither copied nor pickled: a copy would let go of the same thing twice, and another
    process has nothing at that place."""

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} can be neither copied nor pickled")
