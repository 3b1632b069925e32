"""SQL over what was checked, and what came of it: Glue tables, views, and the Athena workgroup to query them in."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from aws_cdk import Aws
from aws_cdk import aws_athena as athena
from aws_cdk import aws_glue as glue
from constructs import Construct

from cdk.config import Settings
from cdk.queries import Queries, glue_columns
from cdk.storage_stack import StorageStack
from compliance.run_rows import RUNS, Column


class Format(NamedTuple):
    """How a table's files are read, in the words of Glue."""

    classification: str
    serde: str
    input: str
    output: str


PARQUET: Final = Format(
    "parquet",
    "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
    "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
)
JSON_LINES: Final = Format(
    "json",
    "org.openx.data.jsonserde.JsonSerDe",
    "org.apache.hadoop.mapred.TextInputFormat",
    "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
)
LINES: Final = Format(
    "csv",
    "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
    "org.apache.hadoop.mapred.TextInputFormat",
    "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
)

RESULTS: Final = (
    Column("id", "string", "The post or user ID that X answered about, as digits"),
    Column("action", "string", "What to do: delete, rehydrate or scrub_geo; null where X reports an error"),
    Column("reason", "string", "Why, in X's words"),
    Column("created_at", "timestamp", "When the post or user was created, UTC"),
    Column("redacted_at", "timestamp", "When it was deleted or changed, UTC, where X says so"),
    Column("error", "string", "X's word on a line that it could not take for an ID"),
    Column("run_id", "string", "The run that asked"),
    Column("part", "int", "The part of the run, counted from 1"),
    Column("job_id", "string", "X's compliance job"),
    Column("checked_at", "timestamp", "When X answered, UTC"),
    Column("raw", "string", "X's line itself, where it is no plain record"),
)
CHECKED_IDS: Final = (
    Column("id", "bigint", "The post or user ID that X has answered for, whatever it said"),
    Column("run_id", "string", "The run that asked"),
    Column("part", "int", "The part of the run, counted from 1"),
    Column("job_id", "string", "X's compliance job"),
    Column("checked_at", "timestamp", "When X answered, UTC"),
)
REJECTS: Final = (
    Column("run_id", "string", "The run that read the line"),
    Column("part", "int", "The part of the run, counted from 1"),
    Column("key", "string", "The object that the line is in"),
    Column("range_start", "bigint", "The first byte of the range that was read: its first whole line is line 1"),
    Column("line", "bigint", "The line's number in the range; of tables and posts the record's, headers not counted"),
    Column("reason", "string", "Why the line is no ID"),
    Column("text", "string", "The line, cut where it is long"),
)
SEGMENTS: Final = (
    Column("run_id", "string", "The run"),
    Column("part", "int", "The part of the run as it was planned; what it had no room for went into further parts"),
    Column("bucket", "string", "Where the object is"),
    Column("key", "string", "The object"),
    Column("version_id", "string", "Its version"),
    Column("range_start", "bigint", "The lines that begin at this byte and behind it"),
    Column("range_end", "bigint", "The lines that begin before this byte"),
    Column("kind", "string", "lines, csv, tsv, jsonl, json or parquet"),
    Column("packing", "string", "none, gzip or zstd"),
    Column(
        "id_column",
        "string",
        "The column of IDs, by name or number, of csv, tsv and parquet; of JSON the field, if one was named",
    ),
    Column("delimiter", "string", "What separates the columns of csv and tsv"),
    Column("has_header", "boolean", "Whether the first row of csv and tsv is no data"),
    Column("reads_embedded", "boolean", "Whether the IDs of what is stored within a record of JSON are read, too"),
    Column("may_quote", "boolean", "Whether csv and tsv may have quotes; so long a one that it was cut has none"),
    Column("width", "int", "How many columns csv and tsv have, by the first row"),
)
PARTITIONS: Final = (
    Column("type", "string", "tweets or users"),
    Column("checked_on", "string", "The day of the check, YYYY-MM-DD, UTC"),
)

# Partitions are worked out from the query: no crawler, and no partition to add after a run.
PROJECTION: Final = {
    "projection.enabled": "true",
    "projection.type.type": "enum",
    "projection.type.values": "tweets,users",
    "projection.checked_on.type": "date",
    "projection.checked_on.format": "yyyy-MM-dd",
    "projection.checked_on.range": "2024-01-01,NOW",
    "projection.checked_on.interval": "1",
    "projection.checked_on.interval.unit": "DAYS",
}

