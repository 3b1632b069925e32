"""Findings of parliament, a linter, in every policy of the stacks and of the documents, and which are accepted."""

import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

ACCOUNT: Final = "123456789012"
REGION: Final = "us-east-1"
ARNS: Final[Mapping[str, str]] = {
    "AWS::DynamoDB::Table": "dynamodb:{region}:{account}:table/{name}",
    "AWS::Events::Rule": "events:{region}:{account}:rule/{name}",
    "AWS::KMS::Key": "kms:{region}:{account}:key/01234567-0123-0123-0123-0123456789ab",
    "AWS::Lambda::Function": "lambda:{region}:{account}:function:{name}",
    "AWS::Logs::LogGroup": "logs:{region}:{account}:log-group:{name}:*",
    "AWS::S3::Bucket": "s3:::{name}",
    "AWS::SNS::Topic": "sns:{region}:{account}:{name}",
    "AWS::SQS::Queue": "sqs:{region}:{account}:{name}",
    "AWS::SecretsManager::Secret": "secretsmanager:{region}:{account}:secret:{name}",
    "AWS::StepFunctions::StateMachine": "states:{region}:{account}:stateMachine:{name}",
}
"""ARNs by the types of resources, as policies name them."""


class Policy(NamedTuple):
    """A policy, and where it stands."""

    place: str
    document: dict[str, Any]


class Finding(NamedTuple):
    """What parliament found in a policy."""

    issue: str
    place: str
    words: str


class Accepted(NamedTuple):
    """An issue that is accepted where place and words match these patterns as a whole, and why."""

    issue: str
    place: str
    words: str
    reason: str


_WHOLE_SERVICES: Final = "athena|cloudwatch|dynamodb|events|glue|lambda|logs|s3|scheduler|secretsmanager|sns|sqs|states"

ACCEPTED: Final = (
    Accepted(
        "RESOURCE_MISMATCH",
        r"(AWS-IAM-Policy\.\w+\.PolicyDocument|operator|SECURITY\.md\.2)",
        r'\[(\{"action": "states:\w+Executions?", "required_format": "[^"]*:(express|mapRun):[^"]*"\}(, )?)+]',
        "parliament asks for each kind of resource that an action knows; both machines are Standard, and no function "
        "lists a Map Run.",
    ),
    Accepted(
        "RESOURCE_MISMATCH",
        r"cloudformation-policy\.json\.0",
        rf'\[(\{{"action": "({_WHOLE_SERVICES}):\w+", "required_format": "[^"]*"\}}(, )?)+]',
        "All actions of these services are granted for what has the deployment's name; those on other resources have "
        "no effect.",
    ),
    Accepted(
        "RESOURCE_STAR",
        r"cloudformation-policy\.json\.0",
        r".*",
        "A key has no name before it is made; whatever uses one needs kms:ViaService. The others only look.",
    ),
    Accepted(
        "RESOURCE_STAR",
        r"AWS-KMS-Key\.\w+\.KeyPolicy",
        r".*",
        "In a key's own policy, * is that key and no other.",
    ),
    Accepted(
        "UNKNOWN_CONDITION_FOR_ACTION",
        r"AWS-KMS-Key\.\w+\.KeyPolicy",
        r'"Unknown condition kms:EncryptionContext:aws:logs:arn .*',
        "An encryption context has any keys; this one is from CloudWatch Logs' guide on customer keys.",
    ),
    Accepted(
        "MISMATCHED_TYPE",
        r"AWS-KMS-Key\.\w+\.KeyPolicy",
        r'"Type mismatch: ArnLike .*',
        "CloudWatch Logs' guide compares the ARN in the encryption context with ArnLike.",
    ),
    Accepted(
        "RESOURCE_STAR",
        r"SECURITY\.md\.0",
        r".*",
        "The deployer's checks look before there is anything to name.",
    ),
    Accepted(
        "RESOURCE_STAR",
        r"operator",
        r'\["cloudwatch:DescribeAlarms", "logs:GetQueryResults"]',
        "The alarms are listed by their prefix, and a query's answer belongs to no log group.",
    ),
)
"""Findings that are not faults."""


