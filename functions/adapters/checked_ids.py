"""Writes down which IDs X has answered for: the table ``checked_ids``, with the proof that a clean ID was checked."""

import tempfile
from pathlib import Path

from adapters import objects, parquet, prepared_part
from compliance.runs import Part, checked_ids_key


def write_checked_ids(part: Part) -> None:
    """Writes the IDs of a part, of which X's answer is there. Writing them again replaces them."""
    with tempfile.TemporaryDirectory() as folder:
        ids, target = Path(folder) / "ids.txt", Path(folder) / "ids.parquet"
        with ids.open("wb") as file:
            file.writelines(prepared_part.blocks(part))
        with parquet.connected(Path(folder), threads=2) as connection:
            parquet.write_checked_ids(connection, target, part, ids)
        objects.write_file(checked_ids_key(part), target)
