"""A whole run, state by state as the machines call it, and what each function asks AWS for on the way."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from adapters import aws
from compliance.prices import DATE
from tests.unit.conftest import EXECUTION, JOB_EXECUTION, RESULTS, Functions

IDS = [str(1_800_000_000_000_000_000 + number) for number in range(40)]
CONTENT = "\n".join([*IDS, IDS[0], "", ""]).encode()

RECORD = {"dynamodb:GetItem", "dynamodb:UpdateItem"}
QUEUE = {*RECORD, "dynamodb:Query", "dynamodb:PutItem", "dynamodb:DeleteItem"}
SECRET = {"secretsmanager:GetSecretValue"}
INBOX = {"s3:GetObjectVersion inbox/tweets"}
GRANTS: dict[str, set[str]] = {
    "register_run": {*RECORD, "dynamodb:PutItem", "s3:GetObject inbox/tweets"},
    "plan_parts": {
        *RECORD,
        "dynamodb:PutItem",
        *INBOX,
        "s3:GetObject results/segments",
        "s3:PutObject results/segments",
    },
    "prepare_part": {
        *RECORD,
        *INBOX,
        "s3:GetObject results/segments",
        "s3:PutObject results/parts",
        "s3:PutObject results/rejects",
    },
    "accept_input": {*RECORD, "dynamodb:Query"},
    "take_turn": QUEUE,
    "create_job": {*RECORD, *SECRET, "dynamodb:PutItem"},
    "open_upload": RECORD,
    "upload_part": {*RECORD, *SECRET, "dynamodb:Query", "s3:GetObject results/parts"},
    "get_job": {*RECORD, *SECRET, "dynamodb:PutItem"},
    "download_results": {*RECORD, *SECRET, "s3:PutObject results/raw"},
    "write_results": {
        *RECORD,
        "s3:GetObject results/raw",
        "s3:GetObject results/parts",
        "s3:PutObject results/results",
        "s3:PutObject results/checked_ids",
    },
    "index_results": {
        *RECORD,
        "dynamodb:Query",
        "dynamodb:DeleteItem",
        "s3:GetObject results/raw",
        "dynamodb:BatchGetItem",
        "dynamodb:BatchWriteItem",
    },
    "index_range": {
        *RECORD,
        "s3:GetObject results/raw",
        "dynamodb:BatchGetItem",
        "dynamodb:BatchWriteItem",
        "dynamodb:PutItem",
    },
    "write_report": {*RECORD, "dynamodb:Query", "s3:GetObject results/segments", "s3:PutObject results/reports"},
    "abandon_job": {*RECORD, *SECRET},
    "release_turn": QUEUE,
    "summarize_run": {*RECORD, "dynamodb:Query"},
}
"""What each function may ask of DynamoDB, S3 and Secrets Manager."""

PERMISSIONS = {
    "HeadObject": ["GetObject"],
    "ListObjectVersions": ["ListBucketVersions"],
    "ListObjectsV2": ["ListBucket"],
    "CreateMultipartUpload": ["PutObject"],
    "UploadPart": ["PutObject"],
    "CompleteMultipartUpload": ["PutObject"],
}


class Deployed:
    """The functions, with a note of every permission that each of them needs."""

    def __init__(self, functions: Functions) -> None:
        self.functions = functions
        self.needs: dict[str, set[str]] = defaultdict(set)
        self.running = ""

    def note(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        if not self.running:
            return
        service, operation = model.service_model.signing_name, str(model.name)
        transacted = [f"{verb}Item" for write in params.get("TransactItems", []) for verb in write]
        for permission in transacted or PERMISSIONS.get(operation, [operation]):
            versioned = "Version" if service == "s3" and permission == "GetObject" and "VersionId" in params else ""
            place = f" {params['Bucket']}/{params['Key'].split('/')[0]}" if service == "s3" else ""
            self.needs[self.running].add(f"{service}:{permission}{versioned}{place}")

    def __call__(self, name: str, event: dict[str, Any]) -> dict[str, Any]:
        """An invocation, as often as Step Functions might make it: whatever ran once can run again."""
        self.running = name
        try:
            result = self.functions.invoke(name, event, 900)
            if name not in ("take_turn", "release_turn", "get_job", "summarize_run"):
                assert self.functions.invoke(name, event, 900) == result
            return result
        finally:
            self.running = ""


@pytest.fixture
def deployed(functions: Functions) -> Iterator[Deployed]:
    functions.world.x.job_seconds = 60
    deployed = Deployed(functions)
    clients = (aws.s3(), aws.dynamodb().meta.client, aws.secrets_manager())
    for client in clients:
        client.meta.events.register("provide-client-params.*.*", deployed.note)
    yield deployed
    for client in clients:
        client.meta.events.unregister("provide-client-params.*.*", deployed.note)


def check_part(deployed: Deployed, ref: dict[str, Any]) -> list[dict[str, Any]]:
    """The Compliance Job machine; returns what its states have put out."""
    ref = ref | {"execution_arn": JOB_EXECUTION}
    token = {"entered_at": "2026-11-23T12:00:00Z", "task_token": "SECRET-token"}
    deployed.functions.step_functions.waiting.add("SECRET-token")
    outputs = [deployed("take_turn", ref | token)]
    assert deployed.functions.step_functions.called == ["SECRET-token"]
    outputs += [deployed("create_job", ref), deployed("open_upload", ref)]
    for name in ("upload_part", "get_job", "download_results"):
        is_over = False
        while not is_over:
            outputs.append(deployed(name, ref))
            deployed.functions.clock.advance(outputs[-1].get("wait_seconds", 0))
            is_over = outputs[-1].get("complete", outputs[-1].get("status") == "complete")
    outputs.append(deployed("write_results", ref))
    indexed = deployed("index_results", ref | {"progress": {}, "outcomes": {}})
    while not indexed["complete"]:
        outcomes = [deployed("index_range", each) for each in indexed["ranges"]]
        outputs += [indexed, *outcomes]
        indexed = deployed("index_results", ref | {"progress": indexed["progress"], "outcomes": outcomes})
    outputs.append(deployed("release_turn", ref))
    return outputs


def check_run(deployed: Deployed, content: bytes) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The Compliance Run machine; returns the summary and what else the states have put out."""
    version = aws.s3().put_object(Bucket="inbox", Key="tweets/2026-11-23.txt", Body=content)["VersionId"]
    detail = deployed.functions.recorded("object_created.json")["detail"]
    detail["object"] |= {"version-id": version, "size": len(content)}
    by_hand = {"bucket": detail["bucket"], "object": {"key": detail["object"]["key"]}}
    run = deployed(
        "register_run", {"source": detail, "execution_arn": EXECUTION, "started_at": "2026-11-23T12:00:00.000Z"}
    )
    assert (
        deployed("register_run", {"source": by_hand, "execution_arn": EXECUTION, "started_at": "2026-11-23T12:00:00Z"})
        == run
    )
    plan = deployed("plan_parts", {"run_id": run["run_id"]})
    prepared = [deployed("prepare_part", ref) for ref in plan["parts"]]
    accepted = deployed("accept_input", {"run_id": run["run_id"], "prepared": prepared})
    outputs = [run, plan, *prepared, accepted]
    for part in accepted["parts"]:
        outputs += check_part(deployed, {"run_id": run["run_id"], "type": run["type"], "part": part})
    deployed("summarize_run", {"run_id": run["run_id"]})
    outputs.append(deployed("write_report", {"run_id": run["run_id"]}))
    return dict(deployed.functions.run(run)), outputs


