"""Lists of IDs as people keep them: one line in a thousand is odd, one in a hundred was there before."""

import json
import random
from dataclasses import asdict, dataclass
from pathlib import Path

import google_crc32c

from benchmarks.dataset import LINE, LINES_PER_BLOCK, clean_block

PART_LINES = 128_000_000 // LINE
"""Lines of a part of 128 MB, X's limit."""

_ODD = (b'"*"\n', b" *\n", b"*\r\n", b"\n", b"not an ID\n")
"""What becomes of a line, where ``*`` is its ID."""


@dataclass(frozen=True)
class Content:
    """Length in bytes and CRC32C."""

    length: int = 0
    crc32c: int = 0

    def followed_by(self, text: bytes) -> "Content":
        """With more behind it."""
        return Content(self.length + len(text), google_crc32c.extend(self.crc32c, text))


@dataclass(frozen=True)
class IdList:
    """A file; what its IDs are, one on a line; and what they are when each is there once, at its first place."""

    path: Path
    bytes: int
    ids: Content
    distinct: Content


def id_list(directory: Path, number: int, lines: int = PART_LINES) -> IdList:
    """The list with this ``number``, made where it is missing. It is read once, and so in the page cache."""
    path = directory / f"list-{number}-{lines}.txt"
    about = path.with_suffix(".json")
    if not about.exists():
        directory.mkdir(parents=True, exist_ok=True)
        # Written last, so that a list whose making was broken off is made anew.
        about.write_text(json.dumps([asdict(content) for content in _write(path, lines)]))
    ids, distinct = (Content(**content) for content in json.loads(about.read_bytes()))
    return IdList(path, len(path.read_bytes()), ids, distinct)


def content_of(path: Path) -> Content:
    """Of a file."""
    return Content().followed_by(path.read_bytes())


def _write(path: Path, lines: int) -> tuple[Content, Content]:
    source = random.Random(path.name)
    earlier: list[bytes] = []
    ids, distinct = Content(), Content()
    with path.open("wb") as file:
        for first in range(0, lines, LINES_PER_BLOCK):
            count = min(LINES_PER_BLOCK, lines - first)
            rows = bytes(clean_block(source, count)).splitlines(keepends=True)
            valid, new = list(rows), list(rows)
            chosen = source.sample(range(count), count // 1000 + count // 100)
            for at in chosen[: count // 1000]:
                odd = source.choice(_ODD)
                rows[at] = odd.replace(b"*", valid[at][:-1])
                if b"*" not in odd:
                    valid[at] = new[at] = b""
            for at in chosen[count // 1000 :] if earlier else []:
                rows[at] = valid[at] = source.choice(earlier)
                new[at] = b""
            earlier += filter(None, source.sample(new, 100))
            file.write(b"".join(rows))
            ids = ids.followed_by(b"".join(valid))
            distinct = distinct.followed_by(b"".join(new))
    return ids, distinct
