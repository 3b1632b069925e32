"""Reads a segment: a line for each ID, whatever the format of its object."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile

from adapters import inbox_object, parquet_ids
from compliance.errors import ComplianceError, PartTooLarge
from compliance.readers import files
from compliance.runs import JobType
from compliance.segments import MAX_READ, Segment, about
from compliance.sources import cut_to_lines

MAX_ROWS = MAX_READ // 20
"""Rows of a Parquet file, as many as IDs of the usual length make MAX_READ bytes."""


def id_lines(segment: Segment, job_type: JobType) -> Iterator[bytes]:
    """Yields blocks of lines. Bytes of the object behind the segment's last line are not read.

    Raises UnsupportedInput and PartTooLarge as the readers do, SourceChanged when the object's version is gone.
    """
    try:
        yield from _lines(segment, job_type)
    except ComplianceError as error:
        raise about(error, segment.key) from None


def _lines(segment: Segment, job_type: JobType) -> Iterator[bytes]:
    blocks = inbox_object.source_blocks(segment)
    if segment.format.kind == "parquet":
        return _rows(blocks, segment, job_type)
    if segment.format.is_splittable:
        blocks = cut_to_lines(blocks, segment.start, segment.end)
    return files.id_lines(segment.format, files.unpacked(segment.format, blocks, MAX_READ), job_type)


def _rows(blocks: Iterator[bytes], segment: Segment, job_type: JobType) -> Iterator[bytes]:
    """A Parquet file is read from its end, so it is fetched first."""
    column = segment.format.column
    with NamedTemporaryFile() as file:
        for block in blocks:
            file.write(block)
        file.flush()
        path = Path(file.name)
        if parquet_ids.count_rows(path) > MAX_ROWS:
            raise PartTooLarge(f"The Parquet file has more than {MAX_ROWS:,} rows: drop it in several files.")
        yield from parquet_ids.id_lines(path, None if column is None else str(column), job_type)
