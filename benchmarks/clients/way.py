"""Our readers by themselves: a file of any kind in, each of its IDs once. Arguments: FILE

Prints the seconds of CPU that it took, without the start, and how many IDs there were, as JSON.
"""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile

from adapters import parquet_ids
from compliance.formats import HEAD_BYTES, format_of
from compliance.normalizer import Normalizer
from compliance.preparation import prepare
from compliance.readers import files
from compliance.reading import MAX_REJECTS
from compliance.segments import MOST_READ

_BLOCK = 1 << 20


class _File:
    """A part's store."""

    def __init__(self) -> None:
        self.file = TemporaryFile()  # noqa: SIM115 -- it is closed with the store
        self.bytes = 0

    def write(self, block: bytes) -> None:
        self.file.write(block)
        self.bytes += len(block)

    def read(self) -> Iterator[bytes]:
        self.file.seek(0)
        return iter(lambda: self.file.read(_BLOCK), b"")

    def close(self) -> None:
        self.file.close()


def _lines(path: Path) -> Iterator[bytes]:
    if path.suffix == ".parquet":
        return parquet_ids.id_lines(path, None, "tweets", (0, path.stat().st_size), lambda *_: None)
    with path.open("rb") as head:
        form = replace(format_of(path.name, head.read(HEAD_BYTES), "tweets", lambda: None), reads_embedded=True)
    return files.id_lines(form, files.unpacked(form, _blocks(path), MOST_READ[form.kind]), "tweets")


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        yield from iter(lambda: source.read(_BLOCK), b"")


def main() -> None:
    """Reads the file."""
    path = Path(sys.argv[1])
    began = time.process_time()
    is_list = path.suffix == ".txt"
    normalizer = Normalizer(lambda _: None, is_list, has_marks=path.suffix == ".jsonl", most_rejects=MAX_REJECTS)
    parts = list(prepare(normalizer.normalize(_lines(path)), 1 << 30, _File))
    seconds = time.process_time() - began
    print(json.dumps([seconds, sum(part.counts["accepted"] for part in parts)]))


if __name__ == "__main__":
    main()
