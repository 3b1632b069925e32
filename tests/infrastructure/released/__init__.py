"""The last release's stateful resources, and how a release is written down.

``python -m tests.infrastructure.released`` (``make release``) renews the files of this folder from today's templates.
"""

import json
import tempfile
from pathlib import Path
from typing import Any, Final

from tests.infrastructure.deployment import Deployment, synthesize
from xcompliance.preflight.stateful import essence

FOLDER: Final = Path(__file__).parent
STACKS: Final = ("XComplianceStorage", "XCompliancePipeline")


def released(stack: str) -> dict[str, Any]:
    """What the last release has of a stack that an upgrade must leave alone."""
    template: dict[str, Any] = json.loads((FOLDER / f"{stack}.json").read_text())
    return template


def write(deployment: Deployment, folder: Path = FOLDER) -> None:
    """Makes a deployment the one that upgrades are held against."""
    for stack in STACKS:
        (folder / f"{stack}.json").write_text(json.dumps(essence(deployment.json(stack)), indent=1) + "\n")


def main() -> None:
    """Today's templates are the release."""
    with tempfile.TemporaryDirectory() as folder:
        write(synthesize(Path(folder)))
