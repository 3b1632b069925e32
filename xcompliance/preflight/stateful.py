"""What of a template holds something that cannot be deployed anew, and what a new template would lose of it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

Template = Mapping[str, Any]


class Stateful(NamedTuple):
    """What a resource holds, and the properties whose change makes CloudFormation replace it, or what it holds."""

    holds: str
    decisive: tuple[str, ...]
    """As "Update requires: Replacement" says of them [AWS, CloudFormation's resource reference]; dots lead inwards."""


STATEFUL: Final[Mapping[str, Stateful]] = {
    "AWS::S3::Bucket": Stateful("its objects", ("BucketName",)),
    "AWS::DynamoDB::Table": Stateful(
        "its items",
        ("TableName", "KeySchema", "AttributeDefinitions", "LocalSecondaryIndexes", "ImportSourceSpecification"),
    ),
    # Secrets Manager makes a new value whenever this changes, which would take the token's place.
    "AWS::SecretsManager::Secret": Stateful("the token", ("Name", "GenerateSecretString", "SecretString")),
    "AWS::KMS::Key": Stateful("what it alone can decrypt", ("KeySpec", "KeyUsage", "MultiRegion", "Origin")),
    "AWS::StepFunctions::StateMachine": Stateful(
        "its executions and their history", ("StateMachineName", "StateMachineType")
    ),
    "AWS::Glue::Database": Stateful("the tables that queries name", ("CatalogId", "DatabaseInput.Name")),
    "AWS::Glue::Table": Stateful("what queries name", ("CatalogId", "DatabaseName", "TableInput.Name")),
    "AWS::Athena::WorkGroup": Stateful("the history of queries", ("Name",)),
    "AWS::SQS::Queue": Stateful("its messages", ("QueueName", "FifoQueue")),
    "AWS::SNS::Topic": Stateful("its subscriptions, which were confirmed by hand", ("TopicName", "FifoTopic")),
    "AWS::Logs::LogGroup": Stateful("its logs", ("LogGroupName", "LogGroupClass")),
    "AWS::Scheduler::ScheduleGroup": Stateful("its schedules", ("Name",)),
}

STATELESS: Final = frozenset(
    {
        "AWS::Athena::NamedQuery",
        "AWS::CDK::Metadata",
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::Events::Rule",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::Function",
        "AWS::Lambda::Permission",
        "AWS::Logs::QueryDefinition",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Subscription",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
        "AWS::Scheduler::Schedule",
    }
)
"""What is as good when it is made anew; a subscription once it is confirmed again, of which ``notices`` tells."""


def essence(template: Template) -> dict[str, Any]:
    """What an upgrade must leave alone: stateful resources by logical ID with their decisive properties, and exports.

    A template in itself, of which nothing else is left.
    """
    resources = {
        name: {"Type": body["Type"], "Properties": _nested(_decisive(body))}
        for name, body in sorted(template["Resources"].items())
        if body["Type"] in STATEFUL
    }
    exports = {
        name: {"Value": each["Value"], "Export": each["Export"]}
        for name, each in sorted(template.get("Outputs", {}).items())
        if "Export" in each
    }
    return {"Resources": resources, "Outputs": exports}


def losses(before: Template, after: Template) -> list[str]:
    """What deploying `after` in place of `before` would lose, in a sentence each."""
    old, new = before["Resources"], after["Resources"]
    found = [
        sentence
        for name, body in old.items()
        if body["Type"] in STATEFUL
        for sentence in _lost(name, body, new.get(name))
    ]
    return found + list(_exports_lost(before, after))


def _lost(name: str, old: Mapping[str, Any], new: Mapping[str, Any] | None) -> Iterator[str]:
    kind = old["Type"]
    about = f"{kind} {name}"
    holds = STATEFUL[kind].holds
    if new is None or new["Type"] != kind:
        yield f"{about} is gone, and with it {holds}"
        return
    before, after = _decisive(old), _decisive(new)
    for path in STATEFUL[kind].decisive:
        if not _agree(path, before[path], after[path]):
            yield (
                f"{about} is replaced, and begins without {holds}: "
                f"{path} changes from {before[path]!r} to {after[path]!r}"
            )


def _agree(path: str, before: Any, after: Any) -> bool:
    """Attributes of new indexes may come and go; one that stays must keep its type."""
    if path != "AttributeDefinitions":
        return bool(before == after)
    old, new = ({each["AttributeName"]: each["AttributeType"] for each in side or ()} for side in (before, after))
    return all(old[name] == new[name] for name in old.keys() & new.keys())


def _exports_lost(before: Template, after: Template) -> Iterator[str]:
    """CloudFormation refuses to change or remove what the other stack imports until that has been deployed anew."""
    kept = {str(each["Export"]["Name"]): each["Value"] for each in _exports(after)}
    for each in _exports(before):
        name = str(each["Export"]["Name"])
        if name not in kept:
            yield f"The export {name} is gone, which the other stack may import: the upgrade stops there"
        elif kept[name] != each["Value"]:
            yield f"The export {name} changes from {each['Value']!r} to {kept[name]!r}: the upgrade stops there"


def _exports(template: Template) -> list[Mapping[str, Any]]:
    return [each for each in template.get("Outputs", {}).values() if "Export" in each]


def _decisive(body: Mapping[str, Any]) -> dict[str, Any]:
    return {path: _at(body.get("Properties", {}), path) for path in STATEFUL[body["Type"]].decisive}


def _at(properties: Any, path: str) -> Any:
    for key in path.split("."):
        properties = properties.get(key) if isinstance(properties, Mapping) else None
    return properties


def _nested(decisive: Mapping[str, Any]) -> dict[str, Any]:
    """Properties as they stand in a template, without those that are not set."""
    properties: dict[str, Any] = {}
    for path, value in decisive.items():
        if value is not None:
            outer, _, inner = path.partition(".")
            properties[outer] = {**properties.get(outer, {}), inner: value} if inner else value
    return properties
