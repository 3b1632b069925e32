from collections.abc import Callable, Mapping
from typing import Any

from xcompliance.stack import Stack

from .conftest import Invoke, json_of
from .items import RUN_ID, part_item, run_item, without

Write = Callable[[Mapping[str, Any]], None]


def test_runs_are_listed_the_newest_first(write: Write, invoke: Invoke) -> None:
    for hour in (11, 13, 12):
        write(run_item(f"tweets-{hour}", started_at=f"2026-11-23T{hour}:00:00.000Z"))
    assert [run["run_id"] for run in json_of(invoke("runs", "--json"))] == ["tweets-13", "tweets-12", "tweets-11"]
    assert [run["run_id"] for run in json_of(invoke("runs", "--json", "--limit", "1"))] == ["tweets-13"]


def test_runs_are_listed_up_to_the_limit_however_large_their_records(write: Write, invoke: Invoke) -> None:
    for hour in range(10, 20):
        write(run_item(f"tweets-{hour}", started_at=f"2026-11-23T{hour}:00:00.000Z", warnings="x" * 350_000))
    listed = json_of(invoke("runs", "--json", "--limit", "8"))
    assert [run["run_id"] for run in listed] == [f"tweets-{hour}" for hour in range(19, 11, -1)]


def test_a_listing_is_one_line_per_run(write: Write, invoke: Invoke) -> None:
    write(run_item(key=f"tweets/{'long-name-' * 8}.txt"))
    lines = invoke("runs").stdout.splitlines()
    assert len(lines) == 2
    assert lines[1].split()[0] == RUN_ID
    assert lines[1].split()[-6:] == ["3,000", "57", "1", "min", "03", "s"]


def test_no_runs_yet(stack: Stack, invoke: Invoke) -> None:
    result = invoke("runs")
    assert result.exit_code == 0
    assert "There are no runs yet" in result.stdout
    assert json_of(invoke("runs", "--json")) == []


def test_a_run_is_shown_with_its_figures_parts_and_places(write: Write, invoke: Invoke) -> None:
    write(run_item())
    write(part_item())
    result = invoke("show", RUN_ID)
    assert result.exit_code == 0
    for text in (
        "s3://inbox/tweets/posts.txt",
        "3,004",
        "tweet_edited",
        "2124861874754289664",
        f"s3://results/results/type=tweets/checked_on=2026-11-23/{RUN_ID}-*.parquet",
        f"s3://results/rejects/type=tweets/checked_on=2026-11-23/{RUN_ID}-*.ndjson",
        "subject = tweets#<id>",
    ):
        assert text in result.stdout


def test_a_run_says_what_became_of_its_records_in_the_index(write: Write, invoke: Invoke) -> None:
    write(run_item())
    lines = [line.split() for line in invoke("show", RUN_ID).stdout.splitlines()]
    assert [line for line in lines if line[:1] in (["indexed"], ["unchanged"], ["outranked"])] == [
        ["indexed", "20"],
        ["unchanged", "36"],
        ["outranked", "1"],
    ]
    write(without(run_item(), "indexed", "unchanged", "outranked"))
    shown = invoke("show", RUN_ID).stdout
    assert "in the index" not in shown
    assert ["DynamoDB", "turned", "off"] in [line.split() for line in shown.splitlines()]


def test_a_run_says_how_many_duplicates_stand_in_several_parts(write: Write, invoke: Invoke) -> None:
    write(run_item())
    assert "across parts" not in invoke("show", RUN_ID).stdout
    write(run_item(duplicate=5_002, duplicate_across_parts=5_000))
    lines = [line.split() for line in invoke("show", RUN_ID).stdout.splitlines()]
    assert lines[lines.index(["duplicate", "5,002"]) + 1] == ["across", "parts", "5,000"]
    assert json_of(invoke("show", RUN_ID, "--json"))["duplicate_across_parts"] == 5_000


def test_a_run_says_what_it_has_consumed_and_what_that_costs_at_aws_and_at_x(write: Write, invoke: Invoke) -> None:
    write(run_item())
    lines = [" ".join(line.split()) for line in invoke("show", RUN_ID).stdout.splitlines()]
    for line in (
        "state transitions 41",
        "Lambda GB-seconds 1.74613",
        "DynamoDB write units 113",
        "X GETs 5",
        "AWS $0.0013",
        "X $0.0350",
        "AWS, per million IDs $0.42",
        "X, per million IDs $11.67",
        "prices of 2026-11",
    ):
        assert line in lines
    document = json_of(invoke("show", RUN_ID, "--json"))
    assert document["consumed"]["lambda_gb_seconds"] == 1.746135
    assert (document["cost_aws_usd"], document["cost_x_usd"]) == (0.001254, 0.035)


