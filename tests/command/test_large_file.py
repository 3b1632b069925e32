from pathlib import Path

import pytest

from benchmarks.large_file import LINE, truth_of, write_large_file
from xcompliance.truth import read_truth

COUNT = 20_000


@pytest.mark.parametrize("starts", [[0], [0, 1], [0, 3 * LINE], [0, 100_001, 100_019, 250_000]])
def test_what_must_come_of_a_large_file_is_what_reading_it_line_by_line_says(tmp_path: Path, starts: list[int]) -> None:
    file = tmp_path / "large.txt"
    write_large_file(file, COUNT, seed=5)
    truth = truth_of(file, starts)
    assert truth == read_truth(file, "tweets", starts)
    assert truth.accepted >= COUNT
    assert min(truth.duplicate, truth.rejected, truth.affected) > 0
