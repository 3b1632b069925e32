"""What a client is told by its environment."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cdk.config import Settings
from cdk.functions import SETTINGS_OF_FUNCTIONS

NAMES_OF_RESOURCES = (
    "RUNS_TABLE",
    "RESULTS_TABLE",
    "RESULTS_BUCKET",
    "BEARER_TOKEN_SECRET_ARN",
    "X_API_URL",
    "GCS_URL",
    "EVENT_BUS",
    "GLUE_DATABASE",
    "ATHENA_WORK_GROUP",
)

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
    defaults = asdict(Settings(**chosen))
    settings = {name: defaults[name] for name in SETTINGS_OF_FUNCTIONS}
    return {**dict.fromkeys(NAMES_OF_RESOURCES, "benchmark"), "SETTINGS": json.dumps(settings)}
