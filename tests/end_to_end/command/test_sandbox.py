"""The command as it is typed: a sandbox with another server in place of X, files, answers, nothing left behind."""

import csv
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cdk.bundling import ROOT
from compliance.runs import ENDED
from tests.documents.reading import commands
from tests.end_to_end.command.documented import Reader
from tests.end_to_end.command.teardown import Kept, check_full, check_same, typed
from tests.end_to_end.driver import PATIENCE
from tests.end_to_end.files import IdFile, answer_by_rule, plain_file, snowflakes
from tests.end_to_end.processes import alive, descendants
from tests.end_to_end.simulator_admin import SimulatorAdmin
from xcompliance.sandbox.emulator import client_environment
from xcompliance.sandbox.sandbox import BEARER_TOKEN
from xcompliance.sandbox.tls import Certificate
from xcompliance.stack import Stack

pytestmark = pytest.mark.end_to_end

FILE = plain_file("tweets/ids.txt", snowflakes(41, 2_000))
OTHER_FILE = plain_file("tweets/more.txt", snowflakes(42, 500))
OUTPUTS = {
    "InboxBucketName",
    "ResultsBucketName",
    "RunsTableName",
    "ResultsTableName",
    "RunStateMachineArn",
    "JobStateMachineArn",
    "BearerTokenSecretArn",
    "KeyArn",
    "GlueDatabaseName",
    "AthenaWorkGroupName",
    "XApiUrl",
}
ELSEWHERE = {"cancel", "retry", "check", "remove"}
"""Commands that need a run in another state or a dataset, or leave none; they have tests of their own."""
NOT_IN_A_SANDBOX = {"Step Functions quota", "Athena quota", "Lake Formation"}
XCOMPLIANCE = (sys.executable, "-m", "xcompliance")
SIMULATOR = (sys.executable, "-m", "xcompliance.sandbox.simulator", "--bearer-token", BEARER_TOKEN)


