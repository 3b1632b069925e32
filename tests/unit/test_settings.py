"""What a function is told by its environment."""

import json

import pytest

from adapters.settings import Settings
from compliance.errors import ProtocolViolation
from compliance.polling import PollSchedule
from tests.unit.conftest import SETTINGS

ENVIRONMENT = {
    "RUNS_TABLE": "runs",
    "RESULTS_TABLE": "results",
    "RESULTS_BUCKET": "bucket",
    "BEARER_TOKEN_SECRET_ARN": "arn",
    "X_API_URL": "https://api.x.com",
    "GCS_URL": "https://storage.googleapis.com",
    "EVENT_BUS": "default",
    "GLUE_DATABASE": "xcompliance",
    "ATHENA_WORK_GROUP": "XCompliance",
    "DATASETS": "",
    "RUN_STATE_MACHINE_ARN": "arn:aws:states:eu-west-1:123456789012:stateMachine:XComplianceRun",
    "POWERTOOLS_SERVICE_NAME": "XCompliance",
    "SETTINGS": json.dumps(SETTINGS),
}


def test_the_environment_becomes_one_frozen_object() -> None:
    settings = Settings.of(ENVIRONMENT | {"PATH": "/bin"})
    assert (settings.runs_table, settings.results_bucket) == ("runs", "bucket")
    assert settings.part_bytes == 128_000_000
    assert settings.chunk_bytes == 1 << 20
    assert settings.chunk_bytes % 262_144 == 0
    assert settings.poll_schedule == PollSchedule(first=30, shortest=5, longest=3600, worth=0.016)
    with pytest.raises(AttributeError):
        settings.part_size_mb = 1  # type: ignore[misc]


def test_xs_hosts_for_transfers_are_its_apis_own_and_those_that_were_chosen() -> None:
    chosen = json.dumps(SETTINGS | {"x_transfer_hosts": "one.example.com,two.example.com"})
    hosts = Settings.of(ENVIRONMENT | {"SETTINGS": chosen, "X_API_URL": "http://127.0.0.1:8080"}).transfer_hosts
    for url in ("http://127.0.0.1:8080/", "https://one.example.com/", "https://two.example.com/"):
        assert hosts.of(url) == "x"
    assert hosts.of("https://storage.googleapis.com/") == "google"
    for url in ("https://api.x.com/", "https://api.twitter.com/", "http://one.example.com/"):
        with pytest.raises(ProtocolViolation):
            hosts.of(url)


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_a_variable_that_is_missing_is_named(name: str) -> None:
    with pytest.raises(KeyError, match=name):
        Settings.of({key: value for key, value in ENVIRONMENT.items() if key != name})


def test_a_choice_that_is_missing_or_unknown_is_no_settings() -> None:
    for choices in ({}, SETTINGS | {"unknown": 1}):
        with pytest.raises(TypeError):
            Settings.of(ENVIRONMENT | {"SETTINGS": json.dumps(choices)})
