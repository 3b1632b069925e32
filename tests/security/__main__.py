"""``python -m tests.security TOOLS``: checkov on both stacks, and an audit of all pinned packages.

Exits with 1 for whatever was found and not accepted. What could not be asked is said, and fails only with
``--audit-required``: a release is made where the databases can be reached, and tests run where they cannot.
"""

import subprocess
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from tempfile import TemporaryDirectory

from uv import find_uv_bin

from tests.security import packages, templates

ROOT = Path(__file__).parents[2]
CDK = ROOT / "node_modules" / ".bin" / "cdk"
STACKS = ("Storage", "Pipeline")


def main() -> None:
    """Says what was looked at and what was found."""
    parser = ArgumentParser(prog="make security")
    parser.add_argument("tools", type=Path, help="where checkov and pip-audit are")
    parser.add_argument("--audit-required", action="store_true", help="fails when a package could not be audited")
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        wrong = [*_templates(arguments.tools, Path(folder)), *_packages(arguments, Path(folder))]
    for each in wrong:
        _say(f"WRONG  {each}")
    sys.exit(1 if wrong else 0)


def _templates(tools: Path, folder: Path) -> list[str]:
    wrong: list[str] = []
    for customer_key in (False, True):
        output = folder / str(customer_key)
        context = f"customer_key={str(customer_key).lower()}"
        command = [
            str(CDK),
            "synth",
            "--quiet",
            "--app",
            f"{sys.executable} app.py",
            "--output",
            str(output),
            "-c",
            context,
        ]
        synthesis = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
        if synthesis.returncode:
            return [f"the templates cannot be synthesized:\n{synthesis.stderr}"]
        files = [output / f"XCompliance{name}.template.json" for name in STACKS]
        passed, findings = templates.scan(tools / "checkov", files)
        complaints = templates.complaints(findings, customer_key=customer_key)
        _say(f"checkov, {context}: {passed} checks passed, {len(findings)} findings, {len(complaints)} not accepted")
        wrong += complaints
    return wrong


def _packages(arguments: Namespace, folder: Path) -> list[str]:
    pinned = packages.pins((ROOT / "requirements").glob("*.txt"))
    withdrawn = packages.withdrawn(Path(find_uv_bin()), pinned, folder)
    _say(f"registry: {len(pinned)} pins, {len(withdrawn)} withdrawn by their makers")
    heard = packages.audit(arguments.tools / "pip-audit", pinned, folder)
    _say(f"pip-audit: {len(heard.well)} of {len(pinned)} packages without a known vulnerability")
    if heard.unknown:
        _say(f"NOT AUDITED: no database of vulnerabilities answered for {len(heard.unknown)} packages")
    wrong = [f"{pin} was withdrawn" for pin in withdrawn]
    wrong += [f"{pin} is vulnerable: {ids}" for pin, ids in heard.vulnerable.items()]
    if heard.unknown and arguments.audit_required:
        wrong.append("not all packages could be audited, as --audit-required asks for")
    return wrong


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    main()
