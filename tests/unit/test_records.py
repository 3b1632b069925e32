"""Lines of X's answer as arrays: what they say is what ``parse_line`` makes of each."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.digits import microseconds
from compliance.fields import Said
from compliance.records import LineSorter, Records
from compliance.results import ResultRecord, records_in
from tests.unit import answering
from tests.unit.answering import RECORD

lines = partial(answering.lines, separators=(", ", ": "))
"""As X writes them."""

TIMES = {"redacted_at": "2026-03-01T12:00:22.039Z", "deleted_at": "2026-03-01T12:00:22.039Z"}


def read(*texts: bytes) -> tuple[Counter[ResultRecord], list[bytes]]:
    """The records that are read as arrays, and the lines that are not."""
    sorter = LineSorter()
    found = [sorter.sort([text]).read() for text in texts]
    records = Records.joined([each for each, _ in found])
    raw = [None] * len(records) if records.raw is None else records.raw.tolist()
    times = [each.view("M8[us]").tolist() for each in (records.created_at, records.redacted_at)]
    rows = zip(records.ids.tolist(), records.said.tolist(), *times, raw, strict=True)
    return Counter(_record(sorter.said, *row) for row in rows), [line for _, odd in found for line in odd]


def _record(words: Sequence[Said], name: int, said: int, *others: Any) -> ResultRecord:
    *times, raw = others
    created, redacted = (time and time.replace(tzinfo=UTC) for time in times)
    return ResultRecord(str(name), *words[said], created, redacted, raw=raw)


def check(text: bytes) -> list[bytes]:
    """The lines that are not read as arrays, and say nothing that is."""
    records, odd = read(text)
    assert records + Counter(records_in(odd)) == Counter(records_in(text.split(b"\n")))
    return odd


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"redacted_at": "2026-03-01T12:00:22.039Z"},
        {"redacted_at": None},
        TIMES,
        {"redacted_at": "2026-03-01T12:00:22+00:00", "deleted_at": "2026-03-01T12:00:22+00:00"},
        {"deleted_at": "2026-03-01T12:00:22Z"},
        {"created_at": None},
        {"created_at": "0001-01-01T00:00:00.000Z"},
        {"created_at": "2024-02-29T23:59:59.999Z"},
        {"reason": None},
        {"reason": "it's rule_9"},
        {"action": "embargo"},
        {"reason": "scrub_geo"},
        {"reason": "r" * 201},
        {"country": "DE", "more": None},
    ],
)
def test_usual_lines_are_read_as_arrays(change: dict[str, Any], separators: tuple[str, str]) -> None:
    names = [0, 1, 9, 10, 99999999, 100000000, 10**18, 2**63 - 1, 10**19 - 1, *range(5, 60)]
    assert check(lines(*[RECORD | change | {"id": str(name)} for name in names], separators=separators)) == []


def test_an_id_may_stand_behind_the_times() -> None:
    assert check(lines({"created_at": RECORD["created_at"], "id": "7", "action": "delete"}) * 3) == []


@pytest.mark.parametrize(
    "odd",
    [
        b'{"id":"1","action":"delete","action":"delete"}',
        b'{"id":1,"action":"delete"}',
        b'{"id":"1","action":"delete","country":["DE"]}',
        b'{"id":"01","action":"delete"}',
        b'{"id":"","action":"delete"}',
        b'{"id":"10000000000000000000","action":"delete"}',
        b'{"id":"1","action":["delete"]}',
        b'{"id":"1x","action":"delete"}',
        b'{"action":"delete"}',
        b'{"id":"1"}',
        b'{"id":"1","error":"invalid_id"}',
        b'{"id":"1","action":"del\\u0065te"}',
        b'{"id":"1","action":"delete","reason":"\xc3\xa9"}',
        b' {"id":"1","action":"delete"}',
        b'{"id":"1","action":"delete"}\r',
        b'{"id":"' + b"1" * 201 + b'","action":"delete"}',
        b'{"id":"1","action":"delete","reason":"' + b"x" * 1000 + b'"}',
        b"not json",
        b'["id","1"]',
        b"\t",
    ],
)
def test_whatever_is_not_usual_is_read_by_itself(odd: bytes) -> None:
    assert check(lines(*[RECORD] * 20) + odd + b"\n" + lines(RECORD)) == [odd]


@pytest.mark.parametrize(
    "time",
    [
        "0000-01-02T03:04:05.000Z",
        "2026-00-02T03:04:05.000Z",
        "2026-13-02T03:04:05.000Z",
        "2026-01-00T03:04:05.000Z",
        "2026-02-29T03:04:05.000Z",
        "2026-01-32T03:04:05.000Z",
        "2026-01-02T24:00:00.000Z",
        "2026-01-02T23:60:00.000Z",
        "2026-01-02T23:59:60.000Z",
        "5400-01-01T00:00:00.000Z",
        "5470-01-01T00:00:00.000Z",
        "9999-12-31T23:59:59.000Z",
        "2026-01-0:T03:04:05.000Z",
        "2026-01-02T03:04:05.00?Z",
        "2026-1-002T03:04:05.000Z",
        " 202-10-02T03:04:05.000Z",
        "-202-10-02T03:04:05.000Z",
        "2026-01-02T03:04:05.00Z",
        "2026-01-02T03:04:05.000z",
        "2026-01-02T03:04:05.000-08:00",
        "2026-01-02 03:04:05.000Z",
        "2026-01-02T03:04:05+05:30",
    ],
)
@pytest.mark.parametrize("name", ["created_at", "redacted_at"])
def test_a_time_that_is_like_the_others_but_for_a_detail(time: str, name: str) -> None:
    usual, other = lines(*[RECORD | TIMES] * 20), lines(RECORD | TIMES | {name: time})
    assert check(usual + other) == [other[:-1]]
    assert check(other + usual) == [other[:-1]]


@pytest.mark.parametrize("place", range(23))
def test_a_deleted_at_that_says_something_else_is_read_by_itself(place: int) -> None:
    again = TIMES["deleted_at"]
    other = again[:place] + ("1" if again[place] == "0" else "0") + again[place + 1 :]
    line = lines(RECORD | TIMES | {"deleted_at": other})
    assert check(lines(*[RECORD | TIMES] * 20) + line) == [line[:-1]]


def test_a_deleted_at_that_is_written_otherwise_is_read_by_itself() -> None:
    line = lines(RECORD | TIMES | {"deleted_at": "2026-03-01T12:00:22+00:00"})
    assert check(line * 3) == [line[:-1]] * 3


def test_an_offset_that_is_none_is_no_digit_of_a_time() -> None:
    usual = lines(*[RECORD | {"created_at": "2026-01-02T03:04:05+00:00"}] * 20)
    other = lines(RECORD | {"created_at": "2026-01-02T03:04:05+05:00"})
    assert check(usual + other) == [other[:-1]]
    assert other[:-1] in check(other + usual)


def test_of_more_shapes_than_are_looked_for_lines_are_read_one_by_one() -> None:
    of_one_length = [lines(RECORD | {"reason": f"r{letter}"}) for letter in "abcdefghijklmnopqrst"]
    assert check(b"".join(of_one_length)) == [line[:-1] for line in of_one_length[16:]]
    changes: list[dict[str, str]] = [{}, TIMES, {"action": "a" * 199}]
    of_many = [lines(RECORD | change | {"reason": "r" * size}) for change in changes for size in range(1, 191)]
    assert check(b"".join(of_many)) == [line[:-1] for line in of_many[512:]]


def test_shapes_are_known_in_the_next_text() -> None:
    of_one_length = [lines(RECORD | {"reason": f"r{letter}"}) for letter in "abcdefghijklmnopqrst"]
    _, odd = read(b"".join(of_one_length[:10]), b"".join(of_one_length[::-1]))
    assert odd == [line[:-1] for line in of_one_length[13:9:-1]]


def test_a_text_may_come_in_pieces_and_have_no_lines() -> None:
    text = lines(RECORD, RECORD | TIMES)
    whole, pieces = (LineSorter().sort(each).read()[0] for each in ([text], [text[:70], b"", text[70:]]))
    assert whole.ids.tolist() == pieces.ids.tolist() == [int(RECORD["id"])] * 2
    assert [len(part) for part in LineSorter().sort([b"\n\n"]).read()] == [0, 0]


@given(
    st.lists(
        st.tuples(st.integers(0, 5399), *(st.integers(0, most) for most in (13, 32, 25, 61, 61, 999))),
        min_size=1,
        max_size=50,
    )
)
def test_times_are_those_that_there_are(times: list[tuple[int, ...]]) -> None:
    texts = ["{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}".format(*each) for each in times]
    found, exist = microseconds(np.array([_words(text) for text in texts], np.uint64).T)
    for each, text in enumerate(texts):
        expected = _time(text)
        assert bool(exist[each]) == (expected is not None), text
        if expected is not None:
            assert found[each : each + 1].view("M8[us]").tolist() == [expected]


def _words(text: str) -> list[int]:
    digits = [int(character) if character.isdigit() else 0 for character in text] + [0, 0]
    return [int.from_bytes(bytes(digits[start : start + 8]), "little") for start in (0, 8, 17)]


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
