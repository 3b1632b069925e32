"""Rounded IDs are told from genuine ones of every year, and genuine ones are never taken for rounded."""

import math
import random
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from compliance.rounding import Rounded, endings, log_chance, rounded
from tests.unit.snowflakes import (
    STYLES,
    YEARS,
    Ids,
    archive,
    exact_float,
    excel,
    firehose,
    javascript,
    printed_16,
    scientific,
    sheets,
    snowflake,
)

Style = Callable[[int, int, random.Random], Ids]
Tool = Callable[[int], int]

each_year = pytest.mark.parametrize("year", YEARS)
each_style = pytest.mark.parametrize("style", STYLES)


def judged(*parts: Ids) -> Rounded | None:
    """What is found in lists of IDs, each of them a part."""
    return rounded([endings(np.array(list(dict.fromkeys(part)), np.uint64)) for part in parts])


def verdict(*parts: Ids) -> str:
    found = judged(*parts)
    return "genuine" if found is None else "certain" if found.is_certain else "likely"


@each_year
@each_style
def test_no_genuine_list_of_any_year_style_and_length_looks_rounded(style: Style, year: int) -> None:
    for count, seeds in ((1, 20), (5, 20), (20, 40), (100, 20), (1000, 3), (10_000, 1)):
        for seed in range(seeds):
            assert judged(style(year, count, random.Random(seed * 100_003 + count))) is None


@each_style
def test_nor_does_one_of_all_years(style: Style) -> None:
    for seed in range(20):
        assert judged([each for year in YEARS for each in style(year, 30, random.Random(seed))]) is None


@pytest.mark.parametrize("tool", [excel, sheets, printed_16, javascript])
@pytest.mark.parametrize("year", [year for year in YEARS if year > 2011])
@each_style
def test_twenty_ids_that_a_program_printed_are_certainly_rounded(style: Style, year: int, tool: Tool) -> None:
    for seed in range(5):
        assert verdict([tool(each) for each in style(year, 20, random.Random(seed))]) == "certain"


@pytest.mark.parametrize("tool", [excel, sheets])
@each_style
def test_so_are_those_of_2011_by_a_spreadsheet(style: Style, tool: Tool) -> None:
    for seed in range(5):
        assert verdict([tool(each) for each in style(2011, 20, random.Random(seed))]) == "certain"


@pytest.mark.parametrize("year", [year for year in YEARS if year > 2012])
@each_style
def test_floats_that_were_kept_exact_need_longer_lists(style: Style, year: int) -> None:
    ids = [exact_float(each) for each in style(year, 1000, random.Random(year))]
    assert (verdict(ids[:40]), verdict(ids[:100]), verdict(ids)) == ("likely", "likely", "certain")


@each_style
def test_floats_from_before_2013_cannot_be_told(style: Style) -> None:
    assert verdict([exact_float(each) for each in style(2012, 10_000, random.Random(1))]) == "genuine"


@pytest.mark.parametrize("tool", [excel, sheets, printed_16, javascript])
@pytest.mark.parametrize("year", [2012, 2015, 2020, 2026])
def test_a_list_is_refused_if_a_part_of_it_was_rounded(tool: Tool, year: int) -> None:
    ids = archive(year, 1000, random.Random(year))
    half = [tool(each) if index % 2 else each for index, each in enumerate(ids)]
    assert (verdict(half[:100]), verdict(half)) == ("certain", "certain")
    found = judged(half)
    assert found is not None
    assert str(found).startswith(f"{found.rounded} of 1,000 IDs end in 0")


def test_half_a_list_of_exact_floats_is_worth_a_warning_if_few_ids_are_exact_by_nature() -> None:
    ids = archive(2020, 2000, random.Random(1))
    assert verdict([exact_float(each) if index % 2 else each for index, each in enumerate(ids)]) == "likely"


def test_a_few_rounded_ids_among_many_are_worth_a_warning() -> None:
    ids = firehose(2020, 10_000, random.Random(1))
    assert verdict([excel(each) if index % 50 == 0 else each for index, each in enumerate(ids)]) == "likely"


def test_one_rounded_file_of_several_is_found() -> None:
    files = [archive(year, 3000, random.Random(year)) for year in (2014, 2016, 2018, 2020)]
    files.append([excel(each) for each in archive(2022, 3000, random.Random(1))])
    assert verdict(*files) == "certain"
    assert verdict(*files[:4] * 20, files[4]) == "likely"


