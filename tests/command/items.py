"""Items of the runs table, as the pipeline writes them."""

from decimal import Decimal
from typing import Any

RUN_ID = "tweets-0123456789abcdef"


def run_item(run_id: str = RUN_ID, **attributes: Any) -> dict[str, Any]:
    return {
        "pk": f"RUN#{run_id}",
        "sk": "RUN",
        "listing": "RUN",
        "run_id": run_id,
        "type": "tweets",
        "status": "complete",
        "bucket": "inbox",
        "key": "tweets/posts.txt",
        "version_id": "v1",
        "execution_arn": "arn:aws:states:us-east-1:0:execution:run",
        "started_at": "2026-11-23T13:45:10.000Z",
        "checked_on": "2026-11-23",
        "bytes": 63_027,
        "parts": 1,
        "prepared_at": "2026-11-23T13:45:12.000Z",
        "ended_at": "2026-11-23T13:46:13.000Z",
        "lines": 3_004,
        "blank": 1,
        "accepted": 3_000,
        "duplicate": 1,
        "rejected": 2,
        "records": 58,
        "affected": 57,
        "result_errors": 1,
        "by_action": {"delete": 43, "rehydrate": 14},
        "by_reason": {"deleted": 43, "tweet_edited": 14},
        "indexed": 20,
        "unchanged": 36,
        "outranked": 1,
        "consumed": {
            "transitions": 41,
            "lambda_gb_seconds": Decimal("1.746135"),
            "dynamodb_write_units": 113,
            "x_gets": 5,
        },
        "cost_aws_usd": Decimal("0.001254"),
        "cost_x_usd": Decimal("0.035"),
        "prices_of": "2026-11",
        **attributes,
    }


def part_item(part: int = 1, run_id: str = RUN_ID, **attributes: Any) -> dict[str, Any]:
    return {
        "pk": f"RUN#{run_id}",
        "sk": f"PART#{part:05}",
        "run_id": run_id,
        "part": part,
        "type": "tweets",
        "status": "complete",
        "bytes": 60_000,
        "uploaded_bytes": 60_000,
        "lines": 3_004,
        "accepted": 3_000,
        "job_id": "2124861874754289664",
        "job_name": f"{run_id}-p{part}-a1",
        "transport": "gcs_resumable",
        "polls": 1,
        "affected": 57,
        "upload_url": "https://storage.googleapis.com/secret-upload",
        "session_uri": "https://storage.googleapis.com/secret-session",
        "download_url": "https://storage.googleapis.com/secret-download",
        "prepared_at": "2026-11-23T13:45:11.000Z",
        "created_at": "2026-11-23T13:45:15.000Z",
        "uploaded_at": "2026-11-23T13:45:22.000Z",
        "completed_at": "2026-11-23T13:46:02.000Z",
        "downloaded_at": "2026-11-23T13:46:04.000Z",
        "indexed_at": "2026-11-23T13:46:10.000Z",
        **attributes,
    }


def without(item: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in names}
