"""Settle Execution: brings what an execution leaves behind that was ended from outside to an end of its own."""

import json
from typing import Any

from abandon_job import abandon, tell_of_failure
from adapters import executions, levels, runs_table, turns
from adapters.handler import Event, LambdaClock, lambda_handler
from adapters.log import logger
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
        for ref, execution_arn in turns.claims(job_type):
            if executions.is_over(execution_arn):
                _settle_job(ref, execution_arn, clock)
                logger.append_keys(run_id=None, part=None)
        turns.sweep(job_type)
    levels.tell(clock.now())
    return {}


def _settle(detail: dict[str, Any], clock: LambdaClock) -> None:
    """An execution that was redriven since runs again: it is left alone."""
    execution_arn = detail["executionArn"]
    if not executions.is_over(execution_arn):
        return
    source = json.loads(detail["input"])
    if "part" in source:
        _settle_job(PartRef.of(source), execution_arn, clock)
        return
    run = runs_table.run_of(execution_arn)
    if run is None and ("dataset" in source or source.get("object", {}).get("version-id")):
        # It was ended before it could register its run: the dropped file, or the check, must not be forgotten.
        register(source, execution_arn, detail["startDate"] / 1000)
        run = runs_table.run_of(execution_arn)
    if run is not None:
        _settle_run(run, clock)


def _settle_job(ref: PartRef, execution_arn: str, clock: LambdaClock) -> None:
    logger.append_keys(run_id=ref.run_id, part=ref.part)
    part = runs_table.get_part(ref.run_id, ref.part)
    if part["status"] == "failed":
        tell_of_failure(part, clock)
    else:
        abandon(ref, execution_arn, *FAILURE, clock)
    turns.release(ref.type, execution_arn)


def _settle_run(run: Run, clock: LambdaClock) -> None:
    logger.append_keys(run_id=run["run_id"])
    if run["status"] not in ENDED:
        for part in runs_table.list_parts(run["run_id"]):
            if "execution_arn" in part and part["status"] not in ("complete", "failed"):
                executions.stop(part["execution_arn"])
                _settle_job(PartRef(run["run_id"], run["type"], part["part"]), part["execution_arn"], clock)
        logger.append_keys(part=None)
        run = runs_table.fail_run(run["run_id"], run["execution_arn"], FAILURE, time_text(clock.now()))
    if not is_told(run):
        # What report there is may be on an earlier end.
        run = runs_table.update_run(run["run_id"], owner=run["execution_arn"], status=run["status"], report=None)
        publish(run["run_id"], run["execution_arn"], summary(run), clock)
    if "report" not in run:
        write_report(run["run_id"], run["execution_arn"])
