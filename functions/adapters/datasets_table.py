"""Datasets in the runs table: one item each, with the run that checks it and the last that was complete."""

from typing import cast

from boto3.dynamodb.conditions import Attr

from adapters import executions, items, runs_table
from compliance.datasets import Claims, Standing, standing
from compliance.runs import ENDED, Run


def claim(run: Run) -> tuple[Standing, str]:
    """Make a dataset a run's, or put the run down as waiting, or neither; the same again changes nothing.

    Returns what came of it, and which run checks the dataset now. A run that began before it failed is never skipped:
    it waits, if need be beside another.
    """
    while True:
        claims = _claims(run["dataset"])
        found = standing(claims, run["run_id"], run["overlap"], _is_over)
        role = {"claimed": "checking", "waits": "waiting"}.get(found)
        known = items.unchanged(claims, "checking", "waiting")
        if role is None or items.update(_key(run["dataset"]), {role: run["run_id"]}, known):
            checking = run["run_id"] if found == "claimed" else claims["checking"]
            return ("waits" if found == "skipped" and "files" in run else found), checking


def remember(run: Run) -> None:
    """Puts down that a run of a dataset is complete, unless a later one was before."""
    condition = Attr("checked_at").not_exists() | Attr("checked_at").lt(run["started_at"])
    complete = {"checked_at": run["started_at"], "checked_by": run["run_id"]}
    items.update(_key(run["dataset"]), complete, condition)


def checked_at(dataset: str, now: str) -> str:
    """When the last complete check of a dataset began; of one without, when it was first asked about, or ``now``."""
    while True:
        item = items.find(_key(dataset)) or {}
        if (known := item.get("checked_at") or item.get("seen_at")) is not None:
            return str(known)
        items.update(_key(dataset), {"seen_at": now}, Attr("seen_at").not_exists())


def _is_over(run_id: str) -> bool:
    """Step Functions forgets executions after 90 days, so the record is asked first; that may be gone, too."""
    run = runs_table.find_run(run_id)
    if run is None or run["status"] in ENDED:
        return True
    return executions.last_attempt(run["execution_arn"], run.get("claimed_at", run["started_at"])) is not None


def _claims(dataset: str) -> Claims:
    return cast(Claims, items.find(_key(dataset)) or {})


def _key(dataset: str) -> dict[str, str]:
    return {"pk": f"DATASET#{dataset}", "sk": "DATASET"}
