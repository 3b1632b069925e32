"""Check what the account allows against what a deployment uses at once."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from xcompliance.doctor.finding import Finding, not_checked, right, wrong
from xcompliance.doctor.subject import Subject
from xcompliance.text import count

RESERVE: Final = 10
"""Functions that must be free for everything else: the other type's run, other runs' first steps, settling."""
QUERIES: Final = 5
"""Athena queries at once: an unload and a search for duplicates of either type's run, and one of a person."""
ACTIVE_DML_QUERIES: Final = "L-FC5F6546"
DML_TIMEOUT: Final = "L-E80DC288"
_TRANSITIONS: Final = re.compile(r"state ?transition.*refill", re.IGNORECASE)
"""Service Quotas' name for how many states per second an account's standard executions may enter."""
_REQUEST: Final = (
    "aws service-quotas request-service-quota-increase --service-code {service} --quota-code {code} "
    "--desired-value {value}"
)


def side_by_side(definitions: Iterable[str]) -> int:
    """Return how many functions one execution calls at once, at most, by the machines' definitions."""
    states = [each for text in definitions for each in json.loads(text)["States"].values()]
    return max((each.get("MaxConcurrency", 1) for each in states), default=1)


def deployed_side_by_side(subject: Subject) -> int:
    """Return ``side_by_side`` of the machines as they are deployed."""
    return side_by_side(
        subject.stack.step_functions.describe_state_machine(stateMachineArn=subject.stack[output])["definition"]
        for output in ("RunStateMachineArn", "JobStateMachineArn")
    )


def concurrency(subject: Subject, width: int) -> Finding:
    """Check that as many functions may run at once as ``width``, and some besides."""
    limit = subject.client("lambda").get_account_settings()["AccountLimit"]
    free, needed = limit["UnreservedConcurrentExecutions"], width + RESERVE
    found = f"{count(free)} functions at once, of {count(limit['ConcurrentExecutions'])} in the account"
    if free >= needed:
        return right(found)
    return wrong(
        f"{found}: a run calls {count(width)} side by side, and {count(needed)} should be free.",
        f"Ask AWS for more, which is free: {_REQUEST.format(service='lambda', code='L-B99A9384', value=1000)}. Until "
        f"then, set prepare_concurrency and index_concurrency to {max(1, free - RESERVE)} in config.yaml and deploy.",
    )


def transitions(subject: Subject, width: int) -> Finding:
    """Check that ``width`` executions may enter a state each second; new accounts get less [AWS, Step Functions]."""
    quota = next((each for each in _quotas(subject, "states") if _TRANSITIONS.search(each["QuotaName"])), None)
    if quota is None:
        return not_checked("Service Quotas lists no rate of state transitions for this account.")
    found = f"{count(int(quota['Value']))} state transitions per second"
    if quota["Value"] >= width:
        return right(found)
    return wrong(
        f"{found}: a run prepares {count(width)} parts side by side, and becomes slow.",
        f"Ask AWS for more: {_REQUEST.format(service='states', code=quota['QuotaCode'], value=800)}",
    )


def queries(subject: Subject) -> Finding:
    """Check that Athena takes the queries of two runs and of a person at once."""
    values = {each["QuotaCode"]: int(each["Value"]) for each in _quotas(subject, "athena")}
    if ACTIVE_DML_QUERIES not in values:
        return not_checked("Service Quotas lists no number of active DML queries for this account.")
    at_once = values[ACTIVE_DML_QUERIES]
    found = f"{count(at_once)} queries at once"
    if DML_TIMEOUT in values:
        found += f", each for {count(values[DML_TIMEOUT])} minutes at most"
    if at_once >= QUERIES:
        return right(found)
    return wrong(
        f"{found}: two runs and a person may need {QUERIES}.",
        f"Ask AWS for more: {_REQUEST.format(service='athena', code=ACTIVE_DML_QUERIES, value=20)}",
    )


def _quotas(subject: Subject, service: str) -> Iterator[dict[str, Any]]:
    for page in subject.client("service-quotas").get_paginator("list_service_quotas").paginate(ServiceCode=service):
        yield from page["Quotas"]
