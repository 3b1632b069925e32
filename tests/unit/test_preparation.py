"""From a dropped object to prepared parts, with every line accounted for before any job exists."""

import gzip
import json
from typing import Any

import pytest

from adapters import aws, runs_table
from compliance import reading
from compliance.attempts import Attempt
from compliance.errors import (
    InputRejected,
    NothingToCheck,
    SourceChanged,
    StepFailed,
    UnsupportedInput,
)
from compliance.runs import summary
from tests.fakes.breach import crc32c
from tests.unit.conftest import EXECUTION, INBOX, Functions

IDS = b"".join(b"%d\n" % (1_800_000_000_000_000_000 + number) for number in range(1000))


def prepare(functions: Functions, content: bytes, key: str = "tweets/ids.txt") -> dict[str, Any]:
    """The reference of the only part of a run."""
    run = functions.register(content, key)
    (ref,) = functions.invoke("plan_parts", {"run_id": run["run_id"]})["parts"]
    functions.invoke("prepare_part", ref)
    return {**ref}


def prepare_all(functions: Functions, run_id: str) -> list[dict[str, Any]]:
    parts = functions.invoke("plan_parts", {"run_id": run_id})["parts"]
    return [functions.invoke("prepare_part", ref) for ref in parts]


def test_a_run_is_registered_with_the_version_that_it_checks(functions: Functions) -> None:
    registered = functions.register(IDS)
    about = {"type": "tweets", "duplicate": False, "folder": False, "scheduled": False}
    assert registered == {"run_id": registered["run_id"], **about}
    run = functions.run(registered)
    assert (run["bucket"], run["key"], run["status"]) == (INBOX, "tweets/ids.txt", "registered")
    assert (run["started_at"], run["checked_on"]) == ("2026-11-23T12:00:00.000Z", "2026-11-23")


def test_a_second_event_for_the_same_version_is_a_duplicate(functions: Functions) -> None:
    source = functions.drop(IDS)
    event = {"source": source, "execution_arn": EXECUTION, "started_at": "2026-11-23T12:00:00Z"}
    first = functions.invoke("register_run", event)
    functions.invoke("plan_parts", {"run_id": first["run_id"]})
    second = functions.invoke(
        "register_run", event | {"execution_arn": EXECUTION + "-2", "started_at": "2026-11-24T12:00:00Z"}
    )
    assert second == first | {"duplicate": True}
    run = functions.run(first)
    assert (run["execution_arn"], run["checked_on"], run["status"]) == (EXECUTION, "2026-11-23", "preparing")


def test_a_retry_within_the_same_execution_is_no_duplicate(functions: Functions) -> None:
    event = {"source": functions.drop(IDS), "execution_arn": EXECUTION, "started_at": "2026-11-23T12:00:00Z"}
    assert functions.invoke("register_run", event) == functions.invoke("register_run", event)


def test_a_new_version_of_the_object_is_a_run_of_its_own(functions: Functions) -> None:
    assert functions.register(IDS)["run_id"] != functions.register(IDS)["run_id"]


@pytest.mark.parametrize(
    "source",
    [
        {},
        {"bucket": {"name": "b"}},
        {"bucket": {"name": "b"}, "object": "tweets/a"},
        {"bucket": "b", "object": {"key": "tweets/a", "version-id": "v"}},
        {"bucket": {"name": "b"}, "object": {"key": "other/a", "version-id": "v"}},
    ],
)
def test_an_event_that_names_no_version_of_a_list_of_ids_is_refused(functions: Functions, source: Any) -> None:
    with pytest.raises(UnsupportedInput):
        functions.invoke("register_run", {"source": source, "execution_arn": "a", "started_at": "2026-11-23T12:00:00Z"})


def test_a_source_without_a_version_means_the_latest(functions: Functions) -> None:
    functions.drop(b"1\n")
    latest = functions.drop(IDS)["object"]["version-id"]
    source = {"bucket": {"name": INBOX}, "object": {"key": "tweets/ids.txt"}}
    event = {"source": source, "execution_arn": EXECUTION, "started_at": "2026-11-23T12:00:00Z"}
    assert functions.run(functions.invoke("register_run", event))["version_id"] == latest


