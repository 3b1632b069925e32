"""Every object that the pipeline writes is deleted in the end, by the rule that the setting of its kind makes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compliance import runs
from compliance.runs import Part, Run
from tests.infrastructure.deployment import Deployment, synthesize

RUN = Run(
    run_id="tweets-0123456789abcdef",
    type="tweets",
    status="complete",
    bucket="inbox",
    key="tweets/ids.txt",
    version_id="v",
    execution_arn="arn",
    started_at="2026-11-23T12:00:00.000Z",
    checked_on="2026-11-23",
)
PART = Part(
    run_id=RUN["run_id"],
    part=1,
    type="tweets",
    status="complete",
    segments_start=0,
    segments_end=0,
    planned_parts=1,
    checked_on=RUN["checked_on"],
)

KEYS = {
    "inbox_days": {"tweets/ids.txt", "users/deep/ids.csv"},
    "datasets_days": {"datasets/tweets/2026/_SUCCESS", "datasets/users/2026/deep/ids.csv"},
    "working_copies_days": {
        runs.part_key(RUN["run_id"], 1),
        runs.deduplicated_key(RUN["run_id"], 1),
        runs.raw_key(RUN["run_id"], 1),
        runs.rejects_key(PART),
    },
    "results_days": {runs.results_key(PART, 1), runs.checked_ids_key(PART), runs.report_key(RUN)},
    "proof_days": {runs.runs_key(RUN), runs.segments_key(RUN)},
}
"""What is written, by the setting that says how long it stays."""

INBOX = ("inbox_days", "datasets_days")
CHOSEN = {
    "inbox_days": 20,
    "datasets_days": 30,
    "working_copies_days": 40,
    "results_days": 400,
    "proof_days": 500,
    "recoverable_days": 3,
}
DEFAULTS = {"inbox_days": 30, "datasets_days": None, "working_copies_days": 90, "results_days": 731, "proof_days": None}
ONE_OF_EACH = [(setting, key) for setting, keys in KEYS.items() for key in sorted(keys)]


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    return synthesize(tmp_path_factory.mktemp("chosen"), **CHOSEN)


@pytest.fixture(scope="module")
def for_ever(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    return synthesize(tmp_path_factory.mktemp("for-ever"), **dict.fromkeys(KEYS, 0))


def rules(deployment: Deployment, bucket: str) -> Iterator[dict[str, Any]]:
    for name, body in deployment.resources("AWS::S3::Bucket").items():
        if name.startswith(bucket):
            yield from body["Properties"]["LifecycleConfiguration"]["Rules"]


def days_of(deployment: Deployment, setting: str, key: str) -> int | None:
    """After how many days S3 takes an object away; None for never."""
    bucket = "Inbox" if setting in INBOX else "Results"
    found = [
        rule["ExpirationInDays"]
        for rule in rules(deployment, bucket)
        if "ExpirationInDays" in rule and key.startswith(rule.get("Prefix", ""))
    ]
    assert len(found) <= 1, f"several rules for {key}"
    return found[0] if found else None


@pytest.mark.parametrize(("setting", "key"), ONE_OF_EACH)
def test_each_kind_of_object_stays_as_long_as_its_setting_says(
    aws: Deployment, chosen: Deployment, for_ever: Deployment, setting: str, key: str
) -> None:
    assert days_of(aws, setting, key) == DEFAULTS[setting]
    assert days_of(chosen, setting, key) == CHOSEN[setting]
    assert days_of(for_ever, setting, key) is None


def test_no_folder_is_forgotten_that_is_written_to(aws: Deployment, chosen: Deployment) -> None:
    written = {
        resource["Fn::Join"][1][-1].strip("/*")
        for properties in aws.functions.values()
        for statement in aws.statements(properties["Role"])
        if "s3:PutObject" in statement["Action"]
        for resource in (statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]])
    }
    expiring = {rule["Prefix"].strip("/") for rule in rules(chosen, "Results") if "ExpirationInDays" in rule}
    assert (
        written
        <= expiring
        == {key.split("/")[0] for setting, keys in KEYS.items() if setting not in INBOX for key in keys} | {"athena"}
    )


def test_what_queries_found_is_soon_forgotten_whatever_is_chosen(
    aws: Deployment, chosen: Deployment, for_ever: Deployment
) -> None:
    for deployment in (aws, chosen, for_ever):
        assert days_of(deployment, "results_days", "athena/tables/answer.csv") == 7


def test_what_was_deleted_is_gone_for_good_soon_after_and_leaves_no_marker(aws: Deployment, chosen: Deployment) -> None:
    for deployment, days in ((aws, 30), (chosen, 3)):
        for bucket in ("Inbox", "Results"):
            (rule,) = (rule for rule in rules(deployment, bucket) if "NoncurrentVersionExpiration" in rule)
            assert "Prefix" not in rule
            assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": days}
            assert rule["ExpiredObjectDeleteMarker"] is True


def test_an_item_of_the_index_can_be_brought_back_as_long_as_an_object_or_as_long_as_aws_can(
    aws: Deployment, chosen: Deployment, for_ever: Deployment, tmp_path: Path
) -> None:
    longest = synthesize(tmp_path, recoverable_days=365)
    for deployment, days in ((aws, 30), (chosen, 3), (longest, 35)):
        for table in deployment.resources("AWS::DynamoDB::Table").values():
            recovery = table["Properties"]["PointInTimeRecoverySpecification"]
            holds_ids = table["Properties"]["KeySchema"][0]["AttributeName"] == "subject"
            assert recovery.get("RecoveryPeriodInDays") == (days if holds_ids else None)


def test_both_tables_delete_what_says_that_it_is_to_be_deleted(aws: Deployment) -> None:
    for name, table in aws.resources("AWS::DynamoDB::Table").items():
        assert table["Properties"]["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}, name


def test_the_functions_know_what_they_have_to_know(chosen: Deployment) -> None:
    for properties in chosen.functions.values():
        told = properties["Environment"]["Variables"]["SETTINGS"]
        for setting in ("working_copies_days", "results_days", "proof_days"):
            assert f'"{setting}": {CHOSEN[setting]}' in told


def test_a_rule_has_one_name_in_its_bucket(chosen: Deployment) -> None:
    for bucket in ("Inbox", "Results"):
        names = [rule["Id"] for rule in rules(chosen, bucket)]
        assert len(names) == len(set(names))


def test_the_documents_name_the_defaults() -> None:
    text = (Path(__file__).parents[2] / "docs" / "retention.md").read_text()
    for setting, days in DEFAULTS.items():
        assert f"| `{setting}` | {'for ever' if days is None else days} |" in text
