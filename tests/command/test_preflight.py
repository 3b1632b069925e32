"""What is looked at before a deployment: each thing that may be wrong, and that nothing is deployed then."""

import copy
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.command.conftest import Invoke
from tests.infrastructure.deployment import synthesize
from xcompliance.preflight.assembly import Assembly
from xcompliance.preflight.checks import checks_of
from xcompliance.preflight.costs import ALWAYS, MONTHLY, PER_MILLION, monthly

ROOT = Path(__file__).parents[2]
PARAMETER = "/cdk-bootstrap/hnb659fds/version"
Template = dict[str, Any]


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "AWS's own words."}}, "DescribeStacks")


class CloudFormation:
    """The stacks of an account, with their templates."""

    def __init__(self) -> None:
        self.stacks: dict[str, tuple[str, Template]] = {}

    def deploy(self, assembly: Assembly, status: str = "UPDATE_COMPLETE") -> None:
        for each in assembly.stacks:
            self.stacks[each.name] = (status, copy.deepcopy(each.template))

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803 -- as boto3 names it
        if StackName not in self.stacks:
            raise refusal("ValidationError")
        status, template = self.stacks[StackName]
        return {"Stacks": [{"StackName": StackName, "StackStatus": status, "Description": template["Description"]}]}

    def get_template(self, StackName: str, TemplateStage: str) -> dict[str, Any]:  # noqa: N803 -- as boto3 names it
        assert TemplateStage == "Original"
        return {"TemplateBody": self.stacks[StackName][1]}


class Lambda:
    """An account's limits."""

    def __init__(self, free: int) -> None:
        self._free = free

    def get_account_settings(self) -> dict[str, Any]:
        return {"AccountLimit": {"ConcurrentExecutions": 1_000, "UnreservedConcurrentExecutions": self._free}}


class Athena:
    """The workgroups of an account."""

    def __init__(self) -> None:
        self.work_groups = {"primary"}

    def get_work_group(self, WorkGroup: str) -> dict[str, Any]:  # noqa: N803 -- as boto3 names it
        if WorkGroup not in self.work_groups:
            raise refusal("InvalidRequestException")
        return {"WorkGroup": {"Name": WorkGroup}}


class Glue:
    """The databases of an account."""

    def __init__(self) -> None:
        self.databases = {"default"}

    def get_database(self, Name: str) -> dict[str, Any]:  # noqa: N803 -- as boto3 names it
        if Name not in self.databases:
            raise refusal("EntityNotFoundException")
        return {"Database": {"Name": Name}}