# Half a dollar for one query, at $5 per TB.
BYTES_SCANNED_CUTOFF: Final = 100 * 10**9


PREPARED_IDS: Final = (Column("id", "bigint", "A post or user ID"),)
PREPARED_PARTITIONS: Final = (
    Column("run_id", "string", "The run; a query must name it"),
    Column("part", "int", "The part of the run, counted from 1"),
)
PREPARED_PROJECTION: Final = {
    "projection.enabled": "true",
    "projection.run_id.type": "injected",
    "projection.part.type": "integer",
    "projection.part.range": "1,99999",
}


class Analytics(Construct):
    """The database with its tables and views, and the workgroup."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, storage: StorageStack) -> None:
        super().__init__(scope, construct_id)
        self._storage = storage
        self._bucket = storage.results
        self.database_name = settings.database_name
        self.work_group_name = settings.work_group_name
        self._database = glue.CfnDatabase(
            self,
            "Database",
            catalog_id=Aws.ACCOUNT_ID,
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=self.database_name, description="What X's compliance jobs answered."
            ),
        )
        self._table("results", RESULTS, PARQUET, "Every record that X answered with")
        self._table("checked_ids", CHECKED_IDS, PARQUET, "Every ID that X has answered for, once for each check")
        self._table("runs", RUNS, JSON_LINES, "Every run that has ended, and how")
        self._table("rejects", REJECTS, JSON_LINES, "Every line of the input that is no ID")
        self._table("segments", SEGMENTS, JSON_LINES, "Which ranges of which objects each part was made of")
        self._table(
            "prepared_ids",
            PREPARED_IDS,
            LINES,
            "The IDs of each part as prepared, before those are taken out that a lower part holds too",
            folder="parts",
            partitions=PREPARED_PARTITIONS,
            projection=PREPARED_PROJECTION,
        )
        Queries(
            self,
            "Queries",
            settings=settings,
            database=self._database,
            database_name=self.database_name,
            work_group=self._work_group(),
        )

    def _table(
        self,
        name: str,
        columns: tuple[Column, ...],
        form: Format,
        description: str,
        *,
        folder: str = "",
        partitions: tuple[Column, ...] = PARTITIONS,
        projection: Mapping[str, str] = PROJECTION,
    ) -> None:
        location = f"s3://{self._bucket.bucket_name}/{folder or name}/"
        below = "".join(f"{each.name}=${{{each.name}}}/" for each in partitions)
        parameters: Mapping[str, str] = {
            "EXTERNAL": "TRUE",
            "classification": form.classification,
            "storage.location.template": location + below,
            **projection,
        }
        table = glue.CfnTable(
            self,
            name.title(),
            catalog_id=Aws.ACCOUNT_ID,
            database_name=self.database_name,
            table_input=glue.CfnTable.TableInputProperty(
                name=name,
                description=description,
                table_type="EXTERNAL_TABLE",
                parameters=parameters,
                partition_keys=glue_columns(partitions),
                storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                    columns=glue_columns(columns),
                    location=location,
                    input_format=form.input,
                    output_format=form.output,
                    serde_info=glue.CfnTable.SerdeInfoProperty(serialization_library=form.serde),
                ),
            ),
        )
        table.add_resource_dependency(self._database)

    def _work_group(self) -> athena.CfnWorkGroup:
        return athena.CfnWorkGroup(
            self,
            "WorkGroup",
            name=self.work_group_name,
            description="Queries on compliance results.",
            # The history of queries would keep the workgroup from being deleted.
            recursive_delete_option=True,
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                enforce_work_group_configuration=True,
                publish_cloud_watch_metrics_enabled=True,
                bytes_scanned_cutoff_per_query=BYTES_SCANNED_CUTOFF,
                result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                    output_location=f"s3://{self._bucket.bucket_name}/athena/",
                    encryption_configuration=self._encryption(),
                ),
            ),
        )

    def _encryption(self) -> athena.CfnWorkGroup.EncryptionConfigurationProperty:
        if not self._storage.encrypts_all:
            return athena.CfnWorkGroup.EncryptionConfigurationProperty(encryption_option="SSE_S3")
        return athena.CfnWorkGroup.EncryptionConfigurationProperty(
            encryption_option="SSE_KMS", kms_key=self._storage.key.key_arn
        )
