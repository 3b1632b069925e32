"""X's answer: downloaded byte for byte, written as a table, indexed by ID."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from adapters import results_table
from adapters.http import BLOCK
from adapters.results_sink import ResultsSink
from compliance.errors import (
    CreditsDepleted,
    DownloadInterrupted,
    ProtocolViolation,
    RateLimited,
    ResultsCorrupted,
    ResultsExpired,
)
from compliance.results import MAX_WORD
from compliance.runs import PartRef
from tests.fakes.downloads import Serving
from tests.unit.conftest import Functions

IDS = b"".join(b"%d\n" % (1_800_000_000_000_000_000 + number) for number in range(100))
PIECE = 5 << 20
MIXED = (
    b'{"id":"1800000000000000001","action":"delete","created_at":"2020-01-02T03:04:05.000Z",'
    b'"redacted_at":"2026-03-01T04:00:22.039-08:00","reason":"deleted"}\n'
    b"\n"
    b'{"id":"1800000000000000002","action":"delete","reason":"scrub_geo","created_at":"2020-01-02T03:04:05+00:00"}\r\n'
    b'{"id":"not_a_valid_id","error":"invalid_id"}\n'
    b'{"id":"1800000000000000003","action":"embargo","reason":"new","country":"DE"}\n'
    b"not json\n"
    b'{"id":"1800000000000000004","action":"rehydrate","reason":"tweet_edited","redacted_at":null}'
)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """S3's smallest piece, so that a test's file has several."""
    monkeypatch.setattr(ResultsSink.__init__, "__defaults__", (PIECE,))


def downloaded(functions: Functions, results: bytes) -> dict[str, Any]:
    ref = functions.completed(IDS, results)
    assert functions.invoke("download_results", ref, 900) == {"complete": True}
    return ref


def table(functions: Functions, folder: Path) -> list[dict[str, Any]]:
    """The rows that Athena reads, with the types it reads them in, by ID: their order means nothing."""
    for number, key in enumerate(functions.keys("results/")):
        (folder / f"{number:03}.parquet").write_bytes(functions.object(key))
    with duckdb.connect() as connection:
        rows = connection.read_parquet(f"{folder}/*.parquet")
        found = [dict(zip(rows.columns, row, strict=True)) for row in rows.fetchall()]
    return sorted(found, key=lambda row: str(row["id"]))


@pytest.mark.parametrize("generation", ["google", "x"])
def test_the_answer_is_kept_byte_for_byte(functions: Functions, generation: Any) -> None:
    functions.world.x.generation = generation
    ref = downloaded(functions, MIXED)
    assert functions.object(f"raw/{ref['run_id']}/00001.ndjson") == MIXED
    part = functions.part(ref)
    assert (part["status"], part["result_bytes"]) == ("downloaded", len(MIXED))
    assert not {"download_url", "download"} & set(part)


def test_an_answer_in_several_pieces_survives_breaks_and_invocations(functions: Functions) -> None:
    results = b"".join(b'{"id":"%d","action":"delete"}\n' % number for number in range(480_000))
    assert len(results) > 2 * PIECE
    ref = functions.completed(IDS, results)
    functions.world.downloads.script = [Serving(cut_after=PIECE + 5), Serving(status=503), Serving(cut_after=PIECE)]
    assert functions.invoke("download_results", ref, 900) == {"complete": False}
    with pytest.raises(DownloadInterrupted):
        functions.invoke("download_results", ref, 900)
    assert functions.invoke("download_results", ref, 900) == {"complete": False}
    assert functions.invoke("download_results", ref, 900) == {"complete": True}
    assert functions.world.downloads.asked == [None, f"bytes={PIECE}-", f"bytes={PIECE}-", f"bytes={2 * PIECE}-"]
    assert functions.object(f"raw/{ref['run_id']}/00001.ndjson") == results


def test_an_answer_of_which_a_late_try_has_replaced_a_piece_is_fetched_anew(functions: Functions) -> None:
    results = b'{"id": "1"}\n' + b"x" * PIECE
    ref = functions.completed(IDS, results)
    functions.world.downloads.script = [Serving(cut_after=PIECE + 5)]
    assert functions.invoke("download_results", ref, 900) == {"complete": False}
    part = functions.part(ref)
    ResultsSink(PartRef.of(ref), part["job_name"]).write(part["download"]["upload_id"], 1, b"y" * PIECE)
    with pytest.raises(ResultsCorrupted, match="written again"):
        functions.invoke("download_results", ref, 900)
    assert functions.invoke("download_results", ref, 900) == {"complete": True}
    assert functions.object(f"raw/{ref['run_id']}/00001.ndjson") == results


def test_a_finished_answer_that_was_not_written_down_is_not_fetched_again(functions: Functions) -> None:
    results = b'{"id": "1"}\n' + b"x" * (PIECE - 7)
    ref = functions.completed(IDS, results)
    url = functions.part(ref)["download_url"]
    saved: list[Any] = []
    save = ResultsSink.save

    def remember(sink: ResultsSink, state: Any) -> None:
        save(sink, state)
        saved.append(functions.part(ref)["download"])

    functions.monkeypatch.setattr(ResultsSink, "save", remember)
    functions.invoke("download_results", ref, 900)
    functions.update(ref, downloaded_at=None, download=saved[-1], download_url=url)
    assert functions.invoke("download_results", ref, 900) == {"complete": True}
    assert len(functions.world.downloads.asked) == 1


@pytest.mark.parametrize("body", [b"<html>Something went wrong.</html>", b'{"errors": [{"detail": "Not now."}]}', b"{"])
def test_what_is_no_answer_is_not_kept_although_it_came_with_200(functions: Functions, body: bytes) -> None:
    ref = functions.completed(IDS, MIXED)
    functions.world.downloads.script = [Serving(body=body)]
    with pytest.raises(DownloadInterrupted, match="holds not one record"):
        functions.invoke("download_results", ref)
    assert functions.keys("raw/") == []


def test_a_corrupted_answer_is_never_kept(functions: Functions) -> None:
    ref = functions.completed(IDS, MIXED)
    functions.world.downloads.script = [Serving(corrupts=True)]
    with pytest.raises(ResultsCorrupted):
        functions.invoke("download_results", ref)
    assert functions.keys("raw/") == []
    assert functions.invoke("download_results", ref) == {"complete": True}
    assert functions.object(functions.keys("raw/")[0]) == MIXED


def test_an_empty_answer_means_that_everything_is_clean(functions: Functions) -> None:
    functions.world.findings = lambda ids: []
    ref = functions.completed(IDS)
    functions.invoke("download_results", ref)
    assert functions.object(f"raw/{ref['run_id']}/00001.ndjson") == b""
    assert functions.invoke("write_results", ref) == {}
    index = functions.invoke("index_results", ref | {"progress": {}, "outcomes": {}})
    assert index == {"complete": True, "progress": {}, "ranges": [], "wait_seconds": 0}
    part = functions.part(ref)
    assert (part["status"], part["records"], part["affected"]) == ("complete", 0, 0)


def test_results_are_gone_after_seven_days(functions: Functions) -> None:
    ref = functions.completed(IDS, MIXED)
    functions.clock.advance(7 * 86_400)
    with pytest.raises(ResultsExpired):
        functions.invoke("download_results", ref)
    assert functions.world.downloads.asked == []


def test_a_download_that_is_complete_stays_so(functions: Functions) -> None:
    ref = downloaded(functions, MIXED)
    functions.clock.advance(8 * 86_400)
    assert functions.invoke("download_results", ref) == {"complete": True}


def test_a_download_url_on_another_host_is_refused(functions: Functions) -> None:
    ref = functions.completed(IDS)
    functions.update(ref, download_url="https://evil.com/?SECRET")
    with pytest.raises(ProtocolViolation):
        functions.invoke("download_results", ref)
    assert functions.world.downloads.asked == []


@pytest.mark.parametrize(("status", "error"), [(402, CreditsDepleted), (429, RateLimited)])
def test_xs_own_refusals_of_a_download_keep_their_names(
    functions: Functions, status: int, error: type[Exception]
) -> None:
    functions.world.x.generation = "x"
    ref = functions.completed(IDS, MIXED)
    functions.world.downloads.script = [Serving(status=status, body=b'{"title": "So it is"}')]
    with pytest.raises(error, match="So it is"):
        functions.invoke("download_results", ref)


def test_every_record_becomes_a_typed_row(functions: Functions, tmp_path: Path) -> None:
    ref = downloaded(functions, MIXED)
    functions.invoke("write_results", ref)
    assert functions.keys("results/") == [
        f"results/type=tweets/checked_on=2026-11-23/{ref['run_id']}-00001-{number:03}.parquet" for number in range(2)
    ]
    rows = table(functions, tmp_path)
    part = functions.part(ref)
    checked_at = datetime.fromisoformat(part["completed_at"]).replace(tzinfo=None)
    about = {"run_id": ref["run_id"], "part": 1, "job_id": part["job_id"], "checked_at": checked_at}
    assert all(about.items() <= row.items() for row in rows)
    assert [(row["id"], row["action"], row["reason"], row["error"], row["raw"] is None) for row in rows] == [
        ("1800000000000000001", "delete", "deleted", None, True),
        ("1800000000000000002", "scrub_geo", "scrub_geo", None, False),
        ("1800000000000000003", "embargo", "new", None, False),
        ("1800000000000000004", "rehydrate", "tweet_edited", None, True),
        (None, None, None, "unreadable_line", False),
        ("not_a_valid_id", None, None, "invalid_id", True),
    ]
    assert rows[0]["created_at"] == datetime(2020, 1, 2, 3, 4, 5)
    assert rows[0]["redacted_at"] == datetime(2026, 3, 1, 12, 0, 22, 39_000)
    assert rows[4]["raw"] == "not json"


def test_all_counts_add_up(functions: Functions) -> None:
    ref = downloaded(functions, MIXED)
    functions.invoke("write_results", ref)
    part = functions.part(ref)
    assert (part["records"], part["affected"], part["result_errors"]) == (6, 4, 2)
    assert part["by_action"] == {"delete": 1, "scrub_geo": 1, "embargo": 1, "rehydrate": 1}
    assert part["by_reason"] == {"deleted": 1, "scrub_geo": 1, "new": 1, "tweet_edited": 1}
    assert part["records"] == part["affected"] + part["result_errors"]
    assert part["affected"] == sum(part["by_action"].values())


LONG = "x" * 1_000_000


@pytest.mark.parametrize("name", ["id", "action", "reason", "error", "country"])
def test_a_line_of_a_megabyte_is_kept_and_stops_no_other(functions: Functions, tmp_path: Path, name: str) -> None:
    lines = [{"id": "1", "action": "delete", name: LONG}, {"id": "2", "action": "delete", "reason": "deleted"}]
    results = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    ref = downloaded(functions, results)
    functions.invoke("write_results", ref)
    assert {row["raw"] for row in table(functions, tmp_path)} == {json.dumps(lines[0]), None}
    assert functions.invoke("index_results", ref | {"progress": {}, "outcomes": {}})["complete"]
    part = functions.part(ref)
    assert (part["records"], part["affected"], part["indexed"]) == (2, 2, 1 if name == "id" else 2)
    assert functions.object(f"raw/{ref['run_id']}/00001.ndjson") == results


def test_a_different_reason_in_every_record_is_no_reason_to_fail(functions: Functions) -> None:
    records = [{"id": str(number), "action": "delete", "reason": f"reason {number}"} for number in range(30_000)]
    ref = downloaded(functions, b"".join(json.dumps(each).encode() + b"\n" for each in records))
    functions.invoke("write_results", ref)
    part = functions.part(ref)
    assert part["by_action"] == {"delete": 30_000}
    assert sum(part["by_reason"].values()) == 30_000


def test_a_long_answer_becomes_several_files_and_a_second_time_the_same(functions: Functions, tmp_path: Path) -> None:
    functions.monkeypatch.setattr(results_table, "TEXT_BYTES", BLOCK)
    functions.monkeypatch.setattr(results_table, "FILE_RECORDS", 3000)
    lines = [json.dumps({"id": str(number), "action": "delete", "more": "x" * 400}).encode() for number in range(6000)]
    ref = downloaded(functions, b"\n".join(lines))
    functions.invoke("write_results", ref)
    keys = functions.keys("results/")
    functions.invoke("write_results", ref)
    assert functions.keys("results/") == keys
    assert [key[-11:] for key in keys] == ["000.parquet", "001.parquet"]
    assert len(table(functions, tmp_path)) == functions.part(ref)["records"] == 6000


@pytest.mark.parametrize("results", [MIXED, b""])
def test_the_ids_that_x_has_answered_for_are_written_down_in_order(
    functions: Functions, tmp_path: Path, results: bytes
) -> None:
    ref = functions.completed(b"".join(reversed(IDS.splitlines(keepends=True))), results)
    functions.invoke("download_results", ref, 900)
    for _ in range(2):
        functions.invoke("write_results", ref)
    part = functions.part(ref)
    (key,) = functions.keys("checked_ids/")
    assert key == f"checked_ids/type=tweets/checked_on={part['checked_on']}/{ref['run_id']}-00001.parquet"
    (tmp_path / "ids.parquet").write_bytes(functions.object(key))
    with duckdb.connect() as connection:
        rows = connection.read_parquet(str(tmp_path / "ids.parquet"))
        assert rows.columns == ["id", "run_id", "part", "job_id", "checked_at"]
        assert [str(kind) for kind in rows.types] == ["BIGINT", "VARCHAR", "INTEGER", "VARCHAR", "TIMESTAMP"]
        found = rows.fetchall()
    assert [row[0] for row in found] == [int(line) for line in IDS.split()]
    at = datetime.fromisoformat(part["completed_at"]).replace(tzinfo=None)
    assert {row[1:] for row in found} == {(ref["run_id"], 1, part["job_id"], at)}


def test_text_of_every_kind_survives_the_table(functions: Functions, tmp_path: Path) -> None:
    strange = ['a\nb\t"c"', "𝄞 é", " ", "\\", "NULL", "\x00", "x" * 100_000]
    results = b"".join(
        json.dumps({"id": str(at), "action": "delete", "reason": text}).encode() + b"\n"
        for at, text in enumerate(strange)
    )
    functions.invoke("write_results", downloaded(functions, results))
    assert [row["reason"] for row in table(functions, tmp_path)] == [text[:MAX_WORD] for text in strange]


def test_a_reason_without_a_word_is_no_reason_to_fail(functions: Functions) -> None:
    ref = downloaded(functions, b'{"id":"1","action":"delete","reason":""}')
    functions.invoke("write_results", ref)
    assert (functions.part(ref)["records"], functions.part(ref)["by_action"]) == (1, {"delete": 1})


def test_half_a_surrogate_does_not_stop_the_others(functions: Functions, tmp_path: Path) -> None:
    results = b'{"id":"1","action":"delete","reason":"\\ud800"}\n{"id":"2","action":"delete"}\n'
    ref = downloaded(functions, results)
    functions.invoke("write_results", ref)
    assert [row["id"] for row in table(functions, tmp_path)] == ["1", "2"]
    assert functions.invoke("index_results", ref | {"progress": {}, "outcomes": {}})["complete"]
