"""What can be asked for by name, known without asking AWS: for the shell, which asks at each press of a key."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

SQL: Final = Path(__file__).parents[2] / "sql"
TABLES: Final = {
    "results": "Every record that X answered with",
    "checked_ids": "Every ID that X has answered for, once for each check",
    "runs": "Every run that has ended, and how",
    "rejects": "Every line of the input that is no ID",
    "segments": "Which ranges of which objects each part was made of",
    "prepared_ids": "The IDs of each part as prepared",
}


def query_names(incomplete: str) -> Iterator[tuple[str, str]]:
    """The views and tables whose names begin so, each with what it answers."""
    views = {file.stem: file.read_text(encoding="utf-8").partition("\n")[0].lstrip("- ") for file in SQL.glob("*.sql")}
    for name, about in sorted((views | TABLES).items()):
        if name.startswith(incomplete):
            yield name, about
