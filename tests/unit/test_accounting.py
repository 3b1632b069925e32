"""No line and no record goes missing between the parts and the whole."""

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.accounting import (
    judge,
    total_across_parts,
    total_counts,
    total_findings,
    total_indexed,
    total_oddities,
)
from compliance.errors import InputRejected, NothingToCheck
from compliance.results import MOST_WORDS
from compliance.runs import Counts, Part


def part_of(**attributes: Any) -> Part:
    return cast(Part, attributes)


def counts_of(
    accepted: int = 0, rejected: int = 0, duplicate: int = 0, blank: int = 0, notice: int = 0, embedded: int = 0
) -> Counts:
    return Counts(
        lines=accepted + rejected + duplicate + blank + notice - embedded,
        blank=blank,
        notice=notice,
        embedded=embedded,
        accepted=accepted,
        duplicate=duplicate,
        rejected=rejected,
    )


@given(st.lists(st.builds(counts_of, *[st.integers(0, 10**7)] * 6), max_size=8))
def test_the_parts_lines_add_up(parts: list[Counts]) -> None:
    total = total_counts(part_of(**counts) for counts in parts)
    assert total == counts_of(
        sum(counts["accepted"] for counts in parts),
        sum(counts["rejected"] for counts in parts),
        sum(counts["duplicate"] for counts in parts),
        sum(counts["blank"] for counts in parts),
        sum(counts["notice"] for counts in parts),
        sum(counts["embedded"] for counts in parts),
    )


def test_a_line_that_is_not_accounted_for_stops_everything() -> None:
    with pytest.raises(AssertionError, match="add up"):
        total_counts([part_of(**counts_of(accepted=5) | {"lines": 6})])


def test_duplicates_across_parts_add_up_and_are_not_spoken_of_where_nobody_looked() -> None:
    parts = [part_of(duplicate_across_parts=2), part_of(), part_of(duplicate_across_parts=3)]
    assert total_across_parts(parts) == {"duplicate_across_parts": 5}
    assert total_across_parts([part_of(duplicate_across_parts=0)]) == {"duplicate_across_parts": 0}
    assert total_across_parts([part_of()]) == {}


def test_oddities_add_up_and_a_part_from_before_they_were_counted_has_none() -> None:
    one = part_of(headers=1, small_ids=2, no_user_ids=3, future_ids=4)
    other = part_of(headers=0, small_ids=20, no_user_ids=30, future_ids=40)
    assert total_oddities([one, other, part_of()]) == {
        "headers": 1,
        "small_ids": 22,
        "no_user_ids": 33,
        "future_ids": 44,
    }


def test_up_to_the_limit_rejects_are_allowed_and_not_beyond() -> None:
    judge(counts_of(accepted=990, rejected=10), 0, 1.0)
    with pytest.raises(InputRejected, match=r"11 of 1000 lines .* 1 %"):
        judge(counts_of(accepted=989, rejected=11), 0, 1.0)


def test_the_limit_is_exact() -> None:
    judge(counts_of(accepted=9_900, rejected=100), 0, 1.0)
    with pytest.raises(InputRejected):
        judge(counts_of(accepted=9_899, rejected=101), 0, 1.0)


def test_blank_lines_dilute_nothing() -> None:
    with pytest.raises(InputRejected):
        judge(counts_of(accepted=9, rejected=1, blank=100_000, notice=100_000), 0, 1.0)


def test_a_header_is_held_against_nobody() -> None:
    judge(counts_of(accepted=10, rejected=1), 1, 0)
    with pytest.raises(InputRejected, match="1 of 11 lines"):
        judge(counts_of(accepted=10, rejected=2), 1, 1.0)
    with pytest.raises(NothingToCheck):
        judge(counts_of(rejected=1), 1, 1.0)


def test_a_limit_of_zero_allows_none_and_one_of_a_hundred_allows_all_but_nothing() -> None:
    judge(counts_of(accepted=1), 0, 0)
    with pytest.raises(InputRejected):
        judge(counts_of(accepted=10**9, rejected=1), 0, 0)
    judge(counts_of(accepted=1, rejected=10**6), 0, 100)
    with pytest.raises(NothingToCheck):
        judge(counts_of(rejected=10), 0, 100)


@pytest.mark.parametrize("counts", [counts_of(), counts_of(blank=7)])
def test_a_file_without_an_id_is_nothing_to_check(counts: Counts) -> None:
    with pytest.raises(NothingToCheck):
        judge(counts, 0, 1.0)


def test_findings_add_up_over_the_parts_that_are_complete() -> None:
    one = part_of(
        status="complete",
        records=5,
        affected=4,
        result_errors=1,
        by_action={"delete": 4},
        by_reason={"deleted": 3, "suspended": 1},
    )
    other = part_of(
        status="complete", records=2, affected=2, result_errors=0, by_action={"delete": 1, "new": 1}, by_reason={}
    )
    failed = part_of(
        status="failed", records=100, affected=100, result_errors=0, by_action={"delete": 100}, by_reason={}
    )
    unbegun = part_of(status="prepared")
    assert total_findings([one, failed, other, unbegun]) == {
        "records": 7,
        "affected": 6,
        "result_errors": 1,
        "by_action": {"delete": 5, "new": 1},
        "by_reason": {"deleted": 3, "suspended": 1},
    }
    assert one["by_action"] == {"delete": 4}


def test_findings_of_many_parts_take_little_space() -> None:
    parts = [
        part_of(
            status="complete",
            records=1,
            affected=1,
            result_errors=0,
            by_action={"delete": 1},
            by_reason={f"reason {number}": 1},
        )
        for number in range(1000)
    ]
    total = total_findings(parts)
    assert total["by_action"] == {"delete": 1000}
    assert total["by_reason"]["other"] == 1000 - MOST_WORDS
    assert sum(total["by_reason"].values()) == 1000


def test_what_became_of_the_records_in_the_index_adds_up_too() -> None:
    one = part_of(status="complete", indexed=5, unchanged=4, outranked=1)
    other = part_of(status="complete", indexed=1, unchanged=0, outranked=0)
    failed = part_of(status="failed", indexed=100, unchanged=100, outranked=100)
    assert total_indexed([one, other, failed]) == {"indexed": 6, "unchanged": 4, "outranked": 1}
    assert total_indexed([part_of(status="complete")]) == {}
