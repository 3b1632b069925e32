"""The documented events are those that are told, and a listener who copies the examples is right."""

import json
import re
from typing import Any

import pytest
from jsonschema import ValidationError

from cdk.bundling import ROOT
from compliance.events import PART_FAILED, RUN_COMPLETED, RUN_FAILED, RUN_SKIPPED, SCHEMA_VERSION, SOURCE
from compliance.runs import Run, summary
from tests.schemas import FOLDER, check_event, schema_of

DOCUMENT = (ROOT / "docs" / "events.md").read_text()
KINDS = (RUN_COMPLETED, RUN_FAILED, RUN_SKIPPED, PART_FAILED)
EVENT, PATTERN = (json.loads(each) for each in re.findall(r"```json\n(.*?)```", DOCUMENT, re.DOTALL))


def test_each_event_has_one_schema_which_the_document_names() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {f"{kind}.schema.json" for kind in KINDS}
    for kind in KINDS:
        assert f"[schema](events/{kind}.schema.json)" in DOCUMENT
        assert re.fullmatch(schema_of(kind)["properties"]["schema_version"]["pattern"], SCHEMA_VERSION)
        assert schema_of(kind)["$id"] == f"{SOURCE}/{kind}/{SCHEMA_VERSION}"


def test_the_example_is_an_event_as_it_is_told() -> None:
    assert EVENT["source"] == SOURCE
    check_event(EVENT["detail-type"], EVENT["detail"])


@pytest.mark.parametrize("kind", [RUN_COMPLETED, RUN_FAILED])
def test_whatever_a_run_s_record_may_say_is_described(kind: str) -> None:
    told: dict[str, Any] = summary(dict.fromkeys(Run.__annotations__))  # type: ignore[arg-type]
    of_failures = {"error", "error_message"} if kind == RUN_COMPLETED else set()
    assert told.keys() - of_failures <= schema_of(kind)["properties"].keys()


def test_every_property_says_what_it_is() -> None:
    for kind in KINDS:
        for name, about in schema_of(kind)["properties"].items():
            assert about.get("description") or "const" in about, f"{kind}: {name}"


def test_the_example_of_a_rule_names_what_an_event_has() -> None:
    assert PATTERN["source"] == [SOURCE]
    assert set(PATTERN["detail-type"]) <= set(KINDS)
    for kind in PATTERN["detail-type"]:
        assert PATTERN["detail"].keys() <= schema_of(kind)["properties"].keys()
    assert EVENT["detail"]["type"] in PATTERN["detail"]["type"]
    assert EVENT["detail"]["by_action"]["delete"] > PATTERN["detail"]["by_action"]["delete"][0]["numeric"][1]


@pytest.mark.parametrize(
    ("name", "value"), [("status", "failed"), ("run_id", "1"), ("affected", -1), ("schema_version", "2.0")]
)
def test_an_event_that_is_otherwise_is_none(name: str, value: object) -> None:
    with pytest.raises(ValidationError):
        check_event(RUN_COMPLETED, EVENT["detail"] | {name: value})
    with pytest.raises(ValidationError):
        check_event(RUN_COMPLETED, {key: each for key, each in EVENT["detail"].items() if key != name})


def test_an_event_with_a_property_that_nobody_described_is_found() -> None:
    with pytest.raises(AssertionError, match="surprise"):
        check_event(RUN_COMPLETED, EVENT["detail"] | {"surprise": 1})
