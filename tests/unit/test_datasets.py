"""A complete folder becomes one run: all its files, in the formats they have, in as few parts as fit."""

import gzip
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from adapters import aws, inbox, runs_table
from compliance.errors import NothingToCheck, PartTooLarge, SourceChanged, UnsupportedInput
from compliance.segments import RANGES
from tests.unit.conftest import EXECUTION, INBOX, Functions

FOLDER = "datasets/tweets/nightly/"
FIRST = 1_800_000_000_000_000_000


def ids(first: int, count: int) -> bytes:
    return b"".join(b"%d\n" % (FIRST + number) for number in range(first, first + count))


def complete(functions: Functions, folder: str = FOLDER) -> dict[str, Any]:
    return functions.register(b"", folder + "_SUCCESS")


def prepare(functions: Functions, run: dict[str, Any]) -> list[Any]:
    for ref in functions.invoke("plan_parts", {"run_id": run["run_id"]})["parts"]:
        functions.invoke("prepare_part", ref)
    return runs_table.list_parts(run["run_id"])


def test_two_hundred_files_are_one_part(functions: Functions) -> None:
    for number in range(200):
        functions.drop(ids(number * 10, 10), f"{FOLDER}{number:03}.txt")
    run = complete(functions)
    assert run["type"] == "tweets"
    (part,) = prepare(functions, run)
    assert functions.object(part["object_key"]) == ids(0, 2000)
    record = functions.run(run)
    assert (record["files"], record["parts"], record["bytes"]) == (200, 1, 40_000)
    (key,) = functions.keys("segments/")
    rows = [json.loads(line) for line in functions.object(key).splitlines()]
    assert [row["key"] for row in rows] == [f"{FOLDER}{number:03}.txt" for number in range(200)]
    assert {row["part"] for row in rows} == {1}


def test_files_of_all_formats_are_read_side_by_side(functions: Functions) -> None:
    posts = b"".join(json.dumps({"id": str(FIRST + number), "text": "t"}).encode() + b"\n" for number in range(20, 30))
    table = b"tweet_id,text\n" + b"".join(b'%d,"a\nb"\n' % (FIRST + number) for number in range(30, 40))
    functions.drop(ids(0, 10), FOLDER + "a.txt")
    functions.drop(gzip.compress(ids(10, 10)), FOLDER + "b.txt.gz")
    functions.drop(posts, FOLDER + "deeper/c.jsonl")
    functions.drop(gzip.compress(table), FOLDER + "d.csv.gz")
    functions.drop(ids(40, 10)[:-1], FOLDER + "e")
    functions.drop(b"id\n" + ids(50, 10), FOLDER + "f")
    (part,) = prepare(functions, complete(functions))
    assert sorted(functions.object(part["object_key"]).split()) == ids(0, 60).split()
    assert (part["accepted"], part["rejected"], part["headers"]) == (60, 1, 1)


@pytest.mark.parametrize(("key", "content"), [("a.csv", b"x,id\n1,2\n"), ("a.tsv", b"x\tid\n1\t2\n")])
def test_a_table_becomes_its_column(functions: Functions, key: str, content: bytes) -> None:
    (part,) = prepare(functions, functions.register(content, f"tweets/{key}"))
    assert functions.object(part["object_key"]) == b"2\n"


def test_a_parquet_file_becomes_its_column(functions: Functions, tmp_path: Path) -> None:
    file = tmp_path / "posts.parquet"
    duckdb.execute(f"COPY (SELECT {FIRST} + range AS tweet_id FROM range(5000)) TO '{file}'")
    (part,) = prepare(functions, functions.register(file.read_bytes(), "tweets/posts.parquet"))
    assert functions.object(part["object_key"]) == ids(0, 5000)


