"""Whether work goes on: turns that nobody gives back, and events that nobody has taken."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from boto3.dynamodb.conditions import Key
from botocore.exceptions import ClientError

from compliance.clock import parse_time
from compliance.runs import JOB_TYPES, JobType
from xcompliance.doctor.finding import Finding, right, warning, wrong
from xcompliance.doctor.subject import Subject
from xcompliance.misplaced import notice
from xcompliance.runs import items_where
from xcompliance.text import count

FREED_WITHIN: Final = timedelta(minutes=20)
"""The deployment looks after its turns every quarter of an hour."""


def turns(subject: Subject) -> Finding:
    """Whether each turn is held, and awaited, by an execution that runs."""
    claims = {job_type: _claims(subject, job_type) for job_type in JOB_TYPES}
    stuck = [
        f"{each['execution_arn']} ({job_type})"
        for job_type, items in claims.items()
        for each in items
        if _is_stuck(subject, each)
    ]
    if stuck:
        function = f"{subject.prefix}-settle_execution"
        return wrong(
            f"The turn is held or awaited by what has ended: {', '.join(stuck)}.",
            f"The function {function} should have freed it: look at its log. To free it now: aws lambda invoke "
            f"--function-name {function} /dev/null",
        )
    return right("; ".join(_said(job_type, items) for job_type, items in claims.items()))


def _claims(subject: Subject, job_type: JobType) -> list[dict[str, Any]]:
    """Return the claim of the turn's holder and those of the executions that wait for it."""
    return list(items_where(subject.stack, Key("pk").eq(f"TURN#{job_type}"), ConsistentRead=True))


def _is_stuck(subject: Subject, claim: dict[str, Any]) -> bool:
    try:
        execution = subject.stack.step_functions.describe_execution(executionArn=claim["execution_arn"])
    except ClientError as error:
        if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
            raise
        ended = parse_time(claim["entered_at"])  # Step Functions may not know it yet
    else:
        if execution["status"] in ("RUNNING", "PENDING_REDRIVE"):
            return False
        ended = execution["stopDate"]
    return datetime.now(UTC) - ended > FREED_WITHIN


def _said(job_type: JobType, claims: list[dict[str, Any]]) -> str:
    holder = next((each for each in claims if each["sk"] == "HOLDER"), None)
    waiting = len(claims) - (holder is not None)
    said = f"held by {holder['run_id']}, part {holder['part']}" if holder else "free"
    return f"{job_type}: {said}" + (f", {count(waiting)} waiting" if waiting else "")


def dead_letters(subject: Subject) -> Finding:
    """Whether the stack's queues, each of which is one for dead letters, are empty."""
    sqs = subject.client("sqs")
    letters = {}
    for url in _queues(subject):
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        letters[url] = int(attributes["Attributes"]["ApproximateNumberOfMessages"])
    full = {url: number for url, number in letters.items() if number}
    if full:
        said = ", ".join(f"{count(number)} in {url.rpartition('/')[2]}" for url, number in full.items())
        return wrong(
            f"Events were not delivered: {said}.",
            "A run that was not started begins when its file is dropped again. To read and then to empty a queue: "
            + "; ".join(
                f"aws sqs receive-message --queue-url {url}; aws sqs purge-queue --queue-url {url}" for url in full
            ),
        )
    return right(f"{count(len(letters))} queues, all empty")


def misplaced_files(subject: Subject) -> Finding:
    """Whether objects were dropped outside the folders of the inbox that are read."""
    said = notice(subject.stack)
    return warning(said.found, said.advice) if said else right("every file is in a folder that is read")


def _queues(subject: Subject) -> Iterator[str]:
    pages = (
        subject.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=subject.stack_name)
    )
    for page in pages:
        for each in page["StackResourceSummaries"]:
            if each["ResourceType"] == "AWS::SQS::Queue":
                yield each["PhysicalResourceId"]