def started(*command: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def first_line(process: "subprocess.Popen[str]") -> dict[str, str]:
    assert process.stdout is not None
    document: dict[str, str] = json.loads(process.stdout.readline())
    return document


def said(*arguments: str, status: int = 0) -> Any:
    """The one document that a command prints, and nothing else."""
    done = subprocess.run([*XCOMPLIANCE, *arguments, "--json"], check=False, capture_output=True, text=True)
    assert done.returncode == status, f"{arguments} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return json.loads(done.stdout)


@dataclass(frozen=True)
class Box:
    """A sandbox that is up, and the process that holds it."""

    handle: dict[str, str]
    process: "subprocess.Popen[str]"
    others: set[int]

    @property
    def simulator(self) -> SimulatorAdmin:
        return SimulatorAdmin(self.handle["x_api_url"])

    @property
    def stack(self) -> Stack:
        return Stack.of_sandbox(self.handle)

    @property
    def environment(self) -> dict[str, str]:
        """What sends AWS's clients to the emulator."""
        folder = Path(self.handle["ca_bundle"]).parent
        certificate = Certificate(folder / "certificate.pem", folder / "key.pem", folder / "bundle.pem")
        return client_environment(self.handle["aws_endpoint_url"], certificate)

    def put_token(self, token: str) -> None:
        secrets = self.stack.session.client("secretsmanager", **self.stack.connection)
        secrets.put_secret_value(SecretId=self.handle["BearerTokenSecretArn"], SecretString=token)


@pytest.fixture(scope="module")
def another_x() -> Iterator[str]:
    with started(*SIMULATOR, "--generation", "x-hosted", "--job-seconds", "1") as simulator:
        yield first_line(simulator)["x_api_url"]
        simulator.terminate()


@pytest.fixture(scope="module")
def box(another_x: str) -> Iterator[Box]:
    others = descendants()
    options = ("--json", "--x-api-url", another_x, "-c", "first_poll_seconds=8")
    with started(*XCOMPLIANCE, "sandbox", "up", *options) as sandbox:
        try:
            yield Box(first_line(sandbox), sandbox, others)
        finally:
            sandbox.terminate()


@pytest.fixture(scope="module")
def run(box: Box, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A run that was followed to its end."""
    return said("submit", written(FILE, tmp_path_factory.mktemp("ids")), "--type", "tweets", "--wait")


def written(file: IdFile, folder: Path) -> str:
    path = folder / Path(file.key).name
    path.write_bytes(file.content)
    return str(path)


def findings(status: int) -> dict[str, dict[str, str]]:
    return {each["check"]: each for each in said("doctor", status=status)["checks"]}


def test_its_handle_has_all_that_a_client_needs(box: Box, another_x: str) -> None:
    assert OUTPUTS | {"aws_endpoint_url", "region"} <= box.handle.keys()
    assert box.handle["x_api_url"] == another_x


def test_a_file_is_checked_by_the_server_in_xs_place(run: Any) -> None:
    answer = answer_by_rule(FILE, "x-hosted").counts
    assert {name: run[name] for name in answer} == answer
    assert (run["status"], run["accepted"]) == ("complete", 2_000)


def test_a_run_is_listed_shown_and_followed(run: Any) -> None:
    assert run["run_id"] in [each["run_id"] for each in said("runs")]
    assert said("show", run["run_id"]) == run
    assert said("watch", run["run_id"]) == run


def test_its_records_are_fetched_from_its_files(run: Any, tmp_path: Path) -> None:
    expected = {each["id"]: each["action"] for each in answer_by_rule(FILE, "x-hosted").records}
    assert {each["id"]: each["action"] for each in said("results", run["run_id"])} == expected
    file = tmp_path / "delete.csv"
    options = ("--action", "delete", "--format", "csv", "-o", str(file))
    subprocess.run([*XCOMPLIANCE, "results", run["run_id"], *options], check=True)
    with file.open(newline="") as rows:
        assert {row["id"] for row in csv.DictReader(rows)} == to_delete()


def test_single_ids_are_looked_up(run: Any) -> None:
    affected = next(iter(to_delete()))
    clean = next(
        each for each in FILE.ids if each not in {record["id"] for record in answer_by_rule(FILE, "x-hosted").records}
    )
    found = said("lookup", affected, clean, "--type", "tweets")
    assert [(each["id"], each["action"]) for each in found] == [(affected, "delete"), (clean, None)]


def test_questions_are_answered_by_name_and_in_sql(run: Any) -> None:
    assert {row["id"] for row in said("query", "to_delete", "--type", "tweets")} == to_delete()
    sql = f"SELECT count(*) AS ids FROM compliance_status WHERE run_id = '{run['run_id']}'"
    assert said("query", sql) == [{"ids": 2_000}]


def to_delete() -> set[str]:
    return {each["id"] for each in answer_by_rule(FILE, "x-hosted").records if each["action"] == "delete"}


def test_doctor_finds_all_right(box: Box, run: Any) -> None:
    found = findings(0)
    assert {name for name, each in found.items() if each["verdict"] != "right"} == NOT_IN_A_SANDBOX, found
    assert {found[name]["verdict"] for name in NOT_IN_A_SANDBOX} == {"not checked"}
    assert "requests left" in found["X API"]["found"]
    assert found["dead letters"]["found"].endswith("all empty")


def await_part(run_id: str, status: str) -> None:
    """Waits for a run of one part to be there, and so far."""
    deadline = time.monotonic() + PATIENCE
    while run_id not in [each["run_id"] for each in said("runs")]:
        assert time.monotonic() < deadline, f"{run_id} does not begin"
    while (parts := said("show", run_id)["part_records"])[:1] == [] or parts[0]["status"] != status:
        assert time.monotonic() < deadline, f"{run_id} does not come to {status}: {parts}"


def test_a_run_that_waits_for_x_is_cancelled_and_can_be_retried(box: Box, tmp_path: Path) -> None:
    box.simulator.change(job_seconds=3_600)
    submitted = said("submit", written(OTHER_FILE, tmp_path), "--type", "tweets")["run_id"]
    await_part(submitted, "in_progress")
    assert f"is at work for the run {submitted}" in findings(0)["X API"]["found"]

    assert said("cancel", submitted, "--yes")["run_id"] == submitted
    ended = said("watch", submitted, status=1)
    assert (ended["status"], ended["error"]) == ("failed", "ExecutionStopped")
    assert [job["status"] for job in box.simulator.jobs(submitted)] == ["failed"]
    assert [each["path"] for each in box.simulator.journal("cancel_job")] != []
    assert findings(0)["turns"]["found"] == "tweets: free; users: free"

    box.simulator.change(job_seconds=1)
    retried = said("retry", submitted, "--wait")
    assert (retried["status"], retried["accepted"]) == ("complete", len(OTHER_FILE.ids))
    answer = answer_by_rule(OTHER_FILE, "x-hosted").counts
    assert {name: retried[name] for name in answer} == answer
    assert [job["status"] for job in box.simulator.jobs(submitted)] == ["failed", "complete"]


def test_doctor_says_what_to_do_about_a_token_that_x_does_not_take(box: Box) -> None:
    box.put_token("another-token")
    try:
        found = findings(1)
    finally:
        box.put_token(BEARER_TOKEN)
    assert [name for name, each in found.items() if each["verdict"] == "wrong"] == ["X API"]
    assert "does not accept the bearer token" in found["X API"]["found"]
    secret = box.handle["BearerTokenSecretArn"]
    assert f"aws secretsmanager put-secret-value --secret-id {secret} " in found["X API"]["advice"]
    assert "another-token" not in str(found)


@pytest.fixture(scope="module")
def reader(box: Box, run: Any, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    someone = Reader(box.stack, tmp_path_factory.mktemp("reader"), run["run_id"])
    someone.prepare(snowflakes(43, 100))
    return someone


def test_what_the_documents_say_to_type_of_ours_does_what_it_says(reader: Reader) -> None:
    typed = [each for each in commands() if each.whole and each.program == "xcompliance"]
    tried = {
        " ".join(reader.filled(each)[1:]): reader.filled(each)[1:] for each in typed if each.words[1] not in ELSEWHERE
    }
    assert len(tried) > 10
    for words in tried.values():
        done = subprocess.run([*XCOMPLIANCE, *words], check=False, capture_output=True, text=True, cwd=reader.folder)
        assert done.returncode == 0, f"{words} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    with (reader.folder / "delete.csv").open(newline="") as rows:
        assert {row["id"] for row in csv.DictReader(rows)} >= to_delete()


def test_what_the_documents_say_to_ask_of_aws_is_answered(box: Box, reader: Reader) -> None:
    inbox, stack = box.stack["InboxBucketName"], box.stack
    before = {each["run_id"] for each in said("runs")}
    typed = [
        each
        for each in commands()
        if each.whole and each.program == "aws" and each.document != "docs/upgrading.md"  # below
    ]
    for command in typed:
        reader.type_aws(command)
    reader.forget()
    left = stack.s3.list_object_versions(Bucket=inbox, Prefix="datasets/tweets/2026-11-23/")
    assert len(left["DeleteMarkers"]) == len(left["Versions"]) == len({"one.txt", "two.txt", "_SUCCESS"})
    dropped = {"tweets/ids.txt", "tweets/export.csv", "datasets/tweets/2026-11-23/_SUCCESS"}
    deadline = time.monotonic() + PATIENCE
    while True:
        ended = {each["key"] for each in said("runs") if each["run_id"] not in before and each["status"] in ENDED}
        if dropped <= ended:
            break
        assert time.monotonic() < deadline, f"of these alone the runs have ended: {ended}"


def make(box: Box, target: str, **settings: str) -> None:
    """Types ``make``, on the emulator, as the sandbox was deployed but for ``settings``."""
    given = {"sandbox": "true", **{name: box.handle[name] for name in ("x_api_url", "gcs_url")}, **settings}
    context = " ".join(f"-c {name}={value}" for name, value in given.items())
    done = subprocess.run(
        ["make", target, "YES=true", f"CONTEXT={context}"],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**box.environment, "CI": "true", "CDK_DISABLE_CLI_TELEMETRY": "true", "CDK_NOTICES": "false"},
    )
    assert done.returncode == 0, f"make {target} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"


def test_data_outlives_another_deployment_and_a_teardown_until_it_is_removed(
    box: Box, run: Any, reader: Reader
) -> None:
    kept = Kept.of(reader)
    before = kept.content(reader)
    check_full(before)

    make(box, "deploy", keep_data="true")
    check_same(before, kept.content(reader))
    assert said("show", run["run_id"]) == run
    assert reader.type_aws(typed("describe-stack-events"))["StackEvents"]

    make(box, "destroy", keep_data="true")
    check_same(before, left := kept.content(reader))
    s3 = reader.client("s3")
    s3.create_bucket(Bucket="new")
    inbox = box.stack["InboxBucketName"]
    reader.type_aws(typed("s3", "sync"), old=inbox, new="new")
    assert [each["Key"] for each in s3.list_objects_v2(Bucket="new")["Contents"]] == left["objects"][inbox]

    refused = subprocess.run([*XCOMPLIANCE, "remove"], input="no\n", check=False, capture_output=True, text=True)
    assert refused.returncode == 2, refused.stderr
    assert all(name in refused.stderr for name in (*kept.buckets, *kept.tables, kept.key))
    check_same(before, kept.content(reader))
    removed = subprocess.run(
        [*XCOMPLIANCE, "remove"], input="XCompliance\ny\n", check=False, capture_output=True, text=True
    )
    assert removed.returncode == 0, removed.stderr
    kept.check_deleted(reader)
    assert s3.head_bucket(Bucket="new"), "a bucket of somebody else's"


def test_nothing_stays_of_a_sandbox_that_is_down(box: Box) -> None:
    ours = descendants() - box.others
    subprocess.run([*XCOMPLIANCE, "sandbox", "down"], check=True)
    assert box.process.stdout is not None
    assert box.process.stdout.read() == "", "there is more than one line of JSON"
    assert box.process.wait(timeout=10) == 0
    assert alive(ours) == set()
