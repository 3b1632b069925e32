"""How things stand, between two events: what runs, what waits, and what is about to be too late."""

from collections.abc import Iterator

from adapters import answers, datasets_table, executions, metrics, runs_table, turns
from adapters.settings import settings
from compliance.clock import parse_time, time_text
from compliance.metrics import CHECK_AGE, JOBS_WAITING, OLDEST_RUN_AGE, RESULTS_TIME_LEFT, RUNS_OPEN, TURN_HELD
from compliance.runs import JOB_TYPES, JobType, part_of_job


def tell(now: float) -> None:
    """Tells of the levels at ``now`` (epoch seconds). Each is left out that there is nothing to say of, but the runs:

    that they are told of shows that somebody looks.
    """
    began = executions.running(settings().run_state_machine_arn)
    metrics.tell({RUNS_OPEN: len(began)})
    if began:
        metrics.tell({OLDEST_RUN_AGE: max(0.0, now - min(began))})
    for job_type in JOB_TYPES:
        since, waiting = turns.queue(job_type)
        if since is not None:
            metrics.tell({JOBS_WAITING: waiting, TURN_HELD: now - parse_time(since).timestamp()}, type=job_type)
    left = [expires - now for job_type in JOB_TYPES for expires in _not_downloaded(job_type) if expires > now]
    if left:
        metrics.tell({RESULTS_TIME_LEFT: min(left)})
    for dataset in settings().datasets:
        checked_at = parse_time(datasets_table.checked_at(dataset, time_text(now)))
        metrics.tell({CHECK_AGE: now - checked_at.timestamp()}, dataset=dataset)


def _not_downloaded(job_type: JobType) -> Iterator[float]:
    """When X's answers expire that are ready, or may be, and that nobody has downloaded.

    Those of failed runs are among them.
    """
    for job_name in answers.open_answers(job_type):
        named = part_of_job(job_name)
        if named is not None and runs_table.has_part(*named):
            part = runs_table.get_part(*named)
            is_there = part.get("job_name") == job_name and "download_expires_at" in part
            if is_there and "downloaded_at" not in part:
                yield parse_time(part["download_expires_at"]).timestamp()
