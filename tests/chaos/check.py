"""What must be true when the storm is over."""

import json
from collections import Counter
from datetime import datetime
from typing import Any

from tests.chaos.story import Story
from tests.chaos.verdicts import is_kept, row, verdicts
from tests.fakes.world import World
from tests.fakes.x import Job
from tests.faults.memory_aws import Item
from tests.faults.truth import active_jobs, check_row, check_secrecy, parts, runs, turns
from tests.unit.conftest import RESULTS


def check(story: Story) -> None:
    """Raise AssertionError unless nothing was lost, is wrong, counts twice, or is left held or active."""
    universe = story.deployment.universe
    world = universe.world
    by_key = {run["key"]: run for run in runs(universe)}
    assert by_key.keys() == story.files.keys(), "a run is missing or there is one too many"
    expected: list[dict[str, Any]] = []
    used: set[str] = set()
    for key, file in story.files.items():
        run = by_key[key]
        own = parts(universe, run["run_id"])
        assert run["status"] == "complete", f"{run['run_id']} is {run['status']}: {run.get('error_message')}"
        assert "error" not in run
        assert [part["status"] for part in own] == ["complete"] * file.parts
        jobs = [world.x.jobs[part["job_id"]] for part in own]
        assert all(job.status == "complete" for job in jobs), "a part counts on a job that is not complete"
        uploads = [world.uploaded(job).decode().split() for job in jobs]
        sent = [universe.aws.body(RESULTS, part["object_key"]) for part in own]
        assert b"".join(sent).decode().split() == list(file.ids), "not each ID was sent once"
        for job, part, content in zip(jobs, own, sent, strict=True):
            assert world.uploaded(job) == content or _is_told_of(part, run), "X got something else"
        # X answers an ID once; corrupted, two may be the same.
        answered = [list(dict.fromkeys(upload)) for upload in uploads]
        found = [each | {"run_id": run["run_id"]} for upload in answered for each in verdicts(upload)]
        counts = {
            "lines": len(file.ids) + file.duplicates + file.rejected + file.blank,
            "accepted": len(file.ids),
            "duplicate": file.duplicates,
            "rejected": file.rejected,
            "blank": file.blank,
            "records": len(found),
            "affected": len(found),
            "indexed": len(found),
        }
        counts["duplicate_across_parts"] = file.across
        assert {name: run.get(name, 0) for name in counts} == counts, "the run's figures are not the truth"
        summed = {name: sum(part.get(name, 0) for part in own) for name in counts}
        assert summed == counts, "the parts do not add up"
        assert run["by_action"] == Counter(row(each)[1] for each in found), "the actions are not those of the records"
        for job, part in zip(jobs, own, strict=True):
            answer = world.results(job)
            raw = universe.aws.body(RESULTS, f"raw/{run['run_id']}/{part['part']:05}.ndjson") if answer else b""
            assert raw == answer, "X's answer is not kept as it came"
        assert any(
            event["DetailType"] == "ComplianceRunCompleted" and event["Detail"]["run_id"] == run["run_id"]
            for event in universe.events
        ), "nobody was told that the run is complete"
        check_row(universe, run)
        expected += found
        used |= {job.id for job in jobs}
    _check_results(story, expected)
    assert not turns(universe), "a turn is held, or a ticket is left"
    left = _left_over(story, used)
    assert len(left) <= story.storm.lost_cancels, f"jobs that nobody used: {left}"
    check_secrecy(story.deployment, *story.files.values())


def _is_told_of(part: Item, run: Item) -> bool:
    """Return whether the part is marked, and the run warns, that Google did not confirm what was uploaded."""
    is_marked = "upload" in part.get("unverified", [])
    return is_marked and any("unverified" in warning for warning in run["warnings"])


def _left_over(story: Story, used: set[str]) -> list[str]:
    """Return the jobs that nobody used, and that somebody could have cancelled.

    Another App's job could not be cancelled, nor can one whose bytes go to Google: it lapses if it gets none, and X
    reads them in vain if they came wrong.
    """
    universe, world = story.deployment.universe, story.deployment.universe.world
    active = active_jobs(universe)
    sent = {universe.aws.body(RESULTS, part["object_key"]) for part in parts(universe)}
    return [
        job.name
        for job in world.x.jobs.values()
        if job.id not in used
        and (job.status == "complete" or job.name in active)
        and not story.storm.weather.was_out_of_reach(job)
        and not (job.known.generation == "gcs" and _uploaded(world, job) not in sent)
    ]


def _uploaded(world: World, job: Job) -> bytes | None:
    return world.uploaded(job) if job.id in world.core.uploads else None


def _check_results(story: Story, expected: list[dict[str, Any]]) -> None:
    aws = story.deployment.universe.aws
    lines = [json.loads(line) for key in aws.keys(RESULTS, "results/") for line in aws.body(RESULTS, key).splitlines()]
    columns = ("id", "action", "reason", "created_at", "redacted_at")
    rows = Counter(tuple(line[name] for name in columns) for line in lines)
    assert rows == Counter(map(row, expected)), "the results table is not what X said"
    kept = Counter(line["raw"] for line in lines if line["raw"] is not None)
    lines_of_x = Counter(json.dumps(_without_run(each)) for each in expected if is_kept(each))
    assert kept == lines_of_x, "not each line is kept that says more than the columns"
    found = Counter(_of_index(item) for item in aws.items("results"))
    assert found == Counter((*row(each), each["run_id"]) for each in expected), "the index is not what X said"


def _without_run(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != "run_id"}


def _of_index(item: dict[str, Any]) -> tuple[str | None, ...]:
    """The same columns of an item, whose times are written otherwise, and its run."""
    times = (datetime.fromisoformat(item[name]) if name in item else None for name in ("created_at", "redacted_at"))
    texts = (time and time.strftime("%Y-%m-%dT%H:%M:%S.%fZ") for time in times)
    return (item["id"], item["action"], item["reason"], *texts, item["run_id"])
