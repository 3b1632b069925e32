"""Functions: each has what all have, the size and time its work needs, and exactly the grants it uses."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from adapters.settings import Settings as FunctionSettings
from cdk.allocation import FOR_ARRAYS
from cdk.bundling import FUNCTIONS, ROOT
from cdk.rules import flat
from tests.iam import listed
from tests.infrastructure.deployment import Deployment, synthesize

FOLDERS = ("tweets", "users", "datasets")
FIND_IN_INBOX = {*(f"s3:GetObject Inbox/{folder}/*" for folder in FOLDERS), "s3:ListBucket Inbox"}
READ_INBOX = {*(f"s3:GetObjectVersion Inbox/{folder}/*" for folder in FOLDERS), "s3:ListBucket Inbox"}
READ_INBOX_TAGS = {f"s3:GetObjectVersionTagging Inbox/{folder}/*" for folder in FOLDERS}
ASK_ABOUT_INBOX = {*READ_INBOX_TAGS, "s3:ListBucketVersions Inbox"}
RECORD = {"dynamodb:GetItem Runs", "dynamodb:UpdateItem Runs"}
QUEUE = {
    "dynamodb:GetItem Runs",
    "dynamodb:Query Runs",
    "dynamodb:PutItem Runs",
    "dynamodb:DeleteItem Runs",
    "dynamodb:UpdateItem Runs",
    "states:DescribeExecution XComplianceJob:*",
    "states:SendTaskSuccess *",
}
INDEX = {
    "s3:GetObject Results/raw/*",
    "dynamodb:BatchGetItem ResultsIndex",
    "dynamodb:BatchWriteItem ResultsIndex",
    "dynamodb:PutItem ResultsIndex",
}
REPORT = {"s3:GetObject Results/segments/*", "s3:GetObject Results/rejects/*", "s3:PutObject Results/reports/*"}
ROWS = {"s3:GetObject Results/runs/*", "s3:PutObject Results/runs/*"}
TOKEN = {"secretsmanager:GetSecretValue BearerToken"}
# What each function may do besides logging and tracing: action and resource.
GRANTS: dict[str, set[str]] = {
    "register_run": {*RECORD, "dynamodb:PutItem Runs", *FIND_IN_INBOX},
    "claim_dataset": RECORD,
    "unload_dataset": RECORD,
    "plan_parts": {
        *RECORD,
        "dynamodb:PutItem Runs",
        *READ_INBOX,
        *ASK_ABOUT_INBOX,
        "s3:GetObject Results/segments/*",
        "s3:PutObject Results/segments/*",
    },
    "prepare_part": {
        *RECORD,
        "dynamodb:PutItem Runs",
        *READ_INBOX,
        "s3:GetObject Results/segments/*",
        "s3:PutObject Results/parts/*",
        "s3:PutObject Results/rejects/*",
    },
    "find_duplicates": {"dynamodb:Query Runs", "dynamodb:UpdateItem Runs"},
    "deduplicate_part": RECORD,
    "accept_input": {*RECORD, "dynamodb:Query Runs", *READ_INBOX, *READ_INBOX_TAGS},
    "summarize_run": {*RECORD, "dynamodb:Query Runs"},
    "record_failure": RECORD,
    "write_report": {*RECORD, "dynamodb:Query Runs", *REPORT},
    "publish_run": {*RECORD, *ROWS, "events:PutEvents default"},
    "report_failure": set(),
    "take_turn": QUEUE,
    "create_job": {*RECORD, "dynamodb:PutItem Runs", *TOKEN},
    "open_upload": RECORD,
    "upload_part": {
        *RECORD,
        "dynamodb:Query Runs",
        "s3:GetObject Results/parts/*",
        "s3:GetObject Results/deduplicated/*",
        *TOKEN,
    },
    "get_job": {*RECORD, "dynamodb:PutItem Runs", *TOKEN},
    "download_results": {*RECORD, "s3:PutObject Results/raw/*", *TOKEN},
    "write_results": {
        *RECORD,
        "s3:GetObject Results/raw/*",
        "s3:GetObject Results/parts/*",
        "s3:GetObject Results/deduplicated/*",
        "s3:PutObject Results/results/*",
        "s3:PutObject Results/checked_ids/*",
    },
    "index_results": {*RECORD, "dynamodb:Query Runs", "dynamodb:DeleteItem Runs", *INDEX},
    "index_range": {*RECORD, *INDEX},
    "abandon_job": {*RECORD, *TOKEN, "events:PutEvents default"},
    "release_turn": QUEUE,
    "settle_execution": {
        *QUEUE,
        *TOKEN,
        *REPORT,
        *ROWS,
        "states:DescribeExecution XComplianceRun:*",
        "states:StopExecution XComplianceJob:*",
        "states:ListExecutions XComplianceRun",
        "events:PutEvents default",
        # The queue for events that it failed on.
        "sqs:SendMessage ExecutionsNotSettled",
        "sqs:GetQueueAttributes ExecutionsNotSettled",
        "sqs:GetQueueUrl ExecutionsNotSettled",
    },
    "note_misplaced": {
        "dynamodb:PutItem Runs",
        "dynamodb:DeleteItem Runs",
        "sqs:SendMessage MisplacedNotNoted",
        "sqs:GetQueueAttributes MisplacedNotNoted",
        "sqs:GetQueueUrl MisplacedNotNoted",
    },
}
BY_ATHENA = {
    "glue:GetDatabase catalog",
    "glue:GetDatabase database/default",
    "glue:GetDatabase database/xcompliance",
    "glue:GetDatabase table/xcompliance/prepared_ids",
    "glue:GetTable catalog",
    "glue:GetTable database/default",
    "glue:GetTable database/xcompliance",
    "glue:GetTable table/xcompliance/prepared_ids",
    "glue:GetPartitions catalog",
    "glue:GetPartitions database/default",
    "glue:GetPartitions database/xcompliance",
    "glue:GetPartitions table/xcompliance/prepared_ids",
    "s3:GetBucketLocation Results",
    "s3:ListBucket Results",
    "s3:ListBucketMultipartUploads Results",
    "s3:GetObject Results/parts/*",
    "s3:PutObject Results/athena/*",
    "s3:ListMultipartUploadParts Results/athena/*",
    "s3:AbortMultipartUpload Results/athena/*",
}
"""What Athena does as the one who has asked it."""
DEDUPLICATION: dict[str, set[str]] = {
    "find_duplicates": {
        "athena:StartQueryExecution workgroup/XCompliance",
        "athena:GetQueryExecution workgroup/XCompliance",
        *BY_ATHENA,
    },
    "deduplicate_part": {
        "s3:GetObject Results/athena/*",
        "s3:GetObject Results/parts/*",
        "s3:PutObject Results/deduplicated/*",
    },
}
"""What comes with the setting."""
EVERY_FUNCTION = {
    "logs:CreateLogStream Logs",
    "logs:PutLogEvents Logs",
    "xray:PutTraceSegments *",
    "xray:PutTelemetryRecords *",
}
each_function = pytest.mark.parametrize("name", GRANTS)


def _short(resource: Any) -> str:
    """A policy's resource by the name it has in the code."""
    text = flat(resource)
    text = re.sub(r"^XCompliance(Inbox|Results)BucketArn", r"\1", text)
    text = re.sub(r"^XComplianceStorage:ExportsOutputFnGetAtt([A-Za-z]+)[0-9A-F]{8}(Arn|Id)\w+$", r"\1", text)
    text = re.sub(r"^<Triggers([A-Za-z]+)[0-9A-F]{8}\.Arn>$", r"\1", text)
    text = re.sub(r"^arn:.*:(?:execution:|stateMachine:|event-bus/)", "", text)
    text = re.sub(r"^arn:.*:(?=workgroup/|catalog$|database/|table/)", "", text)
    return re.sub(r"^<Functions\w+(Logs)[0-9A-F]{8}\.Arn>$", r"\1", text)


