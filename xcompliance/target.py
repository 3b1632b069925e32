"""Which deployment a command speaks to."""

from xcompliance.doctor.subject import Subject
from xcompliance.running_sandbox import find_sandbox
from xcompliance.stack import DEFAULT_PREFIX, Stack


def sandbox() -> Stack | None:
    """The sandbox that is up, if one is."""
    handle = find_sandbox()
    return Stack.of_sandbox(handle) if handle else None


def stack_of(prefix: str | None) -> Stack:
    """The prefix that was asked for; else the sandbox that is up; else the default prefix."""
    handle = find_sandbox() if prefix is None else None
    return Stack.of_account(prefix or DEFAULT_PREFIX) if handle is None else Stack.of_sandbox(handle)


def subject_of(prefix: str | None) -> Subject:
    """The same, to be looked at piece by piece, as any piece of it may be missing."""
    handle = find_sandbox() if prefix is None else None
    return Subject(prefix or DEFAULT_PREFIX) if handle is None else Subject.of_sandbox(handle)