def test_a_source_that_was_replaced_before_its_run_began_is_not_checked_in_its_name(functions: Functions) -> None:
    functions.drop(b"1\n")
    etag = aws.s3().head_object(Bucket=INBOX, Key="tweets/ids.txt")["ETag"].strip('"')
    functions.drop(IDS)
    source = {"bucket": {"name": INBOX}, "object": {"key": "tweets/ids.txt", "etag": etag}}
    with pytest.raises(SourceChanged):
        functions.invoke("register_run", {"source": source, "execution_arn": "a", "started_at": "2026-11-23T12:00:00Z"})


@pytest.mark.parametrize("key", ["tweets/", "users/2026/11/"])
def test_a_folder_that_the_console_makes_is_no_run(functions: Functions, key: str) -> None:
    registered = functions.register(b"", key)
    assert (registered["duplicate"], registered["folder"]) == (False, True)
    assert aws.dynamodb().Table("runs").scan()["Items"] == []


def test_only_an_empty_object_is_a_folder(functions: Functions) -> None:
    assert functions.register(IDS, "tweets/2026/")["folder"] is False
    assert functions.register(b"", "tweets/ids.txt")["folder"] is False


def test_a_small_file_is_one_part(functions: Functions) -> None:
    run = functions.register(IDS)
    parts = functions.invoke("plan_parts", {"run_id": run["run_id"]})["parts"]
    assert parts == [{"run_id": run["run_id"], "type": "tweets", "part": 1}]
    assert functions.run(run)["bytes"] == len(IDS)


def test_a_prepared_part_says_all_that_its_upload_needs(functions: Functions) -> None:
    ref = prepare(functions, IDS[::1] + b"x\n\n" + IDS[:20])
    part = functions.part(ref)
    prepared = functions.object(part["object_key"])
    assert prepared == IDS
    assert (part["bytes"], part["crc32c"], part["status"]) == (len(IDS), crc32c(IDS), "prepared")
    assert [part[name] for name in ("lines", "blank", "accepted", "duplicate", "rejected")] == [1003, 1, 1000, 1, 1]
    (key,) = functions.keys("rejects/")
    assert key == f"rejects/type=tweets/checked_on=2026-11-23/{ref['run_id']}-00001.ndjson"
    assert [json.loads(line) for line in functions.object(key).splitlines()] == [
        {"run_id": ref["run_id"], "part": 1}
        | {"key": "tweets/ids.txt", "range_start": 0, "line": 1001, "reason": "not_digits", "text": "x"}
    ]


def test_a_clean_part_leaves_no_rejects(functions: Functions) -> None:
    prepare(functions, IDS)
    assert functions.keys("rejects/") == []


def test_a_flood_of_rejects_is_counted_whole_and_listed_in_part(functions: Functions) -> None:
    functions.monkeypatch.setattr(reading, "MAX_REJECTS", 3)
    ref = prepare(functions, IDS + b"x\n" * 50)
    assert functions.part(ref)["rejected"] == 50
    assert len(functions.object(functions.keys("rejects/")[0]).splitlines()) == 3


def test_a_part_that_is_prepared_is_left_as_it_is(functions: Functions) -> None:
    ref = prepare(functions, IDS + b"x\n")
    functions.update(ref, status="uploading", uploaded_bytes=5)
    aws.s3().delete_object(Bucket=INBOX, Key="tweets/ids.txt", VersionId=functions.run(ref)["version_id"])
    before = functions.part(ref)
    functions.clock.advance(60)
    assert functions.invoke("prepare_part", ref) == {"part": 1}
    assert functions.part(ref) == before


def test_a_part_whose_preparation_was_not_written_down_is_prepared_again(functions: Functions) -> None:
    ref = prepare(functions, IDS + b"x\n")
    before = functions.part(ref)
    functions.update(ref, status="planned", prepared_at=None)
    functions.invoke("prepare_part", ref)
    assert functions.part(ref) == before