def _allowed(deployment: Deployment, name: str) -> set[str]:
    return {
        f"{action} {_short(resource)}"
        for statement in deployment.statements(deployment.functions[name]["Role"])
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }


def test_there_is_one_function_for_each_handler_file(aws: Deployment) -> None:
    assert aws.functions.keys() == GRANTS.keys() == {path.stem for path in FUNCTIONS.glob("*.py")}


@each_function
def test_a_function_is_allowed_what_it_does_and_no_more(aws: Deployment, name: str) -> None:
    decrypts = {"kms:Decrypt Key"} if any("dynamodb:" in grant for grant in GRANTS[name]) else set()
    assert _allowed(aws, name) == GRANTS[name] | decrypts | EVERY_FUNCTION


@each_function
def test_the_key_is_used_through_the_services_that_hold_the_data(aws: Deployment, name: str) -> None:
    services = {
        flat(statement["Condition"]["StringEquals"]["kms:ViaService"])
        for statement in aws.statements(aws.functions[name]["Role"])
        if statement["Action"] == "kms:Decrypt"
    }
    encrypted = {"dynamodb", "secretsmanager"} & {grant.partition(":")[0] for grant in GRANTS[name]}
    assert services == {f"{service}.<AWS::Region>.amazonaws.com" for service in encrypted}


