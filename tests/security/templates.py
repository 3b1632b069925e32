"""Findings of checkov and cfn-lint in the templates, and which are accepted, each with its reason."""

import json
import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple


class Finding(NamedTuple):
    """A check that failed, and the resource, as `AWS::S3::Bucket.AccessLogs8B620ECA`."""

    check: str
    resource: str
    words: str = ""


class Accepted(NamedTuple):
    """Where a check may fail, as a pattern of the whole resource, and why."""

    resources: str
    reason: str
    with_customer_key: bool = True
    """Whether it fails also where the setting `customer_key` encrypts all that it can."""


ACCEPTED: Final[Mapping[str, Accepted]] = {
    "CKV_AWS_18": Accepted(
        r"AWS::S3::Bucket\.AccessLogs\w+", "The bucket of access logs: to log its own would log the logging for ever."
    ),
    "CKV_AWS_21": Accepted(
        r"AWS::S3::Bucket\.AccessLogs\w+", "S3 itself writes access logs, each once, and nobody may replace one."
    ),
    "CKV_AWS_27": Accepted(
        r"AWS::SQS::Queue\.\w+",
        "Encrypted with SQS's own key, which the check does not know; customer_key takes the deployment's.",
        with_customer_key=False,
    ),
    "CKV_AWS_115": Accepted(
        r"AWS::Lambda::Function\.\w+",
        "Reserving concurrency takes it from the account's other functions. What bounds ours are the machines: one job "
        "per type, MaxConcurrency in each map.",
    ),
    "CKV_AWS_116": Accepted(
        r"AWS::Lambda::Function\.\w+",
        "Step Functions invokes them synchronously, which no dead-letter queue hears of. The one that events invoke, "
        "Settle Execution, has a destination for failures, which the check does not look at.",
    ),
    "CKV_AWS_117": Accepted(
        r"AWS::Lambda::Function\.\w+",
        "They speak to X, Google and AWS's public endpoints, to nothing in a network of yours; a VPC would add a NAT "
        "gateway's cost and no barrier, as X has no fixed addresses.",
    ),
    "CKV_AWS_119": Accepted(
        r"AWS::DynamoDB::Table\.ResultsIndex\w+",
        "Encrypted with DynamoDB's own key, as it holds no credential; customer_key takes the deployment's.",
        with_customer_key=False,
    ),
    "CKV_AWS_158": Accepted(
        r"AWS::Logs::LogGroup\.\w+",
        "Encrypted with CloudWatch's own key, as no ID or credential is logged; customer_key takes ours.",
        with_customer_key=False,
    ),
    "CKV_AWS_173": Accepted(
        r"AWS::Lambda::Function\.\w+",
        "Encrypted at rest with Lambda's own key: variables hold names and settings, no secret.",
    ),
}


def scan(checkov: Path, templates: Iterable[Path]) -> tuple[int, list[Finding]]:
    """How many checks the templates pass, and what fails.

    Raises RuntimeError when checkov does not get to an answer for each of the templates.
    """
    files = [str(each) for each in templates]
    command = [str(checkov), "--framework", "cloudformation", "--skip-download", "--quiet", "--compact", "-o", "json"]
    outcome = subprocess.run(
        [*command, *(word for file in files for word in ("-f", file))], check=False, capture_output=True, text=True
    )
    try:
        return read(json.loads(outcome.stdout))
    except (KeyError, TypeError, ValueError) as error:
        raise RuntimeError(f"checkov gave no answer ({error}):\n{outcome.stdout}{outcome.stderr}") from None


REGIONS: Final = ("us-east-1", "eu-central-1", "us-gov-west-1", "cn-north-1")

UNLINTED: Final[Mapping[str, str]] = {
    "W3005": "The CDK writes DependsOn beside the GetAtt that implies it.",
    "W6001": "The pipeline repeats the storage stack's outputs, so that a user finds all in one place.",
}
"""Rules of cfn-lint that are not applied, each with the reason."""


def lint(cfn_lint: Path, templates: Iterable[Path]) -> list[str]:
    """Return cfn-lint's findings for every region, one line each."""
    command = [str(cfn_lint), "--format", "parseable", "--ignore-checks", *UNLINTED, "--regions", *REGIONS]
    files = [str(each) for each in templates]
    outcome = subprocess.run([*command, "--template", *files], check=False, capture_output=True, text=True)
    found = outcome.stdout.splitlines()
    if outcome.returncode and not found:
        raise RuntimeError(f"cfn-lint failed:\n{outcome.stderr}")
    return found


def read(report: dict[str, Any]) -> tuple[int, list[Finding]]:
    """The same out of checkov's report."""
    summary = report["summary"]
    if summary["parsing_errors"] or not summary["resource_count"]:
        raise ValueError(f"it has read {summary['resource_count']} resources")
    failed = [
        Finding(each["check_id"], each["resource"], each["check_name"]) for each in report["results"]["failed_checks"]
    ]
    return int(summary["passed"]), failed


def complaints(findings: Iterable[Finding], *, customer_key: bool) -> list[str]:
    """What is neither right nor accepted, and what is accepted and right."""
    may_fail = {check: each for check, each in ACCEPTED.items() if not customer_key or each.with_customer_key}
    findings = list(findings)
    wrong = [
        f"{each.check} on {each.resource}: {each.words}"
        for each in findings
        if each.check not in may_fail or not re.fullmatch(may_fail[each.check].resources, each.resource)
    ]
    seen = {each.check for each in findings}
    return wrong + [f"{check} is accepted, and fails nowhere" for check in may_fail if check not in seen]