class Account:
    """An account that is fit for a first deployment, until a test breaks something."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cloudformation = CloudFormation()
        self.athena = Athena()
        self.glue = Glue()
        self.services: dict[str, Any] = {
            "cloudformation": self.cloudformation,
            "lambda": Lambda(1_000),
            "athena": self.athena,
            "glue": self.glue,
        }
        real = boto3.Session.client
        monkeypatch.setattr(
            boto3.Session,
            "client",
            lambda session, service, **options: self.services.get(service) or real(session, service, **options),
        )
        self.bootstrap(30)

    @staticmethod
    def bootstrap(version: int) -> None:
        boto3.client("ssm").put_parameter(Name=PARAMETER, Value=str(version), Type="String", Overwrite=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthesize(tmp_path_factory.mktemp("assembly"), bucket_prefix="acme-trust").directory


@pytest.fixture
def assembly(folder: Path) -> Assembly:
    return Assembly.of(folder)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    return Account(monkeypatch)


def looked(invoke: Invoke, folder: Path, *options: str) -> tuple[int, dict[str, dict[str, str]]]:
    """The exit status, and each finding by its name."""
    result = invoke("preflight", folder, "--json", *options)
    document = json.loads(result.stdout)
    findings = {each["check"]: each for each in document["checks"]}
    assert document["may_deploy"] == (result.exit_code == 0)
    return result.exit_code, findings


def only_wrong(invoke: Invoke, folder: Path, name: str) -> dict[str, str]:
    status, findings = looked(invoke, folder)
    assert status == 1
    assert [each for each, finding in findings.items() if finding["verdict"] == "wrong"] == [name], findings
    assert findings[name]["advice"]
    return findings[name]


def test_before_a_first_deployment_it_tells_account_region_what_is_made_and_the_costs(
    account: Account, assembly: Assembly, folder: Path, invoke: Invoke
) -> None:
    result = invoke("preflight", folder)
    assert result.exit_code == 0, result.output
    checks = result.stdout.splitlines()[: len(checks_of(assembly))]
    for name, line in zip(checks_of(assembly), checks, strict=True):
        assert line.startswith(f"✓  {name}  "), result.output
    assert "account 123456789012" in result.stdout
    assert "us-east-1" in result.stdout
    assert re.search(r"XComplianceStorage is new: \d+ resources will be created", result.stdout)
    assert f"About ${monthly(assembly):.2f} a month" in result.stdout
    assert "A million IDs: $0.0165 at AWS" in result.stdout


def test_nothing_changes_where_the_same_is_deployed(
    account: Account, assembly: Assembly, folder: Path, invoke: Invoke
) -> None:
    account.cloudformation.deploy(assembly)
    status, findings = looked(invoke, folder)
    assert status == 0
    assert findings["storage stack"]["found"] == "XComplianceStorage: nothing changes"


def test_an_upgrade_tells_how_much_it_changes(
    account: Account, assembly: Assembly, folder: Path, invoke: Invoke
) -> None:
    account.cloudformation.deploy(assembly)
    resources = account.cloudformation.stacks["XCompliancePipeline"][1]["Resources"]
    alarms = [name for name, each in resources.items() if each["Type"] == "AWS::CloudWatch::Alarm"]
    del resources[alarms[0]]
    resources[alarms[1]]["Properties"]["Threshold"] = 99
    resources["Old"] = {"Type": "AWS::Events::Rule", "Properties": {}}
    status, findings = looked(invoke, folder)
    assert status == 0
    assert "resources 1 created, 1 changed, 1 removed" in findings["pipeline stack"]["found"]


def test_data_that_would_be_lost_stops_a_deployment_unless_that_is_meant(
    account: Account, assembly: Assembly, folder: Path, invoke: Invoke
) -> None:
    account.cloudformation.deploy(assembly)
    for each in account.cloudformation.stacks["XComplianceStorage"][1]["Resources"].values():
        if each["Type"] == "AWS::S3::Bucket":
            del each["Properties"]["BucketName"]
    finding = only_wrong(invoke, folder, "storage stack")
    assert finding["found"].count("is replaced, and begins without its objects: BucketName changes from None") == 3
    assert "make deploy ACCEPT_LOSS=true" in finding["advice"]
    status, findings = looked(invoke, folder, "--accept-loss")
    assert status == 0
    assert findings["storage stack"]["found"].endswith("3 losses are accepted")


def test_an_account_without_a_bootstrap(account: Account, folder: Path, invoke: Invoke) -> None:
    boto3.client("ssm").delete_parameter(Name=PARAMETER)
    assert "make bootstrap" in only_wrong(invoke, folder, "bootstrap")["advice"]


def test_a_bootstrap_that_is_too_old(account: Account, folder: Path, invoke: Invoke) -> None:
    account.bootstrap(5)
    assert only_wrong(invoke, folder, "bootstrap")["found"] == "The bootstrap is of version 5, and 6 is needed."


def test_a_small_quota_is_told_and_stops_nothing(account: Account, folder: Path, invoke: Invoke) -> None:
    account.services["lambda"] = Lambda(10)
    status, findings = looked(invoke, folder)
    assert status == 0
    assert findings["Lambda quota"]["verdict"] == "wrong"
    assert "request-service-quota-increase" in findings["Lambda quota"]["advice"]


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        ("UPDATE_IN_PROGRESS", "wait until that has ended"),
        ("UPDATE_ROLLBACK_FAILED", "aws cloudformation continue-update-rollback --stack-name XComplianceStorage"),
        ("IMPORT_ROLLBACK_FAILED", "aws cloudformation describe-stack-events --stack-name XComplianceStorage"),
        ("DELETE_FAILED", "aws cloudformation delete-stack --stack-name XComplianceStorage"),
    ],
)
def test_a_stack_that_cannot_be_deployed_now(
    account: Account, assembly: Assembly, folder: Path, invoke: Invoke, status: str, advice: str
) -> None:
    account.cloudformation.deploy(assembly)
    account.cloudformation.stacks["XComplianceStorage"] = (status, assembly.stacks[0].template)
    assert advice in only_wrong(invoke, folder, "storage stack")["advice"]


def test_a_stack_that_never_was_is_made_anew(
    account: Account, assembly: Assembly, folder: Path, invoke: Invoke
) -> None:
    account.cloudformation.deploy(assembly, "ROLLBACK_COMPLETE")
    status, findings = looked(invoke, folder)
    assert status == 0
    assert "is new" in findings["storage stack"]["found"]


def test_somebody_elses_stack_of_that_name(account: Account, folder: Path, invoke: Invoke) -> None:
    other = {"Description": "A warehouse.", "Resources": {}}
    account.cloudformation.stacks["XComplianceStorage"] = ("CREATE_COMPLETE", other)
    assert "Choose another prefix" in only_wrong(invoke, folder, "storage stack")["advice"]


def test_names_that_are_taken(account: Account, folder: Path, invoke: Invoke) -> None:
    account.glue.databases.add("xcompliance")
    account.athena.work_groups.add("XCompliance")
    boto3.client("s3").create_bucket(Bucket="acme-trust-inbox-123456789012-us-east-1")
    found = only_wrong(invoke, folder, "names")["found"]
    for name in ("bucket acme-trust-inbox-123456789012-us-east-1", "database xcompliance", "workgroup XCompliance"):
        assert name in found


def test_names_of_the_deployment_itself_are_not_in_its_way(
    account: Account, assembly: Assembly, folder: Path, invoke: Invoke
) -> None:
    account.glue.databases.add("xcompliance")
    account.cloudformation.deploy(assembly)
    assert looked(invoke, folder)[0] == 0


def test_a_region_without_a_service(
    account: Account, folder: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = boto3.Session.get_available_regions
    monkeypatch.setattr(
        boto3.Session,
        "get_available_regions",
        lambda session, service, partition: [] if service == "scheduler" else real(session, service, partition),
    )
    assert looked(invoke, folder)[0] == 0, "no dataset is checked on a schedule"
    monkeypatch.setattr(
        boto3.Session,
        "get_available_regions",
        lambda session, service, partition: [] if service == "athena" else real(session, service, partition),
    )
    assert only_wrong(invoke, folder, "services")["found"] == "us-east-1 has no Athena."


def test_without_a_region_nothing_is_guessed(
    account: Account, folder: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert "AWS_REGION" in only_wrong(invoke, folder, "region")["advice"]


def test_whoever_may_not_see_a_stack_is_told_so(
    account: Account, folder: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(StackName: str) -> dict[str, Any]:  # noqa: N803 -- as boto3 names it
        raise refusal("AccessDenied")

    monkeypatch.setattr(account.cloudformation, "describe_stacks", refuse)
    result = invoke("preflight", folder)
    assert result.exit_code == 1
    assert "may not call DescribeStacks" in result.stdout
    assert "a month" not in result.stdout


def test_a_folder_without_an_app(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("preflight", tmp_path)
    assert result.exit_code == 2
    assert "make synth" in result.stderr


def test_make_deploys_what_was_looked_at_and_nothing_that_is_not_right() -> None:
    command = ["make", "-n", "deploy", "CONFIG=prod.yaml", "CONTEXT=-c prefix=Archive", "ACCEPT_LOSS=true"]
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    lines = [line for line in said.splitlines() if "node_modules/.bin/cdk" in line or "preflight" in line]
    synth, preflight, deploy = lines[-3:]
    assert synth.endswith('cdk synth --quiet -c "config=prod.yaml" -c prefix=Archive')
    assert preflight.endswith("xcompliance preflight cdk.out --accept-loss")
    assert deploy.endswith('cdk deploy --all --app cdk.out -c "config=prod.yaml" -c prefix=Archive')


def test_the_costs_are_the_documents(assembly: Assembly) -> None:
    text = (ROOT / "docs" / "cost.md").read_text()
    million = re.search(r"\| 1,000,000 \| 1 \| \$([\d.]+) \| \S+ \| \$([\d.]+) \| \S+ \| \$([\d.]+) \|", text)
    assert million is not None
    assert tuple(map(float, million.groups())) == tuple(PER_MILLION)
    stays = dict(re.findall(r"^\| ([^|]+?) \| \$([\d.]+)", text.partition("## What stays")[2], re.MULTILINE))
    said = {name.partition(",")[0]: float(usd) for name, usd in stays.items()}
    assert said["the KMS key"] == MONTHLY["AWS::KMS::Key"]
    assert said["the secret"] == MONTHLY["AWS::SecretsManager::Secret"]
    assert said["11 alarms"] == pytest.approx(
        assembly.count("AWS::CloudWatch::Alarm") * MONTHLY["AWS::CloudWatch::Alarm"]
    )
    assert said["the dashboard; the first three of an account are free"] == MONTHLY["AWS::CloudWatch::Dashboard"]
    assert said["for each dataset that is checked on a schedule"] == pytest.approx(
        MONTHLY["AWS::Scheduler::Schedule"] + MONTHLY["AWS::CloudWatch::Alarm"]
    )
    assert said["looking after the turns"] + said["one metric that is always told"] == pytest.approx(ALWAYS)
