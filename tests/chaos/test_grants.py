"""Every grant of every function is needed: it was used in stories of chaos, or it has a reason of its own."""

import gzip
from collections import defaultdict
from random import Random
from typing import Any

import pytest

from tests.chaos.storm import Storm
from tests.chaos.story import Story
from tests.fakes.world import deletes_every_second
from tests.fakes.x import problem
from tests.faults.deployment import Deployment, deployed
from tests.faults.memory_aws import MemoryAws
from tests.faults.test_datasets import check_at
from tests.infrastructure import test_functions
from tests.infrastructure.test_functions import BY_ATHENA, DEDUPLICATION
from tests.unit.conftest import RESULTS, made_clients
from tests.unit.test_whole_run import PERMISSIONS

OF_DATASETS: dict[str, set[str]] = {
    "claim_dataset": {"states:DescribeExecution XComplianceRun:*"},
    "unload_dataset": {
        "athena:StartQueryExecution workgroup/XCompliance",
        "athena:GetQueryExecution workgroup/XCompliance",
    },
    "plan_parts": {"s3:GetObjectVersion Inbox/unloaded/*"},
    "prepare_part": {"s3:GetObjectVersion Inbox/unloaded/*"},
}
"""What comes with datasets, but for what Athena does as the one who has asked it, and for buckets of the deployer's."""

GRANTS = {
    name: grants | DEDUPLICATION.get(name, set()) | OF_DATASETS.get(name, set())
    for name, grants in test_functions.GRANTS.items()
}
MOST_STORIES = 100
Uses = dict[str, set[str]]
VERSIONED = {"GetObject": "GetObjectVersion", "GetObjectTagging": "GetObjectVersionTagging"}

EXCEPTIONS = {
    # Who may not list a bucket is told 403 where an object is gone.
    "s3:ListBucket Inbox",
    # Lambda itself puts events there that the function failed on.
    *(
        f"sqs:{action} {queue}"
        for action in ("SendMessage", "GetQueueAttributes", "GetQueueUrl")
        for queue in ("ExecutionsNotSettled", "MisplacedNotNoted")
    ),
    *BY_ATHENA,
}


def _resource(service: str, params: dict[str, Any], machine: str) -> list[str]:
    """What a call is about, by its name in the template's grants."""
    match service:
        case "dynamodb":
            tables = {"runs": "Runs", "results": "ResultsIndex"}
            asked = params.get("RequestItems") or {params.get("TableName", "runs"): None}
            return [tables[name] for name in asked]
        case "s3":
            bucket = "Results" if params["Bucket"] == RESULTS else "Inbox"
            return [f"{bucket}/{params['Key'].split('/')[0]}/*" if "Key" in params else bucket]
        case "secretsmanager":
            return ["BearerToken"]
        case "events":
            return ["default"]
        case "athena":
            return ["workgroup/XCompliance"]
    if "stateMachineArn" in params:
        return [params["stateMachineArn"].rpartition(":")[2]]
    return ["*" if "taskToken" in params else f"{machine}:*"]


def _note(uses: Uses, function: str, service: str, operation: str, params: dict[str, Any]) -> None:
    service = "states" if service == "stepfunctions" else service
    machine = params.get("executionArn", ":::::::").split(":")[6]
    transacted = [f"{verb}Item" for write in params.get("TransactItems", []) for verb in write]
    for permission in transacted or PERMISSIONS.get(operation, [operation]):
        action = VERSIONED[permission] if "VersionId" in params else permission
        for resource in _resource(service, params, machine):
            uses[function].add(f"{service}:{action} {resource}")


def _watch(deployment: Deployment, uses: Uses) -> None:
    do = deployment._do

    def noted(service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        if deployment.running:
            _note(uses, deployment.running, service, operation, params)
        return do(service, operation, params)

    deployment._do = noted  # type: ignore[method-assign]


def _tag_all(memory: MemoryAws) -> None:
    """Gives a tag to whatever is dropped."""
    put = memory.put

    def tagged(bucket: str, key: str, body: bytes, metadata: dict[str, str] | None = None) -> str:
        version = put(bucket, key, body, metadata)
        memory.objects[bucket, key][-1].tags["team"] = "archive"
        return version

    memory.put = tagged  # type: ignore[method-assign]


@pytest.fixture(scope="module")
def uses() -> Uses:
    """What was used in as many stories as it takes until each grant was, and no more than ``MOST_STORIES``."""
    found: Uses = defaultdict(set)
    with made_clients():
        for number in range(MOST_STORIES):
            _tell(Random(f"grants.{number}"), found)
            if all(GRANTS[function] - found[function] <= EXCEPTIONS for function in GRANTS):
                break
    return found


MORE_THAN_A_PART = b"".join(b"%d\n" % (10**18 + number) for number in range(60_000))


ROUNDED = b"".join(b"%d\n" % (10**18 + number * 10**14) for number in range(1, 101))


def nothing(ids: list[str]) -> list[dict[str, object]]:
    return []


def rehydrates_every_second(ids: list[str]) -> list[dict[str, object]]:
    return [record | {"action": "rehydrate"} for record in deletes_every_second(ids)]


def _tell(random: Random, uses: Uses) -> None:
    with pytest.MonkeyPatch.context() as patch, deployed(patch) as deployment:
        _watch(deployment, uses)
        _tag_all(deployment.universe.aws)
        story = Story(deployment, random, Storm(deployment, random, rate=0.03))
        story.tell(files=4, length=250)
        for kind in ("Object Created", "Object Deleted"):
            deployment.announce_misplaced("Tweets/ids.txt", kind)
        for number, key in enumerate(story.files):
            deployment.start({"bucket": {"name": "inbox"}, "object": {"key": key}}, f"by-hand-{number}")
        deployment.start(deployment.drop(b"no ID\n" * 5), "refused")
        deployment.run()
        deployment.universe.world.findings = rehydrates_every_second
        for number, (key, file) in enumerate(story.files.items()):
            deployment.start(deployment.drop(file.content, key), f"again-{number}")
        deployment.run()
        deployment.universe.world.findings = nothing
        deployment.universe.aws.found = b"18\n19\n"
        for when in ("2026-11-23T03:00:00Z", "2026-11-24T03:00:00Z"):
            deployment.start(check_at(when, query="SELECT id FROM posts", database="archive"), when[:10])
        deployment.run()
        deployment.start(deployment.drop(gzip.compress(MORE_THAN_A_PART), "tweets/ids.gz"), "packed")
        for folder in ("tweets", "users"):
            deployment.start(deployment.drop(b"id,label\n18,a\n", f"{folder}/ids.csv"), f"table-{folder}")
            deployment.start(deployment.drop(ROUNDED, f"{folder}/rounded.txt"), f"rounded-{folder}")
        deployment.drop(ROUNDED, "datasets/tweets/rounded/ids.txt")
        deployment.start(deployment.drop(b"", "datasets/tweets/rounded/_SUCCESS"), "rounded-dataset")
        deployment.run()
        # Last, as its job stays at X where X cannot cancel it.
        deployment.universe.world.x.faults["get"] = [problem(402, "credits-depleted", "No credits.")]
        deployment.start(deployment.drop(b"18\n"), "abandoned")
        deployment.run()


@pytest.mark.parametrize("function", GRANTS)
def test_no_function_is_granted_what_it_does_not_use(uses: Uses, function: str) -> None:
    assert GRANTS[function] - uses[function] <= EXCEPTIONS


@pytest.mark.parametrize("function", GRANTS)
def test_no_function_uses_what_it_is_not_granted(uses: Uses, function: str) -> None:
    assert uses[function] <= GRANTS[function]
