"""What earlier jobs took, in the runs table: an item for each type and size class, with the last few observations."""

from typing import Any

from boto3.dynamodb.conditions import Attr, Key

from adapters import items
from compliance.durations import KEPT, Forecast, Observation, forecast, size_class
from compliance.runs import JobType, Part


def forecast_of(part: Part) -> Forecast | None:
    """What the part's job will take, by all that is known of its type; None when that is nothing."""
    known = items.where(Key("pk").eq(_pk(part["type"])), is_consistent=False)
    history = {
        int(str(item["size_class"])): [Observation(int(job["earliest"]), int(job["latest"])) for job in _jobs(item)]
        for item in known
    }
    return forecast(history, size_class(part["accepted"]))


def remember(part: Part, observation: Observation) -> None:
    """Adds what the part's job has taken, unless it was added before; of the jobs of its class the last KEPT stay."""
    size = size_class(part["accepted"])
    key = {"pk": _pk(part["type"]), "sk": f"CLASS#{size:02}"}
    job: dict[str, Any] = {"job_name": part["job_name"], **observation._asdict()}
    while True:
        item = items.table().get_item(Key=key, ConsistentRead=True).get("Item")
        jobs, writes = (_jobs(item), int(str(item["writes"]))) if item else ([], 0)
        if any(each["job_name"] == job["job_name"] for each in jobs):
            return
        is_unchanged = Attr("writes").eq(writes) if item else Attr("pk").not_exists()
        renewed: dict[str, Any] = {**key, "size_class": size, "jobs": [*jobs, job][-KEPT:], "writes": writes + 1}
        if items.put(renewed, is_unchanged):
            return


def _jobs(item: dict[str, Any]) -> list[dict[str, Any]]:
    return list(item["jobs"])


def _pk(job_type: JobType) -> str:
    return f"DURATIONS#{job_type}"
