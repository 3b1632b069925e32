"""A function that crashes in a test has met a mistake of ours, or a fake that was not kept to."""

from collections.abc import Iterator
from contextlib import contextmanager

from adapters.crashes import CRASHED
from compliance.errors import StepFailed


@contextmanager
def crashes_shown() -> Iterator[None]:
    """Lets a test fail with the exception itself, of which a function tells nothing but the kind and the place."""
    try:
        yield
    except StepFailed as failure:
        if str(failure).startswith(CRASHED) and failure.__context__:
            raise failure.__context__ from None
        raise
