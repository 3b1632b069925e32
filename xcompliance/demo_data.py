"""Files of IDs like those that people have: mostly clean, with the dirt that exports leave in them."""

import random
from collections.abc import Iterator
from pathlib import Path

_SNOWFLAKE_EPOCH_MS = 1_288_834_974_657
_FIRST_MS = 1_420_070_400_000  # 2015
_LAST_MS = 1_760_000_000_000


def write_demo_file(file: Path, ids: int, seed: int) -> None:
    """Writes ``ids`` different snowflake-like IDs, with a byte-order mark and, among them, dirty lines.

    About one line in 100 is quoted, one ends with CRLF, one in 200 is a duplicate, one in 500 blank, and one in 1000 no
    ID at all. The same seed gives the same file.
    """
    source = random.Random(seed)  # noqa: S311 -- a demo needs no secrecy
    with file.open("w", newline="") as lines:
        lines.write("\ufeff")
        lines.writelines(_lines(source, ids))


def _lines(source: random.Random, ids: int) -> Iterator[str]:
    seen: list[int] = []
    step = (_LAST_MS - _FIRST_MS) / ids
    for index in range(ids):
        milliseconds = int(_FIRST_MS + step * index + source.random() * step * 0.9) - _SNOWFLAKE_EPOCH_MS
        number = milliseconds << 22 | source.getrandbits(22)
        seen.append(number)
        chance = source.random()
        if chance < 0.01:
            yield f'"{number}"\n'
        elif chance < 0.02:
            yield f"{number}\r\n"
        else:
            yield f"{number}\n"
        if chance > 0.995:
            yield f"{source.choice(seen)}\n"
        elif chance > 0.993:
            yield "\n"
        elif chance > 0.992:
            yield source.choice(["id\n", "n/a\n", f"{number}.0\n", f"https://x.com/i/status/{number}\n", "-1\n"])