@pytest.mark.parametrize(("generation", "refuses_resumable"), [("google", False), ("google", True), ("x", True)])
def test_a_dropped_file_becomes_answers(
    deployed: Deployed, generation: Any, refuses_resumable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed.functions.world.x.generation = generation
    deployed.functions.world.x.refuses_resumable = refuses_resumable
    summary, outputs = check_run(deployed, CONTENT)

    assert (summary["status"], summary["parts_complete"], summary["parts_failed"]) == ("complete", 1, 0)
    assert (summary["lines"], summary["accepted"], summary["duplicate"], summary["blank"]) == (42, 40, 1, 1)
    assert (summary["records"], summary["affected"], summary["by_action"]) == (20, 20, {"delete": 20})
    assert deployed.functions.world.uploaded(deployed.functions.world.x.job()).decode().split() == IDS
    report = deployed.functions.object(summary["report"]).decode()
    assert "40 post IDs were checked" in report
    places = re.findall(rf"s3://{RESULTS}/([^<]+)", report)
    assert len(places) == 5
    assert all(deployed.functions.keys(place) for place in places)
    assert (summary["consumed"]["x_creates"], summary["prices_of"]) == (1 + refuses_resumable, DATE)
    items = aws.dynamodb().Table("results").scan()["Items"]
    assert {item["id"] for item in items} == set(IDS[::2])
    assert aws.dynamodb().Table("runs").get_item(Key={"pk": "TURN#tweets", "sk": "HOLDER"}).get("Item") is None

    assert "SECRET" not in json.dumps([summary, outputs])
    assert "SECRET" not in str(aws.dynamodb().Table("runs").scan()["Items"])
    for name, needs in deployed.needs.items():
        assert needs <= GRANTS[name], f"{name} needs {needs - GRANTS[name]}"


def test_what_is_not_checked_by_one_execution_is_checked_by_the_next(deployed: Deployed) -> None:
    """A job that X expired is given up; the next time the part queues, it gets a new one."""
    functions = deployed.functions
    ref = functions.prepared(CONTENT[:-2])
    functions.invoke("create_job", ref)
    functions.invoke("open_upload", ref)
    functions.world.x.job().status = "expired"
    assert functions.invoke("abandon_job", ref | {"error": "JobExpired", "cause": "{}"}) == {"again": True}
    check_part(deployed, ref)
    assert functions.part(ref)["status"] == "complete"
    assert functions.part(ref)["attempt"] == 2
    assert [key.split("/")[0] for key in functions.keys("raw/")] == ["raw"]
    assert functions.object(functions.keys("raw/")[0]) == functions.world.results(functions.world.x.job())
    assert aws.s3().list_multipart_uploads(Bucket=RESULTS).get("Uploads", []) == []
