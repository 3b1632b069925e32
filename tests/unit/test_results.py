"""X's result lines, in the dialects that were seen, and lines that nobody has seen yet."""

import codecs
import json
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from compliance.results import (
    MAX_WORD,
    MOST_WORDS,
    OTHER,
    ResultRecord,
    is_answer,
    no_findings,
    outranking,
    parse_line,
    records_in,
    tally,
)


def record_of(**fields: Any) -> ResultRecord:
    record = parse_line(json.dumps(fields).encode() + b"\n")
    assert record is not None
    return record


MARCH = datetime(2026, 3, 1, 12, 0, 22, 39_000, UTC)


def test_a_documented_line_is_read_whole() -> None:
    record = record_of(
        id="1265324480517361664",
        action="delete",
        created_at="2019-10-29T17:02:47.000Z",
        redacted_at="2026-03-01T12:00:22.039Z",
        reason="deleted",
    )
    assert record == ResultRecord(
        "1265324480517361664",
        "delete",
        "deleted",
        created_at=datetime(2019, 10, 29, 17, 2, 47, tzinfo=UTC),
        redacted_at=MARCH,
    )


@pytest.mark.parametrize(
    "text",
    ["2026-03-01T12:00:22.039Z", "2026-03-01T12:00:22.039+00:00", "2026-03-01T04:00:22.039-08:00"],
)
def test_every_way_of_writing_a_time_is_one_moment(text: str) -> None:
    assert record_of(id="1", action="delete", redacted_at=text) == ResultRecord("1", "delete", redacted_at=MARCH)


def test_a_new_files_deleted_at_stands_for_redacted_at() -> None:
    text = "2026-03-01T12:00:22.039Z"
    assert record_of(id="1", deleted_at=text).redacted_at == MARCH
    assert record_of(id="1", redacted_at=text, deleted_at=text) == ResultRecord("1", redacted_at=MARCH)
    assert record_of(id="1", redacted_at=None, deleted_at=text).redacted_at == MARCH


def test_a_deleted_at_that_says_something_else_is_not_lost() -> None:
    record = record_of(id="1", redacted_at="2026-03-01T12:00:22.039Z", deleted_at="2026-03-02T00:00:00Z")
    assert record.raw is not None
    assert "2026-03-02" in record.raw


@pytest.mark.parametrize("line", [b"", b"\n", b"\r\n", b"  \n", codecs.BOM_UTF8 + b"\n"])
def test_a_blank_line_is_no_record(line: bytes) -> None:
    assert parse_line(line) is None


def test_a_line_that_was_no_id_comes_back_as_an_error() -> None:
    assert record_of(id="not_a_valid_id", error="invalid_id") == ResultRecord("not_a_valid_id", error="invalid_id")


@pytest.mark.parametrize("reason", ["scrub_geo", "geo_scrubbed"])
def test_an_older_files_delete_for_a_scrubbed_location_deletes_nothing(reason: str) -> None:
    record = record_of(id="1", action="delete", reason=reason)
    assert (record.action, record.reason) == ("scrub_geo", reason)
    assert record.raw is not None
    assert '"delete"' in record.raw


def test_new_values_pass_through() -> None:
    record = record_of(id="1", action="embargo", reason="court_order")
    assert (record.action, record.reason, record.raw) == ("embargo", "court_order", None)


def test_an_unknown_field_is_kept_in_the_line_itself() -> None:
    record = record_of(id="1", action="delete", country="DE")
    assert record.raw == '{"id": "1", "action": "delete", "country": "DE"}'


def test_an_id_beyond_2_to_the_53_stays_exact_also_as_a_number() -> None:
    assert record_of(id="9223372036854775807").id == "9223372036854775807"
    assert record_of(id=9223372036854775807).id == "9223372036854775807"


def test_a_time_that_cannot_be_read_is_kept_in_the_line_itself() -> None:
    record = record_of(id="1", action="delete", redacted_at="yesterday")
    assert record.redacted_at is None
    assert record.raw is not None
    assert "yesterday" in record.raw


@pytest.mark.parametrize(
    "line",
    [
        '{"id":"1","id":"2","action":"delete"}',
        '{"id":"1","action":"delete","action":"delete"}',
        '{"id":"1","action":"delete","reason":null,"reason":"deleted"}',
        '{"id":"x","error":"invalid_id","error":"another"}',
        '{"id":"1","\\u0069d":"2","action":"delete"}',
        '{"id":{"a":"1","a":"2"},"action":"delete"}',
        '{"id":"1","action":"delete","more":[{"a":"1","a":"2"}]}',
    ],
)
def test_an_object_that_uses_a_name_twice_is_kept_in_the_line_itself(line: str) -> None:
    record = parse_line(line.encode())
    assert record is not None
    assert record.raw == line


@pytest.mark.parametrize("fields", [{"action": "delete"}, {"error": "invalid_id"}, {"action": "delete", "more": 1}])
def test_a_byte_order_mark_before_a_record_changes_nothing(fields: dict[str, Any]) -> None:
    line = json.dumps({"id": "1", **fields}).encode()
    assert parse_line(codecs.BOM_UTF8 + line) == parse_line(line)


@pytest.mark.parametrize("line", [b"not json", b'"text"', b"[1]", b"12", b"\xff\xfe", b'{"id": "1"', b"null"])
def test_a_line_that_cannot_be_read_is_visible_as_such(line: bytes) -> None:
    record = parse_line(line)
    assert record is not None
    assert (record.id, record.action, record.error) == (None, None, "unreadable_line")
    assert record.raw == line.decode(errors="replace")


