"""Whether what a new stack gives a name to is not there already, made by hand, by another prefix or left behind."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from os.path import commonprefix
from typing import Any, Final, NamedTuple

from botocore.exceptions import ClientError

from xcompliance.doctor.finding import Finding, right, wrong
from xcompliance.doctor.subject import Subject
from xcompliance.preflight.assembly import PlannedStack
from xcompliance.preflight.place import Place
from xcompliance.text import count

Search = Callable[[Subject, Place, Sequence[str]], Iterable[str]]
"""Which of some names are there."""


def names(subject: Subject, new: Sequence[PlannedStack]) -> Finding:
    """Whether the names that new stacks give are free."""
    place = Place.of(subject)
    wanted = {kind: list(_given(kind, new, place)) for kind in NAMED}
    taken = [
        f"{named.what} {name}"
        for kind, named in NAMED.items()
        if wanted[kind]
        for name in named.search(subject, place, wanted[kind])
    ]
    if taken:
        return wrong(
            f"There is already: {', '.join(taken)}.",
            "Choose another prefix or bucket_prefix; or, if they are left from an earlier deployment, delete them "
            "(docs/upgrading.md).",
        )
    figure = sum(map(len, wanted.values()))
    return right(f"{count(figure)} names are free" if figure else "they are the deployment's own")


def _given(kind: str, stacks: Iterable[PlannedStack], place: Place) -> Iterator[str]:
    for stack in stacks:
        for each in stack.template["Resources"].values():
            value: Any = each.get("Properties", {}) if each["Type"] == kind else None
            for key in NAMED[kind].path:
                value = value and value.get(key)
            if value:
                yield place.text(value)


_NOT_FOUND: Final = frozenset(
    {
        "404",
        "EntityNotFoundException",
        "InvalidRequestException",  # by which Athena says that there is no such workgroup
        "NotFound",
        "ResourceNotFound",
        "ResourceNotFoundException",
        "StateMachineDoesNotExist",
    }
)


def _one_by_one(ask: Callable[[Subject, Place, str], object]) -> Search:
    """A search by a call for each name, which raises AWS's error where there is none of that name."""

    def is_there(subject: Subject, place: Place, name: str) -> bool:
        try:
            ask(subject, place, name)
        except ClientError as error:
            if error.response["Error"]["Code"] in _NOT_FOUND:
                return False
            raise
        return True

    return lambda subject, place, wanted: [each for each in wanted if is_there(subject, place, each)]


def _alarms(subject: Subject, _: Place, wanted: Sequence[str]) -> Iterator[str]:
    most = 100
    for start in range(0, len(wanted), most):
        found = subject.client("cloudwatch").describe_alarms(AlarmNames=wanted[start : start + most])
        yield from (each["AlarmName"] for each in found["MetricAlarms"])


def _log_groups(subject: Subject, _: Place, wanted: Sequence[str]) -> Iterator[str]:
    """Asks for each folder's, as CloudWatch Logs takes few calls a second."""
    ask = subject.client("logs").get_paginator("describe_log_groups")
    for folder in sorted({name.rpartition("/")[0] for name in wanted}):
        here = [name for name in wanted if name.rpartition("/")[0] == folder]
        for page in ask.paginate(logGroupNamePrefix=commonprefix(here)):  # noqa: RUF071 -- of characters, as asked
            yield from (each["logGroupName"] for each in page["logGroups"] if each["logGroupName"] in here)


class Named(NamedTuple):
    """What a resource is called that has a name, the property that gives it, and how such names are looked for."""

    what: str
    path: tuple[str, ...]
    search: Search


NAMED: Final[Mapping[str, Named]] = {
    "AWS::S3::Bucket": Named(
        "bucket",
        ("BucketName",),
        _one_by_one(lambda subject, _, name: subject.client("s3").head_bucket(Bucket=name)),
    ),
    "AWS::Glue::Database": Named(
        "database",
        ("DatabaseInput", "Name"),
        _one_by_one(lambda subject, _, name: subject.client("glue").get_database(Name=name)),
    ),
    "AWS::Athena::WorkGroup": Named(
        "workgroup",
        ("Name",),
        _one_by_one(lambda subject, _, name: subject.client("athena").get_work_group(WorkGroup=name)),
    ),
    "AWS::StepFunctions::StateMachine": Named(
        "state machine",
        ("StateMachineName",),
        _one_by_one(
            lambda subject, place, name: subject.client("stepfunctions").describe_state_machine(
                stateMachineArn=place.arn("states", f"stateMachine:{name}")
            )
        ),
    ),
    "AWS::Lambda::Function": Named(
        "function",
        ("FunctionName",),
        _one_by_one(lambda subject, _, name: subject.client("lambda").get_function_configuration(FunctionName=name)),
    ),
    "AWS::Logs::LogGroup": Named("log group", ("LogGroupName",), _log_groups),
    "AWS::SNS::Topic": Named(
        "topic",
        ("TopicName",),
        _one_by_one(
            lambda subject, place, name: subject.client("sns").get_topic_attributes(TopicArn=place.arn("sns", name))
        ),
    ),
    "AWS::Scheduler::ScheduleGroup": Named(
        "schedule group",
        ("Name",),
        _one_by_one(lambda subject, _, name: subject.client("scheduler").get_schedule_group(Name=name)),
    ),
    "AWS::CloudWatch::Alarm": Named("alarm", ("AlarmName",), _alarms),
    "AWS::CloudWatch::Dashboard": Named(
        "dashboard",
        ("DashboardName",),
        _one_by_one(lambda subject, _, name: subject.client("cloudwatch").get_dashboard(DashboardName=name)),
    ),
}
