"""What a client is told by its environment."""

import os
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".build" / "peers" / "bin"
"""Programs of what ours is compared with, as far as PyPI has them. They are measured even if others are on the PATH."""


def client_environment(home: Path, s3_url: str) -> Mapping[str, str]:
    """All that a client is told: nothing of the configuration, credentials or proxies of the person who runs it.

    NumPy is to do without AVX-512, which Lambda's Arm processors do not have, and with which it sorts six times slower
    on AMD's.
    """
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
        "NPY_DISABLE_CPU_FEATURES": "X86_V4",
    }
