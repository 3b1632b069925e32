"""The datasets that are checked on a schedule: as they are deployed, and as their checks stand."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from cdk.schedule_expressions import ScheduleExpression
from compliance.clock import parse_time, time_text
from compliance.datasets import SCHEDULED_TIME, scheduled_run
from xcompliance.errors import CommandError
from xcompliance.records import plain
from xcompliance.runs import find_run
from xcompliance.stack import Stack
from xcompliance.start import start_run
from xcompliance.submit import Submission


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A dataset and its checks; times are UTC. ``status`` is that of the run that checks it, or was the last to."""

    name: str
    type: str
    source: str
    schedule: str
    timezone: str
    is_enabled: bool
    run_id: str | None = None
    status: str | None = None
    checked_at: datetime | None = None
    checked_by: str | None = None
    next_at: datetime | None = None

    def age(self, now: datetime) -> timedelta | None:
        """How old the last complete check is."""
        return now - self.checked_at if self.checked_at else None

    def as_json(self, now: datetime) -> dict[str, Any]:
        """Everything, with times as text, and the age in seconds."""
        age = self.age(now)
        about: dict[str, Any] = plain(vars(self))
        return about | {"age_seconds": None if age is None else int(age.total_seconds())}


def list_datasets(stack: Stack, now: datetime) -> list[Dataset]:
    """All datasets of a deployment, by name."""
    return [_dataset(stack, name, now) for name in sorted(_names(stack))]


def check(stack: Stack, name: str, now: datetime) -> Submission:
    """Starts a run of a dataset as its schedule would; raises CommandError when there is no such dataset."""
    said = _schedule(stack, name)["Target"]["Input"].replace(SCHEDULED_TIME, time_text(now.timestamp()))
    source = json.loads(said)
    run = scheduled_run(source, "", time_text(now.timestamp()))
    start_run(stack, source)
    return Submission(run["run_id"], run["bucket"], run["key"], None)


def _names(stack: Stack) -> Iterator[str]:
    group = stack["ScheduleGroupName"]
    try:
        for page in stack.scheduler.get_paginator("list_schedules").paginate(GroupName=group):
            yield from (each["Name"] for each in page["Schedules"])
    except ClientError as error:
        # Without datasets there is no group either.
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise


def _schedule(stack: Stack, name: str) -> Mapping[str, Any]:
    try:
        return stack.scheduler.get_schedule(GroupName=stack["ScheduleGroupName"], Name=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        raise CommandError(f"There is no dataset {name}. They are listed by: xcompliance datasets") from None


def _dataset(stack: Stack, name: str, now: datetime) -> Dataset:
    schedule = _schedule(stack, name)
    said = json.loads(schedule["Target"]["Input"])
    about = said["dataset"]
    item = stack.runs_table.get_item(Key={"pk": f"DATASET#{name}", "sk": "DATASET"}).get("Item", {})
    known = {key: str(value) for key, value in item.items()}
    run = find_run(stack, known["checking"]) if "checking" in known else None
    is_enabled = schedule["State"] == "ENABLED"
    zone = schedule.get("ScheduleExpressionTimezone", "UTC")
    return Dataset(
        name=name,
        type=about["type"],
        source=about.get("query") or f"s3://{said['bucket']['name']}/{said['object']['key']}",
        schedule=schedule["ScheduleExpression"],
        timezone=zone,
        is_enabled=is_enabled,
        run_id=run.run_id if run else None,
        status=run.status if run else None,
        checked_at=parse_time(known["checked_at"]) if "checked_at" in known else None,
        checked_by=known.get("checked_by"),
        next_at=_next(ScheduleExpression(schedule["ScheduleExpression"], zone), schedule["CreationDate"], now)
        if is_enabled
        else None,
    )


def _next(expression: ScheduleExpression, created: datetime, now: datetime) -> datetime | None:
    """When it is due next; a rate counts from when the schedule was made."""
    if expression.rate is None:
        return expression.next_after(now)
    begun = created.astimezone(UTC)
    return begun + expression.rate * ((now - begun) // expression.rate + 1)