@each_function
def test_a_function_runs_traced_on_arm_and_logs_json_to_a_group_of_its_own(aws: Deployment, name: str) -> None:
    properties = aws.functions[name]
    assert properties["FunctionName"] == f"XCompliance-{name}"
    assert properties["Runtime"] == "python3.14"
    assert properties["Architectures"] == ["arm64"]
    assert properties["TracingConfig"] == {"Mode": "Active"}
    assert properties["LoggingConfig"]["LogFormat"] == "JSON"
    group = aws.resources("AWS::Logs::LogGroup")[properties["LoggingConfig"]["LogGroup"]["Ref"]]
    assert group["Properties"] == {"LogGroupName": f"/aws/lambda/XCompliance-{name}", "RetentionInDays": 90}


@pytest.mark.parametrize("name", ["index_results", "index_range"])
def test_an_index_that_is_turned_off_may_not_be_written(tmp_path: Path, name: str) -> None:
    deployment = synthesize(tmp_path, results_index="false")
    assert not _allowed(deployment, name) & INDEX
    assert json.loads(deployment.functions[name]["Environment"]["Variables"]["SETTINGS"])["results_index"] is False


@pytest.mark.parametrize("name", DEDUPLICATION)
def test_looking_for_duplicates_across_parts_is_allowed_with_its_setting(tmp_path: Path, name: str) -> None:
    deployment = synthesize(tmp_path, deduplicate_across_parts="true")
    assert _allowed(deployment, name) == GRANTS[name] | DEDUPLICATION[name] | {"kms:Decrypt Key"} | EVERY_FUNCTION
    assert json.loads(deployment.functions[name]["Environment"]["Variables"]["SETTINGS"])["deduplicate_across_parts"]


def test_memory_is_given_where_bytes_are_moved(aws: Deployment) -> None:
    large = {name: each["MemorySize"] for name, each in aws.functions.items() if each["MemorySize"] != 256}
    assert large == {
        "plan_parts": 1769,
        "prepare_part": 1769,
        "deduplicate_part": 1769,
        "write_results": 1769,
        "upload_part": 1024,
        "download_results": 1024,
        "index_results": 1769,
        "index_range": 1769,
    }


def test_time_is_given_where_bytes_are_moved(aws: Deployment) -> None:
    assert {name for name, each in aws.functions.items() if each["Timeout"] == 900} == {
        "upload_part",
        "download_results",
        "write_results",
        "index_results",
    }
    assert {name for name, each in aws.functions.items() if each["Timeout"] == 280} == {
        "plan_parts",
        "prepare_part",
        "deduplicate_part",
    }
    assert all(30 <= each["Timeout"] <= 60 for each in aws.functions.values() if each["Timeout"] < 280)


