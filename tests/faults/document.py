"""The tables of docs/reliability.md, which the tests take their cases from: what it says is what is tested."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.statemachine.machine import ROOT

PATH = ROOT / "docs" / "reliability.md"


@dataclass(frozen=True)
class Row:
    """One row of a table, by the headline above it."""

    section: str
    cells: tuple[str, ...]


def rows() -> Iterator[Row]:
    """All rows of all tables, without their headers."""
    section = ""
    is_in_body = False
    for line in PATH.read_text().splitlines():
        if line.startswith("#"):
            section = line.lstrip("# ")
        if not line.startswith("|"):
            is_in_body = False
        elif re.fullmatch(r"[|\s:-]+", line):
            is_in_body = True
        elif is_in_body:
            yield Row(section, tuple(cell.strip().replace("`", "") for cell in line.strip("|").split("|")))


def table(section: str) -> list[tuple[str, ...]]:
    """The rows below one headline."""
    found = [row.cells for row in rows() if row.section == section]
    assert found, f"{PATH.name} has no table under {section}"
    return found
