"""Something else came of a case than it says."""


class Mismatch(Exception):
    """Step 0 is the case as a whole."""

    def __init__(self, name, step, what):
        super().__init__(f'case "{name}", step {step}: {what}')


def same(actual, expected, what):
    if actual != expected:
        raise AssertionError(f"{what}: {actual!r}, not {expected!r}")
