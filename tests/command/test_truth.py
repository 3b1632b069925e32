"""The truth is worked out without the product, and comes to the same for every kind of line."""

import gzip
from pathlib import Path

import google_crc32c
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.preparing import prepared
from xcompliance import truth as truth_module
from xcompliance.demo_data import write_dataset
from xcompliance.sandbox.simulator.rule import rule
from xcompliance.sandbox.simulator.settings import GENERATIONS, Generation
from xcompliance.truth import Truth, read_truth

LINES = {
    b"1460323737035677698": "accepted",
    b" \t1460323737035677699\r": "accepted",
    b'"1460323737035677700"': "accepted",
    b"' 20 '": "accepted",
    b"9223372036854775807": "accepted",
    b"9223372036854775808": "rejected",
    b"12345678901234567890": "rejected",
    b"020": "rejected",
    b"0": "rejected",
    b"'20\"": "rejected",
    b'"': "rejected",
    b'""': "rejected",
    b"1.46E+18": "rejected",
    b"-20": "rejected",
    b"20,21": "rejected",
    b'="20"': "accepted",
    b'"=""20"""': "accepted",
    b"x20": "accepted",
    b'="20': "rejected",
    b"x 20": "rejected",
    b'x"20"': "rejected",
    "\u0662\u0660".encode(): "rejected",
    b" " * 4096 + b"20": "rejected",
    b"": "blank",
    b" \r": "blank",
}


@pytest.mark.parametrize(("line", "kind"), LINES.items())
def test_every_kind_of_line(tmp_path: Path, line: bytes, kind: str) -> None:
    file = tmp_path / "ids.txt"
    file.write_bytes(line + b"\n")
    truth = read_truth(file, "tweets")
    assert truth.lines == 1
    assert getattr(truth, kind) == 1


@given(st.lists(st.sampled_from([*LINES, b"\xef\xbb\xbf20", b"\xff"]), max_size=20), st.booleans())
def test_the_product_and_the_truth_agree(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], ends: bool
) -> None:
    file = tmp_path_factory.getbasetemp() / "lines.txt"
    file.write_bytes(b"\n".join(lines) + (b"\n" if ends else b""))
    part = prepared([file.read_bytes()])
    truth = read_truth(file, "tweets")
    assert {name: getattr(truth, name) for name in part.counts} == part.counts
    assert truth.parts[0].bytes == len(part.content)
    assert truth.parts[0].checksum == google_crc32c.value(part.content)


def test_the_truth_does_not_use_the_products_reading() -> None:
    assert "compliance.ids" not in Path(truth_module.__file__).read_text()


def test_gzip_is_read_as_well(tmp_path: Path) -> None:
    plain, packed = tmp_path / "ids.txt", tmp_path / "ids.txt.gz"
    truth = write_dataset(plain, "tweets", 500, seed=1)
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read_truth(packed, "tweets") == truth


def test_an_id_is_a_duplicate_within_its_part(tmp_path: Path) -> None:
    file = tmp_path / "ids.txt"
    file.write_bytes(b"20\n20\n21\n20\n")
    truth = read_truth(file, "tweets", [0, 5])
    assert [part.accepted for part in truth.parts] == [1, 2]
    assert [part.bytes for part in truth.parts] == [3, 6]
    assert (truth.lines, truth.duplicate) == (4, 1)


def test_an_id_is_a_duplicate_in_every_part_but_the_lowest_if_each_is_sent_once(tmp_path: Path) -> None:
    file = tmp_path / "ids.txt"
    file.write_bytes(b"20\n20\n21\n20\n21\n")
    truth = read_truth(file, "tweets", [0, 5, 11], is_each_id_once=True)
    assert [part.accepted for part in truth.parts] == [1, 1, 0]
    assert [part.bytes for part in truth.parts] == [3, 3, 0]
    assert (truth.lines, truth.duplicate, truth.duplicate_across_parts) == (5, 3, 2)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_what_x_says_is_the_simulators_rule(generation: Generation) -> None:
    truth = Truth("users")
    truth.parts[0].accept("users", generation, range(1, 2001))
    said = [rule("users", str(each), generation) for each in range(1, 2001)]
    assert list(truth.items.values()) == [record for record in said if record]
    assert sum(truth.count("reason").values()) == truth.affected > 0
