"""What must be true of a run that is called complete, whatever happened on the way."""

import gzip
import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from compliance.events import PART_FAILED, RUN_FAILED
from tests.fakes.world import CREDENTIAL, deletes_every_second
from tests.faults.deployment import Deployment, Universe
from tests.faults.interpreter import Execution
from tests.faults.memory_aws import Item
from tests.unit.conftest import RESULTS

FIRST, SECOND = 1_700_000_000_000_000_000, 1_710_000_000_000_000_000
REJECTED = "no-id-at-all"
BLANK_LINES = 260


@dataclass(frozen=True)
class File:
    """A dropped file, and what becomes of its lines. Of the duplicates, some stand ``across`` parts."""

    content: bytes
    ids: tuple[str, ...]
    duplicates: int
    rejected: int
    blank: int
    parts: int
    key: str = "tweets/ids.txt"
    across: int = 0


def two_parts(first: int = FIRST, second: int = SECOND, key: str = "tweets/ids.txt") -> File:
    """A few IDs in front of a megabyte of blank lines, so that their answer is indexed in ranges, and one behind it.

    Behind it, two of the first ones stand again.
    """
    ids = [str(first), str(first + 1), str(first + 2), str(second)]
    padding = [" " * 4000] * BLANK_LINES
    lines = [*ids[:3], ids[0], *padding, ids[2], REJECTED, *ids[3:], ids[0]]
    return File("\n".join(lines).encode(), tuple(ids), 3, 1, BLANK_LINES, 2, key, across=2)


def one_part(first: int = FIRST, key: str = "tweets/ids.txt") -> File:
    ids = [str(first + number) for number in range(3)]
    return File("\n".join(ids).encode(), tuple(ids), 0, 0, 0, 1, key)


def grown(first: int = FIRST, key: str = "tweets/ids.gz") -> File:
    """A packed file of four IDs: where two make a part, one part more than was planned."""
    ids = tuple(str(first + number) for number in range(4))
    return File(gzip.compress("\n".join(ids).encode()), ids, 0, 0, 0, 2, key)


def dataset(first: int = FIRST, folder: str = "datasets/tweets/nightly/") -> tuple[File, dict[str, bytes]]:
    """A complete folder, and the files in it: a list, a table, and one that is in both."""
    ids = [str(first + number) for number in range(5)]
    contents = {
        "a.txt": "\n".join(ids[:2]),
        "b.csv": "id,label\n" + "".join(f"{identifier},post\n" for identifier in ids[2:]),
        "c.txt": f"{ids[0]}\n\n{REJECTED}\n",
    }
    files = {folder + name: content.encode() for name, content in contents.items()}
    return File(b"", tuple(ids), 1, 1, 1, 1, folder + "_SUCCESS"), files


def runs(universe: Universe) -> list[Item]:
    return [item for item in universe.aws.items("runs") if item["pk"].startswith("RUN#") and item["sk"] == "RUN"]


def parts(universe: Universe, run_id: str | None = None) -> list[Item]:
    items = [item for item in universe.aws.items("runs") if item["sk"].startswith("PART#")]
    return [item for item in items if run_id in (None, item["run_id"])]


def turns(universe: Universe) -> list[Item]:
    return [item for item in universe.aws.items("runs") if item["pk"].startswith("TURN#")]


def active_jobs(universe: Universe) -> list[str]:
    """The jobs that keep X's slot. One that was created and never uploaded to expires by itself."""
    window = universe.clock.now() - 900
    return [
        job.name
        for job in universe.world.x.jobs.values()
        if job.status == "in_progress" or (job.status == "created" and job.created > window)
    ]