def test_the_same_few_ids_in_many_parts_are_no_more_evidence_than_once() -> None:
    ids = [*archive(2020, 10, random.Random(1)), *map(javascript, archive(2021, 10, random.Random(2)))]
    once, often = judged(ids), judged(*[ids] * 500)
    assert once is not None
    assert not once.is_certain
    assert often is None or not often.is_certain


@pytest.mark.parametrize("count", [0, 1, 2])
def test_one_or_two_ids_tell_nothing(count: int) -> None:
    assert verdict([excel(each) for each in archive(2020, count, random.Random(1))]) == "genuine"
    assert judged() is None


def test_numbers_that_no_program_rounds_tell_nothing() -> None:
    assert verdict(list(range(10_000, 10_000_000, 10_000))) == "genuine"
    assert verdict(list(range(10**12, 10**15, 10**11))) == "genuine"


def test_short_ids_do_not_hide_rounded_ones() -> None:
    users = [*range(1_000, 4_000_000, 4_001), *map(excel, archive(2020, 100, random.Random(1)))]
    found = judged(users)
    assert found is not None
    assert found.is_certain
    assert str(found).startswith("All 100 long IDs end in 0000: ")


def test_digits_are_named_by_the_length_of_the_ids() -> None:
    ids = [excel(each) for year in (2015, 2020) for each in archive(year, 50, random.Random(year))]
    assert str(judged(ids)).startswith("All 100 IDs end in 000 or 0000: they were rounded to 15 digits")


def test_of_a_long_part_a_sample_is_counted_whatever_its_order() -> None:
    ids = archive(2020, 60_000, random.Random(1))
    numbers = np.concatenate([np.array(ids, np.uint64) + np.uint64(n * 10**12) for n in range(10)])
    assert rounded([endings(numbers)]) is None
    numbers[::2] -= numbers[::2] % np.uint64(10_000)
    found = rounded([endings(numbers)])
    assert found is not None
    share, _, rest = str(found).partition("%")
    assert abs(float(share) - 50) < 1
    assert rest.startswith(" of the IDs end in 0000: ")
    with np.errstate(all="raise"):
        assert len(endings(np.array([2**63 - 1, 2**63 - 2**10, 0], np.uint64))["ids"]) == 6


def test_no_message_has_an_id() -> None:
    for tool in (excel, javascript, exact_float):
        ids = [tool(each) for each in archive(2020, 1000, random.Random(1))]
        found = judged(ids)
        assert found is not None
        words = f"{found.refusal('')} {found.warning('')}"
        assert not any(str(each) in words for each in ids)


def test_the_bound_is_never_below_the_chance_itself() -> None:
    """Compared with the binomial distribution, computed exactly."""
    for count in (1, 5, 20, 60):
        for p in (Fraction(1, 50), Fraction(1, 4), Fraction(9, 10)):
            for seen in range(count + 1):
                terms = (math.comb(count, k) * p**k * (1 - p) ** (count - k) for k in range(seen, count + 1))
                assert log_chance(count, seen, float(p * count)) >= math.log(sum(terms)) - 1e-9


def test_a_snowflake_is_laid_out_as_that_of_a_known_post() -> None:
    """X documents that its post 1460323737035677698 is from 2021-11-15T19:08:05Z."""
    assert snowflake(1_637_003_285_069, 338, 2) == 1460323737035677698


AS_DOCUMENTED = [
    (excel, 2020, 3, 6),
    (excel, 2014, 4, 10),
    (printed_16, 2020, 4, 10),
    (printed_16, 2014, 5, 11),
    (javascript, 2020, 5, 11),
    (javascript, 2014, 8, 17),
    (exact_float, 2020, 38, 212),
    (exact_float, 2013, 38, 212),
    (scientific, 2020, 1, 2),
    (scientific, 2014, 2, 3),
]


@pytest.mark.parametrize(("tool", "year", "likely", "certain"), AS_DOCUMENTED)
def test_as_many_ids_as_the_documentation_says_are_needed(tool: Tool, year: int, likely: int, certain: int) -> None:
    rounded_ids = list(dict.fromkeys(tool(each) for each in firehose(year, 500, random.Random(year))))
    # By chance, some look as if they were rounded to even fewer digits.
    zeros = [len(str(each)) - len(str(each).rstrip("0")) for each in rounded_ids]
    ids = [each for each, count in zip(rounded_ids, zeros, strict=True) if count == min(zeros)]
    found = [verdict(ids[:count]) for count in (likely - 1, likely, certain - 1, certain)]
    assert found == ["genuine", "likely", "likely", "certain"]