def test_a_large_parquet_file_is_read_in_ranges_and_of_it_only_the_column(functions: Functions, tmp_path: Path) -> None:
    functions.configure(part_size_mb=1)
    functions.monkeypatch.setitem(RANGES, "parquet", 200_000)
    file = tmp_path / "posts.parquet"
    query = f"SELECT {FIRST} + range AS tweet_id, md5(range::VARCHAR) AS text FROM range(60000)"
    duckdb.execute(f"COPY ({query}) TO '{file}' (ROW_GROUP_SIZE 2048, COMPRESSION uncompressed)")
    run = functions.register(file.read_bytes(), "tweets/posts.parquet")
    read = 0

    def note(parsed: dict[str, Any], **_: Any) -> None:
        nonlocal read
        read += parsed["ContentLength"]

    aws.s3().meta.events.register("after-call.s3.GetObject", note)
    parts = prepare(functions, run)
    aws.s3().meta.events.unregister("after-call.s3.GetObject", note)
    assert len(parts) > 1
    assert sorted(b"".join(functions.object(part["object_key"]) for part in parts).split()) == ids(0, 60_000).split()
    assert read < file.stat().st_size
    assert sum(part["rows_read"] for part in parts) == sum(part["rows_expected"] for part in parts) == 60_000


def test_a_range_of_parquet_that_nobody_reads_stops_the_run(functions: Functions, tmp_path: Path) -> None:
    functions.monkeypatch.setitem(RANGES, "parquet", 100_000)
    file = tmp_path / "posts.parquet"
    duckdb.execute(f"COPY (SELECT {FIRST} + range * 7919 AS id FROM range(60000)) TO '{file}' (ROW_GROUP_SIZE 2048)")
    run = functions.register(file.read_bytes(), "tweets/posts.parquet")
    segments_of = inbox.segments_of
    functions.monkeypatch.setattr(inbox, "segments_of", lambda run: segments_of(run)[:-2])
    (part,) = prepare(functions, run)
    with pytest.raises(UnsupportedInput, match=r"have 60,000 rows, but [0-9,]+ were read"):
        functions.invoke("accept_input", {"run_id": run["run_id"], "prepared": [{"part": part["part"]}]})