def check_complete(deployment: Deployment, *files: File, jobs: int | None = None, events: int | None = 1) -> None:
    """Raises AssertionError unless every run is complete, and nothing was lost and nothing done twice.

    ``jobs`` is how many jobs X has seen in all, and ``events`` how many tell of a run's end, if that matters.
    """
    universe = deployment.universe
    assert len(runs(universe)) == len(files), "a run is missing or there is one too many"
    by_key = {run.get("dataset", run["key"]): run for run in runs(universe)}
    expected: Counter[str] = Counter()
    for file in files:
        expected += _check_run(universe, by_key[file.key], file)
        _check_events(universe, by_key[file.key], events)
        check_report(universe, by_key[file.key], file)
        check_row(universe, by_key[file.key])
    _check_results(universe, expected)
    assert not turns(universe), f"the turn is not free: {[item['sk'] for item in turns(universe)]}"
    assert not active_jobs(universe), f"jobs are active at X: {active_jobs(universe)}"
    if jobs is not None:
        assert len(universe.world.x.jobs) == jobs, f"X has seen {len(universe.world.x.jobs)} jobs"
    assert not universe.aws.uploads, "a multipart upload is left over"
    check_secrecy(deployment, *files)


def _check_run(universe: Universe, run: Item, file: File) -> Counter[str]:
    assert run["status"] == "complete", f"the run is {run['status']}: {run.get('error')} {run.get('error_message')}"
    assert "error" not in run
    own = parts(universe, run["run_id"])
    assert [part["status"] for part in own] == ["complete"] * file.parts
    assert all("error" not in part for part in own), "a part is complete and has an error all the same"
    x = universe.world.x
    completed = [x.jobs[part["job_id"]] for part in own]
    assert all(job.status == "complete" and job.name.startswith(run["run_id"]) for job in completed)
    uploaded = [identifier for job in completed for identifier in universe.world.uploaded(job).decode().split()]
    assert uploaded == list(file.ids), "X did not get each accepted ID once, in order"
    checked = "".join(
        universe.aws.body(RESULTS, f"checked_ids/{_partition(run)}/{run['run_id']}-{part['part']:05}.parquet").decode()
        for part in own
    )
    assert checked.split() == uploaded, "the IDs that X has answered for are not written down, each once"
    for job in x.jobs.values():
        assert len(x.uploads.get(job.id, [])) <= 1, f"{job.name} was uploaded to more than once"
    counts = {
        "lines": len(file.ids) + file.duplicates + file.rejected + file.blank,
        "accepted": len(file.ids),
        "duplicate": file.duplicates,
        "duplicate_across_parts": file.across,
        "rejected": file.rejected,
        "blank": file.blank,
    }
    found = Counter(
        str(record["id"])
        for job in completed
        for record in deletes_every_second(universe.world.uploaded(job).decode().split())
    )
    counts |= {"records": found.total(), "affected": found.total(), "result_errors": 0}
    counts |= {"indexed": found.total(), "unchanged": 0, "outranked": 0}
    assert {name: run.get(name, 0) for name in counts} == counts, "the run's figures are not the truth"
    summed = {name: sum(part.get(name, 0) for part in own) for name in counts}
    assert summed == counts, "the parts' figures do not add up"
    assert run["by_action"] == {"delete": found.total()}
    assert (run["parts"], run["parts_complete"], run["parts_failed"]) == (file.parts, file.parts, 0)
    return found


def _check_events(universe: Universe, run: Item, wanted: int | None) -> None:
    about = [event for event in universe.events if event["Detail"]["run_id"] == run["run_id"]]
    told = [event for event in about if event["DetailType"] != PART_FAILED]
    assert told, "nobody was told of the run's end"
    assert told[-1]["DetailType"] == "ComplianceRunCompleted"
    detail = {name: value for name, value in told[-1]["Detail"].items() if name in run and name != "ended_at"}
    added = {"schema_version", "dataset", "results_bucket", "results_prefix"} - run.keys()
    assert told[-1]["Detail"].keys() - run.keys() == added
    assert {name: run[name] for name in detail} == detail, "what was told of the run is not what is on record"
    assert wanted in (None, len(told)), f"{len(told)} events tell of the run's end"


def _partition(run: Item) -> str:
    return f"type={run['type']}/checked_on={run['checked_on']}"


def check_row(universe: Universe, run: Item) -> None:
    """Athena's row of a run that has ended says what the run's record says."""
    (row,) = [
        json.loads(universe.aws.body(RESULTS, key))
        for key in universe.aws.keys(RESULTS, "runs/")
        if key == f"runs/{_partition(run)}/{run['run_id']}.json"
    ]
    plain = ("run_id", "key", "version_id", "status", "accepted", "records", "affected", "parts_complete", "error")
    assert {name: row[name] for name in plain} == {name: run.get(name) for name in plain}, "the row is of another end"


