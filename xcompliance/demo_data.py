"""Files of IDs like those that people have: mostly clean, with the dirt that exports leave in them."""

import random
from itertools import islice
from pathlib import Path

from xcompliance.sandbox.simulator.settings import Generation, JobType
from xcompliance.truth import Truth

POSTS, USERS = 250_000, 2_000

_BOM = b"\xef\xbb\xbf"
_SNOWFLAKE_EPOCH_MS = 1_288_834_974_657
_FIRST_MS = {"tweets": 1_293_840_000_000, "users": 1_456_790_400_000}
"""The beginning of 2011, and March 2016, when users had come to get snowflakes."""
_LAST_MS = 1_790_000_000_000  # September 2026
_NO_IDS = (
    b"id",
    b"n/a",
    b"1.46E+18",
    b"-1460323737035677698",
    b"01460323737035677698",
    b"9223372036854775808",
    b"14603237370356776981",
    b"https://x.com/X/status/1460323737035677698",
    "\u0661\u0662\u0663".encode(),
    b"1460323737035677698,1460323737035677699",
)
"""What a spreadsheet, a header, a negative number, a URL or a second column leave in such files."""


def write_dataset(file: Path, job_type: JobType, count: int, seed: int, generation: Generation = "gcs") -> Truth:
    """Writes ``count`` different IDs and some dirt among them, and returns what must come of them.

    The same seed gives the same bytes. The file begins with a byte-order mark; one line in 50 is quoted, one in 50
    ends with CRLF, one in 100 is a duplicate, one in 250 blank, and one in 400 no ID.
    """
    source = random.Random(seed)  # noqa: S311 -- nothing secret
    ids = _ids(source, count, _FIRST_MS[job_type])
    lines = [b"%d" % each for each in ids]
    for index in source.sample(range(count), count // 50):
        lines[index] = b'"%b"' % lines[index]
    for index in source.sample(range(count), count // 50):
        lines[index] += b"\r"
    duplicates = [lines[index] for index in source.sample(range(count), count // 100)]
    blanks = source.choices([b"", b"\r", b"  "], k=count // 250)
    rejects = source.choices(_NO_IDS, k=count // 400)
    _scatter(source, lines, [*blanks, *rejects])
    lines = [*lines, *duplicates]
    file.write_bytes(_BOM + b"\n".join(lines))
    truth = Truth(job_type, len(blanks), len(duplicates), len(rejects))
    truth.parts[0].accept(job_type, generation, ids)
    return truth


def _ids(source: random.Random, count: int, first_ms: int) -> list[int]:
    """Different snowflakes: a time in milliseconds and 22 bits more, in no order."""
    ids: dict[int, None] = {}
    while len(ids) < count:
        milliseconds = source.randrange(first_ms - _SNOWFLAKE_EPOCH_MS, _LAST_MS - _SNOWFLAKE_EPOCH_MS)
        ids[milliseconds << 22 | source.getrandbits(22)] = None
    return list(islice(ids, count))


def _scatter(source: random.Random, lines: list[bytes], dirt: list[bytes]) -> None:
    """Puts dirt behind random lines."""
    source.shuffle(dirt)
    for index, each in zip(source.sample(range(len(lines)), len(dirt)), dirt, strict=True):
        lines[index] += b"\n" + each
