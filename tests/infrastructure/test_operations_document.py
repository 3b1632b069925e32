"""`docs/operations.md` says of every alarm, metric, query and error what the code says."""

import inspect
import re
from typing import get_args

import pytest

from cdk.alarms import RESULTS_WARNING
from cdk.bundling import ROOT
from cdk.config import Settings
from cdk.log_queries import log_queries
from cdk.runbooks import RUNBOOKS
from compliance.errors import ComplianceError
from compliance.metrics import METRICS, Metric
from compliance.report.advice import Then, advice, then
from tests.unit.test_errors import leaves

DOCUMENT = (ROOT / "docs" / "operations.md").read_text()
VALUES = {
    "prefix": "XCompliance",
    "queue": "<the queue's URL>",
    "type": "posts (or users)",
    "hours": Settings().turn_alarm_hours,
    "dataset": "<the dataset>",
    "days": 8,
}


def row(error: type[ComplianceError]) -> str:
    """The table's row on an error: its name, what it is, and what to do about it, as the report says it."""
    means = inspect.cleandoc(error.__doc__ or "").partition("\n\n")[0].replace("\n", " ").replace("``", "`")
    return f"| `{error.__name__}` | {means} | {advice(error.__name__)} | {then(error.__name__)} |"


def runbook(name: str) -> str:
    hours = RESULTS_WARNING.to_hours() if name == "ResultsAboutToExpire" else VALUES["hours"]
    means, look, do = RUNBOOKS[name].description(**{**VALUES, "hours": hours}).split("\n")
    look, do = look.removeprefix("LOOK: "), do.removeprefix("DO: ")
    return f"### {name}\n\n{means}\n\n* **Look:** {look}\n* **Do:** {do}\n"


@pytest.mark.parametrize("error", leaves())
def test_every_error_is_in_the_table_with_what_to_do_about_it(error: type[ComplianceError]) -> None:
    assert row(error) in DOCUMENT.splitlines(), f"docs/operations.md lacks this row:\n{row(error)}"


def test_the_table_has_no_error_that_there_is_not() -> None:
    listed = re.findall(rf"^\| `(\w+)` \| .* \| (?:{'|'.join(get_args(Then))}) \|$", DOCUMENT, re.MULTILINE)
    assert listed == sorted(error.__name__ for error in leaves())


@pytest.mark.parametrize("name", RUNBOOKS)
def test_every_alarm_has_its_runbook(name: str) -> None:
    assert runbook(name) in DOCUMENT, f"docs/operations.md lacks this section:\n{runbook(name)}"


def test_the_document_has_no_alarm_that_there_is_not() -> None:
    assert re.findall(r"^### (\w+)$", DOCUMENT, re.MULTILINE) == list(RUNBOOKS)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_every_metric_is_explained(metric: Metric) -> None:
    by = ", ".join(f"`{each}`" if each else "-" for each in metric.by)
    unit = metric.unit if metric.unit != "None" else "dollars"
    line = f"| `{metric.name}` | {unit} | {by} | {metric.says} |"
    assert line in DOCUMENT.splitlines(), f"docs/operations.md lacks this row:\n{line}"


@pytest.mark.parametrize("name", log_queries())
def test_every_saved_query_can_be_copied(name: str) -> None:
    block = f"**{name}**\n\n```\n{log_queries()[name]}\n```\n"
    assert block in DOCUMENT, f"docs/operations.md lacks this:\n{block}"
