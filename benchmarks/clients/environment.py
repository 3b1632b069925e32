"""What a client is told by its environment."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def client_environment(home: Path, s3_url: str) -> Mapping[str, str]:
    """All that a client is told: nothing of the configuration, credentials or proxies of the person who runs it."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": f"{ROOT}:{ROOT / 'functions'}",
        "AWS_ENDPOINT_URL_S3": s3_url,
        "AWS_ACCESS_KEY_ID": "benchmark",
        "AWS_SECRET_ACCESS_KEY": "benchmark",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "RCLONE_S3_ENDPOINT": s3_url,
        "RCLONE_S3_ENV_AUTH": "true",
        "RCLONE_S3_PROVIDER": "Other",
    }


def function_environment(**chosen: Any) -> Mapping[str, str]:
    """What a function is told besides: nothing that exists, and the settings' defaults but for the ``chosen`` ones."""
    settings = {
        "part_size_mb": 128,
        "chunk_size_mb": 256,
        "reject_limit_percent": 1.0,
        "resumable": "always",
        "first_poll_seconds": 30,
        "max_poll_seconds": 300,
        "poll_backoff": 1.5,
        "job_deadline_hours": 24,
        "conflict_deadline_hours": 24,
        "results_index": True,
        "id_column": "",
    }
    names = (
        "RUNS_TABLE",
        "RESULTS_TABLE",
        "RESULTS_BUCKET",
        "BEARER_TOKEN_SECRET_ARN",
        "X_API_URL",
        "GCS_URL",
        "EVENT_BUS",
    )
    return {**dict.fromkeys(names, "benchmark"), "SETTINGS": json.dumps(settings | chosen)}
