"""The results index: what it says of an ID after any number of checks, written in one go or in many ranges at once."""

import codecs
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import permutations
from typing import Any

import pytest

from adapters import aws, results_index
from compliance import indexing
from compliance.errors import AwsUnavailable, StepFailed
from tests.unit.conftest import Functions

IDS = b"1800000000000000000\n"
DELETED = {"action": "delete", "reason": "deleted", "created_at": "2020-01-02T03:04:05+00:00"}


def answer(*records: tuple[int, str]) -> bytes:
    """X's answer: IDs and what happened to them."""
    return b"".join(
        json.dumps({"id": str(number), "action": action, "created_at": DELETED["created_at"]}).encode() + b"\n"
        for number, action in records
    )


def checked(functions: Functions, results: bytes) -> dict[str, Any]:
    """The reference of a part as Write Results leaves it; each check is an hour after the one before."""
    functions.clock.advance(3600)
    ref = functions.uploaded(IDS)
    job = functions.world.x.job()
    job.answer(results)
    job.status = "complete"
    assert functions.invoke("get_job", ref)["status"] == "complete"
    functions.invoke("download_results", ref, 900)
    functions.invoke("write_results", ref)
    return ref


def index(functions: Functions, ref: dict[str, Any], order: Callable[[list[Any]], list[Any]] = list) -> int:
    """The states that index an answer; returns how many rounds of ranges it took. Every range is done twice."""
    done = functions.invoke("index_results", ref | {"progress": {}, "outcomes": {}})
    rounds = 0
    while not done["complete"]:
        rounds += 1
        outcomes = []
        for each in order(done["ranges"]):
            outcomes.append(functions.invoke("index_range", each))
            assert functions.invoke("index_range", each) == outcomes[-1], "a second try counts otherwise"
        done = functions.invoke("index_results", ref | {"progress": done["progress"], "outcomes": outcomes})
    return rounds


def failure(of: dict[str, Any], error: str) -> dict[str, Any]:
    """What the machine says of a range that was not indexed."""
    about = {"began": of["start"], "start": of["start"], "end": of["end"], "error": error, "cause": "{}"}
    return about | {"indexed": 0, "unchanged": 0, "outranked": 0}


def indexed() -> dict[str, dict[str, Any]]:
    items = aws.dynamodb().Table("results").scan()["Items"]
    return {str(item["subject"]): dict(item) for item in items}


def actions() -> dict[int, str]:
    return {int(item["id"]): item["action"] for item in indexed().values()}


def counts(functions: Functions, ref: dict[str, Any]) -> tuple[int, int, int]:
    part = functions.part(ref)
    return part["indexed"], part["unchanged"], part["outranked"]


@contextmanager
def noted(*operations: str) -> Iterator[list[dict[str, Any]]]:
    """What DynamoDB is asked for."""
    seen: list[dict[str, Any]] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        seen.append(params)

    events = aws.dynamodb().meta.client.meta.events
    for operation in operations:
        events.register(f"provide-client-params.dynamodb.{operation}", note)
    try:
        yield seen
    finally:
        for operation in operations:
            events.unregister(f"provide-client-params.dynamodb.{operation}", note)


