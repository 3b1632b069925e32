"""The programs of other people that the simulator is held against, as they are found on the PATH."""

import os
import shutil
import subprocess
from pathlib import Path

TOOLS = ("curl", "wget", "aria2c")

FULL = os.environ.get("CONFORMANCE") == "full"
"""Whether all of it is asked for, as ``make conformance`` does; else a small part is run that takes seconds."""


def missing() -> list[str]:
    """Return the programs that are not there."""
    return [tool for tool in TOOLS if shutil.which(tool) is None]


def run(tool: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program that asks nobody but whom it is told to, whatever its user has configured."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(cwd), "LC_ALL": "C"}
    return subprocess.run([tool, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False)
