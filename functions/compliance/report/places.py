"""Where the answers are."""

import htpy as h
from htpy import Element

from compliance.report.content import Content
from compliance.report.elements import code, facts, listing, section
from compliance.runs import (
    deduplicated_prefix,
    parts_prefix,
    raw_prefix,
    rejects_prefix,
    report_key,
    results_prefix,
    segments_key,
)


def places(content: Content) -> Element:
    """Everything that the run has left, and how to ask for it."""
    run, where = content.run, content.places
    bucket = f"s3://{where.bucket}"
    keys = [part.get("object_key", "") for part in content.parts]
    folders = parts_prefix(run["run_id"]), deduplicated_prefix(run["run_id"])
    sent = [code(f"{bucket}/{folder}") for folder in folders if any(key.startswith(folder) for key in keys)]
    return section(
        "places",
        "Where the data is",
        facts(
            [
                ("Results, Parquet", code(f"{bucket}/{results_prefix(run)}")),
                ("As X sent them", code(f"{bucket}/{raw_prefix(run['run_id'])}")),
                (
                    "Rejected lines",
                    code(f"{bucket}/{rejects_prefix(run)}") if content.rejected else None,
                ),
                *(("What was sent", folder) for folder in sent),
                ("What was read", code(f"{bucket}/{segments_key(run)}")),
                ("This report", code(f"{bucket}/{report_key(run)}")),
            ]
        ),
        h.h3["Athena"],
        h.p["In the workgroup ", code(where.work_group), ":"],
        listing(
            f'SELECT id, action, reason, redacted_at FROM "{where.database}"."results"',  # noqa: S608 -- to be read
            f"WHERE type = '{run['type']}' AND checked_on = '{run['checked_on']}' AND run_id = '{run['run_id']}'",
        ),
        h.h3["DynamoDB"],
        where.results_table is None and h.p["The index of affected IDs is turned off in this deployment."],
        where.results_table is not None
        and [
            h.p["One item per affected ID; an ID without an item was clean:"],
            listing(
                f"aws dynamodb get-item --table-name {where.results_table} \\",
                f"""  --key '{{"subject": {{"S": "{run["type"]}#ID"}}}}'""",
            ),
        ],
    )
