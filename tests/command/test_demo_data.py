from pathlib import Path

import pytest

from xcompliance.demo_data import write_dataset
from xcompliance.truth import Truth, read_truth

COUNT = 20_000


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Truth]:
    file = tmp_path_factory.mktemp("data") / "posts.txt"
    truth = write_dataset(file, "tweets", COUNT, seed=1)
    assert read_truth(file, "tweets") == truth
    return file.read_bytes(), truth


def test_the_counts_are_known_by_construction(dataset: tuple[bytes, Truth]) -> None:
    _, truth = dataset
    assert (truth.accepted, truth.duplicate, truth.blank, truth.rejected) == (COUNT, 200, 80, 50)
    assert truth.lines == COUNT + 330


def test_few_enough_lines_are_rejected(dataset: tuple[bytes, Truth]) -> None:
    _, truth = dataset
    assert 0 < truth.rejected < 0.01 * (truth.lines - truth.blank)


def test_the_dirt_of_real_files_is_in_it(dataset: tuple[bytes, Truth]) -> None:
    content, _ = dataset
    assert content.startswith(b"\xef\xbb\xbf")
    for dirt in (b"\r\n", b'"', b"\n\n", b"E+18", b"https://"):
        assert dirt in content
    assert not content.endswith(b"\n")


def test_ids_are_snowflakes(dataset: tuple[bytes, Truth]) -> None:
    _, truth = dataset
    years = {record["created_at"][:4] for record in truth.items.values()}
    assert {"2011", "2026"} <= years <= {str(year) for year in range(2011, 2027)}


def test_the_same_seed_gives_the_same_file(tmp_path: Path, dataset: tuple[bytes, Truth]) -> None:
    file = tmp_path / "posts.txt"
    assert write_dataset(file, "tweets", COUNT, seed=1) == dataset[1]
    assert file.read_bytes() == dataset[0]
    write_dataset(file, "tweets", COUNT, seed=2)
    assert file.read_bytes() != dataset[0]
