"""asl-validator takes both definitions as they are deployed, and refuses what is wrong with one."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.infrastructure.deployment import Deployment, synthesize
from tests.reference.engine import NODE
from tests.statemachine.machine import JOB, ROOT, RUN, Machine

VALIDATOR = ROOT / "node_modules" / ".bin" / "asl-validator"
LAMBDA, STATES = (f"arn:aws:{service}:us-east-1:123456789012" for service in ("lambda", "states"))


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    return synthesize(tmp_path_factory.mktemp("definitions"))


def definition(deployment: Deployment, name: str) -> str:
    """Return a machine's definition with an ARN in place of each placeholder."""
    machines = deployment.resources("AWS::StepFunctions::StateMachine").values()
    (machine,) = [body["Properties"] for body in machines if body["Properties"]["StateMachineName"] == name]
    text = str(machine["DefinitionString"])
    for placeholder in machine["DefinitionSubstitutions"]:
        arn = (
            f"{LAMBDA}:function:{placeholder}" if "Function" in placeholder else f"{STATES}:stateMachine:{placeholder}"
        )
        text = text.replace(f"${{{placeholder}}}", arn)
    assert "${" not in text
    return text


def validated(path: Path, text: str) -> subprocess.CompletedProcess[str]:
    path.write_text(text)
    return subprocess.run([NODE, VALIDATOR, "--json-path", path], check=False, capture_output=True, text=True)


@pytest.mark.parametrize("name", ["XComplianceRun", "XComplianceJob"])
def test_a_deployed_definition_is_valid(deployment: Deployment, tmp_path: Path, name: str) -> None:
    outcome = validated(tmp_path / "definition.json", definition(deployment, name))
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.mark.parametrize("machine", [RUN, JOB], ids=lambda machine: machine.name)
def test_a_way_to_a_state_that_is_not_there_is_refused(tmp_path: Path, machine: Machine) -> None:
    broken = json.loads(machine.text)
    broken["States"][broken["StartAt"]]["Next"] = "Nowhere"
    outcome = validated(tmp_path / "definition.json", json.dumps(broken))
    assert outcome.returncode == 1
    assert "Nowhere" in outcome.stderr
