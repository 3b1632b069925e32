"""What doctor finds: each thing that may be wrong, what it says to do about it, and that it goes on to the next."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any, NoReturn

import boto3
import pytest
from botocore.exceptions import ClientError
from typer.testing import Result

from compliance.wire import Request, Response, WireError
from tests.fakes.clock import ManualClock
from tests.fakes.world import World
from tests.fakes.x import BEARER, ORIGIN, answer, problem
from xcompliance.cli import app
from xcompliance.doctor import examination, work
from xcompliance.doctor.account import clock_beside
from xcompliance.doctor.examination import CHECKS, Check
from xcompliance.doctor.finding import right
from xcompliance.doctor.lines import line
from xcompliance.doctor.wire import send
from xcompliance.stack import Stack

from .conftest import OUTPUTS, Invoke
from .fake_quotas import DML, EVERYBODY, ServiceQuotas, close_lake
from .items import RUN_ID, run_item, without

GENERATED = "aB3" * 10 + "xY"
JOB_NAME = f"{RUN_ID}-p1-a1"


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "AWS's own words."}}, "Something")


class Refusing:
    """A service that refuses whatever it is asked."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, _: str) -> Callable[..., NoReturn]:
        def refuse(*_: Any, **__: Any) -> NoReturn:
            raise self._error

        return refuse


class CloudFormation:
    """One stack, with its outputs and its queues."""

    def __init__(self, outputs: dict[str, str]) -> None:
        self.outputs = outputs
        self.status = "UPDATE_COMPLETE"
        self.resources: list[tuple[str, str]] = [("AWS::Lambda::Function", "XCompliance-get_job")]

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803 -- as boto3 names it
        if StackName != "XCompliancePipeline":
            raise refusal("ValidationError")
        outputs = [{"OutputKey": name, "OutputValue": value} for name, value in self.outputs.items()]
        return {"Stacks": [{"StackName": StackName, "StackStatus": self.status, "Outputs": outputs}]}

    def get_paginator(self, name: str) -> "CloudFormation":
        assert name == "list_stack_resources"
        return self

    def paginate(self, StackName: str) -> Iterator[dict[str, Any]]:  # noqa: N803 -- as boto3 names it
        assert StackName == "XCompliancePipeline"
        for kind, physical_id in self.resources:
            yield {"StackResourceSummaries": [{"ResourceType": kind, "PhysicalResourceId": physical_id}]}


class Lambda:
    """An account's limits."""

    def __init__(self, free: int = 1_000) -> None:
        self._free = free

    def get_account_settings(self) -> dict[str, Any]:
        return {"AccountLimit": {"ConcurrentExecutions": 1_000, "UnreservedConcurrentExecutions": self._free}}