@pytest.mark.parametrize("name", ["id", "action", "error"])
def test_a_value_that_is_too_deep_for_python_is_kept(name: str) -> None:
    for depth in range(800, 1100):
        line = f'{{"{name}": {"[" * depth}{"]" * depth}}}'
        record = parse_line(line.encode())
        assert record is not None
        assert record.raw == line


VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.lists(st.none(), max_size=2)
)
NAMES = st.sampled_from(["id", "action", "reason", "created_at", "redacted_at", "deleted_at", "error", "more"])


@settings(max_examples=50)
@given(data=st.dictionaries(NAMES, VALUES | st.datetimes().map(datetime.isoformat)))
@example(data={"id": "1", "created_at": "9999-12-31T23:59:59-08:00"})
@example(data={"id": "1", "created_at": "0001-01-01T00:00:00+08:00"})
def test_no_json_object_is_too_strange_to_be_kept(data: dict[str, Any]) -> None:
    record = parse_line(json.dumps(data).encode())
    assert record is not None
    assert record.raw is None or json.dumps(data).strip() == record.raw


@given(line=st.binary(max_size=60))
@example(line=codecs.BOM_UTF8 + b"x")
@example(line=b"[" * 100_000)
@example(line=b'{"id": ' + b"9" * 5000 + b"}")
def test_no_line_is_too_strange_to_be_kept(line: bytes) -> None:
    record = parse_line(line)
    assert (record is None) == (not line.removeprefix(codecs.BOM_UTF8).strip())


def test_every_record_is_counted_by_what_it_says() -> None:
    findings = no_findings()
    tally(
        findings,
        [
            ResultRecord("1", "delete", "deleted"),
            ResultRecord("2", "delete", "suspended"),
            ResultRecord("3", "scrub_geo"),
            ResultRecord("x", error="invalid_id"),
            ResultRecord(None, error="unreadable_line", raw="?"),
        ],
    )
    tally(findings, [ResultRecord("4", "embargo", "deleted")])
    assert findings == {
        "records": 6,
        "affected": 4,
        "result_errors": 2,
        "by_action": {"delete": 2, "scrub_geo": 1, "embargo": 1},
        "by_reason": {"deleted": 2, "suspended": 1},
    }


def test_the_records_of_an_answer_are_its_lines_but_the_blank_ones() -> None:
    lines = [b'{"id": "1"}\n', b"\n", b"?\n", b'{"id": "2"}']
    assert [record.id for record in records_in(lines)] == ["1", None, "2"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" \n\n",
        codecs.BOM_UTF8,
        b'{"id": "1"}',
        codecs.BOM_UTF8 + b'{"id": "1"}',
        b'?\n{"id": "x", "error": "invalid_id"}\n',
    ],
)
def test_what_is_blank_or_has_a_record_with_an_id_may_be_an_answer(content: bytes) -> None:
    assert is_answer(content)


@pytest.mark.parametrize(
    "content", [b"<html>\n\n</html>", b'{"title": "Service Unavailable"}', b'{"action": "delete"}']
)
def test_what_has_lines_but_no_id_is_none(content: bytes) -> None:
    assert not is_answer(content)


def test_of_records_of_one_rank_the_first_counts() -> None:
    one, other = ResultRecord("1", "delete", "deleted"), ResultRecord("1", "delete", "suspended")
    assert outranking([one, other]) == {"1": one}


@pytest.mark.parametrize("name", ["action", "reason", "error"])
def test_a_word_that_is_too_long_is_cut_and_kept_in_the_line_itself(name: str) -> None:
    for length, is_whole in ((MAX_WORD, True), (MAX_WORD + 1, False), (1_000_000, False)):
        record = record_of(**{"id": "1", name: "ä" * length})
        assert getattr(record, name) == "ä" * MAX_WORD
        assert (record.raw is None) == is_whole


def test_an_id_that_is_too_long_is_nobodys_and_kept_in_the_line_itself() -> None:
    assert record_of(id="1" * MAX_WORD, action="delete").id == "1" * MAX_WORD
    record = record_of(id="1" * (MAX_WORD + 1), action="delete")
    assert (record.id, record.action) == (None, "delete")
    assert record.raw is not None


def test_any_number_of_different_words_is_counted_in_little_space() -> None:
    findings = no_findings()
    words = [f"word {number}" for number in range(MOST_WORDS + 30)]
    tally(findings, [ResultRecord("1", word, word) for word in words * 2])
    tally(findings, [ResultRecord("1", "delete"), ResultRecord("1", words[0], "delete")])
    for name, deletes in (("by_action", 1), ("by_reason", 1)):
        counts = dict(cast(Any, findings)[name])
        assert counts.pop("delete") == deletes
        assert counts.pop(OTHER) == 60
        assert counts.keys() == set(words[:MOST_WORDS])
    assert sum(findings["by_action"].values()) == findings["affected"] == 2 * len(words) + 2


@given(st.permutations(["embargo", "scrub_geo", "rehydrate", "delete"]))
def test_delete_outranks_rehydrate_outranks_scrub_geo(order: list[str]) -> None:
    for count in range(1, 5):
        actions = order[:count]
        best = outranking(ResultRecord("1", action) for action in actions)["1"].action
        assert best == max(actions, key=["embargo", "scrub_geo", "rehydrate", "delete"].index)


def test_what_has_no_id_or_no_action_affects_no_id() -> None:
    assert outranking([ResultRecord(None, "delete"), ResultRecord("1", error="invalid_id")]) == {}
