"""The command as it is typed: a sandbox with another server in place of X, a file, its answer, nothing left behind."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.files import answer_by_rule, plain_file, snowflakes
from tests.end_to_end.processes import alive, descendants
from xcompliance.sandbox.sandbox import BEARER_TOKEN

pytestmark = pytest.mark.end_to_end

FILE = plain_file("tweets/ids.txt", snowflakes(41, 2_000))
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
}
XCOMPLIANCE = (sys.executable, "-m", "xcompliance")
SIMULATOR = (sys.executable, "-m", "xcompliance.sandbox.simulator", "--bearer-token", BEARER_TOKEN)


def started(*command: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def first_line(process: "subprocess.Popen[str]") -> dict[str, str]:
    assert process.stdout is not None
    document: dict[str, str] = json.loads(process.stdout.readline())
    return document


def said(*arguments: str) -> Any:
    done = subprocess.run([*XCOMPLIANCE, *arguments, "--json"], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def another_x() -> Iterator[str]:
    with started(*SIMULATOR, "--generation", "x-hosted", "--job-seconds", "1") as simulator:
        yield first_line(simulator)["x_api_url"]
        simulator.terminate()


def test_a_file_is_checked_by_the_server_in_xs_place_and_nothing_stays(another_x: str, tmp_path: Path) -> None:
    file = tmp_path / "ids.txt"
    file.write_bytes(FILE.content)
    others = descendants()
    options = ("--json", "--x-api-url", another_x, "-c", "first_poll_seconds=8")
    with started(*XCOMPLIANCE, "sandbox", "up", *options) as sandbox:
        try:
            handle = first_line(sandbox)
            assert OUTPUTS | {"aws_endpoint_url", "region"} <= handle.keys()
            assert handle["x_api_url"] == another_x
            run = said("submit", str(file), "--type", "tweets", "--wait")
            answer = answer_by_rule(FILE).counts
            assert {name: run[name] for name in answer} == answer
            assert (run["status"], run["accepted"]) == ("complete", 2_000)
            assert [each["run_id"] for each in said("runs")] == [run["run_id"]]
            assert said("show", run["run_id"]) == run
            ours = descendants() - others
        finally:
            subprocess.run([*XCOMPLIANCE, "sandbox", "down"], check=True)
        assert sandbox.stdout is not None
        assert sandbox.stdout.read() == "", "there is more than one line of JSON"
    assert sandbox.returncode == 0
    assert alive(ours) == set()
