"""What must be true when the storm is over."""

import json
from collections import Counter

from tests.chaos.story import Story
from tests.fakes.world import deletes_every_second
from tests.faults.truth import active_jobs, check_row, check_secrecy, parts, runs, turns
from tests.unit.conftest import RESULTS


def check(story: Story) -> None:
    """Raises AssertionError unless nothing was lost, nothing counts twice, and nothing is left held or active."""
    universe = story.deployment.universe
    world = universe.world
    by_key = {run["key"]: run for run in runs(universe)}
    assert by_key.keys() == story.files.keys(), "a run is missing or there is one too many"
    expected: Counter[str] = Counter()
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
        assert [each for upload in uploads for each in upload] == list(file.ids), "not each ID was sent once"
        for job, part in zip(jobs, own, strict=True):
            assert world.uploaded(job) == universe.aws.body(RESULTS, part["object_key"]), "X got something else"
        found = Counter(str(each["id"]) for upload in uploads for each in deletes_every_second(upload))
        counts = {
            "lines": len(file.ids) + file.duplicates + file.rejected + file.blank,
            "accepted": len(file.ids),
            "duplicate": file.duplicates,
            "rejected": file.rejected,
            "blank": file.blank,
            "records": found.total(),
            "affected": found.total(),
            "indexed": found.total(),
        }
        counts["duplicate_across_parts"] = file.across
        assert {name: run.get(name, 0) for name in counts} == counts, "the run's figures are not the truth"
        summed = {name: sum(part.get(name, 0) for part in own) for name in counts}
        assert summed == counts, "the parts do not add up"
        assert any(
            event["DetailType"] == "ComplianceRunCompleted" and event["Detail"]["run_id"] == run["run_id"]
            for event in universe.events
        ), "nobody was told that the run is complete"
        check_row(universe, run)
        expected += found
        used |= {job.id for job in jobs}
    _check_results(story, expected)
    assert not turns(universe), "a turn is held, or a ticket is left"
    idle = [job.name for job in world.x.jobs.values() if job.status == "complete" and job.id not in used]
    left = len(idle) + len(active_jobs(universe))
    assert left <= story.storm.lost_cancels, f"jobs that nobody used: {idle} {active_jobs(universe)}"
    check_secrecy(story.deployment, *story.files.values())


def _check_results(story: Story, expected: Counter[str]) -> None:
    aws = story.deployment.universe.aws
    for prefix in ("results/", "raw/"):
        lines = [line for key in aws.keys(RESULTS, prefix) for line in aws.body(RESULTS, key).splitlines() if line]
        assert Counter(json.loads(line)["id"] for line in lines) == expected, f"{prefix} is not what X said"
    assert Counter(item["id"] for item in aws.items("results")) == expected, "the index is not what X said"
