"""From an inbox object's bytes to lines of one ID each, whatever its format."""

from collections.abc import Iterator

from compliance.formats import Format
from compliance.readers import posts
from compliance.readers.arrays import element_lines
from compliance.readers.tables import Table
from compliance.runs import JobType
from compliance.sources import gunzip
from compliance.zstd import unzstd


def unpacked(source: Format, blocks: Iterator[bytes], limit: int) -> Iterator[bytes]:
    """The same bytes, unpacked.

    Raises UnsupportedInput for a damaged or cut-off file, PartTooLarge when more than ``limit`` bytes come out.
    """
    match source.packing:
        case "gzip":
            return gunzip(blocks, limit)
        case "zstd":
            return unzstd(blocks, limit)
    return blocks


def id_lines(source: Format, blocks: Iterator[bytes], job_type: JobType) -> Iterator[bytes]:
    """A line for each record of an unpacked file, or of a range of whole lines of it.

    Raises UnsupportedInput for a table whose rows cannot be told apart, ValueError for Parquet, which is not read from
    a stream.
    """
    match source.kind:
        case "lines":
            return blocks
        case "csv" | "tsv":
            column = int(source.column or 1)
            table = Table(column, source.delimiter, source.has_header, source.may_quote, source.width)
            return table.lines(_behind(blocks, source.preamble))
        case "jsonl" | "json":
            field = None if source.column is None else str(source.column)
            records = element_lines(blocks) if source.kind == "json" else blocks
            return posts.id_lines(records, job_type, field, reads_embedded=source.reads_embedded)
    raise ValueError("Parquet is read from a file.")


def _behind(blocks: Iterator[bytes], size: int) -> Iterator[bytes]:
    """The same without its first bytes."""
    for block in blocks:
        yield block[size:]
        size = max(0, size - len(block))
