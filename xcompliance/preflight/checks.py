"""What must be right before anything is created, each with what to do about it."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from xcompliance.doctor import account, quotas
from xcompliance.doctor.examination import Check
from xcompliance.doctor.finding import DeadEnd, Finding, not_checked, right, wrong
from xcompliance.doctor.subject import Subject
from xcompliance.preflight.assembly import Assembly, PlannedStack
from xcompliance.preflight.names import names
from xcompliance.preflight.notices import notices
from xcompliance.preflight.prerequisites import boundaries_of, boundary, buckets_of, dataset_buckets
from xcompliance.preflight.quotas import lake_formation_of, memory, side_by_side
from xcompliance.preflight.stateful import losses
from xcompliance.text import count

ADVISORY: Final = frozenset({"Lambda quota", "Step Functions quota", "Athena quota", "Lake Formation"})
"""What a deployment can be made without; runs are slower or queries are denied until it is put right."""

SERVICES: Final[Mapping[str, str]] = {
    "Athena": "athena",
    "CloudWatch": "cloudwatch",
    "DynamoDB": "dynamodb",
    "Events": "events",
    "Glue": "glue",
    "KMS": "kms",
    "Lambda": "lambda",
    "Logs": "logs",
    "S3": "s3",
    "SNS": "sns",
    "SQS": "sqs",
    "Scheduler": "scheduler",
    "SecretsManager": "secretsmanager",
    "StepFunctions": "stepfunctions",
}
"""The services of the templates' types, as AWS's library calls them; IAM is everywhere."""

_FAILED_CREATION: Final = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "REVIEW_IN_PROGRESS")
"""What is left of a stack that never was; the CDK removes it and begins anew."""


def checks_of(assembly: Assembly, *, accepts_loss: bool = False) -> dict[str, Check]:
    """The checks of what is to be deployed, by their names."""
    checks = {
        "region": Check(account.region, (), essential=True),
        "clock": Check(account.clock, ("region",)),
        "credentials": Check(account.credentials, ("region",), essential=True),
        "services": Check(lambda subject: services(subject, assembly), ("region",)),
        "bootstrap": Check(lambda subject: bootstrap(subject, assembly)),
        "Lambda quota": Check(lambda subject: quotas.concurrency(subject, side_by_side(assembly))),
        "Lambda memory": Check(lambda subject: memory(subject, assembly)),
        "Step Functions quota": Check(lambda subject: quotas.transitions(subject, side_by_side(assembly))),
        "Athena quota": Check(quotas.queries),
        "Lake Formation": Check(lambda subject: lake_formation_of(subject, assembly)),
    }
    for stack in assembly.stacks:
        checks[_short(stack, assembly)] = Check(_change_of(stack, accepts_loss=accepts_loss), essential=True)
    checks["names"] = Check(lambda subject: names(subject, _new(subject, assembly)))
    if boundaries_of(assembly):
        checks["permissions boundary"] = Check(lambda subject: boundary(subject, assembly))
    if buckets_of(assembly):
        checks["datasets' buckets"] = Check(lambda subject: dataset_buckets(subject, assembly))
    return checks


def services(subject: Subject, assembly: Assembly) -> Finding:
    """Whether the region has what the templates use, by what AWS's library knows of it; it asks nobody."""
    session = subject.account.session
    region = session.region_name
    partition = session.get_partition_for_region(region)
    needed = {each["Type"].split("::")[1] for stack in assembly.stacks for each in stack.template["Resources"].values()}
    known = {name: session.get_available_regions(SERVICES[name], partition) for name in needed & SERVICES.keys()}
    if not any(region in regions for regions in known.values()):
        return not_checked(f"AWS's library knows nothing of {region} yet.")
    missing = [name for name, regions in sorted(known.items()) if region not in regions]
    if missing:
        return wrong(f"{region} has no {', '.join(missing)}.", "Deploy to another region: set AWS_REGION.")
    return right(f"all {count(len(known))} are offered in {region}")