def test_a_run_that_is_started_again_keeps_its_plan_whatever_became_of_object_and_settings(
    functions: Functions,
) -> None:
    functions.configure(part_size_mb=1)
    run = functions.register(IDS * 100)
    refs = functions.invoke("plan_parts", {"run_id": run["run_id"]})["parts"]
    assert len(refs) == 3
    parts = runs_table.list_parts(run["run_id"])
    aws.s3().delete_object(Bucket=INBOX, Key="tweets/ids.txt", VersionId=functions.run(run)["version_id"])
    functions.configure(part_size_mb=128)
    runs_table.update_run(run["run_id"], attempt=Attempt(EXECUTION), status="registered")
    assert functions.invoke("plan_parts", {"run_id": run["run_id"]})["parts"] == refs
    assert runs_table.list_parts(run["run_id"]) == parts
    assert functions.run(run)["status"] == "preparing"


def test_a_huge_file_is_cut_into_parts_that_hold_every_line_once(functions: Functions) -> None:
    functions.configure(part_size_mb=1)
    content = b"".join(b"%d\n" % (1_800_000_000_000_000_000 + number) for number in range(150_000))
    run = functions.register(content)
    prepared = prepare_all(functions, run["run_id"])
    parts = runs_table.list_parts(run["run_id"])
    assert prepared == [{"part": part["part"]} for part in parts]
    assert len(parts) == 4
    assert b"".join(functions.object(part["object_key"]) for part in parts) == content
    assert all(part["bytes"] <= 1_000_000 for part in parts)
    assert functions.invoke("accept_input", {"run_id": run["run_id"], "prepared": prepared}) == {"parts": [1, 2, 3, 4]}
    assert functions.run(run)["accepted"] == 150_000


def test_a_gzip_file_is_one_part(functions: Functions) -> None:
    ref = prepare(functions, gzip.compress(IDS), "users/ids.txt.gz")
    assert functions.object(functions.part(ref)["object_key"]) == IDS
    assert ref["type"] == "users"


def test_a_gzip_file_becomes_as_many_parts_as_it_takes(functions: Functions) -> None:
    functions.configure(part_size_mb=1)
    ids = [1_800_000_000_000_000_000 + number for number in range(120_000)]
    run = functions.register(gzip.compress(b"no ID\n" + b"".join(b"%d\n" % number for number in ids)))
    prepared = prepare_all(functions, run["run_id"])
    assert prepared == [{"part": 1}]
    parts = runs_table.list_parts(run["run_id"])
    assert [part["part"] for part in parts] == [1, 2, 3]
    assert max(part["bytes"] for part in parts) <= 1_000_000
    content = b"".join(functions.object(part["object_key"]) for part in parts)
    assert [int(line) for line in content.split()] == ids
    assert [part["rejected"] for part in parts] == [1, 0, 0]
    assert sum(part["lines"] for part in parts) == 120_001
    accepted = functions.invoke(
        "accept_input", {"execution_arn": EXECUTION, "run_id": run["run_id"], "prepared": prepared}
    )
    assert accepted == {"parts": [1, 2, 3]}
    assert functions.run(run)["parts"] == 3
    assert prepare_all(functions, run["run_id"]) == [{"part": 1}]


def test_further_parts_do_not_take_the_numbers_of_others(functions: Functions) -> None:
    functions.configure(part_size_mb=1)
    run = functions.register(
        gzip.compress(IDS[:20] + b"".join(b"%d\n" % (10**18 + number) for number in range(60_000)))
    )
    (ref,) = functions.invoke("plan_parts", {"run_id": run["run_id"]})["parts"]
    functions.update(ref, planned_parts=5)
    functions.invoke("prepare_part", ref)
    assert [part["part"] for part in runs_table.list_parts(run["run_id"])] == [1, 6]