def _check_results(universe: Universe, expected: Counter[str]) -> None:
    aws = universe.aws
    written = Counter(
        json.loads(line)["id"] for key in aws.keys(RESULTS, "results/") for line in aws.body(RESULTS, key).splitlines()
    )
    assert written == expected, "the records in S3 are not X's, each once"
    raw = Counter(
        json.loads(line)["id"]
        for key in aws.keys(RESULTS, "raw/")
        for line in aws.body(RESULTS, key).splitlines()
        if line
    )
    assert raw == expected, "what X said is not kept as it came"
    assert Counter(item["id"] for item in aws.items("results")) == expected, "the index does not hold each record once"


def check_report(universe: Universe, run: Item, file: File) -> None:
    """Raises AssertionError unless the page that people look at is there, is of this ending, and tells no secret."""
    assert run.get("report") == f"reports/{_partition(run)}/{run['run_id']}/report.html"
    page = universe.aws.body(RESULTS, run["report"]).decode()
    assert f'class="status {run["status"]}">{run["status"].capitalize()}<' in page, "the report is of another ending"
    assert run["ended_at"] in page, "the report is of another time"
    assert run["run_id"] in page
    assert not CREDENTIAL.search(page), "a credential is in the report"
    assert not any(identifier in page for identifier in file.ids), "a checked ID is in the report"
    rejects = b"".join(universe.aws.body(RESULTS, key) for key in universe.aws.keys(RESULTS, "rejects/"))
    assert REJECTED in page or REJECTED.encode() not in rejects, "a rejected line is not in the report"


def check_failed(deployment: Deployment, error: str, file: File, *, may_stay: bool = False) -> None:
    """Raises AssertionError unless the run has ended as a failure of that name, and stands in nobody's way.

    ``may_stay``: X did not let its job be cancelled.
    """
    universe = deployment.universe
    (run,) = runs(universe)
    assert (run["status"], run.get("error")) == ("failed", error), f"the run is {run['status']}: {run.get('error')}"
    assert run["error_message"], "the failure has no words"
    check_report(universe, run, file)
    check_row(universe, run)
    for part in [part for part in parts(universe) if "execution_arn" in part]:
        assert part["status"] in ("failed", "complete"), f"a part is {part['status']} although its run has ended"
        assert part["status"] == "complete" or part["error_message"], "a part's failure has no words"
    assert not turns(universe), "the turn is not free"
    may_stay |= universe.world.x.generation != "x" or error == "JobNotFound"
    assert may_stay or not active_jobs(universe), "X's job is not cancelled"
    assert {event["DetailType"] for event in universe.events} - {PART_FAILED} == {RUN_FAILED}, "nobody was told"
    failed = {part["part"]: part["error"] for part in parts(universe) if part["status"] == "failed"}
    told = [event["Detail"] for event in universe.events if event["DetailType"] == PART_FAILED]
    assert {each["part"]: each["error"] for each in told} == failed, "nobody was told of a part's failure"
    ends = {execution.error for execution in universe.machines.executions.values() if execution.status == "FAILED"}
    assert ends == {error}, f"the executions end as {ends}"
    check_secrecy(deployment, file)


def check_secrecy(deployment: Deployment, *files: File) -> None:
    """No credential and no checked ID stands where it does not belong."""
    universe = deployment.universe
    said = [execution.said for execution in universe.machines.executions.values()]
    errors = [(execution.error, execution.cause, execution.output) for execution in _executions(universe)]
    told = json.dumps([said, errors, universe.events]) + deployment.log.getvalue()
    assert not CREDENTIAL.search(told), "a credential is told"
    assert not any(identifier in told for file in files for identifier in file.ids), "a checked ID is told"
    kept = json.dumps([item for item in universe.aws.items("runs") if item.get("status") == "complete"])
    assert not CREDENTIAL.search(kept), "a credential outlives its use"


def _executions(universe: Universe) -> list[Execution]:
    return list(universe.machines.executions.values())


def record(universe: Universe, **wanted: Any) -> Item:
    """The one item of the runs table with these attributes."""
    (item,) = [item for item in universe.aws.items("runs") if wanted.items() <= item.items()]
    return item