def bootstrap(subject: Subject, assembly: Assembly) -> Finding:
    """Whether the CDK has prepared the account and region, and not too long ago."""
    needed = max(each.bootstrap_version for each in assembly.stacks)
    try:
        found = subject.client("ssm").get_parameter(Name=assembly.stacks[0].bootstrap_parameter)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ParameterNotFound":
            raise
        return wrong(
            "The CDK has not been bootstrapped in this account and region.", "Once, as an administrator: make bootstrap"
        )
    version = int(found["Parameter"]["Value"])
    if version < needed:
        return wrong(f"The bootstrap is of version {version}, and {needed} is needed.", "make bootstrap renews it")
    return right(f"version {version}")


def _change_of(stack: PlannedStack, *, accepts_loss: bool) -> Callable[[Subject], Finding]:
    return lambda subject: change(subject, stack, accepts_loss=accepts_loss)


def change(subject: Subject, stack: PlannedStack, *, accepts_loss: bool = False) -> Finding:
    """What deploying does to a stack; wrong where it can't be done, or loses what can't be made again."""
    there = deployed(subject, stack.name)
    planned = stack.template["Resources"]
    if there is None:
        new = f"{stack.name} is new: {count(len(planned))} resources will be created"
        return right("; ".join([new, *notices({}, planned)]))
    status = there["StackStatus"]
    if there.get("Description", "").partition(":")[0] != stack.template["Description"].partition(":")[0]:
        raise DeadEnd(
            wrong(
                f"{stack.name} is there, and is no deployment of this.",
                "Choose another prefix in config.yaml, as in: prefix: Archive",
            )
        )
    if status.endswith("_IN_PROGRESS"):
        raise DeadEnd(wrong(f"{stack.name} is {status}.", "Somebody deploys it right now: wait until that has ended."))
    if status.endswith("_FAILED"):
        advice = f"aws cloudformation {_WAY_OUT.get(status, 'describe-stack-events')} --stack-name {stack.name}"
        raise DeadEnd(wrong(f"{stack.name} is {status}. {there.get('StackStatusReason', '')}".rstrip(), advice))
    before = subject.client("cloudformation").get_template(StackName=stack.name, TemplateStage="Original")
    now = before["TemplateBody"]["Resources"]
    lost = losses(before["TemplateBody"], stack.template)
    said = "; ".join([f"{stack.name}: {_said_of(now, planned)}", *notices(now, planned)])
    if lost and not accepts_loss:
        return wrong(
            f"{said}. This loses something: {'; '.join(lost)}.",
            "Look at docs/upgrading.md, and deploy with the settings that the stack has; or, if you mean it: "
            "make deploy ACCEPT_LOSS=true",
        )
    return right(f"{said}; {count(len(lost))} losses are accepted" if lost else said)


_WAY_OUT: Final = {
    "UPDATE_ROLLBACK_FAILED": "continue-update-rollback",
    "UPDATE_FAILED": "rollback-stack",
    "CREATE_FAILED": "delete-stack",
    "DELETE_FAILED": "delete-stack",
}
"""What leads a stack out of a failure; of any other its events tell more."""


def _said_of(now: Mapping[str, Any], planned: Mapping[str, Any]) -> str:
    changed = sum(now[name] != planned[name] for name in now.keys() & planned.keys())
    figures = {
        "created": len(planned.keys() - now.keys()),
        "changed": changed,
        "removed": len(now.keys() - planned.keys()),
    }
    said = [f"{count(figure)} {verb}" for verb, figure in figures.items() if figure]
    return f"of {count(len(planned))} resources {', '.join(said)}" if said else "nothing changes"


def deployed(subject: Subject, name: str) -> Mapping[str, Any] | None:
    """A stack in CloudFormation's words; None where there is none, or only what failed to become one."""
    try:
        (found,) = subject.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        return None
    described: Mapping[str, Any] = found
    return None if described["StackStatus"] in _FAILED_CREATION else described


def _new(subject: Subject, assembly: Assembly) -> list[PlannedStack]:
    return [each for each in assembly.stacks if deployed(subject, each.name) is None]


def _short(stack: PlannedStack, assembly: Assembly) -> str:
    return stack.name.removeprefix(assembly.prefix).lower() + " stack"
