"""Reads the column of IDs of a Parquet object, and of the object only what that takes."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile

from adapters import parquet_ids
from adapters.sources import Source
from compliance.accounting import Rows
from compliance.runs import JobType
from compliance.segments import Segment

_END_BYTES = 64 << 10
"""What is fetched of the end of an object: most have no more there to say where everything is."""

_MARK = 8
"""Bytes of the last field, which says how long what is before it is, and of the mark behind that [Parquet]."""


def id_lines(segment: Segment, job_type: JobType, rows: Rows | None, source: Source) -> Iterator[bytes]:
    """Yields the lines of a segment. The ``source``'s object becomes a file with holes, as DuckDB reads files.
    ``rows`` is told what is read, as by ``parquet_ids.id_lines``.

    Raises UnsupportedInput and PartTooLarge as ``parquet_ids.id_lines``.
    """
    size, tail = source.source_end(segment, _END_BYTES)
    footer = min(size, int.from_bytes(tail[-_MARK:][:4], "little") + _MARK)
    column = None if segment.format.column is None else str(segment.format.column)
    with NamedTemporaryFile() as file:

        def fetch(start: int, end: int) -> None:
            file.seek(start)
            file.writelines(source.source_range(segment, start, end))
            file.flush()

        file.seek(size - len(tail))
        file.write(tail)
        if footer > len(tail):
            fetch(size - footer, size - len(tail))
        file.flush()
        yield from parquet_ids.id_lines(
            Path(file.name), column, job_type, (segment.start, segment.end), fetch, rows=rows
        )
