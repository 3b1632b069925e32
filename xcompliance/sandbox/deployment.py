"""The real template, deployed by the real CDK CLI, to wherever the environment points."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from xcompliance.sandbox.processes import LOG_TAIL, SandboxError

ROOT = Path(__file__).parents[2]
CDK = ROOT / "node_modules" / ".bin" / "cdk"
ACCOUNT = "000000000000"


@dataclass(frozen=True)
class CdkCli:
    """The pinned CDK CLI. Its output, its assembly and the stacks' outputs go to ``folder``."""

    folder: Path
    environment: Mapping[str, str]
    region: str

    def deploy(self, context: Mapping[str, str]) -> dict[str, str]:
        """Bootstraps the emulator's account and deploys both stacks; returns their outputs by name.

        Raises SandboxError when the CLI fails.
        """
        assembly = self.folder / "cdk.out"
        outputs = self.folder / "outputs.json"
        settings = [f"--context={name}={value}" for name, value in context.items()]
        with ThreadPoolExecutor() as both:
            # Outside the project's folder, bootstrapping does not synthesize the app as well.
            bootstrapped = both.submit(self._run, self.folder, "bootstrap", f"aws://{ACCOUNT}/{self.region}")
            synthesized = both.submit(self._run, ROOT, "synth", "--quiet", f"--output={assembly}", *settings)
            bootstrapped.result()
            synthesized.result()
        self._run(
            ROOT,
            "deploy",
            "--all",
            f"--app={assembly}",
            "--require-approval=never",
            "--method=direct",
            "--concurrency=2",
            f"--outputs-file={outputs}",
        )
        stacks: dict[str, dict[str, str]] = json.loads(outputs.read_text())
        return {
            name: value
            for stack in stacks.values()
            for name, value in stack.items()
            if not name.startswith("Export")  # what the stacks tell one another
        }

    def _run(self, working_directory: Path, verb: str, *options: str) -> None:
        log = self.folder / f"cdk-{verb}.log"
        installed = {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), self.environment["PATH"]]),
            "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(ROOT / ".build" / "jsii"),
        }
        with log.open("wb") as output:
            outcome = subprocess.run(
                [str(CDK), verb, "--no-notices", "--no-version-reporting", "--ci", *options],
                cwd=working_directory,
                env={**self.environment, **installed, "CDK_DISABLE_CLI_TELEMETRY": "true", "CI": "true"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if outcome.returncode:
            raise SandboxError(f"cdk {verb} failed. Its log, {log}, ends with:\n{log.read_text()[-LOG_TAIL:]}")
