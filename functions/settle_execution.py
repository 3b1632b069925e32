"""Settle Execution: brings what an execution leaves behind that was ended from outside to an end of its own."""

import json
from dataclasses import replace
from typing import Any

from abandon_job import abandon, tell_of_failure
from adapters import executions, levels, runs_table, turns
from adapters.handler import Event, LambdaClock, lambda_handler
from adapters.log import logger
from compliance.attempts import Attempt
from compliance.clock import time_text
from compliance.errors import ExecutionStopped
from compliance.runs import ENDED, JOB_TYPES, PartRef, Run, is_told, summary
from publish_run import publish
from register_run import register
from write_report import write_report

FAILURE = (ExecutionStopped.__name__, "The execution was stopped, or ran out of time. Start the run again.")


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes the event of an execution of either machine that has ended without success.

    Without one, as the schedule calls it, it looks after the turns: whoever has or awaits one and has ended is settled,
    and a call that was lost is repeated. Then it tells how things stand.
    """
    if "executionArn" in event.get("detail", {}):
        _settle(event["detail"], clock)
        return {}
    for job_type in JOB_TYPES:
        for ref, last in turns.ended(job_type):
            _settle_job(ref, last, clock)
            _settle_run_of(ref, clock)
            logger.append_keys(run_id=None, part=None)
        turns.sweep(job_type)
    levels.tell(clock.now())
    return {}


def _settle(detail: dict[str, Any], clock: LambdaClock) -> None:
    """An execution that was redriven since runs again: it is left alone."""
    started_at = time_text(detail["startDate"] / 1000)
    last = executions.last_attempt(detail["executionArn"], started_at)
    if last is None:
        return
    source = json.loads(detail["input"])
    if "part" in source:
        _settle_job(PartRef.of(source), last, clock)
        return
    run = runs_table.run_of(last.execution_arn)
    if run is None and ("dataset" in source or source.get("object", {}).get("version-id")):
        # It was ended before it could register its run: the dropped file, or the check, must not be forgotten.
        register(source, replace(last, claimed_at=started_at), detail["startDate"] / 1000)
        run = runs_table.run_of(last.execution_arn)
    if run is not None:
        _settle_run(run, last, clock)


def _settle_job(ref: PartRef, last: Attempt, clock: LambdaClock) -> None:
    """``last`` is behind all that the part's execution has done: what it does after a redrive is left alone."""
    logger.append_keys(run_id=ref.run_id, part=ref.part)
    part = runs_table.find_part(ref.run_id, ref.part)
    if part is not None and part["status"] == "failed":
        tell_of_failure(part, clock)
    elif part is not None:
        abandon(ref, last, *FAILURE, clock)
    turns.release(ref.type, last)


def _settle_run_of(ref: PartRef, clock: LambdaClock) -> None:
    """Settles the run whose part has lost its execution, if nobody has heard of its own end either."""
    run = runs_table.find_run(ref.run_id)
    if run is None or run["status"] in ENDED:
        return
    if last := executions.last_attempt(run["execution_arn"], run.get("claimed_at", run["started_at"])):
        _settle_run(run, last, clock)


def _settle_run(run: Run, last: Attempt, clock: LambdaClock) -> None:
    logger.append_keys(run_id=run["run_id"])
    if last.is_before(run):
        return
    if run["status"] not in ENDED:
        for part in runs_table.list_parts(run["run_id"]):
            if "execution_arn" in part and part["status"] not in ("complete", "failed"):
                stopped = executions.stop(part["execution_arn"], part.get("claimed_at", run["started_at"]))
                _settle_job(PartRef(run["run_id"], run["type"], part["part"]), stopped, clock)
        logger.append_keys(part=None)
        run = runs_table.fail_run(run["run_id"], last, FAILURE, time_text(clock.now()))
    if not is_told(run):
        # What report there is may be on an earlier end.
        run = runs_table.update_run(run["run_id"], attempt=last, status=run["status"], report=None)
        publish(run["run_id"], last, summary(run), clock)
    if "report" not in run:
        write_report(run["run_id"], last)
