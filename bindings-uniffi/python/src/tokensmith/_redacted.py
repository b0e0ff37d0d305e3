"""What keeps a value out of logs."""


class Redacted:
    """Prints no field, wherever it is nested: `print`, a log and a debugger ask for `repr`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}([REDACTED])"
