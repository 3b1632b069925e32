"""The schemas of the events, as a listener reads them."""

import json
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from cdk.bundling import ROOT

FOLDER = ROOT / "docs" / "events"


@cache
def schema_of(detail_type: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((FOLDER / f"{detail_type}.schema.json").read_text())
    return schema


@cache
def _validator(detail_type: str) -> Draft202012Validator:
    Draft202012Validator.check_schema(schema_of(detail_type))
    return Draft202012Validator(schema_of(detail_type), format_checker=FormatChecker())


def check_event(detail_type: str, detail: dict[str, Any]) -> None:
    """Raises unless the schema of an event describes it, each of its properties."""
    _validator(detail_type).validate(detail)
    undocumented = detail.keys() - schema_of(detail_type)["properties"].keys()
    assert not undocumented, f"{detail_type} has {undocumented}, which its schema does not tell of"
