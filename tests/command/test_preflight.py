"""What is looked at before a deployment: each thing that may be wrong, and that nothing is deployed then."""

import copy
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.command.conftest import Invoke
from tests.command.fake_quotas import DML, ServiceQuotas, close_lake
from tests.infrastructure.deployment import synthesize
from xcompliance.doctor import lines as printed
from xcompliance.doctor.examination import examine
from xcompliance.doctor.subject import Subject
from xcompliance.preflight.assembly import Assembly
from xcompliance.preflight.checks import checks_of
from xcompliance.preflight.costs import ALWAYS, MONTHLY, PER_MILLION, lines, monthly
from xcompliance.preflight.names import NAMED

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
    """An account's limits and functions, of which the last has so much memory."""

    def __init__(self, free: int, *functions: str, memory: int = 128) -> None:
        self._free, self._functions, self._memory = free, functions, memory

    def get_paginator(self, name: str) -> "Lambda":
        assert name == "list_functions"
        return self

    def paginate(self) -> list[dict[str, Any]]:
        return [{"Functions": [{"FunctionName": name, "MemorySize": self._memory}]} for name in self._functions]

    def get_account_settings(self) -> dict[str, Any]:
        return {"AccountLimit": {"ConcurrentExecutions": 1_000, "UnreservedConcurrentExecutions": self._free}}

    def get_function_configuration(self, FunctionName: str) -> dict[str, Any]:  # noqa: N803 -- as boto3 names it
        if FunctionName not in self._functions:
            raise refusal("ResourceNotFoundException")
        return {"FunctionName": FunctionName}


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
        self.quotas = ServiceQuotas()
        self.services: dict[str, Any] = {
            "cloudformation": self.cloudformation,
            "lambda": Lambda(1_000),
            "athena": self.athena,
            "glue": self.glue,
            "service-quotas": self.quotas,
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
    assert f"A million IDs, with the index: ${PER_MILLION.first_check} at AWS" in result.stdout


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


def test_whoever_gets_no_alarms_any_more_is_named(
    account: Account, assembly: Assembly, folder: Path, invoke: Invoke
) -> None:
    account.cloudformation.deploy(assembly)
    told = {"Type": "AWS::SNS::Subscription", "Properties": {"Protocol": "email", "Endpoint": "on-call@example.com"}}
    account.cloudformation.stacks["XCompliancePipeline"][1]["Resources"]["Told"] = told
    status, findings = looked(invoke, folder)
    assert status == 0
    assert "1 removed; on-call@example.com is not told of alarms any more" in findings["pipeline stack"]["found"]


@pytest.mark.parametrize("is_new", [True, False])
def test_data_that_goes_with_its_stack_is_told(
    account: Account, assembly: Assembly, invoke: Invoke, tmp_path: Path, is_new: bool
) -> None:
    if not is_new:
        account.cloudformation.deploy(assembly)
    folder = synthesize(tmp_path, bucket_prefix="acme-trust", keep_data="false").directory
    status, findings = looked(invoke, folder)
    assert status == 0
    assert findings["storage stack"]["found"].endswith(
        "what it holds goes with it when it is torn down (keep_data is false)"
    )
    assert "torn down" not in findings["pipeline stack"]["found"]


def test_a_policy_that_bounds_the_roles_must_be_there(account: Account, invoke: Invoke, tmp_path: Path) -> None:
    folder = synthesize(tmp_path, permissions_boundary="TeamBoundary").directory
    finding = only_wrong(invoke, folder, "permissions boundary")
    assert finding["found"] == "There is no policy arn:aws:iam::123456789012:policy/TeamBoundary."
    nothing = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
    boto3.client("iam").create_policy(PolicyName="TeamBoundary", PolicyDocument=json.dumps(nothing))
    assert looked(invoke, folder)[0] == 0


def test_a_bucket_of_a_dataset_must_be_there_and_keep_versions(
    account: Account, invoke: Invoke, tmp_path: Path
) -> None:
    datasets = tmp_path / "datasets.yaml"
    datasets.write_text(
        "datasets: [{name: own, type: tweets, schedule: rate(1 day)}, "
        "{name: archive, type: users, schedule: rate(1 day), prefix: 's3://our-archive/ids/'}]"
    )
    folder = synthesize(tmp_path / "out", datasets_file=str(datasets)).directory
    s3 = boto3.client("s3")
    assert only_wrong(invoke, folder, "datasets' buckets")["found"] == "There is no bucket our-archive."
    s3.create_bucket(Bucket="our-archive")
    assert only_wrong(invoke, folder, "datasets' buckets")["found"] == "The bucket our-archive keeps no versions."
    s3.put_bucket_versioning(Bucket="our-archive", VersioningConfiguration={"Status": "Enabled"})
    status, findings = looked(invoke, folder)
    assert (status, findings["datasets' buckets"]["found"]) == (0, "1 of your own, each with versions")


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


@pytest.mark.parametrize(("free", "verdict"), [(16, "wrong"), (17, "right")])
def test_the_quota_is_held_against_the_concurrency_that_will_be_deployed(
    account: Account, invoke: Invoke, tmp_path: Path, free: int, verdict: str
) -> None:
    folder = synthesize(tmp_path, prepare_concurrency="7", index_concurrency="3").directory
    account.services["lambda"] = Lambda(free)
    finding = looked(invoke, folder)[1]["Lambda quota"]
    assert finding["verdict"] == verdict
    if verdict == "wrong":
        assert "a run calls 7 side by side, and 17 should be free" in finding["found"]
        assert "set prepare_concurrency and index_concurrency to 6" in finding["advice"]


@pytest.mark.parametrize(("part_size_mb", "verdict"), [("624", "right"), ("625", "not checked")])
def test_a_function_with_more_memory_than_new_accounts_allow_is_told_before_its_creation_fails(
    account: Account, invoke: Invoke, tmp_path: Path, part_size_mb: str, verdict: str
) -> None:
    folder = synthesize(tmp_path, part_size_mb=part_size_mb).directory
    status, findings = looked(invoke, folder)
    assert (status, findings["Lambda memory"]["verdict"]) == (0, verdict)
    if verdict == "not checked":
        assert "XCompliance-prepare_part needs 3,012 MB" in findings["Lambda memory"]["found"]
        assert "part_size_mb to 624" in findings["Lambda memory"]["advice"]
        assert "part_size_mb to 624" in invoke("preflight", folder).stdout


def test_an_account_that_has_a_large_function_allows_another(account: Account, invoke: Invoke, tmp_path: Path) -> None:
    account.services["lambda"] = Lambda(1_000, "render", memory=4_096)
    finding = looked(invoke, synthesize(tmp_path, part_size_mb="1024").directory)[1]["Lambda memory"]
    assert (finding["verdict"], finding["found"]) == (
        "right",
        "XCompliance-prepare_part needs 4,608 MB, and render has 4,096",
    )


@pytest.mark.parametrize(
    ("service", "code", "check", "least"),
    [("states", "L-2", "Step Functions quota", 20), ("athena", DML, "Athena quota", 5)],
)
def test_quotas_of_other_services_are_told_and_stop_nothing(
    account: Account, folder: Path, invoke: Invoke, service: str, code: str, check: str, least: int
) -> None:
    for value, verdict in ((least, "right"), (least - 1, "wrong"), (None, "not checked")):
        account.quotas.set(service, code, value)
        status, findings = looked(invoke, folder)
        assert (status, findings[check]["verdict"]) == (0, verdict)
        if verdict == "wrong":
            assert f"--service-code {service} --quota-code {code}" in findings[check]["advice"]


@pytest.mark.parametrize("is_admin", [True, False])
def test_a_lake_that_iam_does_not_decide_over_is_told(
    account: Account, folder: Path, invoke: Invoke, is_admin: bool
) -> None:
    role = "arn:aws:iam::123456789012:role/cdk-hnb659fds-cfn-exec-role-123456789012-us-east-1"
    close_lake(*[role] * is_admin)
    status, findings = looked(invoke, folder)
    assert (status, findings["Lake Formation"]["verdict"]) == (0, "wrong")
    assert (
        f"{role}, which creates the database, {'is' if is_admin else 'is not'} a data"
        in (findings["Lake Formation"]["found"])
    )
    assert (
        "IAMAllowedPrincipals the permission Super on the database xcompliance"
        in (findings["Lake Formation"]["advice"])
    )


@pytest.mark.parametrize(
    ("service", "checks"),
    [
        ("lambda", {"Lambda quota", "names"}),
        ("service-quotas", {"Step Functions quota", "Athena quota"}),
        ("lakeformation", {"Lake Formation"}),
    ],
)
def test_a_quota_that_the_caller_may_not_see_is_not_checked(
    account: Account, folder: Path, invoke: Invoke, service: str, checks: set[str]
) -> None:
    class Refusing:
        def __getattr__(self, name: str) -> Any:
            raise refusal("AccessDeniedException")

    account.services[service] = Refusing()
    status, findings = looked(invoke, folder)
    assert status == 0
    assert {name for name, each in findings.items() if each["verdict"] != "right"} == checks
    assert {findings[name]["verdict"] for name in checks} == {"not checked"}


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


def machine(account: Account) -> None:
    role = "arn:aws:iam::123456789012:role/any"
    boto3.client("stepfunctions").create_state_machine(name="XComplianceRun", definition="{}", roleArn=role)


def alarm(account: Account) -> None:
    boto3.client("cloudwatch").put_metric_alarm(
        AlarmName="XCompliance-RunFailed",
        MetricName="RunsFailed",
        Namespace="any",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )


TAKEN: dict[str, Callable[[Account], object]] = {
    "database xcompliance": lambda account: account.glue.databases.add("xcompliance"),
    "workgroup XCompliance": lambda account: account.athena.work_groups.add("XCompliance"),
    "bucket acme-trust-inbox-123456789012-us-east-1": lambda _: boto3.client("s3").create_bucket(
        Bucket="acme-trust-inbox-123456789012-us-east-1"
    ),
    "state machine XComplianceRun": machine,
    "function XCompliance-get_job": lambda account: account.services.update(
        {"lambda": Lambda(1_000, "XCompliance-get_job")}
    ),
    "log group /aws/lambda/XCompliance-get_job": lambda _: boto3.client("logs").create_log_group(
        logGroupName="/aws/lambda/XCompliance-get_job"
    ),
    "topic XCompliance-Alarms": lambda _: boto3.client("sns").create_topic(Name="XCompliance-Alarms"),
    "schedule group XCompliance": lambda _: boto3.client("scheduler").create_schedule_group(Name="XCompliance"),
    "alarm XCompliance-RunFailed": alarm,
    "dashboard XCompliance": lambda _: boto3.client("cloudwatch").put_dashboard(
        DashboardName="XCompliance", DashboardBody="{}"
    ),
}


@pytest.mark.parametrize("what", TAKEN)
def test_a_name_that_is_taken(account: Account, folder: Path, invoke: Invoke, what: str) -> None:
    TAKEN[what](account)
    assert only_wrong(invoke, folder, "names")["found"] == f"There is already: {what}."


def test_each_kind_of_resource_that_has_a_name_is_looked_for(assembly: Assembly) -> None:
    named = {
        each["Type"]
        for stack in assembly.stacks
        for each in stack.template["Resources"].values()
        if each.get("Properties", {}).keys() & {"Name", f"{each['Type'].rpartition('::')[2]}Name", "DatabaseInput"}
    }
    several_may_have_it = {"AWS::Athena::NamedQuery", "AWS::IAM::Policy", "AWS::Logs::QueryDefinition"}
    assert named - several_may_have_it == NAMED.keys()


def test_whoever_may_not_look_for_a_name_may_deploy(account: Account, folder: Path, invoke: Invoke) -> None:
    class Sns:
        def get_topic_attributes(self, TopicArn: str) -> None:  # noqa: N803 -- as boto3 names it
            raise ClientError({"Error": {"Code": "AuthorizationError", "Message": "AWS's own words."}}, "GetTopic")

    account.services["sns"] = Sns()
    status, findings = looked(invoke, folder)
    assert (status, findings["names"]["verdict"]) == (0, "not checked")


def test_groups_of_logs_of_others_are_in_nobodys_way(account: Account, folder: Path, invoke: Invoke) -> None:
    boto3.client("logs").create_log_group(logGroupName="/aws/lambda/XCompliance-get_job-of-mine")
    assert looked(invoke, folder)[0] == 0


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
        lambda session, service, *rest, **options: (
            [] if service == "athena" else real(session, service, *rest, **options)
        ),
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


def made(*words: str) -> list[str]:
    """What make would do, of what concerns a deployment."""
    said = subprocess.run(["make", "-n", *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [line for line in said.splitlines() if "node_modules/.bin/cdk" in line or "preflight" in line]


def test_make_deploys_what_was_looked_at_and_nothing_that_is_not_right() -> None:
    lines = made("deploy", "CONFIG=prod.yaml", "CONTEXT=-c prefix=Archive", "ACCEPT_LOSS=true")
    synth, preflight, deploy = lines[-3:]
    settings = '-c "config=prod.yaml" -c prefix=Archive'
    assert synth.endswith(f"cdk synth --quiet {settings}")
    assert preflight.endswith("xcompliance preflight cdk.out --accept-loss")
    assert deploy.endswith(f"cdk deploy --all --app cdk.out --require-approval any-change {settings}")


SIGNED_OUT = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true"}


@pytest.mark.parametrize("target", ["bootstrap", "destroy"])
@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "Found no AWS region and no credentials: sign in, and set AWS_REGION and AWS_PROFILE."),
        ({"AWS_REGION": "eu-central-1"}, "Found no AWS credentials: sign in, and set AWS_PROFILE."),
        (
            {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"},
            "Found no AWS region: sign in, and set AWS_REGION.",
        ),
        (
            {"AWS_REGION": "eu-central-1", "AWS_PROFILE": "nobody"},
            "There is no such AWS profile: look at AWS_PROFILE.",
        ),
    ],
)
def test_make_says_in_a_sentence_that_nobody_is_signed_in_before_the_cdk_begins(
    target: str, environment: dict[str, str], said: str
) -> None:
    ended = subprocess.run(
        ["make", target], cwd=ROOT, check=False, capture_output=True, text=True, env={**SIGNED_OUT, **environment}
    )
    assert ended.returncode != 0
    first, *rest = ended.stderr.splitlines()
    assert first.startswith(f"error: {said}")
    assert len(rest) == 1, "make's own line that the target failed"
    assert ended.stdout == ""


def test_whoever_is_signed_in_is_told_where(invoke: Invoke) -> None:
    result = invoke("preflight", "--account-only")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("Account 123456789012 in us-east-1, as arn:aws:")
    assert json.loads(invoke("preflight", "--account-only", "--json").stdout)["region"] == "us-east-1"


def test_make_asks_unless_it_was_told_yes() -> None:
    assert "--require-approval any-change" in made("deploy")[-1]
    assert "--require-approval never" in made("deploy", "YES=true")[-1]
    assert "--force" not in made("destroy")[-1]
    assert "--force" in made("destroy", "YES=true")[-1]


COST = (ROOT / "docs" / "cost.md").read_text()
FIRST = (ROOT / "docs" / "first-deployment.md").read_text()


def test_a_newcomer_reads_what_preflight_prints(account: Account, assembly: Assembly, invoke: Invoke) -> None:
    account.services["lambda"] = Lambda(10)
    found = examine(Subject(assembly.prefix), checks_of(assembly))
    for name, finding in found:
        if name not in ("credentials", "names", "Lambda quota"):
            assert printed.line(name, finding, "utf-8").partition("[/] ")[2] in FIRST, name
    assert "30 should be free." in FIRST
    for each in lines(assembly):
        assert each in FIRST


def test_a_newcomer_reads_the_documents_costs() -> None:
    assert "| nothing is checked | $6.02 |" in FIRST
    stored = re.findall(r"^\| (?:S3|DynamoDB), for each million IDs.*\| \$([\d.]+) \|$", COST, re.MULTILINE)
    assert f"| stored, for each million IDs | ${sum(map(float, stored)):.4f} |" in FIRST
    assert f"| a million IDs, first check | ${PER_MILLION.first_check} |" in FIRST
    assert f"| a million IDs, recheck | ${PER_MILLION.recheck} |" in FIRST
    assert "| 1,000 | 1 | $0.0013 |" in COST
    assert "A run of two IDs costs $0.0013 at AWS" in FIRST


def test_the_costs_are_the_documents(assembly: Assembly) -> None:
    million = re.search(r"\| 1,000,000 \| 1 \| \$([\d.]+) \| \S+ \| \$([\d.]+) \| \S+ \| \$([\d.]+) \|", COST)
    assert million is not None
    assert tuple(map(float, million.groups())) == tuple(PER_MILLION)
    stays = dict(re.findall(r"^\| ([^|]+?) \| \$([\d.]+)", COST.partition("## What stays")[2], re.MULTILINE))
    said = {name.partition(",")[0]: float(usd) for name, usd in stays.items()}
    assert said["the KMS key"] == MONTHLY["AWS::KMS::Key"]
    assert said["the secret"] == MONTHLY["AWS::SecretsManager::Secret"]
    assert said["13 alarms"] == pytest.approx(
        assembly.count("AWS::CloudWatch::Alarm") * MONTHLY["AWS::CloudWatch::Alarm"]
    )
    assert said["the dashboard; the first three of an account are free"] == MONTHLY["AWS::CloudWatch::Dashboard"]
    assert said["for each dataset that is checked on a schedule"] == pytest.approx(
        MONTHLY["AWS::Scheduler::Schedule"] + MONTHLY["AWS::CloudWatch::Alarm"]
    )
    assert said["looking after the turns"] + said["one metric that is always told"] == pytest.approx(ALWAYS)
