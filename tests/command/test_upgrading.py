"""What docs/upgrading.md tells people to type."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "upgrading.md").read_text()


def test_what_it_makes_can_be_made() -> None:
    targets = set(re.findall(r"^make (\w+)", TEXT, re.MULTILINE))
    assert targets >= {"deploy", "release", "destroy", "security"}
    for target in sorted(targets):
        subprocess.run(["make", "-n", target], cwd=ROOT, check=True, capture_output=True)
