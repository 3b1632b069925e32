"""Write Report: a page beside the results, written from what is on record, once or twice."""

import json
from typing import Any

import pytest

from adapters import aws, runs_table
from compliance.errors import RunTakenOver
from compliance.report.content import MOST_REJECTS
from compliance.runs import deduplicated_key
from tests.unit.conftest import EXECUTION, RESULTS, Functions

IDS = b"1600000000000000001\n1600000000000000002\n"


def prepared(functions: Functions, content: bytes) -> dict[str, Any]:
    """A run whose parts are prepared, and which is complete."""
    run = functions.register(content)
    about = {"run_id": run["run_id"]}
    for part in functions.invoke("plan_parts", about)["parts"]:
        functions.invoke("prepare_part", part)
    functions.configure(reject_limit_percent=100.0)
    functions.invoke("accept_input", about | {"prepared": []})
    found = {"records": 0, "affected": 0, "result_errors": 0, "by_action": {}, "by_reason": {}}
    for part in runs_table.list_parts(run["run_id"]):
        functions.update(dict(part), status="complete", **found)
    functions.invoke("summarize_run", about)
    return about


def page(functions: Functions, run: dict[str, Any]) -> str:
    key = functions.invoke("write_report", run)["report"]
    return functions.object(key).decode()


def test_the_report_lies_beside_the_results_and_the_run_says_where(functions: Functions) -> None:
    run = prepared(functions, IDS)
    key = functions.invoke("write_report", run)["report"]
    assert key == f"reports/type=tweets/checked_on=2026-11-23/{run['run_id']}/report.html"
    assert functions.run(run)["report"] == key
    head = aws.s3().head_object(Bucket=RESULTS, Key=key)
    assert head["ContentType"] == "text/html; charset=utf-8"
    assert "2 post IDs were checked" in functions.object(key).decode()


def test_a_report_that_is_written_again_is_the_same(functions: Functions) -> None:
    run = prepared(functions, IDS)
    assert page(functions, run) == page(functions, run)
    assert len(functions.keys("reports/")) == 1


def test_it_shows_the_first_rejected_lines_and_how_the_file_was_read(functions: Functions) -> None:
    lines = [b"no-%d" % number for number in range(100)]
    text = page(functions, prepared(functions, IDS + b"\n".join(lines)))
    assert "no-0<" in text
    assert f"no-{MOST_REJECTS - 1}<" in text
    assert f"no-{MOST_REJECTS}<" not in text
    assert "a list, one ID per line" in text


def test_what_was_sent_lies_where_it_says(functions: Functions) -> None:
    run = prepared(functions, IDS)
    assert f"s3://{RESULTS}/parts/run_id={run['run_id']}/<" in page(functions, run)
    (part,) = runs_table.list_parts(run["run_id"])
    functions.update(dict(part), object_key=deduplicated_key(run["run_id"], 1))
    text = page(functions, run)
    assert f"s3://{RESULTS}/deduplicated/{run['run_id']}/<" in text
    assert f"s3://{RESULTS}/parts/" not in text


def test_it_tells_no_id_that_was_accepted(functions: Functions) -> None:
    assert "160000000000000000" not in page(functions, prepared(functions, IDS + b"none\n"))


def test_a_run_that_was_never_planned_has_one_too(functions: Functions) -> None:
    run = functions.register(b"PK\x03\x04")
    about = {"run_id": run["run_id"]}
    cause = json.dumps({"errorMessage": "The object is a ZIP archive."})
    functions.invoke("record_failure", about | {"error": "UnsupportedInput", "cause": cause})
    assert "The object is a ZIP archive." in page(functions, about)


def test_who_does_not_own_the_run_any_more_writes_nothing(functions: Functions) -> None:
    run = prepared(functions, IDS)
    with pytest.raises(RunTakenOver):
        functions.invoke("write_report", run | {"execution_arn": f"{EXECUTION}-other"})
    assert functions.keys("reports/") == []


def test_an_index_that_is_turned_off_is_not_spoken_of(functions: Functions) -> None:
    run = prepared(functions, IDS)
    functions.configure(results_index=False)
    assert "The index of affected IDs is turned off" in page(functions, run)
