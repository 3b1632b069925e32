"""What occurs again is found, among any numbers, whenever they are compared."""

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from compliance.distinct import Distinct

NUMBERS = st.lists(st.one_of(st.integers(1, 40), st.integers(1, 2**63 - 1)), max_size=60)
BLOCKS = st.lists(NUMBERS, max_size=6)


@given(blocks=BLOCKS, many=st.integers(1, 100))
@example(blocks=[], many=1)
@example(blocks=[[]], many=1)
@example(blocks=[[7, 7], [7], [8, 7]], many=2)
def test_of_equal_numbers_all_but_the_first_are_repeats(blocks: list[list[int]], many: int) -> None:
    distinct = Distinct(many)
    for block in blocks:
        distinct.add(np.array(block, np.uint64))
    repeats, numbers = distinct.finish()
    every = [number for block in blocks for number in block]
    assert repeats.tolist() == [at for at, number in enumerate(every) if number in every[:at]]
    assert numbers.tolist() == list(dict.fromkeys(every))


def test_numbers_are_compared_again_only_when_there_are_twice_as_many(monkeypatch: pytest.MonkeyPatch) -> None:
    unique, compared = np.unique, 0

    def counted(*those: Any, **how: Any) -> Any:
        nonlocal compared
        compared += 1
        return unique(*those, **how)

    monkeypatch.setattr(np, "unique", counted)
    distinct = Distinct(1)
    for number in range(1000):
        distinct.add(np.array([number], np.uint64))
    assert len(distinct.finish()[1]) == 1000
    assert compared <= 11


def test_numbers_with_the_same_digest_are_told_apart() -> None:
    """Among 300,000 numbers, digests of 32 bits agree about ten times by chance."""
    numbers = np.arange(1, 300_001, dtype=np.uint64) * np.uint64(2**40 + 15)
    distinct = Distinct()
    distinct.add(numbers)
    distinct.add(numbers[1000:1010])
    repeats, different = distinct.finish()
    assert repeats.tolist() == list(range(300_000, 300_010))
    assert np.array_equal(different, numbers)
