"""What a deployed function is told by its environment."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from cdk.config import Settings
from cdk.functions import SETTINGS_OF_FUNCTIONS


def function_environment(**chosen: Any) -> Mapping[str, str]:
    """What it is told: nothing that exists, and the settings' defaults but for the ``chosen`` ones."""
    settings = asdict(Settings(**chosen))
    names = (
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
        "POWERTOOLS_SERVICE_NAME",
    )
    return {
        **dict.fromkeys(names, "benchmark"),
        "SETTINGS": json.dumps({name: settings[name] for name in SETTINGS_OF_FUNCTIONS}),
    }
