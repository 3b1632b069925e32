"""What must never be written where it cannot be unwritten: in histories, logs, metrics, events and error texts."""

import json
import re
from collections.abc import Iterable, Mapping

from tests.end_to_end.driver import Deployment
from xcompliance.sandbox.sandbox import BEARER_TOKEN

CREDENTIALS = re.compile(rf"{BEARER_TOKEN}|X-Goog-|upload_id=|token=|Bearer (?!token\b)", re.IGNORECASE)
"""An error may speak of the bearer token."""

ID = re.compile(r"(?<![0-9])[0-9]{6,19}(?![0-9])")


def written(deployment: Deployment) -> Mapping[str, str]:
    """All that the runs have left behind but their data and the credentials' own place, by where it is from."""
    executions = [each for machine in ("Run", "Job") for each in deployment.executions(machine)]
    texts = {each.arn: json.dumps(deployment.history(each.arn), default=str) for each in executions}
    texts |= {each.arn + " itself": f"{each.input} {each.output} {each.error} {each.cause}" for each in executions}
    logs = {group: "\n".join(messages) for group, messages in deployment.logs().items()}
    texts["records"] = "\n".join(deployment.run_and_part_records())
    texts["events"] = json.dumps(deployment.events())
    texts["metrics"] = json.dumps(deployment.metrics())
    assert len(executions) > 0
    for run in deployment.run_records():
        assert run["run_id"] in texts["records"]
        assert run["run_id"] in texts["events"]
    assert all("ExecutionStarted" in texts[each.arn] for each in executions)
    assert any("run_id" in text for text in logs.values()), "no function has written a log line about a run"
    return texts | logs


def assert_no_credential(texts: Mapping[str, str]) -> None:
    """Fails where a credential, or the beginning of one, can be read."""
    found = [(where, match[0]) for where, text in texts.items() if (match := CREDENTIALS.search(text))]
    assert found == []


def assert_no_id(texts: Mapping[str, str], ids: Iterable[str]) -> None:
    """Fails where a checked ID can be read."""
    checked = set(ids)
    found = [where for where, text in texts.items() if not checked.isdisjoint(ID.findall(text))]
    assert found == []
