"""Reads a segment: a line for each ID, whatever the format of its object."""

from collections.abc import Iterator

from adapters import inbox_object, parquet_object
from adapters.sources import Source
from compliance.accounting import Rows
from compliance.errors import ComplianceError
from compliance.readers import files
from compliance.runs import JobType
from compliance.segments import MOST_READ, Segment, about
from compliance.sources import cut_to_lines


def id_lines(
    segment: Segment, job_type: JobType, rows: Rows | None = None, source: Source = inbox_object
) -> Iterator[bytes]:
    """Yields blocks of lines. Bytes of the object behind the segment's last line are not read.

    ``rows`` is told what is read of Parquet. ``source`` has the object: S3, unless it is said otherwise.

    Raises UnsupportedInput and PartTooLarge as the readers do, SourceChanged when the object's version is gone.
    """
    try:
        yield from _lines(segment, job_type, rows, source)
    except ComplianceError as error:
        raise about(error, segment.key) from None


def _lines(segment: Segment, job_type: JobType, rows: Rows | None, source: Source) -> Iterator[bytes]:
    form = segment.format
    if form.kind == "parquet":
        return parquet_object.id_lines(segment, job_type, rows, source)
    blocks = source.source_blocks(segment)
    if form.is_splittable:
        blocks = cut_to_lines(blocks, segment.start, segment.end)
    return files.id_lines(form, files.unpacked(form, blocks, MOST_READ[form.kind]), job_type)
