"""Settings: defaults that work, values from anywhere, and errors that say what to do."""

from dataclasses import FrozenInstanceError, fields

import pytest
from aws_cdk import App, RemovalPolicy

from cdk.config import SettingError, Settings


def settings(**context: object) -> Settings:
    return Settings.from_context(App(context={"config": ""} | context).node)


def test_the_defaults_make_a_deployment() -> None:
    assert settings() == Settings()


def test_each_setting_has_a_default_and_a_sentence() -> None:
    for each in fields(Settings):
        assert each.metadata["sentence"].endswith("."), each.name
        assert getattr(Settings(), each.name) is not None


def test_a_command_line_string_means_what_the_json_value_means() -> None:
    strings = settings(sandbox="true", part_size_mb="64", poll_worth_percent="2", log_retention_days="7")
    values = settings(sandbox=True, part_size_mb=64, poll_worth_percent=2.0, log_retention_days=7)
    assert strings == values
    assert isinstance(strings.part_size_mb, int)
    assert isinstance(strings.poll_worth_percent, float)


def test_settings_do_not_change_afterwards() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().prefix = "Other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("key", "value", "accepts"),
    [
        ("sandbox", "maybe", "true or false"),
        ("prefix", "1st", "1 to 32 letters, digits or hyphens, a letter first"),
        ("prefix", "a" * 33, "1 to 32 letters"),
        ("x_api_url", "api.x.com", "an origin such as https://host"),
        ("gcs_url", "https://storage.googleapis.com/bucket", "an origin such as https://host"),
        ("part_size_mb", 0, "a whole number from 1 to 1024"),
        ("part_size_mb", "1025", "a whole number from 1 to 1024"),
        ("chunk_size_mb", "2.5", "a whole number from 1 to 1024"),
        ("chunk_size_mb", True, "a whole number from 1 to 1024"),
        ("reject_limit_percent", "-1", "a number from 0 to 100"),
        ("reject_limit_percent", "nan", "a number from 0 to 100"),
        ("resumable", "sometimes", "one of auto, always, never"),
        ("first_poll_seconds", [], "a whole number from 1 to 3600"),
        ("results_index", "maybe", "true or false"),
        ("index_concurrency", 0, "a whole number from 1 to 1000"),
        ("transfer_timeout_seconds", 901, "a whole number from 10 to 900"),
        ("log_retention_days", 8, "one of 1, 7, 14, 30"),
        ("inbox_days", 13, "0, which is for ever, or a whole number of days from 14 to 36500"),
        ("working_copies_days", "never", "0, which is for ever, or a whole number of days from 14"),
        ("results_days", -1, "0, which is for ever, or a whole number of days from 90"),
        ("proof_days", 365, "0, which is for ever, or a whole number of days from 414"),
        ("recoverable_days", 0, "a whole number from 1 to 365"),
    ],
)
def test_an_error_names_the_key_the_value_and_what_is_acceptable(key: str, value: object, accepts: str) -> None:
    with pytest.raises(SettingError) as caught:
        settings(**{key: value})
    assert str(caught.value).startswith(f"CDK context {key} must be {accepts}")
    assert repr(value) in str(caught.value)


def test_a_misspelt_key_is_not_passed_over() -> None:
    with pytest.raises(SettingError, match="part_size is no setting; did you mean part_size_mb"):
        settings(part_size=64)


def test_context_of_others_is_left_alone() -> None:
    assert settings(**{"availability-zones:account=1": ["a"], "@aws-cdk/core:something": True}) == Settings()


@pytest.mark.parametrize("beyond", [{"max_poll_seconds": 29}, {"min_poll_seconds": 31}])
def test_the_first_poll_is_neither_sooner_nor_later_than_any_may_be(beyond: dict[str, int]) -> None:
    with pytest.raises(SettingError, match="first_poll_seconds must lie between min_poll_seconds and max_poll_seconds"):
        settings(first_poll_seconds=30, **beyond)


def test_a_job_has_not_more_polls_than_its_history_has_room_for() -> None:
    assert settings(max_poll_seconds=300, job_deadline_hours=125).max_poll_seconds == 300
    with pytest.raises(SettingError, match="max_poll_seconds must be such that 1,500 of them last job_deadline_hours"):
        settings(max_poll_seconds=300, job_deadline_hours=126)


@pytest.mark.parametrize("kept", [{"proof_days": 489}, {"proof_days": 9_999, "working_copies_days": 0}])
def test_a_runs_own_record_outlives_whatever_goes_on_with_it(kept: dict[str, int]) -> None:
    with pytest.raises(SettingError, match="proof_days must be 0, which is for ever, or working_copies_days and"):
        settings(**kept)
    assert settings(proof_days="490").proof_days == 490
    assert settings(proof_days=0, working_copies_days=0).proof_days == 0


@pytest.mark.parametrize("key", ["x_api_url", "gcs_url"])
def test_plain_http_is_for_the_sandbox_alone(key: str) -> None:
    with pytest.raises(SettingError, match=f"{key} must begin with https:"):
        settings(**{key: "http://127.0.0.1:8080"})
    assert getattr(settings(sandbox=True, **{key: "http://127.0.0.1:8080/"}), key) == "http://127.0.0.1:8080"


def test_data_outlives_the_stacks_except_in_the_sandbox() -> None:
    assert settings().removal_policy == RemovalPolicy.RETAIN
    assert settings(keep_data="false").removal_policy == RemovalPolicy.DESTROY
    assert settings(sandbox=True).removal_policy == RemovalPolicy.DESTROY
    assert settings(sandbox=True, keep_data=True).removal_policy == RemovalPolicy.RETAIN