class Deployed:
    """A deployment in which all is well, until a test breaks something."""

    def __init__(self, stack: Stack, world: World) -> None:
        self.x = world.x
        self.stack = stack
        session = stack.session
        stack.s3.create_bucket(Bucket="results")
        self.secrets = session.client("secretsmanager")
        secret = self.secrets.create_secret(Name="token", SecretString=GENERATED)["ARN"]
        self.secrets.put_secret_value(SecretId=secret, SecretString=BEARER)
        machines = [self._machine("XComplianceRun", 20), self._machine("XComplianceJob", 10)]
        self.outputs = {
            **OUTPUTS,
            "RunStateMachineArn": machines[0],
            "JobStateMachineArn": machines[1],
            "BearerTokenSecretArn": secret,
            "XApiUrl": ORIGIN,
            "InputSettings": "{}",
            "KeyArn": "arn:aws:kms:us-east-1:123456789012:key/1",
            "AlarmTopicArn": "arn:aws:sns:us-east-1:123456789012:XCompliance-Alarms",
        }
        self.sqs = session.client("sqs")
        self.queue = self.sqs.create_queue(QueueName="RunsNotStarted")["QueueUrl"]
        self.cloudformation = CloudFormation(self.outputs)
        self.cloudformation.resources.append(("AWS::SQS::Queue", self.queue))
        self.quotas = ServiceQuotas()
        self.services: dict[str, Any] = {
            "cloudformation": self.cloudformation,
            "lambda": Lambda(),
            "service-quotas": self.quotas,
        }

    def _machine(self, name: str, width: int) -> str:
        definition = self.definition(width)
        role = "arn:aws:iam::123456789012:role/machine"
        created = self.stack.step_functions.create_state_machine(name=name, definition=definition, roleArn=role)
        return created["stateMachineArn"]

    @staticmethod
    def definition(width: int) -> str:
        """A machine that waits, and has a map so wide."""
        wait = {"Type": "Wait", "Seconds": 999, "End": True}
        side_by_side = {"Type": "Map", "ItemProcessor": {"StartAt": "Wait", "States": {"Wait": wait}}, "End": True}
        states = {"Wait": wait, "Each": {**side_by_side, "MaxConcurrency": width}}
        return json.dumps({"StartAt": "Wait", "States": states})

    def execution(self) -> str:
        machine = self.outputs["JobStateMachineArn"]
        return self.stack.step_functions.start_execution(stateMachineArn=machine)["executionArn"]

    def claim(self, kind: str, execution_arn: str, entered_at: str = "2026-11-23T13:00:00.000Z", **more: str) -> None:
        self.stack.runs_table.put_item(
            Item={
                "pk": "TURN#tweets",
                "sk": kind,
                "execution_arn": execution_arn,
                "entered_at": entered_at,
                "run_id": RUN_ID,
                "part": 1,
                **more,
            }
        )