def test_a_run_that_goes_on_has_no_cost_yet(write: Write, invoke: Invoke) -> None:
    write(without(run_item(status="checking"), "ended_at", "consumed", "cost_aws_usd", "cost_x_usd", "prices_of"))
    assert "cost" not in invoke("show", RUN_ID).stdout


def test_a_run_is_shown_as_json_without_credentials(write: Write, invoke: Invoke) -> None:
    write(run_item())
    write(part_item())
    document = json_of(invoke("show", RUN_ID, "--json"))
    assert document["by_reason"] == {"deleted": 43, "tweet_edited": 14}
    assert document["part_records"][0]["transport"] == "gcs_resumable"
    assert "secret" not in str(document)


def test_a_failed_run_says_why(write: Write, invoke: Invoke) -> None:
    write(without(run_item(status="failed", error="JobExpired", error_message="X [reports] it as expired."), "records"))
    result = invoke("show", RUN_ID)
    assert result.exit_code == 0
    assert "JobExpired  X [reports] it as expired." in result.stdout


def test_a_run_says_what_is_odd_about_its_ids(write: Write, invoke: Invoke) -> None:
    warning = "3 of 6 IDs are [odd]."
    write(run_item(warnings=[warning]))
    assert f"Warning  {warning}" in invoke("show", RUN_ID).stdout
    assert json_of(invoke("show", RUN_ID, "--json"))["warnings"] == [warning]
    write(without(run_item(), "warnings"))
    assert "Warning" not in invoke("show", RUN_ID).stdout


def test_a_part_says_which_of_its_transfers_no_checksum_vouches_for(write: Write, invoke: Invoke) -> None:
    write(run_item(parts_unverified=1))
    write(part_item(unverified=["upload", "download"]))
    assert "upload and download unverified" in invoke("show", RUN_ID).stdout
    document = json_of(invoke("show", RUN_ID, "--json"))
    assert document["parts_unverified"] == 1
    assert document["part_records"][0]["unverified"] == ["upload", "download"]
    write(part_item())
    assert "unverified" not in invoke("show", RUN_ID).stdout


def test_a_part_says_why_x_failed_its_last_job(write: Write, invoke: Invoke) -> None:
    write(run_item())
    write(part_item(job_error="The file [red]is empty[/]"))
    assert "X on the last failed job of part 1: The file [red]is empty[/]" in invoke("show", RUN_ID).stdout
    (part,) = json_of(invoke("show", RUN_ID, "--json"))["part_records"]
    assert part["job_error"] == "The file [red]is empty[/]"


def test_a_run_with_many_parts_is_read_whole(write: Write, invoke: Invoke) -> None:
    write(run_item(parts=40))
    for part in range(1, 41):
        write(part_item(part, job_name="x" * 30_000))
    assert len(json_of(invoke("show", RUN_ID, "--json"))["part_records"]) == 40


def test_no_such_run(stack: Stack, invoke: Invoke) -> None:
    result = invoke("show", "tweets-nope")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: There is no run tweets-nope.")
    assert result.stdout == ""


def test_nothing_printed_to_a_file_has_control_codes(write: Write, invoke: Invoke) -> None:
    write(run_item())
    write(part_item())
    assert "\x1b" not in invoke("show", RUN_ID).output + invoke("runs").output


def test_files_that_nobody_reads_are_warned_of_beside_the_list(write: Write, invoke: Invoke) -> None:
    write(run_item())
    for number, key in enumerate(("Tweets/x y.txt", "tweet/a.txt", "b.txt", "line\nbreak")):
        item = {"pk": "MISPLACED", "sk": key, "listing": "MISPLACED", "started_at": f"2026-11-2{9 - number}T00:00:00Z"}
        write(item)
    result = invoke("runs")
    assert "4 files are in the inbox where nothing is read, and so not checked: “Tweets/x y.txt”, " in result.stderr
    assert "aws s3 mv 's3://inbox/Tweets/x y.txt' s3://inbox/tweets/" in result.stderr
    assert [run["run_id"] for run in json_of(invoke("runs", "--json"))] == [RUN_ID]


def test_without_such_files_there_is_no_warning(write: Write, invoke: Invoke) -> None:
    write(run_item())
    assert invoke("runs").stderr == ""
