"""The real template, deployed by the real CDK CLI, to wherever the environment points."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from xcompliance.sandbox.processes import LOG_TAIL, SandboxError

ROOT = Path(__file__).parents[2]
CDK = ROOT / "node_modules" / ".bin" / "cdk"
ACCOUNT = "000000000000"


def deploy(folder: Path, environment: Mapping[str, str], region: str, context: Mapping[str, str]) -> dict[str, str]:
    """Bootstraps the emulator's account and deploys both stacks; returns their outputs by name.

    The CLI's output goes to ``folder``. Raises SandboxError when it fails.
    """
    options = [f"--context={name}={value}" for name, value in context.items()]
    assembly = f"--output={folder / 'cdk.out'}"
    outputs = folder / "outputs.json"
    _run(folder, environment, "bootstrap", f"aws://{ACCOUNT}/{region}", assembly, *options)
    _run(
        folder,
        environment,
        "deploy",
        "--all",
        "--require-approval=never",
        "--method=direct",
        "--concurrency=2",
        f"--outputs-file={outputs}",
        assembly,
        *options,
    )
    stacks: dict[str, dict[str, str]] = json.loads(outputs.read_text())
    return {name: value for stack in stacks.values() for name, value in stack.items()}


def _run(folder: Path, environment: Mapping[str, str], verb: str, *options: str) -> None:
    log = folder / f"cdk-{verb}.log"
    command = [str(CDK), verb, "--no-notices", "--no-version-reporting", "--ci", *options]
    path = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])
    with log.open("wb") as output:
        outcome = subprocess.run(
            command,
            cwd=ROOT,
            env={**environment, "PATH": path, "CDK_DISABLE_CLI_TELEMETRY": "true", "CI": "true"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if outcome.returncode:
        raise SandboxError(f"cdk {verb} failed. Its log, {log}, ends with:\n{log.read_text()[-LOG_TAIL:]}")
