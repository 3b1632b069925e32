"""Many odd lines are read as a loop over them would read them, however they are wrapped."""

from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from compliance import normalizer
from compliance.ids import MAX_LINE, NOTICE, Reject
from compliance.normalizer import Normalizer, Tally

DIGITS = st.from_regex("[0-9]{1,21}", fullmatch=True) | st.sampled_from(
    ["9223372036854775807", "9223372036854775808", "9999999999999999999", "1", "0", "018", "1800000000000000000"]
)
SIDES = st.text("\"'= \t\r\v\f\ufeff", max_size=12) | st.text(" ", max_size=40) | st.text("a1.,é\x00=\"'", max_size=9)
WRAPPED = st.tuples(SIDES, DIGITS, SIDES).map("".join)
LONG = st.builds(
    lambda before, digits, blanks, behind: before + digits + " " * blanks + behind,
    st.sampled_from(["", " ", '"', "\ufeff"]),
    st.sampled_from(["18", "x"]),
    st.integers(MAX_LINE - 12, MAX_LINE + 12),
    st.sampled_from(["", "\r", "\r\r", '"', "garbage"]),
)
LINES = st.lists(WRAPPED | LONG | st.text(" \t\r", max_size=3) | st.sampled_from(["id", '"id"', "18"]), max_size=12)


def read(content: bytes, few: int, most_rejects: int = 10**6) -> tuple[bytes, Tally, list[Reject]]:
    """The IDs, the tally and the rejects, where so ``few`` odd lines are looked at one by one."""
    rejects: list[Reject] = []
    text, total = b"", Tally()
    with patch.object(normalizer, "_FEW", few), patch.object(normalizer, "_RARE", 10**9):
        for lines, tally in Normalizer(rejects.append, most_rejects=most_rejects).normalize(iter([content])):
            assert lines.ends.tolist() == [at for at, byte in enumerate(lines.text) if byte == ord("\n")]
            text, total = text + lines.text, total + tally
    return text, total, rejects


@given(lines=LINES, repeated=st.integers(1, 3))
@example(lines=["\ufeffid", "18"], repeated=1)
@example(lines=["", "\ufeff18"], repeated=2)
@example(lines=['"' + " " * 20 + '18"', '="19"'], repeated=1)
def test_many_odd_lines_are_read_as_each_by_itself(lines: list[str], repeated: int) -> None:
    content = "".join(line.replace("\n", "") + "\n" for line in lines * repeated).encode()
    assert read(content, 10**9) == read(content, 0)


@pytest.mark.parametrize("few", [0, 10**9])
@pytest.mark.parametrize("has_marks", [True, False])
def test_notices_are_counted_among_many_odd_lines_and_few(few: int, has_marks: bool) -> None:
    text = b"18\n" + (NOTICE.encode() + b"\n") * 3 + b"x" * len(NOTICE) + b'\n"19"\n\n'
    reader = Normalizer(lambda _: None, has_marks=has_marks)
    with patch.object(normalizer, "_FEW", few), patch.object(normalizer, "_RARE", 10**9):
        ((lines, tally),) = reader.normalize(iter([text]))
    notices = 3 * has_marks
    assert lines.text == b"18\n19\n"
    assert tally == Tally(lines=7, blank=1, notice=notices, rejected=4 - notices)


@pytest.mark.parametrize("few", [0, 10**9])
def test_no_more_rejects_are_told_than_are_asked_for_and_all_are_counted(few: int) -> None:
    content = b"id\n" + b"x\n" * 1000 + b' "18"\n' * 100
    text, tally, rejects = read(content, few, 10)
    assert (text, tally) == (b"18\n" * 100, Tally(lines=1101, rejected=1001, headers=1))
    assert [(each.line, each.reason) for each in rejects] == [(1, "header"), *((n, "not_digits") for n in range(2, 11))]


@pytest.mark.parametrize("tail", ["garbage", "\r", "\r\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("few", [0, 64])
@pytest.mark.parametrize("blanks", range(MAX_LINE - 10, MAX_LINE + 2))
def test_a_line_that_is_too_long_is_not_an_id_for_what_is_kept_of_it(
    blanks: int, mark: str, tail: str, few: int
) -> None:
    line = f"{mark}123{' ' * blanks}{tail}".encode()
    text, tally, _ = read(line * 3 + b"garbage\n18\n", few)
    assert (text, tally) == (b"18\n", Tally(lines=2, rejected=1))
