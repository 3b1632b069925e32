"""Analytics: tables that describe what the functions write, and queries that cannot run away with the budget."""

from typing import Any

import pytest

from cdk.rules import flat
from compliance.runs import part_key
from tests.infrastructure.deployment import Deployment
from xcompliance.commands.names import query_names

COLUMNS = {
    "results": {
        "id": "string",
        "action": "string",
        "reason": "string",
        "created_at": "timestamp",
        "redacted_at": "timestamp",
        "error": "string",
        "run_id": "string",
        "part": "int",
        "job_id": "string",
        "checked_at": "timestamp",
        "raw": "string",
    },
    "checked_ids": {
        "id": "bigint",
        "run_id": "string",
        "part": "int",
        "job_id": "string",
        "checked_at": "timestamp",
    },
    "runs": {
        **dict.fromkeys(("run_id", "dataset", "bucket", "key", "version_id", "status"), "string"),
        **dict.fromkeys(("scheduled_at", "started_at", "prepared_at", "ended_at"), "timestamp"),
        **dict.fromkeys(("files", "bytes", "parts", "parts_complete", "parts_failed", "parts_unverified"), "bigint"),
        **dict.fromkeys(
            ("lines", "embedded", "blank", "notice", "accepted", "duplicate", "duplicate_across_parts", "rejected"),
            "bigint",
        ),
        **dict.fromkeys(("records", "affected", "result_errors"), "bigint"),
        **dict.fromkeys(("by_action", "by_reason"), "string"),
        **dict.fromkeys(("indexed", "unchanged", "outranked"), "bigint"),
        **dict.fromkeys(("consumed", "prices_of"), "string"),
        **dict.fromkeys(("cost_aws_usd", "cost_x_usd"), "double"),
        "warnings": "array<string>",
        "error": "string",
        "error_message": "string",
    },
    "rejects": {
        "run_id": "string",
        "part": "int",
        "key": "string",
        "range_start": "bigint",
        "line": "bigint",
        "reason": "string",
        "text": "string",
    },
    "segments": {
        "run_id": "string",
        "part": "int",
        "bucket": "string",
        "key": "string",
        "version_id": "string",
        "range_start": "bigint",
        "range_end": "bigint",
        "kind": "string",
        "packing": "string",
        "id_column": "string",
        "delimiter": "string",
        "has_header": "boolean",
        "may_quote": "boolean",
        "reads_embedded": "boolean",
        "width": "int",
    },
    "prepared_ids": {"id": "bigint"},
}
DATED = {"type": "string", "checked_on": "string"}
BY_PART = {"run_id": "string", "part": "int"}
SERDES = {
    "checked_ids": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
    "runs": "org.openx.data.jsonserde.JsonSerDe",
    "results": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
    "rejects": "org.openx.data.jsonserde.JsonSerDe",
    "segments": "org.openx.data.jsonserde.JsonSerDe",
    "prepared_ids": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
}
each_table = pytest.mark.parametrize("name", COLUMNS)


def _table(deployment: Deployment, name: str) -> dict[str, Any]:
    tables = [body["Properties"]["TableInput"] for body in deployment.resources("AWS::Glue::Table").values()]
    found: dict[str, Any] = next(each for each in tables if each["Name"] == name)
    return found


@each_table
def test_a_table_has_the_columns_of_its_files_each_explained(aws: Deployment, name: str) -> None:
    table = _table(aws, name)
    columns = table["StorageDescriptor"]["Columns"]
    assert {each["Name"]: each["Type"] for each in columns} == COLUMNS[name]
    partitions = {each["Name"]: each["Type"] for each in table["PartitionKeys"]}
    assert partitions == (BY_PART if name == "prepared_ids" else DATED)
    assert all(each["Comment"] for each in columns + table["PartitionKeys"])


@each_table
def test_a_table_is_read_from_where_its_files_are_written(aws: Deployment, name: str) -> None:
    table = _table(aws, name)
    location = flat(table["StorageDescriptor"]["Location"])
    assert location.startswith("s3://XComplianceStorage:ExportsOutputRefResults")
    assert location.endswith("/parts/" if name == "prepared_ids" else f"/{name}/")
    assert table["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"] == SERDES[name]
    template = flat(table["Parameters"]["storage.location.template"])
    below = "run_id=${run_id}/part=${part}/" if name == "prepared_ids" else "type=${type}/checked_on=${checked_on}/"
    assert template == location + below


def test_a_part_is_found_by_its_run_and_number_alone(aws: Deployment) -> None:
    parameters = _table(aws, "prepared_ids")["Parameters"]
    assert {key: value for key, value in parameters.items() if key.startswith("projection.")} == {
        "projection.enabled": "true",
        "projection.run_id.type": "injected",
        "projection.part.type": "integer",
        "projection.part.range": "1,99999",
    }
    template = flat(parameters["storage.location.template"])
    run, part = "tweets-0123456789abcdef", 7
    folder = template.replace("${run_id}", run).replace("${part}", str(part)).partition("/parts/")[2]
    assert part_key(run, part) == f"parts/{folder}ids.txt"


@pytest.mark.parametrize("name", ["results", "rejects", "segments"])
def test_partitions_need_no_crawler(aws: Deployment, name: str) -> None:
    parameters = _table(aws, name)["Parameters"]
    assert {key: value for key, value in parameters.items() if key.startswith("projection.")} == {
        "projection.enabled": "true",
        "projection.type.type": "enum",
        "projection.type.values": "tweets,users",
        "projection.checked_on.type": "date",
        "projection.checked_on.format": "yyyy-MM-dd",
        "projection.checked_on.range": "2024-01-01,NOW",
        "projection.checked_on.interval": "1",
        "projection.checked_on.interval.unit": "DAYS",
    }


def test_a_query_stops_at_100_gb_and_cannot_choose_otherwise(aws: Deployment) -> None:
    (group,) = aws.resources("AWS::Athena::WorkGroup").values()
    configuration = group["Properties"]["WorkGroupConfiguration"]
    assert configuration["EnforceWorkGroupConfiguration"] is True
    assert configuration["BytesScannedCutoffPerQuery"] == 100 * 10**9
    result = configuration["ResultConfiguration"]
    assert result["EncryptionConfiguration"] == {"EncryptionOption": "SSE_S3"}
    assert flat(result["OutputLocation"]).endswith("/athena/")


def test_names_are_the_ones_that_the_outputs_publish(aws: Deployment) -> None:
    outputs = aws.json("XCompliancePipeline")["Outputs"]
    (group,) = aws.resources("AWS::Athena::WorkGroup").values()
    (database,) = aws.resources("AWS::Glue::Database").values()
    assert outputs["AthenaWorkGroupName"]["Value"] == group["Properties"]["Name"] == "XCompliance"
    assert outputs["GlueDatabaseName"]["Value"] == database["Properties"]["DatabaseInput"]["Name"] == "xcompliance"
    for table in aws.resources("AWS::Glue::Table").values():
        assert table["Properties"]["DatabaseName"] == "xcompliance"


def test_the_command_knows_all_names_by_heart(aws: Deployment) -> None:
    tables = aws.resources("AWS::Glue::Table").values()
    deployed = {table["Properties"]["TableInput"]["Name"] for table in tables}
    assert sorted(name for name, _ in query_names("")) == sorted(deployed)
