"""Arrays say of lines what a loop over them would."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from compliance.blocks import whole_lines
from compliance.ids import MAX_ID, read_id
from compliance.lines import Lines, Scanner, without

TEXTS = st.lists(st.one_of(st.integers(0, 2**64).map(str), st.text("0129 x,\r", max_size=25)), min_size=1, max_size=30)


def joined(texts: list[str]) -> bytes:
    return "".join(text + "\n" for text in texts).encode()


def lines_of(texts: list[str]) -> Lines:
    return Scanner().scan(joined(texts))[0]


def cut(content: bytes, size: int) -> Iterator[bytes]:
    return (content[start : start + size] for start in range(0, len(content), size))


@given(texts=st.lists(TEXTS, min_size=1, max_size=3))
def test_what_the_scanner_takes_for_plain_is_an_id_and_nothing_else(texts: list[list[str]]) -> None:
    """One scanner, as its memory goes from text to text."""
    scanner = Scanner()
    for text in texts:
        lines, is_plain = scanner.scan(joined(text))
        assert [lines.text[start:end].decode() for start, end in zip(lines.starts, lines.ends, strict=True)] == text
        for line, plain in zip(text, is_plain.tolist(), strict=True):
            assert not plain or read_id(line.encode()) == int(line)
            if line.isdigit() and 0 < int(line) < 9 * 10**18 and str(int(line)) == line:
                assert plain


@pytest.mark.parametrize("number", [1, 9, 10, 99999999, 10**8, 10**16 - 1, 10**16, 9 * 10**18 - 1, MAX_ID])
def test_numbers_of_any_length_are_read_wherever_they_stand(number: int) -> None:
    assert lines_of([str(number), "7", str(number)]).numbers().tolist() == [number, 7, number]


@given(numbers=st.lists(st.integers(1, MAX_ID), min_size=1))
def test_lines_are_worth_their_numbers(numbers: list[int]) -> None:
    assert lines_of([str(number) for number in numbers]).numbers().tolist() == numbers


@given(texts=TEXTS, data=st.data())
def test_lines_are_replaced_and_taken_out(texts: list[str], data: st.DataObject) -> None:
    where = sorted(data.draw(st.sets(st.sampled_from(range(len(texts))))))
    by = [data.draw(st.sampled_from([None, b"", b"5", b"longer than it was before"])) for _ in where]
    expected: list[bytes | None] = [text.encode() for text in texts]
    for index, text in zip(where, by, strict=True):
        expected[index] = text
    replaced = lines_of(texts).replaced(np.array(where, np.intp), by)
    assert replaced.text == b"".join(text + b"\n" for text in expected if text is not None)
    assert replaced.ends.tolist() == [at for at, byte in enumerate(replaced.text) if byte == ord("\n")]


@given(texts=TEXTS, data=st.data(), size=st.integers(1, 40))
def test_lines_are_left_out_wherever_the_blocks_end(texts: list[str], data: st.DataObject, size: int) -> None:
    gone = sorted(data.draw(st.sets(st.sampled_from(range(len(texts))))))
    kept = [text for index, text in enumerate(texts) if index not in gone]
    assert b"".join(without(cut(joined(texts), size), np.array(gone, np.intp))) == joined(kept)


@given(texts=TEXTS, size=st.integers(1, 40), longest=st.integers(25, 30))
@example(texts=["1", ""], size=1, longest=25)
def test_blocks_are_cut_at_newlines(texts: list[str], size: int, longest: int) -> None:
    text = joined(texts)[:-1]
    blocks = list(whole_lines(cut(text, size), longest))
    assert b"".join(blocks) == (text if text.endswith(b"\n") or not text else text + b"\n")
    assert all(block.endswith(b"\n") for block in blocks)


def test_of_a_line_that_is_too_long_the_beginning_is_kept() -> None:
    assert b"".join(whole_lines(cut(b"1\n" + b"9" * 100 + b"\n2\n", 7), 10)).splitlines()[0::2] == [b"1", b"2"]
