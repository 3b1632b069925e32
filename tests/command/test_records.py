from datetime import UTC, datetime
from decimal import Decimal

from xcompliance.records import PartRecord, RunRecord

from .items import part_item, run_item, without


def test_a_record_is_read_as_dynamodb_gives_it() -> None:
    run = RunRecord.of(run_item(lines=Decimal(3_004), by_action={"delete": Decimal(43)}))
    assert (run.lines, run.by_action) == (3_004, {"delete": 43})
    assert run.started_at == datetime(2026, 11, 23, 13, 45, 10, tzinfo=UTC)


def test_credentials_are_not_read() -> None:
    assert "secret" not in repr(PartRecord.of(part_item()))


def test_the_phases_add_up_to_the_time_of_the_run() -> None:
    run = RunRecord.of({**run_item(), "part_records": (PartRecord.of(part_item()),)})
    assert run.phases == {"prepare": 2, "turn": 3, "upload": 7, "X": 40, "results": 11}
    assert sum(run.phases.values()) == run.seconds()


def test_parts_are_added_up_phase_by_phase() -> None:
    second = part_item(
        2,
        created_at="2026-11-23T13:46:11.000Z",
        uploaded_at="2026-11-23T13:46:12.000Z",
        completed_at="2026-11-23T13:46:12.500Z",
        indexed_at="2026-11-23T13:46:12.750Z",
    )
    run = RunRecord.of({**run_item(), "part_records": (PartRecord.of(part_item()), PartRecord.of(second))})
    assert run.phases == {"prepare": 2, "turn": 4, "upload": 8, "X": 40.5, "results": 8.5}


def test_a_run_that_goes_on_has_the_phases_that_it_has_passed() -> None:
    part = PartRecord.of(without(part_item(status="uploading"), "uploaded_at", "completed_at", "indexed_at"))
    run = RunRecord.of({**without(run_item(status="checking"), "ended_at"), "part_records": (part,)})
    assert run.phases == {"prepare": 2, "turn": 3}


def test_no_phase_of_a_retry_that_keeps_its_job_is_negative() -> None:
    """Accept Input comes again a day after the part was uploaded."""
    prepared, ended = "2026-11-24T13:45:12.000Z", "2026-11-24T13:46:13.000Z"
    kept = without(part_item(), "completed_at", "indexed_at")
    done = {"completed_at": "2026-11-24T13:46:00.000Z", "indexed_at": "2026-11-24T13:46:10.000Z"}
    run = RunRecord.of(run_item(prepared_at=prepared, ended_at=ended) | {"part_records": (PartRecord.of(kept | done),)})
    assert run.phases == {"prepare": 86_402, "turn": 0, "upload": 0, "X": 48, "results": 13}
    assert sum(run.phases.values()) == run.seconds()


def test_progress_counts_the_bytes_of_an_upload() -> None:
    later = ("uploaded_at", "completed_at", "downloaded_at", "indexed_at")
    part = PartRecord.of(without(part_item(status="uploading", uploaded_bytes=30_000), *later))
    assert part.progress == 2.5 / 6
    assert PartRecord.of(part_item(status="failed")).progress == 1


def test_json_holds_times_as_text_and_begins_with_what_the_run_is() -> None:
    document = RunRecord.of({**run_item(), "part_records": (PartRecord.of(part_item()),)}).as_json()
    assert next(iter(document)) == "run_id"
    assert document["started_at"] == "2026-11-23T13:45:10.000Z"
    assert document["part_records"][0]["indexed_at"] == "2026-11-23T13:46:10.000Z"
