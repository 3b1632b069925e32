"""Lines that were rejected, for the terminal of whoever may read them."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from typing import Final

from botocore.exceptions import ClientError
from rich.markup import escape
from rich.table import Table

from compliance.report.content import Rejected, rejected_of
from compliance.report.rejects import REASONS
from xcompliance.records import RunRecord
from xcompliance.stack import Stack
from xcompliance.text import count

MOST: Final = 5

_BYTES: Final = 64 << 10
"""What is read of an object that lists rejected lines: more than MOST lines of it, the last of which may be cut."""
_TEXT: Final = 40


def first_rejected(stack: Stack, run: RunRecord) -> list[Rejected]:
    """Return the first rejected lines of a run; none if they are gone, or the caller may not read them."""
    try:
        return list(islice(_rejected(stack, run), MOST))
    except ClientError:
        return []


def _rejected(stack: Stack, run: RunRecord) -> Iterator[Rejected]:
    bucket, prefix = stack["ResultsBucketName"], f"rejects/type={run.type}/checked_on={run.checked_on}/{run.run_id}-"
    for listed in stack.s3.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=MOST).get("Contents", []):
        answer = stack.s3.get_object(Bucket=bucket, Key=listed["Key"], Range=f"bytes=0-{_BYTES - 1}")
        with closing(answer["Body"]) as body:
            lines = body.read().split(b"\n")[:-1]
        yield from (found for found in map(rejected_of, lines) if found.reason != "header")


def table_of(lines: Iterable[Rejected], *, with_files: bool) -> Table:
    """One row for each line: where it is, how it begins, and what is wrong with it."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    if with_files:
        table.add_column(overflow="ellipsis", no_wrap=True, max_width=30)
    table.add_column(overflow="ellipsis", no_wrap=True, max_width=_TEXT)
    table.add_column(overflow="fold")
    for each in lines:
        place = f" from byte {count(each.range_start)} on" if each.range_start else ""
        file = [escape(_shown(each.key.rpartition("/")[2]))] if with_files else []
        why = REASONS.get(each.reason, each.reason)
        table.add_row(f"  line {count(each.line)}{place}", *file, escape(_shown(each.text)), why)
    return table


def _shown(text: str) -> str:
    """The beginning of a text; what moves a terminal's cursor is spelled out."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text[: _TEXT + 1])
