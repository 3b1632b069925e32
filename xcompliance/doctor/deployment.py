"""Whether what was deployed is there, and may be reached by whoever asks."""

from typing import Final

from xcompliance.doctor.finding import Finding, right, wrong
from xcompliance.doctor.subject import Subject
from xcompliance.runs import latest_runs
from xcompliance.text import moment

OUTPUTS: Final = (
    "InboxBucketName",
    "ResultsBucketName",
    "RunsTableName",
    "ResultsTableName",
    "RunStateMachineArn",
    "JobStateMachineArn",
    "BearerTokenSecretArn",
    "GlueDatabaseName",
    "AthenaWorkGroupName",
    "ScheduleGroupName",
    "KeyArn",
    "AlarmTopicArn",
    "XApiUrl",
    "InputSettings",
)
"""All that the command reads."""
DEPLOY: Final = "Deploy the stacks anew: make deploy"


def stack(subject: Subject) -> Finding:
    """Whether the stack is there, whole, with all outputs."""
    status = subject.described["StackStatus"]
    if "FAILED" in status or status.startswith(("ROLLBACK", "DELETE", "REVIEW")):
        reason = subject.described.get("StackStatusReason", "")
        return wrong(f"{subject.stack_name} is {status}. {reason}".rstrip(), "Once its cause is gone: make deploy")
    missing = [name for name in OUTPUTS if name not in subject.stack.outputs]
    if missing:
        return wrong(f"{subject.stack_name} has no output {', '.join(missing)}.", DEPLOY)
    return right(f"{subject.stack_name}, {status}, with its {len(OUTPUTS)} outputs")


def inbox(subject: Subject) -> Finding:
    """Whether files can be dropped."""
    return _bucket(subject, "InboxBucketName")


def results(subject: Subject) -> Finding:
    """Whether answers can be fetched."""
    return _bucket(subject, "ResultsBucketName")


def _bucket(subject: Subject, output: str) -> Finding:
    name = subject.stack[output]
    subject.stack.s3.head_bucket(Bucket=name)
    return right(name)


def runs_table(subject: Subject) -> Finding:
    """Whether runs can be read."""
    last = next(iter(latest_runs(subject.stack, 1)), None)
    said = f"the last run began {moment(last.started_at)} UTC, {last.status}" if last else "no run yet"
    return right(f"{subject.stack['RunsTableName']}, {said}")


def results_table(subject: Subject) -> Finding:
    """Whether single IDs can be looked up; asks for one that there cannot be."""
    subject.stack.results_table.get_item(Key={"subject": "doctor"})
    return right(subject.stack["ResultsTableName"])


def machines(subject: Subject) -> Finding:
    """Whether both machines take work."""
    found = [
        subject.stack.step_functions.describe_state_machine(stateMachineArn=subject.stack[output])
        for output in ("RunStateMachineArn", "JobStateMachineArn")
    ]
    idle = [f"{each['name']} is {each['status']}" for each in found if each["status"] != "ACTIVE"]
    if idle:
        return wrong(f"{', '.join(idle)}.", DEPLOY)
    return right(" and ".join(each["name"] for each in found))
