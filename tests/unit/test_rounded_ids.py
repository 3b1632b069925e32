"""Rounded IDs through all that comes before X: refused with a reason and a way out, or accepted with a warning."""

import json
import random
from pathlib import Path
from typing import Any

import duckdb
import pytest

from adapters import aws
from compliance.errors import RoundedIds
from compliance.runs import summary
from tests.unit.conftest import INBOX, Functions
from tests.unit.snowflakes import archive, exact_float, excel, firehose, javascript, printed_16
from tests.unit.test_cases import case, check, csv_of, sent
from tests.unit.test_hostile_input import plan

POSTS = firehose(2020, 100, random.Random(1))
USERS = [*archive(2019, 100, random.Random(2))]
OLD_USERS = [783_214 + 31_337 * number for number in range(60)]


def rejudged(functions: Functions, run: dict[str, Any]) -> dict[str, Any]:
    """The same run after its preparation, as a retry has it."""
    functions.invoke("accept_input", {"run_id": run["run_id"], "prepared": []})
    return {**functions.run(run)}


def dropped(functions: Functions, key: str, content: bytes, **about: Any) -> dict[str, Any]:
    """A run of an object with metadata or a tag, up to its preparation."""
    version = aws.s3().put_object(Bucket=INBOX, Key=key, Body=content, **about)["VersionId"]
    source = {"bucket": {"name": INBOX}, "object": {"key": key, "version-id": version, "size": len(content)}}
    execution = "arn:aws:states:eu-west-1:123456789012:execution:XComplianceRun:one"
    event = {"source": source, "execution_arn": execution, "started_at": "2026-11-23T12:00:00Z"}
    run = functions.invoke("register_run", event)
    for ref in plan(functions, run):
        functions.invoke("prepare_part", ref)
    return run


def test_ids_that_excel_rounded_are_refused(functions: Functions) -> None:
    with pytest.raises(RoundedIds, match=r"All 100 IDs end in 0000: they were rounded to 15 digits, as Excel does\."):
        check(functions, *case("tweets-a1"))


def test_ids_that_javascript_printed_are_refused(functions: Functions) -> None:
    with pytest.raises(RoundedIds, match=r"All 100 IDs end in 00: they were rounded to 17 digits, as JavaScript does"):
        check(functions, *case("tweets-a3"))


def test_a_genuine_list_is_accepted_without_a_warning(functions: Functions) -> None:
    assert check(functions, *case("tweets-genuine"))["warnings"] == []


def test_the_same_as_floats_that_were_kept_exact_is_worth_a_warning(functions: Functions) -> None:
    ids = [exact_float(int(line)) for line in case("tweets-genuine")[1].split()]
    (warning,) = check(functions, "tweets/a.csv", csv_of("tweet_id,text", ids, [0] * 100))["warnings"]
    assert warning.startswith("All 100 IDs are numbers that a 64-bit floating-point number can hold: it is likely ")
    assert "Export the IDs again" in warning


def test_a_url_that_still_has_the_ids_is_named(functions: Functions) -> None:
    key, content = case("tweets-a6")
    with pytest.raises(RoundedIds, match=r"All 100 IDs end in 00: .*“url” still holds .* behind /status/"):
        check(functions, key, content, "id")


def test_it_is_named_too_if_the_column_that_is_read_has_only_scientific_notation(functions: Functions) -> None:
    with pytest.raises(Exception, match=r"scientific notation.*“url” still holds .* behind /status/"):
        check(functions, *case("tweets-a6"))


def texts(ids: list[int], wrap: str = "{}") -> list[str]:
    return [wrap.format(each) for each in ids]