def test_who_prepares_a_part_late_does_not_touch_what_became_of_it(functions: Functions) -> None:
    functions.configure(part_size_mb=1)
    content = gzip.compress(b"".join(b"%d\n" % (10**18 + number) for number in range(60_000)))
    run = functions.register(content)
    (ref,) = functions.invoke("plan_parts", {"run_id": run["run_id"]})["parts"]
    second = {**ref, "part": 2}
    planned = functions.part(ref)
    functions.invoke("prepare_part", ref)
    functions.update(ref, status="uploading")
    functions.update(second, status="uploading")
    functions.monkeypatch.setattr(runs_table, "get_part", lambda *_: planned)
    functions.invoke("prepare_part", ref)
    functions.monkeypatch.undo()
    assert [part["status"] for part in runs_table.list_parts(run["run_id"])] == ["uploading", "uploading"]


@pytest.mark.parametrize("content", [b"%PDF-1.7\n", b"id,text\n18,a\n19,b\n", "18\n19\n".encode("utf-16"), b"[18]"])
@pytest.mark.parametrize(("pack", "what"), [(bytes, "The file"), (gzip.compress, "What the gzip file holds")])
def test_a_file_of_another_kind_is_refused_before_it_is_cut(
    functions: Functions, content: bytes, pack: Any, what: str
) -> None:
    run = functions.register(pack(content))
    with pytest.raises(UnsupportedInput, match=f"^{what} is "):
        functions.invoke("plan_parts", {"run_id": run["run_id"]})
    assert runs_table.list_parts(run["run_id"]) == []
    assert functions.keys("") == []