def test_a_large_table_without_quotes_is_read_in_ranges(functions: Functions) -> None:
    functions.monkeypatch.setitem(RANGES, "csv", 10_000)
    rows = b"day,tweet_id\n" + b"".join(b"%d,%d\n" % (number, FIRST + number) for number in range(2000))
    run = functions.register(rows, "tweets/a.csv")
    (part,) = prepare(functions, run)
    assert functions.run(run)["parts"] == 1
    assert len(functions.object(functions.keys("segments/")[0]).splitlines()) == -(-len(rows) // 10_000)
    assert functions.object(part["object_key"]) == ids(0, 2000)
    assert (part["lines"], part["accepted"]) == (2000, 2000)


def test_each_range_of_a_table_has_the_width_that_its_header_says(functions: Functions) -> None:
    functions.monkeypatch.setitem(RANGES, "csv", 1_000)
    functions.configure(reject_limit_percent=10)
    table, previous, odd = b"tweet_id,text\n", 0, 0
    for number in range(400):
        is_first = len(table) // 1_000 > previous // 1_000
        previous, odd = len(table), odd + is_first
        table += b"%d,a%s\n" % (FIRST + number, b",b" * is_first)
    (part,) = prepare(functions, functions.register(table, "tweets/a.csv"))
    assert (part["lines"], part["accepted"], part["rejected"]) == (400, 400 - odd, odd)
    assert odd > 5


def test_a_large_table_with_quotes_is_refused_as_a_range_could_begin_within_them(functions: Functions) -> None:
    functions.monkeypatch.setitem(RANGES, "csv", 1_000)
    rows = b"text,tweet_id\n" + b"".join(b'"a\nb",%d\n' % (FIRST + number) for number in range(200))
    with pytest.raises(UnsupportedInput, match="read in ranges, which quotes do not allow"):
        prepare(functions, functions.register(rows, "tweets/a.csv"))


def test_a_column_is_named_by_the_metadata_of_its_object(functions: Functions) -> None:
    metadata = {"id-column": "other"}
    aws.s3().put_object(Bucket=INBOX, Key="tweets/a.csv", Body=b"id,other\n1,2\n", Metadata=metadata)
    source = {"bucket": {"name": INBOX}, "object": {"key": "tweets/a.csv"}}
    event = {"source": source, "execution_arn": "arn:e", "started_at": "2026-11-23T12:00:00Z"}
    run = functions.invoke("register_run", event)
    (ref,) = functions.invoke("plan_parts", {"run_id": run["run_id"], "execution_arn": "arn:e"})["parts"]
    functions.invoke("prepare_part", ref)
    assert functions.object(functions.part(ref)["object_key"]) == b"2\n"


def test_what_does_not_fit_into_one_part_becomes_several(functions: Functions) -> None:
    functions.configure(part_size_mb=1)
    functions.drop(ids(0, 60_000), FOLDER + "a")
    functions.drop(ids(60_000, 30_000), FOLDER + "b")
    functions.drop(ids(90_000, 8_000), FOLDER + "c")
    parts = prepare(functions, complete(functions))
    assert len(parts) == 2
    assert sorted(b"".join(functions.object(part["object_key"]) for part in parts).split()) == ids(0, 98_000).split()


def test_a_reject_names_its_file(functions: Functions) -> None:
    functions.drop(ids(0, 10), FOLDER + "a")
    functions.drop(ids(10, 3) + b"no ID\n", FOLDER + "b")
    prepare(functions, complete(functions))
    (reject,) = map(json.loads, functions.object(functions.keys("rejects/")[0]).splitlines())
    assert (reject["key"], reject["range_start"], reject["line"], reject["text"]) == (FOLDER + "b", 0, 4, "no ID")


@pytest.mark.parametrize("name", ["_SUCCESS", "_committed_1", ".a.crc", "_temporary/a", "deeper/.hidden/a", "folder/"])
def test_what_writers_leave_beside_the_data_is_not_read(functions: Functions, name: str) -> None:
    functions.drop(b"" if name.endswith("/") else b"%PDF-1.7", FOLDER + name)
    functions.drop(ids(0, 10), FOLDER + "a")
    functions.drop(b"", FOLDER + "empty")
    functions.drop(b"%PDF-1.7", "datasets/tweets/nightly2/a")
    (part,) = prepare(functions, complete(functions))
    assert part["accepted"] == 10


def test_files_are_read_in_the_version_that_was_the_latest_at_first(functions: Functions) -> None:
    functions.drop(ids(5, 5), FOLDER + "a")
    functions.drop(ids(0, 10), FOLDER + "a")
    functions.drop(ids(0, 10), FOLDER + "gone")
    aws.s3().delete_object(Bucket=INBOX, Key=FOLDER + "gone")
    run = complete(functions)
    (ref,) = functions.invoke("plan_parts", {"run_id": run["run_id"]})["parts"]
    functions.drop(ids(20, 10), FOLDER + "a")
    functions.drop(ids(30, 10), FOLDER + "late")
    assert functions.invoke("plan_parts", {"run_id": run["run_id"]})["parts"] == [ref]
    functions.invoke("prepare_part", ref)
    assert functions.object(functions.part(ref)["object_key"]) == ids(0, 10)


def test_a_plan_that_was_not_written_down_whole_is_the_plan_all_the_same(functions: Functions) -> None:
    functions.drop(ids(0, 10), FOLDER + "a")
    run = complete(functions)
    functions.monkeypatch.setattr(runs_table, "plan", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        functions.invoke("plan_parts", {"run_id": run["run_id"]})
    functions.monkeypatch.undo()
    functions.drop(ids(30, 10), FOLDER + "late")
    (part,) = prepare(functions, run)
    assert part["accepted"] == 10
    assert functions.run(run)["files"] == 1


def test_the_same_folder_completed_again_is_another_run(functions: Functions) -> None:
    functions.drop(ids(0, 10), FOLDER + "a")
    assert complete(functions)["run_id"] != complete(functions)["run_id"]


def test_an_empty_folder_is_nothing_to_check(functions: Functions) -> None:
    with pytest.raises(NothingToCheck, match="folder holds no file"):
        prepare(functions, complete(functions))


def test_a_folder_of_too_many_files_is_refused(functions: Functions) -> None:
    functions.monkeypatch.setattr(inbox, "MAX_OBJECTS", 2)
    for name in "ab":
        functions.drop(ids(0, 1), FOLDER + name)
    assert len(prepare(functions, complete(functions))) == 1
    functions.drop(ids(0, 1), FOLDER + "c")
    with pytest.raises(PartTooLarge, match="more than 2 files"):
        prepare(functions, complete(functions))


def test_a_file_of_another_kind_is_named(functions: Functions) -> None:
    functions.drop(ids(0, 10), FOLDER + "a")
    functions.drop(b"%PDF-1.7", FOLDER + "b")
    with pytest.raises(UnsupportedInput, match=rf"^{FOLDER}b: The file is a PDF document"):
        prepare(functions, complete(functions))


def test_a_file_that_is_gone_or_damaged_is_named_when_it_is_prepared(functions: Functions) -> None:
    source = functions.drop(ids(0, 10), FOLDER + "a")
    run = complete(functions)
    (ref,) = functions.invoke("plan_parts", {"run_id": run["run_id"]})["parts"]
    aws.s3().delete_object(Bucket=INBOX, Key=FOLDER + "a", VersionId=source["object"]["version-id"])
    with pytest.raises(SourceChanged, match=rf"^{FOLDER}a: "):
        functions.invoke("prepare_part", ref)


@pytest.mark.parametrize("key", ["datasets/_SUCCESS", "datasets/posts/a/_SUCCESS", "datasets/tweets_SUCCESS"])
def test_a_folder_that_does_not_say_what_its_ids_are_is_refused(functions: Functions, key: str) -> None:
    with pytest.raises(UnsupportedInput, match="datasets/tweets/"):
        functions.register(b"", key)


def scheduled(functions: Functions, folder: str, bucket: str = INBOX) -> dict[str, Any]:
    source = {
        "dataset": {"name": "archive", "type": "users", "overlap": "wait"},
        "bucket": {"name": bucket},
        "object": {"key": folder},
        "scheduled_at": "2026-11-23T03:00:00Z",
    }
    event = {"source": source, "execution_arn": EXECUTION, "started_at": "2026-11-23T03:00:01Z"}
    return functions.invoke("register_run", event)


def test_a_schedule_reads_a_folder_anywhere_as_it_is(functions: Functions) -> None:
    """Its name says nothing of the type, and no marker is needed."""
    aws.s3().create_bucket(Bucket="archive", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    aws.s3().put_bucket_versioning(Bucket="archive", VersioningConfiguration={"Status": "Enabled"})
    aws.s3().put_object(Bucket="archive", Key="exports/ids.csv", Body=b"user_id,name\n12,jack\n13,biz\n")
    run = scheduled(functions, "exports/", "archive")
    (part,) = prepare(functions, run)
    assert functions.object(part["object_key"]) == b"12\n13\n"
    assert (run["type"], part["type"]) == ("users", "users")
    record = functions.run(run)
    assert (record["dataset"], record["scheduled_at"]) == ("archive", "2026-11-23T03:00:00.000Z")
    assert "version_id" not in record


@pytest.mark.parametrize("later", [True, False])
def test_a_bucket_that_keeps_no_versions_is_refused(functions: Functions, later: bool) -> None:
    """What was written before it kept any can be read all the same once it does."""
    aws.s3().create_bucket(Bucket="archive", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    aws.s3().put_object(Bucket="archive", Key="exports/ids.txt", Body=b"12\n")
    run = scheduled(functions, "exports/", "archive")
    if later:
        aws.s3().put_bucket_versioning(Bucket="archive", VersioningConfiguration={"Status": "Enabled"})
        assert [part["accepted"] for part in prepare(functions, run)] == [1]
    else:
        with pytest.raises(UnsupportedInput, match="keeps no versions"):
            prepare(functions, run)
