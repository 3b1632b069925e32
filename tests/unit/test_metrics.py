"""What CloudWatch is told is what its own reader understands, in few words."""

import io
import json

import pytest

import adapters.log
from adapters import metrics
from compliance.metrics import COST_AWS, COST_X, IDS_AFFECTED, METRICS, RUNS_FAILED, by_action
from tests.emf import Name, metrics_in

pytestmark = pytest.mark.usefixtures("environment")


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    stream = io.StringIO()
    monkeypatch.setattr(adapters.log.logger.registered_handler, "stream", stream)
    return stream


def test_a_metric_that_is_told_as_a_whole_and_by_a_word_is_two_in_one_line(log: io.StringIO) -> None:
    metrics.tell({RUNS_FAILED: 1}, "tweets-0", error="JobFailed")
    (line,) = log.getvalue().splitlines()
    whole = Name.of("XCompliance", "RunsFailed", service="XCompliance")
    by_error = Name.of("XCompliance", "RunsFailed", service="XCompliance", error="JobFailed")
    assert metrics_in([line]) == {whole: [1], by_error: [1]}
    assert json.loads(line)["run_id"] == "tweets-0"


def test_a_line_says_nothing_of_the_one_before(log: io.StringIO) -> None:
    metrics.tell({IDS_AFFECTED: 3}, "tweets-0", action="delete")
    metrics.tell({COST_AWS: 0.0012, COST_X: 0.035})
    entry = json.loads(log.getvalue().splitlines()[1])
    assert entry.keys() == {"_aws", "service", "CostAws", "CostX"}


def test_a_metric_without_the_dimension_that_it_has_is_a_mistake(log: io.StringIO) -> None:
    with pytest.raises(KeyError, match="action"):
        metrics.tell({IDS_AFFECTED: 3})
    assert log.getvalue() == ""


def test_words_that_x_invents_make_no_metric_of_their_own() -> None:
    assert by_action({"delete": 3, "quarantine": 1, "other": 2, "x" * 200: 4}) == {"delete": 3, "other": 7}
    assert by_action({}) == {}


def test_the_units_are_cloudwatch_s() -> None:
    assert {metric.unit for metric in METRICS} <= {"Count", "Seconds", "None"}
