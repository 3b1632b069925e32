"""Which IDs Athena is asked for, what its answer takes from a part, and what is left."""

import csv
import io
from collections.abc import Iterator
from functools import cache
from typing import Any, cast

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.deduplication import HEAD_BYTES, Answer, without
from compliance.duplicates import awaits_deduplication, question, to_deduplicate
from compliance.errors import QueryFailed
from compliance.plausibility import latest_id
from compliance.runs import Part
from tests.unit.preparing import MemoryStore, prepared

RUN = "tweets-0123456789abcdef"
LATEST = latest_id(1_790_000_000)
QUOTED, PLAIN = csv.QUOTE_ALL, csv.QUOTE_MINIMAL
Parts = dict[int, list[int]]


@cache
def engine() -> duckdb.DuckDBPyConnection:
    """One for all answers: to open it takes longer than to ask it."""
    return duckdb.connect(":memory:")


def answer_of(parts: Parts, quoting: Any, others: Parts | None = None) -> bytes:
    """The answer of an engine that speaks the same SQL, as Athena (quoted) or its emulator (plain) writes it."""
    engine().execute("CREATE OR REPLACE TABLE prepared_ids (id BIGINT, run_id VARCHAR, part INTEGER)")
    for run_id, own in ((RUN, parts), ("tweets-fedcba9876543210", others or {})):
        for part, ids in own.items():
            engine().execute("INSERT INTO prepared_ids SELECT unnest(?::BIGINT[]), ?, ?", [ids, run_id, part])
    result = engine().execute(question(RUN, parts))
    written = io.StringIO()
    writer = csv.writer(written, quoting=quoting, lineterminator="\n" if quoting == QUOTED else "\r\n")
    writer.writerow([column[0] for column in result.description])
    writer.writerows(result.fetchall())
    return written.getvalue().encode()


def gone_from(content: bytes, part: int, block: int = 7) -> list[int]:
    answer = Answer.of(content[:HEAD_BYTES], len(content))
    share = answer.share_of(part, lambda start, end: content[start:end])
    blocks = [content[at : min(at + block, share[1])] for at in range(share[0], share[1], block)]
    ids: list[int] = answer.ids(share, blocks).tolist()
    return ids


def text(ids: list[int]) -> bytes:
    return b"".join(b"%d\n" % each for each in ids)


def content_of(store: MemoryStore) -> bytes:
    return b"".join(store.blocks)


def part_with(ids: list[int], **more: Any) -> Part:
    return cast(Part, {"run_id": RUN, "part": 2, "accepted": len(ids), "headers": 0} | more)


some_parts = st.dictionaries(
    st.integers(1, 300), st.lists(st.one_of(st.integers(1, 30), st.integers(1, 2**63 - 1)), unique=True), min_size=1
)


@pytest.mark.parametrize("quoting", [QUOTED, PLAIN], ids=["Athena", "emulator"])
@given(parts=some_parts)
def test_an_id_stays_in_the_lowest_part_and_goes_from_every_other(quoting: Any, parts: Parts) -> None:
    content = answer_of(parts, quoting, others={part: [1, 2, 3] for part in range(1, 5)})
    seen: set[int] = set()
    for part in sorted(parts):
        assert gone_from(content, part) == sorted(each for each in parts[part] if each in seen)
        seen.update(parts[part])
    assert gone_from(content, 301) == []


def test_a_share_is_found_without_reading_the_answer() -> None:
    parts = {number: list(range(1, 400)) for number in range(1, 60)}
    content = answer_of(parts, QUOTED)
    answer = Answer.of(content[:HEAD_BYTES], len(content))
    read: list[int] = []

    def note(start: int, end: int) -> bytes:
        read.append(end - start)
        return content[start:end]

    start, end = answer.share_of(30, note)
    assert (end - start) // answer.width == 399
    assert sum(read) < len(content) / 100


def test_the_question_names_its_run_and_reads_no_other_partition() -> None:
    assert f"run_id = '{RUN}' AND part BETWEEN 2 AND 41" in question(RUN, [41, 2, 7])