@pytest.mark.parametrize("header", [b"id\n", b'"tweet_id"\r\n', b"\xef\xbb\xbfTweet ID\n"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_header_is_listed_and_held_against_nobody(functions: Functions, header: bytes, pack: Any) -> None:
    ref = prepare(functions, pack(header + IDS[:200]))
    functions.invoke("accept_input", {"run_id": ref["run_id"], "prepared": [{"part": 1}]})
    run = functions.run(ref)
    assert (run["lines"], run["accepted"], run["rejected"], run["status"]) == (11, 10, 1, "checking")
    (reject,) = functions.object(functions.keys("rejects/")[0]).splitlines()
    assert json.loads(reject)["reason"] == "header"


def test_only_a_files_first_part_may_have_a_header(functions: Functions) -> None:
    functions.configure(part_size_mb=1)
    content = b"id\n" + b"12345678901234567\n" * 60_000
    at = (len(content) // 2) // 18 * 18
    run = functions.register(content[:at] + b"id\n" + content[at:])
    prepare_all(functions, run["run_id"])
    assert [part["headers"] for part in runs_table.list_parts(run["run_id"])] == [1, 0]


@pytest.mark.parametrize("content", [gzip.compress(IDS)[:-5], b"\x1f\x8b", b"\x1f\x8bnot gzip at all"])
def test_a_damaged_gzip_file_is_refused(functions: Functions, content: bytes) -> None:
    with pytest.raises(UnsupportedInput):
        prepare(functions, content)


def test_an_empty_file_is_nothing_to_check(functions: Functions) -> None:
    with pytest.raises(NothingToCheck):
        prepare(functions, b"")


def test_a_version_that_is_gone_fails_the_run_and_is_never_replaced_by_another(functions: Functions) -> None:
    run = functions.register(IDS)
    functions.drop(b"5\n")
    aws.s3().delete_object(Bucket=INBOX, Key="tweets/ids.txt", VersionId=functions.run(run)["version_id"])
    with pytest.raises(SourceChanged):
        functions.invoke("plan_parts", {"run_id": run["run_id"]})


def test_a_part_reads_the_version_that_it_was_planned_from(functions: Functions) -> None:
    run = functions.register(IDS)
    (ref,) = functions.invoke("plan_parts", {"run_id": run["run_id"]})["parts"]
    functions.drop(b"5\n")
    functions.invoke("prepare_part", ref)
    assert functions.object(functions.part(ref)["object_key"]) == IDS


def test_all_lines_of_all_parts_are_added_up(functions: Functions) -> None:
    ref = prepare(functions, IDS + b"\nx\n" + IDS[:40])
    assert functions.invoke("accept_input", {"run_id": ref["run_id"], "prepared": [{"part": 1}]}) == {"parts": [1]}
    run = functions.run(ref)
    counts = [run[name] for name in ("lines", "blank", "accepted", "duplicate", "rejected")]
    assert counts == [1004, 1, 1000, 2, 1]
    assert run["status"] == "checking"
    assert "prepared_at" in run


def test_users_among_the_posts_and_ids_from_the_future_are_told_of(functions: Functions) -> None:
    functions.configure(part_size_mb=1)
    future = 9_000_000_000_000_000_000
    content = b"".join(b"%d\n" % number for number in (*range(12, 22), *range(future, future + 50_000)))
    run = functions.register(content)
    prepared = prepare_all(functions, run["run_id"])
    assert len(prepared) == 2
    functions.invoke("accept_input", {"run_id": run["run_id"], "prepared": prepared})
    assert functions.run(run)["warnings"] == [
        "50000 of 50010 IDs are from the future: X has not given them yet. See whether the list was damaged."
    ]
    ref = prepare(functions, b"12\n13\n14\n" + IDS[:60])
    functions.invoke("accept_input", {"run_id": ref["run_id"], "prepared": [{"part": 1}]})
    (warning,) = functions.run(ref)["warnings"]
    assert warning.startswith("3 of 6 IDs are small numbers: posts from before October 2009, or IDs of users.")
    assert summary(functions.run(ref))["warnings"] == [warning]
    ref = prepare(functions, b"12\n29700859247\n" + IDS[:60], "users/ids.txt")
    functions.invoke("accept_input", {"run_id": ref["run_id"], "prepared": [{"part": 1}]})
    (warning,) = functions.run(ref)["warnings"]
    assert warning.startswith("1 of 5 IDs are numbers that users never had")


def test_a_list_with_nothing_odd_about_it_has_no_warnings(functions: Functions) -> None:
    ref = prepare(functions, IDS)
    functions.invoke("accept_input", {"run_id": ref["run_id"], "prepared": [{"part": 1}]})
    assert functions.run(ref)["warnings"] == []


def test_a_dirty_file_is_refused_before_any_job_exists_and_says_what_was_wrong(functions: Functions) -> None:
    ref = prepare(functions, IDS + b"name,id\n" * 50)
    with pytest.raises(InputRejected, match="50 of 1050 lines"):
        functions.invoke("accept_input", {"run_id": ref["run_id"], "prepared": [{"part": 1}]})
    assert functions.world.x.heard == []
    assert functions.run(ref)["rejected"] == 50
    assert len(functions.object(functions.keys("rejects/")[0]).splitlines()) == 50


def test_a_file_of_blank_lines_is_nothing_to_check(functions: Functions) -> None:
    ref = prepare(functions, b"\n\n  \n")
    with pytest.raises(NothingToCheck):
        functions.invoke("accept_input", {"run_id": ref["run_id"], "prepared": [{"part": 1}]})


def test_a_part_without_an_id_is_not_sent_to_x(functions: Functions) -> None:
    functions.configure(part_size_mb=1)
    content = IDS + b"\n" * 1_000_000
    run = functions.register(content)
    prepared = prepare_all(functions, run["run_id"])
    assert len(prepared) == 2
    assert functions.invoke("accept_input", {"run_id": run["run_id"], "prepared": prepared}) == {"parts": [1]}


def test_a_part_that_was_not_prepared_ends_the_run_with_its_own_error(functions: Functions) -> None:
    ref = prepare(functions, IDS)
    cause = json.dumps({"errorMessage": "The gzip file is damaged: pack it again.", "errorType": "UnsupportedInput"})
    failed = {"part": 2, "error": "UnsupportedInput", "cause": cause}
    with pytest.raises(UnsupportedInput, match="damaged"):
        functions.invoke("accept_input", {"run_id": ref["run_id"], "prepared": [{"part": 1}, failed]})
    failed = {"part": 2, "error": "Sandbox.Timedout", "cause": "SECRET"}
    with pytest.raises(StepFailed, match=r"Sandbox\.Timedout"):
        functions.invoke("accept_input", {"run_id": ref["run_id"], "prepared": [failed]})
