"""``python -m tests.conformance``: other people's clients against the simulator, and ours.

Exits with 1 if a test fails, and with ``--tools-required`` if a program is missing.
"""

import os
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path

from tests.conformance import tools


def main() -> int:
    """Say which programs are missing, and run the tests that need none of them."""
    parser = ArgumentParser(prog="make conformance")
    parser.add_argument("--tools-required", action="store_true", help="fails when a program is missing")
    arguments = parser.parse_args()
    missing = tools.missing()
    for tool in missing:
        sys.stdout.write(f"MISSING  {tool} is not on the PATH, so its tests are skipped\n")
    sys.stdout.flush()
    if missing and arguments.tools_required:
        sys.stdout.write(f"Install {', '.join(missing)} and run it again, as --tools-required asks for all of them.\n")
        return 1
    folders = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "simulator")]
    environment = {**os.environ, "CONFORMANCE": "full"}
    return subprocess.run([sys.executable, "-m", "pytest", *folders], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