def test_disk_is_given_where_files_are_read_and_written(aws: Deployment) -> None:
    """The IDs of a Parquet file; a part, and the tables' files."""
    large = {name: each["EphemeralStorage"]["Size"] for name, each in aws.functions.items()}
    assert large.pop("prepare_part") == 512 + 1800
    assert large.pop("write_results") == 512 + 3 * 128
    assert set(large.values()) == {512}


def test_larger_parts_are_given_more_memory_and_disk(tmp_path: Path) -> None:
    functions = synthesize(tmp_path, part_size_mb="1024").functions
    given = {name: (each["MemorySize"], each["EphemeralStorage"]["Size"]) for name, each in functions.items()}
    assert given["prepare_part"] == (512 + 4 * 1024, 512 + 1800)
    assert given["deduplicate_part"] == (512 + 2 * 1024, 512)
    assert given["write_results"] == (512 + 2 * 1024, 512 + 3 * 1024)


def test_those_that_compute_with_arrays_are_set_up_for_it(aws: Deployment) -> None:
    variables = {name: each["Environment"]["Variables"] for name, each in aws.functions.items()}
    assert {name for name, each in variables.items() if FOR_ARRAYS.items() <= each.items()} == {
        "prepare_part",
        "deduplicate_part",
        "write_results",
    }


def _tasks(states: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        task
        for state in states.values()
        for task in ([state] if state["Type"] == "Task" else _tasks(state.get("ItemProcessor", {}).get("States", {})))
    ]


def test_a_function_ends_before_its_state_gives_up(aws: Deployment) -> None:
    for path in (ROOT / "statemachine").glob("*.asl.json"):
        for task in _tasks(json.loads(path.read_text())["States"]):
            function = re.match(r"\$\{(\w+)FunctionArn}", task["Arguments"].get("FunctionName", ""))
            if function:
                name = re.sub(r"(?<!^)(?=[A-Z])", "_", function[1]).lower()
                assert aws.functions[name]["Timeout"] <= task["TimeoutSeconds"], name


@each_function
def test_every_function_has_the_same_environment(aws: Deployment, name: str) -> None:
    variables = aws.functions[name]["Environment"]["Variables"]
    assert variables.keys() - FOR_ARRAYS.keys() == {
        "RUNS_TABLE",
        "RESULTS_TABLE",
        "RESULTS_BUCKET",
        "BEARER_TOKEN_SECRET_ARN",
        "X_API_URL",
        "GCS_URL",
        "EVENT_BUS",
        "GLUE_DATABASE",
        "ATHENA_WORK_GROUP",
        "DATASETS",
        "RUN_STATE_MACHINE_ARN",
        "SETTINGS",
        "POWERTOOLS_SERVICE_NAME",
        "POWERTOOLS_LOG_LEVEL",
    }
    assert json.loads(variables["SETTINGS"]) == {
        "x_transfer_hosts": "api.x.com,api.twitter.com",
        "part_size_mb": 128,
        "chunk_size_mb": 256,
        "reject_limit_percent": 1.0,
        "rounded_ids": "fail",
        "embedded": True,
        "resumable": "auto",
        "unverified": "warn",
        "first_poll_seconds": 30,
        "min_poll_seconds": 5,
        "max_poll_seconds": 3600,
        "poll_worth_percent": 1.6,
        "job_deadline_hours": 24.0,
        "conflict_deadline_hours": 24.0,
        "results_index": True,
        "id_column": "",
        "deduplicate_across_parts": False,
        "working_copies_days": 90,
        "results_days": 731,
        "proof_days": 0,
    }


def test_the_functions_understand_their_environment(aws: Deployment) -> None:
    variables = aws.functions["create_job"]["Environment"]["Variables"]
    understood = FunctionSettings.of({name: flat(value) for name, value in variables.items()})
    assert understood.x_api_url == "https://api.x.com"
    assert understood.part_bytes == 128_000_000
