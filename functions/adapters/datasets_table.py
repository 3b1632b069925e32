"""Datasets in the runs table: one item each, with the run that checks it and the last that was complete."""

from collections.abc import Mapping
from typing import cast

from boto3.dynamodb.conditions import Attr, ConditionBase

from adapters import executions, runs_table
from compliance.datasets import Claims, Standing, standing
from compliance.runs import ENDED, Run


def claim(run: Run) -> tuple[Standing, str]:
    """Makes a dataset a run's, or puts the run down as waiting, or neither; the same again changes nothing.

    Returns what came of it, and which run checks the dataset now.
    """
    while True:
        claims = _claims(run["dataset"])
        found = standing(claims, run["run_id"], run["overlap"], _is_over)
        role = {"claimed": "checking", "waits": "waiting"}.get(found)
        if role is None or _set(run["dataset"], {role: run["run_id"]}, _unchanged(claims)):
            return found, run["run_id"] if found == "claimed" else claims["checking"]


def remember(run: Run) -> None:
    """Puts down that a run of a dataset is complete, unless a later one was before."""
    condition = Attr("checked_at").not_exists() | Attr("checked_at").lt(run["started_at"])
    _set(run["dataset"], {"checked_at": run["started_at"], "checked_by": run["run_id"]}, condition)


def checked_at(dataset: str, now: str) -> str:
    """When the last complete check of a dataset began; of one without, when it was first asked about, or ``now``."""
    while True:
        item = runs_table.find_item(_key(dataset)) or {}
        if (known := item.get("checked_at") or item.get("seen_at")) is not None:
            return str(known)
        _set(dataset, {"seen_at": now}, Attr("seen_at").not_exists())


def _is_over(run_id: str) -> bool:
    """Step Functions forgets executions after 90 days, so the record is asked first."""
    run = runs_table.get_run(run_id)
    return run["status"] in ENDED or executions.is_over(run["execution_arn"])


def _claims(dataset: str) -> Claims:
    return cast(Claims, runs_table.find_item(_key(dataset)) or {})


def _unchanged(claims: Claims) -> ConditionBase:
    def same(role: str) -> ConditionBase:
        known = claims.get(role)
        return Attr(role).not_exists() if known is None else Attr(role).eq(known)

    return same("checking") & same("waiting")


def _set(dataset: str, changes: Mapping[str, str], condition: ConditionBase) -> bool:
    """Whether the item was as the ``condition`` says, and is changed now."""
    try:
        runs_table.update_item(_key(dataset), changes, condition)
    except runs_table.Refused:
        return False
    return True


def _key(dataset: str) -> dict[str, str]:
    return {"pk": f"DATASET#{dataset}", "sk": "DATASET"}
