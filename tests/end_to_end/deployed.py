"""A sandbox for the tests of one generation, which must leave no process behind."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.end_to_end.driver import Deployment
from tests.end_to_end.processes import alive, descendants
from xcompliance.sandbox.sandbox import Options, sandbox


@contextmanager
def deployed(options: Options) -> Iterator[Deployment]:
    """Starts a sandbox and ends it; fails when one of its processes outlives it."""
    others = descendants()
    with sandbox(options) as box:
        deployment = Deployment(box)
        deployment.listen()
        yield deployment
        started = descendants() - others
        assert started, "a running sandbox must have processes"
    assert alive(started) == set(), "the sandbox has ended, but these processes of it have not"
