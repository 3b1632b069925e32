"""An execution ends under the name of what went wrong, unless it was redriven."""

from typing import Any

import pytest

from compliance.errors import AwsUnavailable, ComplianceError, JobFailed, StepFailed
from tests.unit.conftest import Functions

FAILURES = [
    ({"error": "JobFailed", "error_message": "So it is."}, JobFailed, "So it is."),
    ({"error": "JobFailed", "cause": '{"errorMessage": "So it is."}'}, JobFailed, "So it is."),
    ({"error": "AwsUnavailable", "cause": ""}, AwsUnavailable, "throttled"),
    ({"error": "States.Timeout", "cause": "SECRET"}, StepFailed, "The step failed with States.Timeout"),
]


@pytest.mark.parametrize(("failure", "error", "words"), FAILURES)
@pytest.mark.parametrize("redrives", [0, 3])
def test_the_failure_is_raised(
    functions: Functions, failure: dict[str, Any], error: type[ComplianceError], words: str, redrives: int
) -> None:
    with pytest.raises(error, match=words) as raised:
        functions.invoke(
            "report_failure", {"failure": failure | {"redrive_count": redrives}, "redrive_count": redrives}
        )
    assert type(raised.value) is error
    assert "SECRET" not in str(raised.value)


def test_a_redriven_execution_goes_on(functions: Functions) -> None:
    failure = {"error": "JobFailed", "error_message": "So it is.", "redrive_count": 1}
    assert functions.invoke("report_failure", {"failure": failure, "redrive_count": 2}) == {}