SHORT = archive(2014, 100, random.Random(3))
REFUSED = {
    "a1, 18 digits": ("tweets/a.txt", csv_of("tweet_id", texts([*map(excel, SHORT)])), "end in 000: .*15 digits"),
    "a1, of users": ("users/a.csv", csv_of("user_id,name", [*map(excel, USERS)], ["x"] * 100), "end in 0000: "),
    "a1, among old users": (
        "users/a.txt",
        csv_of("user_id", [*OLD_USERS, *map(excel, USERS)]),
        "All 100 long IDs end in 0000",
    ),
    "a1, tabs": ("tweets/a.tsv", csv_of("id\ttext", texts([*map(excel, POSTS)], "{}\tx")), "end in 0000: "),
    "a1, guarded too late": ("tweets/a.txt", csv_of("id", texts([*map(excel, POSTS)], '="{}"')), "end in 0000: "),
    "a1, half": ("tweets/a.txt", csv_of("id", [*POSTS[:50], *map(excel, POSTS[50:])]), "50 of 100 IDs end in 0000: "),
    "a3, JSON": (
        "users/a.jsonl",
        b"".join(json.dumps({"id": javascript(each), "username": "x"}).encode() + b"\n" for each in USERS),
        "end in 00: ",
    ),
    "a3, 18 digits": ("tweets/a.txt", csv_of("id", [*map(javascript, SHORT)]), "end in 0: .*17 digits"),
    "a3, 16 digits": ("tweets/a.txt", csv_of("id", [*map(printed_16, POSTS)]), "end in 000: .*16 digits"),
    "a3, an array": (
        "tweets/a.json",
        json.dumps([{"id": javascript(n), "text": "x", "url": f"https://x.com/a/status/{n}"} for n in POSTS]).encode(),
        "end in 00: .*“url” still holds",
    ),
    "a3, a text beside it": (
        "tweets/a.csv",
        csv_of("tweet_id,text,real", [*map(javascript, POSTS)], ["x"] * 100, POSTS),
        "end in 00: .*“real” still holds the IDs as they were: name it in id-column",
    ),
    "a6, in JSON": (
        "tweets/a.jsonl",
        b"".join(
            json.dumps({"id": javascript(each), "text": "", "tweetUrl": f"https://x.com/a/status/{each}?s=20"}).encode()
            + b"\n"
            for each in POSTS
        ),
        "end in 00: .*“tweetUrl” still holds",
    ),
    "a6, no header": (
        "tweets/a.csv",
        csv_of(
            f"{excel(POSTS[0])},https://twitter.com/a/statuses/{POSTS[0]}",
            [*map(excel, POSTS)],
            texts(POSTS, "http://twitter.com/a/statuses/{}"),
        ),
        "end in 0000: .*“column 2” still holds",
    ),
}


@pytest.mark.parametrize(("key", "content", "words"), REFUSED.values(), ids=REFUSED)
def test_others_of_each_kind_are_refused(functions: Functions, key: str, content: bytes, words: str) -> None:
    with pytest.raises(RoundedIds, match=words) as refused:
        check(functions, key, content, "1" if "still holds" in words and key.endswith("csv") else None)
    assert "Nothing was sent to X" in str(refused.value)
    assert "rounded-ids=warn" in str(refused.value)
    assert not any(str(each) in str(refused.value) for each in (*POSTS, *USERS, *map(excel, POSTS)))


@pytest.mark.parametrize("number", ["1e400", "1E-400", "-1e18", "NaN", "sNaN", "Infinity", "1_0", "9" * 5000, "0", ""])
@pytest.mark.parametrize("key", ["tweets/a.csv", "tweets/a.jsonl", "tweets/a.json"])
def test_no_number_stops_the_look_at_other_columns(functions: Functions, key: str, number: str) -> None:
    functions.configure(reject_limit_percent=100)
    content = csv_of("id,url,x", [number, POSTS[0]], ["/status/9", "/status/1"], [number, "x"])
    if not key.endswith("csv"):
        post = json.dumps({"id": POSTS[0], "text": "", "url": "\ud800/status/1"})
        odd = f'{{"id": {number or "null"}, "text": "", "url": "/status/9"}}'
        content = (f"[{odd},\n{post}]" if key.endswith("json") else f"{odd}\n{post}\n").encode()
    assert check(functions, key, content)["accepted"] >= 1


