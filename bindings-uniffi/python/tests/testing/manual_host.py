"""The facade on a clock that the tests move. Only the build with `testing` has such a clock."""

from contextlib import contextmanager

from tokensmith import Limiter, TokenService
from tokensmith._bridge import _bridge as bridge

assert hasattr(bridge, "ManualHost"), "the package must be the one laid over with `testing`"


@contextmanager
def in_place_of(name, make):
    """Has the facade find another function of the bridge, as long as the block lasts."""
    own = getattr(bridge, name)
    setattr(bridge, name, make)
    try:
        yield
    finally:
        setattr(bridge, name, own)


async def create_with(make, config, **options):
    """`TokenService.create` with the service of `make` in place of the bridge's own."""
    with in_place_of("create_service", make):
        return await TokenService.create(config, **options)


async def create_on(host, config, **options):
    """A service on the clock and the timer of this host."""
    return await create_with(host.create_service, config, **options)


def create_limiter_on(host, *arguments, **options):
    """A `Limiter` on the clock of this host."""
    own = bridge.Limiter

    def make(*numbers):
        with in_place_of("Limiter", own):  # which the bridge itself makes one of
            return host.create_limiter(*numbers)

    with in_place_of("Limiter", make):
        return Limiter(*arguments, **options)
