"""Parts whose bytes no checksum vouches for."""

from collections.abc import Iterable, Sequence

from compliance.runs import Part

_WORDS = (
    "unverified: Google did not confirm the CRC32C of what was uploaded or downloaded. "
    "Check whether a proxy removes x-goog-hash from its answers."
)


def count_unverified(parts: Iterable[Part]) -> int:
    """Return how many parts are complete without a checksum of their upload or their results."""
    return sum(part["status"] == "complete" and "unverified" in part for part in parts)


def with_unverified(warnings: Sequence[str], unverified: int, parts: int) -> list[str]:
    """Return a run's warnings with the one about its unverified parts, in place of an earlier one."""
    others = [warning for warning in warnings if not warning.endswith(_WORDS)]
    return [*others, f"{unverified} of {parts} parts {'is' if unverified == 1 else 'are'} {_WORDS}"]
