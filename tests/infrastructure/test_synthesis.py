"""The app as a whole: it needs no AWS, keeps the security rules, and tells operators where everything is."""

import json
import re

import pytest
from aws_cdk import App, Stack, Validations
from aws_cdk.aws_s3 import Bucket
from cdk_nag import AwsSolutionsChecks

from tests.iam import listed
from tests.infrastructure.deployment import Deployment
from xcompliance.doctor.deployment import OUTPUTS

STORAGE_OUTPUTS = {
    "InboxBucketName",
    "ResultsBucketName",
    "RunsTableName",
    "ResultsTableName",
    "BearerTokenSecretArn",
    "KeyArn",
}
PIPELINE_OUTPUTS = STORAGE_OUTPUTS | {
    "RunStateMachineArn",
    "JobStateMachineArn",
    "GlueDatabaseName",
    "AthenaWorkGroupName",
    "XApiUrl",
    "ScheduleGroupName",
    "AlarmTopicArn",
    "InputSettings",
}

CHANGED_BY_THE_SANDBOX = {
    "Runtime",
    "Architectures",
    "Code",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "Metadata",
}

# Actions that AWS cannot restrict to a resource: answering a task, sending traces, setting up a machine's log delivery.
WITHOUT_RESOURCES = {
    "states:SendTaskSuccess",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
}


def test_doctor_looks_for_all_outputs() -> None:
    assert set(OUTPUTS) == PIPELINE_OUTPUTS


def test_synthesis_asks_no_account_for_anything(aws: Deployment) -> None:
    manifest = json.loads((aws.directory / "manifest.json").read_text())
    assert "missing" not in manifest
    for name in ("XComplianceStorage", "XCompliancePipeline"):
        assert manifest["artifacts"][name]["environment"] == "aws://unknown-account/unknown-region"


def test_each_stack_publishes_what_it_knows(aws: Deployment) -> None:
    own = {name for name in aws.json("XComplianceStorage")["Outputs"] if not name.startswith("Export")}
    assert own == STORAGE_OUTPUTS
    assert aws.json("XCompliancePipeline")["Outputs"].keys() == PIPELINE_OUTPUTS


def test_no_resource_deploys_code_that_is_not_ours(aws: Deployment) -> None:
    assert not [
        name
        for stack in ("XComplianceStorage", "XCompliancePipeline")
        for name, body in aws.json(stack)["Resources"].items()
        if body["Type"].startswith(("Custom::", "AWS::CloudFormation::CustomResource"))
    ]
    assert len(aws.resources("AWS::Lambda::Function")) == len(aws.functions) == 26


@pytest.mark.parametrize("which", ["aws", "full"])
def test_no_role_is_allowed_everything_or_on_everything(which: str, request: pytest.FixtureRequest) -> None:
    deployment: Deployment = request.getfixturevalue(which)
    for name, policy in deployment.resources("AWS::IAM::Policy").items():
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            actions = set(listed(statement["Action"]))
            assert not [action for action in actions if "*" in action], name
            assert "*" not in listed(statement["Resource"]) or actions <= WITHOUT_RESOURCES, name


@pytest.mark.parametrize("which", ["aws", "full"])
def test_no_role_takes_its_grants_from_elsewhere(which: str, request: pytest.FixtureRequest) -> None:
    deployment: Deployment = request.getfixturevalue(which)
    for name, role in deployment.resources("AWS::IAM::Role").items():
        assert role["Properties"].keys() == {"AssumeRolePolicyDocument"}, name


@pytest.mark.parametrize("which", ["aws", "full"])
def test_the_security_rules_find_nothing(which: str, request: pytest.FixtureRequest) -> None:
    app = request.getfixturevalue(which).app
    report = AwsSolutionsChecks(app, verbose=True).validate_scope(app)
    assert not [
        (each.rule_name, [where.construct_path for where in each.violating_resources]) for each in report.violations
    ]


def test_the_security_rules_would_find_a_careless_bucket() -> None:
    app = App()
    Bucket(Stack(app, "Careless"), "Bucket")
    assert not AwsSolutionsChecks(app).validate_scope(app).success


def test_an_accepted_finding_is_narrow_and_has_a_reason(aws: Deployment) -> None:
    accepted = [
        (construct, rule.removeprefix("Annotation::AwsSolutions-"), reason)
        for construct in aws.app.node.find_all()
        for entry in construct.node.metadata
        if entry.type == Validations.ACKNOWLEDGED_RULES_METADATA_KEY
        for rule, reason in entry.data.items()
        if "AwsSolutions" in rule
    ]
    assert accepted
    for construct, rule, reason in accepted:
        assert len(construct.node.path.split("/")) > 1, f"{rule} is accepted for all of {construct.node.path}"
        assert re.match(r"(SF1|SQS3|SMG4|IAM5\[Resource::.*\*])$", rule), rule
        assert len(reason.split()) >= 7, f"{rule} on {construct.node.path} needs a reason"


def test_the_report_of_cloudformation_rules_is_clean(aws: Deployment) -> None:
    report = json.loads((aws.directory / "validation-report.json").read_text())
    assert [plugin["conclusion"] for plugin in report["pluginReports"] if plugin["violations"]] == []


def _differences(left: object, right: object, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if isinstance(left, dict) and isinstance(right, dict):
        return [
            found
            for key in left.keys() | right.keys()
            for found in _differences(left.get(key), right.get(key), (*path, key))
        ]
    return [] if left == right else [path]


@pytest.mark.parametrize("stack", ["XComplianceStorage", "XCompliancePipeline"])
def test_the_sandbox_is_the_deployment_not_a_copy_of_it(aws: Deployment, sandbox: Deployment, stack: str) -> None:
    deployed = aws.json(stack)
    if stack == "XCompliancePipeline":
        # The resources that the emulator's CloudFormation does not know.
        unknown = ("AWS::Athena::NamedQuery", "AWS::Logs::QueryDefinition")
        saved = [name for name, body in deployed["Resources"].items() if body["Type"] in unknown]
        assert {deployed["Resources"][name]["Type"] for name in saved} == set(unknown)
        for name in saved:
            del deployed["Resources"][name]
    differences = _differences(deployed, sandbox.json(stack))
    assert differences
    for path in differences:
        assert CHANGED_BY_THE_SANDBOX & set(path), "/".join(path)


def test_the_sandbox_runs_the_local_interpreter_under_its_own_runtime(sandbox: Deployment) -> None:
    for properties in sandbox.functions.values():
        assert properties["Runtime"] == "provided.al2023"