@pytest.fixture
def short_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranges of a record or two."""
    monkeypatch.setattr(indexing, "RANGE_BYTES", 100)


def test_the_index_answers_what_happened_to_an_id(functions: Functions) -> None:
    line = (
        b'{"id":"1800000000000000001","action":"delete","created_at":"2020-01-02T03:04:05.000Z",'
        b'"redacted_at":"2026-03-01T04:00:22.039-08:00","reason":"deleted"}\n\nnot json\n{"id":"7","error":"invalid"}'
    )
    ref = checked(functions, line)
    index(functions, ref)
    part = functions.part(ref)
    assert indexed() == {
        "tweets#1800000000000000001": {
            "subject": "tweets#1800000000000000001",
            "id": "1800000000000000001",
            "type": "tweets",
            "action": "delete",
            "reason": "deleted",
            "created_at": "2020-01-02T03:04:05+00:00",
            "redacted_at": "2026-03-01T12:00:22.039000+00:00",
            "since": part["completed_at"],
            "checked_at": part["completed_at"],
            "run_id": ref["run_id"],
            "part": 1,
            "job_id": part["job_id"],
            "ttl": int(functions.clock.now()) + (731 + 182) * 86_400,
        }
    }
    assert (part["status"], "indexed_at" in part) == ("complete", True)
    assert counts(functions, ref) == (1, 0, 0)


def test_a_short_answer_takes_one_invocation_and_a_handful_of_requests(functions: Functions) -> None:
    ref = checked(functions, answer(*((number, "delete") for number in range(1, 51))))
    with noted("BatchGetItem", "BatchWriteItem", "PutItem") as asked:
        assert index(functions, ref) == 0
    assert len(asked) == 1 + 2
    assert len(indexed()) == 50


def test_a_line_ends_where_the_results_table_has_its_end(functions: Functions) -> None:
    content = b'{"id":"1800000000000000000",\r"action":"delete"}\r\n\r\n{"id":"1800000000000000001","action":"delete"}'
    index(functions, ref := checked(functions, content))
    assert actions() == {1800000000000000000: "delete", 1800000000000000001: "delete"}
    assert counts(functions, ref) == (functions.part(ref)["affected"], 0, 0) == (2, 0, 0)


def test_a_byte_order_mark_and_a_repeated_name_lose_no_item(functions: Functions) -> None:
    content = codecs.BOM_UTF8 + b'{"id":"18","action":"delete"}\n{"id":"1","id":"19","action":"delete"}\n'
    index(functions, ref := checked(functions, content))
    assert actions() == {18: "delete", 19: "delete"}
    assert counts(functions, ref) == (functions.part(ref)["affected"], 0, 0) == (2, 0, 0)


def test_a_long_answer_is_indexed_range_by_range(functions: Functions, short_ranges: None) -> None:
    words = ["delete", "rehydrate", "scrub_geo", "embargo"]
    ref = checked(functions, answer(*((number, words[number % 4]) for number in range(1, 41))))
    assert index(functions, ref, order=lambda ranges: ranges[::-1]) == 4
    assert actions() == {number: words[number % 4] for number in range(1, 41)}
    assert counts(functions, ref) == (40, 0, 0)


def test_many_chunks_are_written_side_by_side_and_none_is_lost(functions: Functions) -> None:
    ref = checked(functions, answer(*((number, "delete") for number in range(1, 1231))))
    index(functions, ref)
    assert len(indexed()) == 1230
    assert counts(functions, ref) == (1230, 0, 0)


@pytest.mark.parametrize("before", [None, "delete", "rehydrate", "scrub_geo"])
@pytest.mark.parametrize("words", list(permutations(["delete", "rehydrate", "scrub_geo"])))
def test_a_word_outranks_another_of_the_same_answer_wherever_it_stands(
    functions: Functions, short_ranges: None, words: tuple[str, ...], before: str | None
) -> None:
    """Also where the index said so before: that it was said again leaves no trace on the item."""
    if before:
        index(functions, checked(functions, answer((1, before))))
    ref = checked(functions, answer(*((1, word) for word in words)))
    assert index(functions, ref) == 3
    assert actions() == {1: "delete"}
    assert sum(counts(functions, ref)) == functions.part(ref)["affected"] == 3


def test_a_word_outranks_another_of_the_same_range(functions: Functions) -> None:
    ref = checked(functions, answer((1, "scrub_geo"), (1, "delete"), (1, "rehydrate")))
    index(functions, ref)
    assert actions() == {1: "delete"}
    assert counts(functions, ref) == (1, 0, 2)


def test_what_has_not_changed_is_not_written_again(functions: Functions) -> None:
    results = answer(*((number, "delete") for number in range(1, 101)))
    first = checked(functions, results)
    index(functions, first)
    before = indexed()
    again = checked(functions, results + answer((101, "delete")))
    with noted("BatchWriteItem", "PutItem") as asked:
        index(functions, again)
    written = [each for each in asked if "results" in (each.get("TableName"), *each.get("RequestItems", {}))]
    assert len(written) == 1
    assert counts(functions, again) == (1, 100, 0)
    items = indexed()
    assert items.pop("tweets#101")["since"] == functions.part(again)["completed_at"]
    assert items == before


@pytest.mark.parametrize("change", [{"action": "rehydrate"}, {"reason": "edited"}, {"redacted_at": "2026-01-01"}])
def test_what_has_changed_says_since_when(functions: Functions, change: dict[str, str]) -> None:
    index(functions, checked(functions, json.dumps({"id": "1", **DELETED}).encode()))
    later = checked(functions, json.dumps({"id": "1", **DELETED, **change}).encode())
    index(functions, later)
    item, part = indexed()["tweets#1"], functions.part(later)
    assert (item["since"], item["checked_at"], item["job_id"]) == (part["completed_at"],) * 2 + (part["job_id"],)
    assert counts(functions, later) == (1, 0, 0)


def test_an_earlier_check_that_is_indexed_later_replaces_nothing(functions: Functions) -> None:
    """Its run failed, and was started again after another run had checked the same ID."""
    earlier = checked(functions, answer((1, "delete"), (2, "delete")))
    index(functions, checked(functions, answer((1, "rehydrate"))))
    index(functions, earlier)
    assert actions() == {1: "rehydrate", 2: "delete"}
    assert counts(functions, earlier) == (1, 0, 1)


def test_what_a_later_check_found_unchanged_stands_up_to_an_earlier_one(functions: Functions) -> None:
    """An answer that was not indexed yet is known, and what it might replace is written again, once."""
    index(functions, checked(functions, answer((1, "rehydrate"))))
    since = indexed()["tweets#1"]["since"]
    earlier = checked(functions, answer((1, "delete")))
    later = checked(functions, answer((1, "rehydrate")))
    index(functions, later)
    assert counts(functions, later) == (1, 0, 0)
    last = checked(functions, answer((1, "rehydrate")))
    index(functions, last)
    assert counts(functions, last) == (0, 1, 0)
    index(functions, earlier)
    item = indexed()["tweets#1"]
    assert (item["action"], item["since"]) == ("rehydrate", since)
    assert item["checked_at"] == functions.part(later)["completed_at"]
    assert [each["pk"] for each in aws.dynamodb().Table("runs").scan()["Items"] if "answered_at" in each] == []


def test_an_item_of_an_older_version_is_compared_by_what_it_says(functions: Functions) -> None:
    functions.configure(results_days=0)
    state = {"action": "delete", "created_at": DELETED["created_at"]}
    item = {"subject": "tweets#1", "id": "1", "checked_at": "2020-01-01T00:00:00.000Z", **state}
    aws.dynamodb().Table("results").put_item(Item=item)
    index(functions, ref := checked(functions, answer((1, "delete"))))
    assert counts(functions, ref) == (0, 1, 0)


def test_an_item_that_changes_after_it_was_read_is_read_again(functions: Functions) -> None:
    """A function that has outlived its execution meets the later check."""
    index(functions, checked(functions, answer((1, "scrub_geo"))))
    ref = checked(functions, answer((1, "rehydrate")))
    replace, later = results_index._replace, [{"checked_at": "2099-01-01T00:00:00.000Z", "action": "delete"}]

    def replace_late(item: dict[str, Any], known: dict[str, Any]) -> bool:
        if later:
            aws.dynamodb().Table("results").put_item(Item=indexed()["tweets#1"] | later.pop())
        return replace(item, known)

    functions.monkeypatch.setattr(results_index, "_replace", replace_late)
    index(functions, ref)
    assert actions() == {1: "delete"}
    assert counts(functions, ref) == (0, 0, 1)


def hurried(functions: Functions, operation: str, times: int, kept: int = 1) -> list[int]:
    """DynamoDB has time for ``kept`` of what it is asked, so many times; returns what was left over each time."""
    left: list[int] = []
    name = {"BatchGetItem": "UnprocessedKeys", "BatchWriteItem": "UnprocessedItems"}[operation]
    client: Any = aws.dynamodb().meta.client
    call = client._make_api_call

    def hurry(asked: str, params: dict[str, Any]) -> Any:
        if asked != operation or len(left) == times:
            return call(asked, params)
        (requests,) = params["RequestItems"].values()
        keys = requests["Keys"] if isinstance(requests, dict) else requests
        rest, keys[kept:] = keys[kept:], []
        left.append(len(rest))
        if not keys:
            return {name: {"results": rest}}
        return call(asked, params) | {name: {"results": {"Keys": rest} if isinstance(requests, dict) else rest}}

    functions.monkeypatch.setattr(client, "_make_api_call", hurry)
    return left


@pytest.mark.parametrize("operation", ["BatchGetItem", "BatchWriteItem"])
def test_what_dynamodb_had_no_time_for_is_tried_again_after_a_pause_and_counted_once(
    functions: Functions, operation: str
) -> None:
    ref = checked(functions, answer(*((number, "delete") for number in range(1, 21))))
    left = hurried(functions, operation, 3)
    index(functions, ref)
    assert left == [19, 18, 17]
    assert functions.clock.slept == [0.05, 0.1, 0.2]
    assert counts(functions, ref) == (20, 0, 0)
    assert len(indexed()) == 20


def test_the_pace_follows_the_table() -> None:
    pace = results_index.Pace()
    for _ in range(9):
        pace.heard(throttled=False)
    assert (pace.chunks, pace.pause) == (8, 0.0)
    pauses = []
    for _ in range(9):
        pace.heard(throttled=True)
        pauses.append(pace.pause)
    assert (pace.chunks, pauses) == (1, [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0])
    pace.heard(throttled=False)
    assert (pace.chunks, pace.pause) == (2, 0.0)


def test_a_range_that_is_not_finished_in_time_goes_on_in_the_next_round(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "RANGE_BYTES", 2000)
    monkeypatch.setattr("index_range.STRIDE_BYTES", 500)
    write = results_index.ResultsIndex.write

    def write_slowly(self: results_index.ResultsIndex, records: Any) -> Any:
        self._wait()
        functions.clock.advance(20)
        return write(self, records)

    monkeypatch.setattr(results_index.ResultsIndex, "write", write_slowly)
    ref = checked(functions, answer(*((number, "delete") for number in range(1, 51))))
    assert index(functions, ref) > 2
    assert len(indexed()) == 50
    assert counts(functions, ref) == (50, 0, 0)


@pytest.mark.parametrize("name", ["index_results", "index_range"])
def test_a_table_that_takes_nothing_is_tried_again_by_the_machine(functions: Functions, name: str) -> None:
    ref = checked(functions, answer((1, "delete"), (2, "delete")))
    hurried(functions, "BatchWriteItem", 10_000, kept=0)
    ranged = ref | {"start": 0, "end": functions.part(ref)["result_bytes"], "rank": 3, "open_until": ""}
    with pytest.raises(AwsUnavailable, match="too slowly"):
        functions.invoke(name, ranged | {"progress": {}, "outcomes": {}})
    assert functions.clock.left > 10


@pytest.mark.parametrize("error", ["AwsUnavailable", "Sandbox.Timedout"])
def test_ranges_that_fail_come_again_as_long_as_one_gets_on(
    functions: Functions, short_ranges: None, error: str
) -> None:
    ref = checked(functions, answer(*((number, "delete") for number in range(1, 6))))
    done = functions.invoke("index_results", ref | {"progress": {}, "outcomes": {}})
    failed = [failure(each, error) for each in done["ranges"]]
    some = [functions.invoke("index_range", done["ranges"][0]), *failed[1:]]
    again = functions.invoke("index_results", ref | {"progress": done["progress"], "outcomes": some})
    assert (again["ranges"], again["wait_seconds"]) == (done["ranges"][1:], 0)


def test_rounds_in_which_no_range_gets_on_are_waited_between_and_are_eight_at_most(
    functions: Functions, short_ranges: None
) -> None:
    ref = checked(functions, answer(*((number, "delete") for number in range(1, 6))))
    done = functions.invoke("index_results", ref | {"progress": {}, "outcomes": {}})
    failed = [failure(each, "AwsUnavailable") for each in done["ranges"]]
    for wait in (15, 30, 60, 120, 240, 300, 300):
        again = functions.invoke("index_results", ref | {"progress": done["progress"], "outcomes": failed})
        assert (again["ranges"], again["wait_seconds"]) == (done["ranges"], wait)
        done = again
    with pytest.raises(StepFailed, match=f"Not one of the {len(failed)} ranges"):
        functions.invoke("index_results", ref | {"progress": done["progress"], "outcomes": failed})


def test_an_index_that_is_turned_off_is_not_touched(functions: Functions, short_ranges: None) -> None:
    ref = checked(functions, answer((1, "delete"), (2, "delete"), (3, "delete")))
    functions.configure(results_index=False)
    with noted("BatchGetItem", "BatchWriteItem", "PutItem") as asked:
        assert index(functions, ref) == 0
    assert asked == []
    part = functions.part(ref)
    assert (part["status"], part["affected"]) == ("complete", 3)
    assert not {"indexed", "unchanged", "outranked"} & set(part)


def test_the_largest_answer_fits_between_two_states(functions: Functions) -> None:
    """1024 MB of IDs, each of them affected; a state takes 256 KiB."""
    ref = checked(functions, answer((1, "delete"), (2, "scrub_geo")))
    functions.update(ref, result_bytes=10_000_000_000)
    planned = functions.invoke("index_results", ref | {"progress": {}, "outcomes": {}})
    assert len(planned["ranges"]) == indexing.MOST_RANGES
    assert len(json.dumps(planned)) < 200_000
    numbers = dict.fromkeys(("began", "start", "end", "indexed", "unchanged", "outranked"), 9_999_999_999)
    failed = numbers | {"error": "E" * 40, "cause": "c" * 200}
    assert len(json.dumps([failed] * indexing.MOST_RANGES)) < 250_000
