"""Five million IDs in several parts: every figure is right, and no function takes more memory than it has."""

import io

import pytest
from rich.console import Console

from benchmarks.scale import run_scale
from xcompliance.progress import Steps

pytestmark = pytest.mark.end_to_end

IDS = 5_000_000
PART_SIZE_MB = 32
PARTS = 4


def test_every_figure_of_five_million_ids_is_right() -> None:
    console = Console(file=(said := io.StringIO()), width=160)
    with Steps(console) as steps:
        run_scale(console, steps, IDS, PART_SIZE_MB)
    assert f"part {PARTS} of {PARTS}" in said.getvalue()
    assert "XCompliance-prepare_part" in said.getvalue().partition("What the functions took")[2]
