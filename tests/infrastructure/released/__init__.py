"""The last release's stateful resources, and how a release is written down.

``python -m tests.infrastructure.released`` (``make release``) renews the files of this folder from today's templates.
"""

import json
import tempfile
import tomllib
from pathlib import Path
from typing import Any, Final

from cdk.bundling import ROOT
from tests.infrastructure.deployment import Deployment, everything, synthesize
from xcompliance.preflight.stateful import essence

FOLDER: Final = Path(__file__).parent
STACKS: Final = ("XComplianceStorage", "XCompliancePipeline")


def released(stack: str) -> dict[str, Any]:
    """What the last release has of a stack that an upgrade must leave alone."""
    template: dict[str, Any] = json.loads((FOLDER / f"{stack}.json").read_text())
    return template


def version() -> str:
    """The last release's."""
    return (FOLDER / "VERSION").read_text().strip()


def write(deployment: Deployment, folder: Path = FOLDER) -> None:
    """Makes a deployment the one that upgrades are held against, under the project's version."""
    for stack in STACKS:
        (folder / f"{stack}.json").write_text(json.dumps(essence(deployment.json(stack)), indent=1) + "\n")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (folder / "VERSION").write_text(f"{project['version']}\n")


def main() -> None:
    """Today's templates are the release."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(synthesize(folder / "out", **everything(folder)))