def test_parquet_of_floats_is_refused(functions: Functions, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    values = ", ".join(f"({excel(each)})" for each in POSTS)
    duckdb.execute(f"COPY (SELECT * FROM (VALUES {values}) AS t (tweet_id)) TO '{path}'")
    with pytest.raises(RoundedIds, match="end in 0000"):
        check(functions, "tweets/a.parquet", path.read_bytes())


GENUINE = {
    "a few": csv_of("id", POSTS[:5]),
    "of 2012": csv_of("id", archive(2012, 2000, random.Random(4))),
    "before snowflakes": csv_of("id", range(10_000_000_000, 29_000_000_000, 10_000_000)),  # type: ignore[arg-type]
    "a busy day": csv_of("id", firehose(2023, 5000, random.Random(5))),
}


@pytest.mark.parametrize("content", GENUINE.values(), ids=GENUINE)
def test_other_genuine_lists_are_accepted_without_a_warning(functions: Functions, content: bytes) -> None:
    assert check(functions, "tweets/a.txt", content)["warnings"] == []


@pytest.mark.parametrize(
    "about", [{"Metadata": {"rounded-ids": "warn"}}, {"Tagging": "team=a&rounded-ids=warn"}], ids=["metadata", "tag"]
)
def test_the_owner_may_accept_them_and_the_warning_stays(functions: Functions, about: dict[str, Any]) -> None:
    run = rejudged(functions, dropped(functions, *case("tweets-a1"), **about))
    (warning,) = run["warnings"]
    assert warning.startswith("All 100 IDs end in 0000: they were rounded to 15 digits")
    assert "accepted because rounded_ids is set to warn" in warning
    assert (run["status"], len(sent(functions))) == ("checking", 100)


def test_the_marker_of_a_folder_accepts_them_for_all_its_files(functions: Functions) -> None:
    folder = "datasets/tweets/weekly/"
    functions.drop(case("tweets-a1")[1], f"{folder}a.txt")
    run = dropped(functions, f"{folder}_SUCCESS", b"", Metadata={"rounded-ids": "warn"})
    assert len(rejudged(functions, run)["warnings"]) == 1
    with pytest.raises(RoundedIds):
        rejudged(functions, dropped(functions, f"{folder}_SUCCESS", b""))


def test_a_tag_that_is_set_after_the_refusal_counts_for_a_retry(functions: Functions) -> None:
    run = dropped(functions, *case("tweets-a1"))
    with pytest.raises(RoundedIds, match="tag the object rounded-ids=warn"):
        rejudged(functions, run)
    key, version = functions.run(run)["key"], functions.run(run)["version_id"]
    tags: Any = {"TagSet": [{"Key": "rounded-ids", "Value": "warn"}]}
    aws.s3().put_object_tagging(Bucket=INBOX, Key=key, VersionId=version, Tagging=tags)
    assert len(rejudged(functions, run)["warnings"]) == 1


def test_the_setting_accepts_them_and_the_object_goes_before_it(functions: Functions) -> None:
    functions.configure(rounded_ids="warn")
    assert len(check(functions, *case("tweets-a3"))["warnings"]) == 1
    strict = dropped(functions, *case("tweets-a3"), Metadata={"rounded-ids": "fail"})
    with pytest.raises(RoundedIds):
        rejudged(functions, strict)


@pytest.mark.parametrize(("setting", "dataset", "is_accepted"), [("fail", "warn", True), ("warn", "fail", False)])
def test_a_dataset_goes_before_the_setting(
    functions: Functions, setting: str, dataset: str, *, is_accepted: bool
) -> None:
    functions.configure(rounded_ids=setting)
    run = functions.register_check(case("tweets-a1")[1], "a.txt", rounded_ids=dataset)
    for ref in plan(functions, run):
        functions.invoke("prepare_part", ref)
    if is_accepted:
        assert len(rejudged(functions, run)["warnings"]) == 1
    else:
        with pytest.raises(RoundedIds):
            rejudged(functions, run)


def test_all_parts_of_a_run_are_judged_together(functions: Functions) -> None:
    functions.configure(part_size_mb=1)
    rounded = [*dict.fromkeys(map(excel, archive(2021, 55_000, random.Random(6))))]
    content = csv_of("id", [*firehose(2021, 55_000, random.Random(7)), *rounded])
    with pytest.raises(RoundedIds, match=r"IDs end in 0000: they were rounded to 15 digits"):
        check(functions, "tweets/a.txt", content)
    assert len(functions.keys("parts/")) > 1


def test_a_run_that_was_prepared_before_endings_were_counted_goes_on(functions: Functions) -> None:
    run = dropped(functions, *case("tweets-a1"))
    functions.update({"run_id": run["run_id"], "part": 1}, endings=None, headers=0)
    assert rejudged(functions, run)["status"] == "checking"


@pytest.mark.parametrize(
    ("key", "ids", "words"),
    [
        ("tweets/a.txt", [*map(exact_float, POSTS)], "it is likely that they were rounded"),
        ("users/a.txt", USERS, "Not one of 100 IDs is a small number"),
        ("tweets/a.txt", OLD_USERS, "60 of 60 IDs are small numbers"),
    ],
)
def test_each_warning_is_in_the_report_and_the_event(
    functions: Functions, published: list[dict[str, Any]], key: str, ids: list[int], words: str
) -> None:
    run = check(functions, key, csv_of("id", ids))
    (warning,) = run["warnings"]
    assert words in warning
    about = {"run_id": run["run_id"]}
    for part in range(1, run["parts"] + 1):
        found = {"records": 0, "affected": 0, "result_errors": 0, "by_action": {}, "by_reason": {}}
        functions.update(about | {"part": part}, status="complete", **found)
    functions.invoke("summarize_run", about)
    page = functions.object(functions.invoke("write_report", about)["report"]).decode()
    assert words in page
    functions.invoke("publish_run", about | {"summary": summary(functions.run(about))})
    (told,) = published
    assert told["warnings"] == [warning]
    assert not {"intact", "rounded_ids"} & told.keys()


def test_a_refusal_is_in_the_report_with_what_to_do(functions: Functions) -> None:
    run = dropped(functions, *case("tweets-a1"))
    with pytest.raises(RoundedIds) as refused:
        rejudged(functions, run)
    about = {"run_id": run["run_id"]}
    cause = json.dumps({"errorMessage": str(refused.value), "errorType": "RoundedIds"})
    functions.invoke("record_failure", about | {"error": "RoundedIds", "cause": cause})
    page = functions.object(functions.invoke("write_report", about)["report"]).decode()
    assert "All 100 IDs end in 0000" in page
    assert "rounded_ids=warn" in page
    assert f"xcompliance retry {run['run_id']}" in page