def of_templates(templates: Iterable[Path]) -> Iterator[Policy]:
    """Yield each policy of the templates of one synthesis, with an ARN in place of each reference.

    Who may assume a role is left out: parliament asks every statement for a resource.
    """
    stacks = [json.loads(each.read_text()) for each in templates]
    resources = {name: body for stack in stacks for name, body in stack["Resources"].items()}
    outputs = (output for stack in stacks for output in stack.get("Outputs", {}).values() if "Export" in output)
    names = _Names(resources, {str(output["Export"]["Name"]): output["Value"] for output in outputs})
    for name, body in resources.items():
        for field in ("PolicyDocument", "KeyPolicy"):
            if field in body.get("Properties", {}):
                yield Policy(f"{body['Type']}.{name}.{field}", names.filled(body["Properties"][field]))


def of_documents(documents: Iterable[Path]) -> Iterator[Policy]:
    """Yield each policy that a document prints, and each file that is one, with a name in place of each placeholder."""
    for path in documents:
        texts = [path.read_text()] if path.suffix == ".json" else _printed(path)
        for number, text in enumerate(texts):
            filled = text.replace("<account>", ACCOUNT).replace("<KeyArn>", _arn("AWS::KMS::Key", "key"))
            document = json.loads(filled)
            if "Statement" in document:
                yield Policy(f"{path.name}.{number}", document)


def _printed(path: Path) -> list[str]:
    return re.findall(r"```json\n(.*?)```", path.read_text(), re.DOTALL)


def lint(parliament: Path, policies: Iterable[Policy], folder: Path) -> list[Finding]:
    """Return what parliament finds.

    Args:
        parliament: the program.
        policies: all of one kind or another; each needs a place of its own.
        folder: does not exist yet; the policies are written into it.

    Raises RuntimeError when parliament does not get to an answer.
    """
    folder.mkdir()
    for each in policies:
        (folder / f"{each.place.replace('::', '-')}.json").write_text(json.dumps(each.document))
    command = [str(parliament), "--directory", str(folder), "--include_policy_extension", "json", "--json"]
    outcome = subprocess.run(command, check=False, capture_output=True, text=True)
    if outcome.returncode not in (0, 1):
        raise RuntimeError(f"parliament failed:\n{outcome.stderr}")
    found = [json.loads(line) for line in outcome.stdout.splitlines()]
    return [
        Finding(each["issue"], Path(each["location"]["filepath"]).stem, json.dumps(each["detail"])) for each in found
    ]


def complaints(findings: Iterable[Finding]) -> list[str]:
    """Return what is neither right nor accepted, and what is accepted and found nowhere."""
    used: set[Accepted] = set()
    wrong: list[str] = []
    for finding in findings:
        accepted = next((each for each in ACCEPTED if _accepts(each, finding)), None)
        if accepted is None:
            wrong.append(f"{finding.issue} in {finding.place}: {finding.words}")
        else:
            used.add(accepted)
    return wrong + [
        f"{each.issue} is accepted in {each.place}, and found nowhere" for each in ACCEPTED if each not in used
    ]


def _accepts(accepted: Accepted, finding: Finding) -> bool:
    fits = re.fullmatch(accepted.place, finding.place) and re.fullmatch(accepted.words, finding.words)
    return accepted.issue == finding.issue and bool(fits)


class _Names:
    """What resources are called in ARNs, and outputs of other stacks refer to."""

    def __init__(self, resources: Mapping[str, Any], exports: Mapping[str, Any]) -> None:
        self._resources, self._exports = resources, exports

    def filled(self, value: Any) -> Any:
        """Return a value of a template with an ARN or a name in place of each reference."""
        match value:
            case {"Fn::Join": [separator, parts]}:
                return str(separator).join(self.filled(part) for part in parts)
            case {"Fn::ImportValue": name}:
                return self.filled(self._exports[name])
            case {"Fn::GetAtt": [name, "Arn" | "Id"]} | {"Ref": name} if name in self._resources:
                return _arn(self._resources[name]["Type"], name)
            case {"Ref": name}:
                return {"AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT}[name]
            case dict():
                return {key: self.filled(each) for key, each in value.items()}
            case list():
                return [self.filled(each) for each in value]
        return value


def _arn(kind: str, name: str) -> str:
    lowered = name.lower() if kind == "AWS::S3::Bucket" else name
    return f"arn:aws:{ARNS[kind].format(region=REGION, account=ACCOUNT, name=lowered)}"