@pytest.fixture
def deployed(stack: Stack, index: Any, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    world = World(ManualClock())
    deployed = Deployed(stack, world)
    real = boto3.Session.client
    monkeypatch.setattr(
        boto3.Session,
        "client",
        lambda session, service, **options: deployed.services.get(service) or real(session, service, **options),
    )
    monkeypatch.setattr("xcompliance.doctor.x.send", world.send)
    return deployed


class Examined:
    """What doctor has said."""

    def __init__(self, result: Result) -> None:
        self.exit_code = result.exit_code
        self.stderr = result.stderr
        document = json.loads(result.stdout)
        self.all_right: bool = document["all_right"]
        self.findings: dict[str, dict[str, str]] = {each["check"]: each for each in document["checks"]}

    def named(self, verdict: str) -> set[str]:
        return {name for name, finding in self.findings.items() if finding["verdict"] == verdict}

    def only_wrong(self, name: str) -> dict[str, str]:
        assert (self.exit_code, self.all_right) == (1, False)
        assert self.named("wrong") == {name}, self.findings
        assert self.stderr == f"error: 1 of {len(CHECKS)} checks found something wrong.\n"
        assert self.findings[name]["advice"]
        return self.findings[name]


@pytest.fixture
def examined(deployed: Deployed, invoke: Invoke) -> Callable[[], Examined]:
    """Asks doctor; whatever is wrong, it never tells the token."""

    def examine() -> Examined:
        result = invoke("doctor", "--json")
        assert BEARER not in result.output
        return Examined(result)

    return examine


def test_where_all_is_well_each_check_is_a_line(deployed: Deployed, invoke: Invoke) -> None:
    result = invoke("doctor")
    assert result.exit_code == 0, result.output
    for name, each in zip(CHECKS, result.stdout.splitlines(), strict=True):
        assert each.startswith(f"✓  {name}  ")
    assert BEARER not in result.output
    assert result.stderr == ""


def test_the_document_has_each_check_by_its_name(examined: Callable[[], Examined]) -> None:
    found = examined()
    assert (found.exit_code, found.all_right, found.stderr) == (0, True, "")
    assert [*found.findings] == [*CHECKS]
    assert found.named("right") == {*CHECKS}
    assert "123456789012" in found.findings["credentials"]["found"]


def test_without_a_region_nothing_else_is_asked(
    examined: Callable[[], Examined], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    found = examined()
    assert "AWS_REGION" in found.only_wrong("region")["advice"]
    assert found.named("not checked") == {*CHECKS} - {"region"}


def test_a_profile_that_there_is_not(examined: Callable[[], Examined], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert "AWS_PROFILE" in examined().only_wrong("region")["advice"]


def test_credentials_that_have_expired_hide_what_needs_them_but_not_the_clock(
    deployed: Deployed, examined: Callable[[], Examined]
) -> None:
    error = refusal("ExpiredToken")
    now = format_datetime(datetime.now(UTC), usegmt=True)
    error.response["ResponseMetadata"] = {"HTTPHeaders": {"date": now}}  # type: ignore[typeddict-item]
    deployed.services["sts"] = Refusing(error)
    found = examined()
    assert found.only_wrong("credentials")["advice"] == "The AWS credentials have expired: sign in again."
    assert found.named("right") == {"region", "clock"}


@pytest.mark.parametrize(
    ("seconds", "verdict", "said"),
    [
        (0.4, "right", "the same"),
        (-31, "right", "31 s behind"),
        (59, "right", "59 s ahead of"),
        (-70, "wrong", "1 min 10 s behind"),
        (3_700, "wrong", "1 h 01 min ahead of"),
    ],
)
def test_the_clock_is_held_beside_awss(seconds: float, verdict: str, said: str) -> None:
    finding = clock_beside({"date": "Mon, 23 Nov 2026 13:45:30 GMT"}, 1_795_441_530.5 + seconds)
    assert finding.verdict == verdict
    assert said in finding.found
    assert ("NTP" in (finding.advice or "")) == (verdict == "wrong")


def test_a_clock_that_aws_does_not_tell_is_not_checked() -> None:
    assert clock_beside({}, 0.0).verdict == "not checked"


def test_no_stack(deployed: Deployed, invoke: Invoke) -> None:
    found = Examined(invoke("doctor", "--json", "--prefix", "Mine"))
    assert found.only_wrong("stack")["found"] == "There is no stack MinePipeline in us-east-1."
    assert "make deploy" in found.findings["stack"]["advice"]
    assert found.findings["Athena quota"]["verdict"] == "right"
    assert found.findings["X API"]["verdict"] == "not checked"


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_FAILED", "ROLLBACK_COMPLETE", "DELETE_IN_PROGRESS"])
def test_a_stack_that_is_not_whole_hides_nothing(
    deployed: Deployed, examined: Callable[[], Examined], status: str
) -> None:
    deployed.cloudformation.status = status
    found = examined()
    assert status in found.only_wrong("stack")["found"]
    assert found.named("right") == {*CHECKS} - {"stack"}


def test_a_stack_of_an_earlier_release(deployed: Deployed, examined: Callable[[], Examined]) -> None:
    del deployed.outputs["XApiUrl"]
    found = examined()
    assert found.named("wrong") == {"stack", "X API"}
    assert "XApiUrl" in found.findings["stack"]["found"]
    assert "make deploy" in found.findings["stack"]["advice"]


@pytest.mark.parametrize(
    ("output", "name"),
    [
        ("InboxBucketName", "inbox bucket"),
        ("ResultsBucketName", "results bucket"),
        ("ResultsTableName", "results table"),
        ("RunStateMachineArn", "state machines"),
        ("JobStateMachineArn", "state machines"),
    ],
)
def test_what_is_gone_is_named(deployed: Deployed, examined: Callable[[], Examined], output: str, name: str) -> None:
    deployed.outputs[output] += "-gone"
    assert "make deploy" in examined().only_wrong(name)["advice"]


def test_without_the_runs_table_turns_are_unknown(deployed: Deployed, examined: Callable[[], Examined]) -> None:
    deployed.outputs["RunsTableName"] = "gone"
    found = examined()
    assert found.findings["turns"]["verdict"] == "not checked"
    assert found.named("wrong") >= {"runs table"}


def test_a_bucket_that_the_caller_may_not_see_is_wrong(deployed: Deployed, examined: Callable[[], Examined]) -> None:
    deployed.services["s3"] = Refusing(refusal("403"))
    found = examined()
    assert found.named("wrong") == {"inbox bucket", "results bucket"}
    assert "ask who manages the account" in found.findings["inbox bucket"]["advice"]


def test_a_machine_that_is_being_deleted(deployed: Deployed, examined: Callable[[], Examined]) -> None:
    class StepFunctions:
        @staticmethod
        def describe_state_machine(**_: Any) -> dict[str, str]:
            return {"name": "XComplianceRun", "status": "DELETING", "definition": Deployed.definition(20)}

    deployed.services["stepfunctions"] = StepFunctions
    assert "XComplianceRun is DELETING" in examined().only_wrong("state machines")["found"]


def test_turns_of_executions_that_run_are_told(deployed: Deployed, examined: Callable[[], Examined]) -> None:
    deployed.claim("HOLDER", deployed.execution())
    deployed.claim("TICKET#1", deployed.execution())
    found = examined()
    assert found.findings["turns"]["found"] == f"tweets: held by {RUN_ID}, part 1, 1 waiting; users: free"
    assert found.exit_code == 0


@pytest.mark.parametrize("kind", ["HOLDER", "TICKET#1"])
def test_a_turn_of_what_has_ended_is_stuck_unless_it_has_just_ended(
    deployed: Deployed, examined: Callable[[], Examined], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    execution = deployed.execution()
    deployed.claim(kind, execution)
    deployed.stack.step_functions.stop_execution(executionArn=execution)
    assert examined().findings["turns"]["verdict"] == "right"
    monkeypatch.setattr(work, "FREED_WITHIN", timedelta(seconds=-1))
    finding = examined().only_wrong("turns")
    assert execution in finding["found"]
    assert "aws lambda invoke --function-name XCompliance-settle_execution" in finding["advice"]


def test_a_stuck_turn_is_found_however_long_the_queue_is(
    deployed: Deployed, examined: Callable[[], Examined], monkeypatch: pytest.MonkeyPatch
) -> None:
    running, ended = deployed.execution(), deployed.execution()
    for number in range(4):
        deployed.claim(f"TICKET#{number}", running, padding="x" * 350_000)
    deployed.claim("TICKET#9", ended)
    deployed.stack.step_functions.stop_execution(executionArn=ended)
    monkeypatch.setattr(work, "FREED_WITHIN", timedelta(seconds=-1))
    assert ended in examined().only_wrong("turns")["found"]


def test_a_turn_of_an_execution_that_nobody_knows(deployed: Deployed, examined: Callable[[], Examined]) -> None:
    unknown = deployed.execution() + "0"
    deployed.claim("HOLDER", unknown, datetime.now(UTC).isoformat())
    assert examined().findings["turns"]["verdict"] == "right"
    deployed.claim("HOLDER", unknown)
    assert unknown in examined().only_wrong("turns")["found"]


def test_dead_letters_are_counted(deployed: Deployed, examined: Callable[[], Examined]) -> None:
    for _ in range(2):
        deployed.sqs.send_message(QueueUrl=deployed.queue, MessageBody="{}")
    finding = examined().only_wrong("dead letters")
    assert "2 in RunsNotStarted" in finding["found"]
    assert f"aws sqs receive-message --queue-url {deployed.queue}" in finding["advice"]


def test_the_placeholder_is_no_token_and_x_is_not_asked(deployed: Deployed, examined: Callable[[], Examined]) -> None:
    secret = deployed.secrets.create_secret(Name="fresh", SecretString=GENERATED)["ARN"]
    deployed.outputs["BearerTokenSecretArn"] = secret
    found = examined()
    finding = found.only_wrong("bearer token")
    assert "placeholder" in finding["found"]
    assert finding["advice"].startswith('read -rs BEARER_TOKEN; printf %s "$BEARER_TOKEN" | aws secretsmanager ')
    assert finding["advice"].endswith(f" put-secret-value --secret-id {secret} --secret-string file:///dev/stdin")
    assert GENERATED not in str(found.findings)
    assert found.findings["X API"]["verdict"] == "not checked"
    assert deployed.x.heard == []


def test_a_token_that_looks_like_the_placeholder_was_put_there_by_somebody(
    deployed: Deployed, examined: Callable[[], Examined]
) -> None:
    deployed.secrets.put_secret_value(SecretId=deployed.outputs["BearerTokenSecretArn"], SecretString=GENERATED)
    deployed.x.faults["list"] = [problem(401, "about:blank", "Unauthorized")]
    found = examined()
    assert found.findings["bearer token"]["verdict"] == "right"
    assert found.only_wrong("X API")


@pytest.mark.parametrize("secret", ["two words", '{"token": "x"}', "Bearer x"])
def test_what_is_no_token_at_all(deployed: Deployed, examined: Callable[[], Examined], secret: str) -> None:
    deployed.secrets.put_secret_value(SecretId=deployed.outputs["BearerTokenSecretArn"], SecretString=secret)
    finding = examined().only_wrong("bearer token")
    assert "put-secret-value" in finding["advice"]
    assert secret not in str(finding)


def test_a_token_may_stand_in_json(deployed: Deployed, examined: Callable[[], Examined]) -> None:
    document = json.dumps({"bearer_token": BEARER})
    deployed.secrets.put_secret_value(SecretId=deployed.outputs["BearerTokenSecretArn"], SecretString=document)
    assert examined().all_right


def test_a_secret_that_is_to_be_deleted(deployed: Deployed, examined: Callable[[], Examined]) -> None:
    deployed.secrets.delete_secret(SecretId=deployed.outputs["BearerTokenSecretArn"])
    assert "restore-secret" in examined().only_wrong("bearer token")["advice"]


def test_a_secret_that_the_caller_may_not_read_is_not_checked(
    deployed: Deployed, examined: Callable[[], Examined]
) -> None:
    deployed.services["secretsmanager"] = Refusing(refusal("AccessDeniedException"))
    found = examined()
    assert found.exit_code == 0
    assert found.named("not checked") == {"bearer token", "X API"}
    assert "may not call" in found.findings["bearer token"]["found"]


@pytest.mark.parametrize(
    ("said", "found", "advice"),
    [
        (problem(401, "about:blank", "Unauthorized"), "does not accept the bearer token", "put-secret-value"),
        (problem(402, "credits-depleted", "No credits."), "no credits left", "Buy credits"),
        (problem(403, "client-forbidden", "Not enrolled."), "refuses access", "enrolled for batch compliance"),
        (
            problem(429, "about:blank", "Too many.", x_rate_limit_reset="4102444800"),
            "rate limit",
            "Wait until 2100-01-01 00:00 UTC",
        ),
        (
            problem(429, "about:blank", "Too many.", x_rate_limit_reset="1795441530"),
            "rate limit",
            "Wait a quarter of an hour",
        ),
        (problem(429, "about:blank", "Too many."), "rate limit", "Wait a quarter of an hour"),
        (problem(429, "usage-capped", "Cap."), "usage cap", "Raise the cap"),
        (Response(404), "not switched this route on", "Ask X for access"),
        (problem(503, "about:blank", "Over capacity."), "X answered 503", "Try again"),
        (Response(200, {}, b"<html>"), "not a JSON object", "Try again"),
        ("unheard", "did not answer: ProtocolError", "proxy"),
    ],
)
def test_each_refusal_of_xs_is_told_apart(
    deployed: Deployed, examined: Callable[[], Examined], said: Any, found: str, advice: str
) -> None:
    deployed.x.faults["list"] = [said]
    finding = examined().only_wrong("X API")
    assert found in finding["found"]
    assert advice in finding["advice"]
    assert deployed.x.heard == ["list"], "a second request would be paid for, and refused alike"


def test_what_is_left_of_the_rate_limit_is_told(deployed: Deployed, examined: Callable[[], Examined]) -> None:
    left = {"x_rate_limit_remaining": "148", "x_rate_limit_limit": "150"}
    deployed.x.faults["list"] = [
        answer(200, {"meta": {"result_count": 0}}, **left),
        answer(200, {"meta": {"result_count": 0}}),
    ]
    said = examined().findings["X API"]["found"]
    assert said == "grants access; tweets: 148 of 150 requests left; users: no word of the rate limit"


def test_a_job_of_a_run_that_goes_on_is_at_work(
    deployed: Deployed, examined: Callable[[], Examined], write: Callable[[dict[str, Any]], None]
) -> None:
    deployed.x.add("tweets", JOB_NAME)
    write(without(run_item(status="checking"), "ended_at"))
    found = examined()
    assert found.all_right
    assert f"is at work for the run {RUN_ID}" in found.findings["X API"]["found"]


def test_a_status_that_nobody_knows_is_told_but_is_no_fault(
    deployed: Deployed, examined: Callable[[], Examined]
) -> None:
    deployed.x.add("tweets", "somebody-elses")
    deployed.x.tells["list"] = ("status", "completed")
    found = examined()
    assert found.all_right
    assert "is completed, which is no known status" in found.findings["X API"]["found"]


@pytest.mark.parametrize(
    ("name", "runs", "said"),
    [
        ("theirs", (), "named theirs, is no run's of this deployment"),
        (JOB_NAME, (), "is no run's of this deployment"),
        (JOB_NAME, (run_item(status="failed"),), "was left by the run"),
    ],
)
def test_any_other_active_job_is_in_the_way(
    deployed: Deployed,
    examined: Callable[[], Examined],
    write: Callable[[dict[str, Any]], None],
    name: str,
    runs: tuple[dict[str, Any], ...],
    said: str,
) -> None:
    for run in runs:
        write(run)
    job = deployed.x.add("users", name)
    finding = examined().only_wrong("X API")
    assert f"users: job {job.id}" in finding["found"]
    assert said in finding["found"]
    assert "conflict_deadline_hours" in finding["advice"]


@pytest.mark.parametrize(("free", "is_enough"), [(10, False), (29, False), (30, True)])
def test_an_account_that_runs_too_few_functions_at_once(
    deployed: Deployed, examined: Callable[[], Examined], free: int, is_enough: bool
) -> None:
    deployed.services["lambda"] = Lambda(free)
    found = examined()
    assert found.all_right == is_enough
    if not is_enough:
        assert "aws service-quotas request-service-quota-increase" in found.only_wrong("Lambda quota")["advice"]


@pytest.mark.parametrize(("output", "width"), [("RunStateMachineArn", 400), ("JobStateMachineArn", 500)])
def test_the_quota_is_held_against_the_machines_that_are_deployed(
    deployed: Deployed, examined: Callable[[], Examined], output: str, width: int
) -> None:
    deployed.services["lambda"] = Lambda(width + 9)
    assert examined().exit_code == 0
    deployed.stack.step_functions.update_state_machine(
        stateMachineArn=deployed.outputs[output], definition=deployed.definition(width)
    )
    found = examined().only_wrong("Lambda quota")
    assert f"a run calls {width} side by side, and {width + 10} should be free" in found["found"]
    assert f"prepare_concurrency and index_concurrency to {width - 1}" in found["advice"]


@pytest.mark.parametrize(
    ("service", "code", "check"), [("states", "L-2", "Step Functions quota"), ("athena", DML, "Athena quota")]
)
def test_an_account_that_allows_too_little_of_another_service(
    deployed: Deployed, examined: Callable[[], Examined], service: str, code: str, check: str
) -> None:
    deployed.quotas.set(service, code, 4)
    assert f"--service-code {service} --quota-code {code}" in examined().only_wrong(check)["advice"]
    deployed.quotas.set(service, code, None)
    assert examined().named("not checked") == {check}


def test_a_lake_that_iam_does_not_decide_over_denies_athena_until_everybody_is_granted_the_tables(
    deployed: Deployed, examined: Callable[[], Examined]
) -> None:
    close_lake()
    advice = examined().only_wrong("Lake Formation")["advice"]
    assert "grant IAMAllowedPrincipals the permission Super on the database xcompliance" in advice
    lake = boto3.client("lakeformation")
    database: Any = {"Database": {"Name": OUTPUTS["GlueDatabaseName"]}}
    table: Any = {"Table": {"DatabaseName": OUTPUTS["GlueDatabaseName"], "Name": "results"}}
    everybody: Any = EVERYBODY
    lake.grant_permissions(Resource=database, **everybody)
    examined().only_wrong("Lake Formation")
    lake.grant_permissions(Resource=table, **everybody)
    assert examined().findings["Lake Formation"]["found"] == "leaves xcompliance to IAM"


@pytest.mark.parametrize(
    ("service", "checks"),
    [
        ("lambda", {"Lambda quota"}),
        ("service-quotas", {"Step Functions quota", "Athena quota"}),
        ("lakeformation", {"Lake Formation"}),
    ],
)
def test_a_quota_that_the_caller_may_not_see_is_not_checked(
    deployed: Deployed, examined: Callable[[], Examined], service: str, checks: set[str]
) -> None:
    deployed.services[service] = Refusing(refusal("AccessDeniedException"))
    found = examined()
    assert (found.exit_code, found.named("not checked")) == (0, checks)


def test_a_mistake_in_one_check_hides_no_other(
    examined: Callable[[], Examined], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Any) -> NoReturn:
        raise KeyError(BEARER)

    checks = {"broken": Check(fail, ()), "next": Check(lambda _: right("well"), ())}
    monkeypatch.setattr(examination.examine, "__defaults__", (checks,))
    result = examined()
    assert result.findings["broken"]["verdict"] == "wrong"
    assert "KeyError" in result.findings["broken"]["found"]
    assert result.findings["next"]["verdict"] == "right"


def test_what_to_do_stands_below_what_is_wrong(deployed: Deployed, invoke: Invoke) -> None:
    deployed.x.faults["list"] = [problem(402, "credits-depleted", "[red]No credits.")]
    result = invoke("doctor")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    (number,) = (number for number, each in enumerate(lines) if each.startswith("✗"))
    assert lines[number].split()[1:3] == ["X", "API"]
    assert lines[number + 1].strip().startswith("Buy credits")


def test_a_terminal_that_knows_ascii_alone_gets_words() -> None:
    assert line("stack", right("here"), "ascii").startswith("[green]ok[/]")
    assert line("stack", right("here"), "utf-8").startswith("[green]✓ [/]")


def test_it_says_what_it_costs(invoke: Invoke) -> None:
    assert "two requests" in " ".join(invoke("doctor", "--help").stdout.split())
    assert "doctor" in {each.callback and each.callback.__name__ for each in app.registered_commands}


class Redirecting(BaseHTTPRequestHandler):
    """Sends whoever comes elsewhere."""

    def do_GET(self) -> None:
        self.send_response(302)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("X-Rate-Limit-Remaining", "3")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


def test_the_token_is_sent_to_x_alone_and_not_where_an_answer_points() -> None:
    with HTTPServer(("127.0.0.1", 0), Redirecting) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        found = send(Request("GET", f"http://127.0.0.1:{server.server_port}/", {"authorization": "Bearer x"}))
        server.shutdown()
    assert found.status == 302
    assert found.headers["x-rate-limit-remaining"] == "3"


def test_a_failure_says_its_kind_and_no_address() -> None:
    with pytest.raises(WireError) as caught:
        send(Request("GET", "http://127.0.0.1:1/secret"))
    assert "secret" not in str(caught.value)


def test_this_machines_proxy_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with HTTPServer(("127.0.0.1", 0), Redirecting) as proxy:
        Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.server_port}")
        found = send(Request("GET", "http://api.x.invalid/2"))
        proxy.shutdown()
    assert found.status == 302


def test_a_file_where_nothing_is_read_is_a_warning_and_no_fault(
    deployed: Deployed, examined: Callable[[], Examined]
) -> None:
    item = {"pk": "MISPLACED", "sk": "Tweets/x.txt", "listing": "MISPLACED", "started_at": "2026-11-23T12:00:00Z"}
    deployed.stack.runs_table.put_item(Item=item)
    found = examined()
    finding = found.findings["inbox folders"]
    assert finding["verdict"] == "warning"
    assert "1 file is in the inbox where nothing is read" in finding["found"]
    assert "aws s3 mv s3://inbox/Tweets/x.txt s3://inbox/tweets/" in finding["advice"]
    assert (found.exit_code, found.all_right) == (0, True)
