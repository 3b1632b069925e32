"""Our core by itself: lists in, their IDs out. Arguments: TARGET LIST...

Each list replaces the one before in the target.
"""

import sys
from pathlib import Path

from compliance.ids import Reject
from compliance.normalizer import Normalizer

_BLOCK = 1 << 20


def main() -> None:
    """Normalizes each list."""
    target, *lists = map(Path, sys.argv[1:])
    rejects: list[Reject] = []
    for path in lists:
        normalizer = Normalizer(rejects.append)
        with path.open("rb") as source, target.open("wb") as out:
            for lines, _ in normalizer.normalize(iter(lambda file=source: file.read(_BLOCK), b"")):  # type: ignore[misc]
                out.write(lines.text)


if __name__ == "__main__":
    main()