@pytest.mark.parametrize("how", ["cut off", "another width", "another column", "nothing", "letters"])
def test_what_is_no_such_answer_is_told_from_one(how: str) -> None:
    whole = answer_of({1: [5, 6], 2: [5, 6]}, QUOTED)
    broken = {
        "cut off": whole[:-3],
        "another width": whole + b'"1","2"\n',
        "another column": whole.replace(b"part", b"port"),
        "nothing": b"",
        "letters": whole[:-4] + b'x"\n' + b"\n",
    }[how]
    with pytest.raises(QueryFailed):
        gone_from(broken, 2)


def test_what_is_left_keeps_its_order() -> None:
    ids, kept = [9, 10**18, 3, 2**63 - 1, 5], MemoryStore()
    left = without(part_with(ids), iter([text(ids)]), np.array([5, 9], np.uint64), LATEST, kept)
    assert content_of(kept) == text([10**18, 3, 2**63 - 1])
    assert left.accepted == 3


def test_a_part_of_which_every_id_goes_is_empty() -> None:
    kept = MemoryStore()
    left = without(part_with([7, 8]), iter([text([7, 8])]), np.array([7, 8], np.uint64), LATEST, kept)
    assert (content_of(kept), left.accepted) == (b"", 0)


@pytest.mark.parametrize("gone", [[4], [7, 9], [7, 8, 9]])
def test_an_id_that_is_to_go_must_be_there(gone: list[int]) -> None:
    with pytest.raises(QueryFailed):
        without(part_with([7, 8]), iter([text([7, 8])]), np.array(gone, np.uint64), LATEST, MemoryStore())


@given(st.data())
def test_what_is_odd_is_counted_as_when_the_part_was_prepared(data: st.DataObject) -> None:
    ids = data.draw(st.lists(st.integers(1, 2**63 - 1) | st.integers(1, 10**11), unique=True, min_size=1))
    gone = sorted(data.draw(st.sets(st.sampled_from(ids), min_size=1)))
    kept = MemoryStore()
    left = without(part_with(ids, headers=1), cut(text(ids)), np.array(gone, np.uint64), LATEST, kept)
    rest = [each for each in ids if each not in gone]
    assert content_of(kept) == text(rest)
    assert left.oddities == prepared([b"id\n" + text(rest)], latest=LATEST).oddities


def cut(content: bytes) -> Iterator[bytes]:
    yield from (content[at : at + 11] for at in range(0, len(content), 11))


PREPARED: dict[str, Any] = {"accepted": 1, "prepared_at": "2026-11-23T12:00:00Z"}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ([{}, {}, {}], [2, 3]),
        ([{"accepted": 0}, {}, {}], [3]),
        ([{}, {"accepted": 0}, {}], [3]),
        ([{}, {"deduplicated_at": "then"}, {}], [3]),
        ([{"execution_arn": "job"}, {"execution_arn": "job", "status": "complete"}, {}], [3]),
        ([{}], []),
        ([{"accepted": 0}, {}], []),
    ],
)
def test_every_part_is_looked_at_but_the_lowest_and_what_has_gone_on(
    more: list[dict[str, Any]], expected: list[int]
) -> None:
    parts = [cast(Part, PREPARED | {"part": number} | each) for number, each in enumerate(more, 1)]
    assert to_deduplicate(parts) == expected


def test_nothing_is_looked_at_while_a_part_is_not_prepared() -> None:
    parts = [PREPARED | {"part": 1}, PREPARED | {"part": 2}, {"part": 3, "status": "planned"}]
    assert to_deduplicate([cast(Part, part) for part in parts]) == []


def test_a_part_is_changed_once_and_never_when_a_job_has_begun_with_it() -> None:
    assert awaits_deduplication(part_with([1]))
    assert not awaits_deduplication(part_with([1], deduplicated_at="then"))
    assert not awaits_deduplication(part_with([1], execution_arn="job"))
